package reader_test

import (
	"testing"

	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/store"
)

// On a publisher's page of another origin a reader signs in in a window of its
// own. The window hands its token over and closes; the form appears, the comment
// is the account's, and nothing is left in the browser.
func TestSigningInFromAPublishersPage(t *testing.T) {
	w := newTown(t)
	w.Site.Settings.Origins = []string{w.news}
	provider := w.withProvider()
	if status, out := w.send(w.token(store.ReaderOIDC, provider.Issuer+"|s17", "Flussläuferin"), `{"text":"Der erste."}`); status != 202 {
		t.Fatalf("%d %v", status, out)
	}
	w.page = `<!doctype html><html lang="de"><title>Zeitung</title><main><h1>Artikel</h1>
<freigabe-comments article="` + w.Article.ID + `"><a href="` + w.comments + `/a/` + w.Article.ID + `">Kommentare</a></freigabe-comments></main>
<script src="` + w.comments + `/embed.js" async></script>`
	tab := browser.New(t)
	tab.Open(w.news + "/artikel")
	tab.WaitFor("document.querySelector('.fg-signin')")
	if !browser.Eval[bool](tab, "document.querySelector('.fg-form').hidden") {
		t.Error("the form is there before the reader signed in")
	}
	if cookies := tab.Cookies(); len(cookies) > 0 {
		t.Errorf("reading left cookies: %v", cookies)
	}
	sound(t, tab, "before signing in")
	shot(tab, "reader-signin")
	click(tab, ".fg-signin")
	tab.WaitFor("!document.querySelector('.fg-form').hidden")
	typeInto(tab, ".fg-area", "Vom Fluss aus gesehen.")
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')?.textContent.includes('Flussläuferin')")
	sound(t, tab, "after signing in")
	shot(tab, "reader-signed-in")
	if cookies := tab.Cookies(); len(cookies) > 0 {
		t.Errorf("signing in left cookies: %v", cookies)
	}
	if kept := browser.Eval[int](tab, "localStorage.length + sessionStorage.length"); kept != 0 {
		t.Errorf("signing in left %d entries in the storage", kept)
	}
	list, _, err := w.Queue(t.Context(), store.QueueFilter{})
	if err != nil || len(list) != 2 || list[0].Author != list[1].Author || !list[0].Proven {
		t.Errorf("%+v, %v", list, err)
	}
	// A sign-in that has ended is said at the form, which offers another one.
	w.Clock.Pass(3 * 60 * 60 * 1e9)
	typeInto(tab, ".fg-area", "Noch etwas.")
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-error')?.textContent.includes('abgelaufen') && !document.querySelector('.fg-signon').hidden")
	if browser.Eval[string](tab, "document.querySelector('.fg-area').value") != "Noch etwas." {
		t.Error("the text is gone")
	}
}

// The pages of the sign-in and the form that asks for more, light, dark and narrow.
func TestPagesOfTheSignIn(t *testing.T) {
	w := newTown(t)
	w.settle(`{"who":["email","oidc"],"oidc_name":"Verlagskonto","min_age":16,"avatars":"initials"}`)
	w.fill()
	token, err := w.MailedToken(t.Context(), store.ReaderID{Site: w.Site.ID, Kind: store.ReaderEmail, Subject: "h@example.org", Email: "h@example.org", Name: "Hanna", Article: w.Article.ID})
	if err != nil {
		t.Fatal(err)
	}
	tab := browser.New(t)
	for name, path := range map[string]string{
		"signin": "/signin/" + w.Site.ID + "?article=" + w.Article.ID, "signed-in": "/signed-in/" + token, "signin-en": "/signin/" + w.Site.ID + "?lang=en", "article-initials": "/a/" + w.Article.ID,
	} {
		tab.Open(w.comments + path)
		for _, dark := range []bool{false, true} {
			tab.Dark(dark)
			sound(t, tab, name)
		}
		shot(tab, "reader-"+name)
		tab.Dark(false)
		tab.Viewport(320, 700)
		sound(t, tab, name+" at 320")
		shot(tab, "reader-"+name+"-320")
		tab.Viewport(1280, 900)
	}
}
