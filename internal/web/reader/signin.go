package reader

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// Signing in is for readers who want to comment, where their site asks for it or
// offers it. Whoever reads gets no cookie. A sign-in on its way has one, for ten
// minutes and for the addresses under /signin/ alone; what it ends with is a
// signed token, which the reader's page holds in memory, or a form holds without a
// script. A page of the publisher opens it in a window of its own, which hands the
// token over and closes.

const signInCookie = "freigabe_reader"

// signInPage is what signin.html shows: the ways in which a reader can sign in.
type signInPage struct {
	frame
	Set     Settings
	Article string
	Origin  string // of the page that opened this window, "" for none
	Email   string
	Name    string
	Sent    bool
	Problem string
}

// Link keeps what the sign-in needs to know.
func (p signInPage) Link() string {
	return "/signin/" + p.Site.ID + "/oidc?" + url.Values{"article": {p.Article}, "origin": {p.Origin}, "lang": {p.Lang}}.Encode()
}

// Lets tells whether the site offers a way.
func (p signInPage) Lets(way string) bool { return p.Set.Lets(way) }

// signInSite is the site of a sign-in, which offers the way, and the page to show
// for it. The page that opened the window must be one of the site's.
func (rd *Reader) signInSite(r *http.Request, ways ...string) (signInPage, error) {
	var p signInPage
	site, err := rd.store.Site(r.Context(), cleanID(r.PathValue("id")))
	if err != nil {
		return p, err
	}
	if p.Set, err = SettingsOf(site); err != nil {
		return p, err
	}
	if !slices.ContainsFunc(ways, p.Set.Lets) {
		return p, moderation.Missing("page")
	}
	p.Site, p.Lang, p.NoIndex = site, or(lang(r.URL.Query()), site.Lang), true
	p.Title = p.T("reader.signin.title")
	p.Article, p.Origin = cleanID(r.FormValue("article")), r.FormValue("origin")
	if p.Origin != "" && p.Origin != rd.base(r) && !slices.Contains(site.AllowedOrigins(), p.Origin) {
		return p, &moderation.Error{Kind: moderation.Forbidden, Key: "error.cross_origin"}
	}
	return p, nil
}

// signInForm shows the ways in which a reader can sign in.
func (rd *Reader) signInForm(w http.ResponseWriter, r *http.Request) error {
	p, err := rd.signInSite(r, AsEmail, AsOIDC)
	if err != nil {
		return err
	}
	return rd.Server.Page(w, r, http.StatusOK, "signin.html", p)
}

// signInByMail sends a link to the address typed. The answer never tells whether
// the address is known.
func (rd *Reader) signInByMail(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	p, err := rd.signInSite(r, AsEmail)
	if err != nil {
		return err
	}
	p.Email, p.Name = r.PostFormValue("email"), r.PostFormValue("name")
	if err := rd.mailSignIn(r, p); err != nil {
		status, problem := rd.explain(w, err)
		if status == 0 {
			return err
		}
		p.Problem = locale.T(p.Lang, problem.Key, problem.Args...)
		return rd.Server.Page(w, r, status, "signin.html", p)
	}
	p.Sent = true
	return rd.Server.Page(w, r, http.StatusOK, "signin.html", p)
}

func (rd *Reader) mailSignIn(r *http.Request, p signInPage) error {
	email, err := moderation.CleanEmail(p.Email)
	if err == nil && email == "" {
		err = moderation.BadField("email", "error.email")
	}
	if err != nil {
		return err
	}
	id := store.ReaderID{Site: p.Site.ID, Kind: store.ReaderEmail, Subject: strings.ToLower(email), Email: email, Article: p.Article}
	if id.Name, err = rd.checkName(r, p, p.Name, id); err != nil {
		return err
	}
	sender, err := rd.Server.Sender(r)
	if err != nil {
		return err
	}
	for kind, who := range map[string]string{"signin mail": sender.Now, "signin address": id.Subject} {
		if err := rd.Server.Limits.Take(kind, who, web.SignInRate); err != nil {
			return err
		}
	}
	return rd.store.AskForSignIn(r.Context(), id)
}

// checkName cleans the name that a reader wishes and tells whether they may bear it.
func (rd *Reader) checkName(r *http.Request, p signInPage, name string, id store.ReaderID) (string, error) {
	name, err := moderation.CleanName(name)
	if err != nil {
		return name, err
	}
	return name, rd.names.Check(r.Context(), p.Site, name, id.Proof(), id.Email)
}

// mailedSignIn is where the mailed link leads: the form to comment, as this reader.
// Opening it changes nothing, so a program that checks links does no harm.
func (rd *Reader) mailedSignIn(w http.ResponseWriter, r *http.Request) error {
	id, err := rd.store.ByMailedToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	site, err := rd.store.Site(r.Context(), id.Site)
	if err != nil {
		return err
	}
	p := signInPage{Article: id.Article}
	p.Site, p.Lang, p.NoIndex = site, or(lang(r.URL.Query()), site.Lang), true
	return rd.arrive(w, r, p, id)
}

// journey is what is kept while a reader is at the provider.
type journey struct {
	Flow    signon.Flow `json:"flow"`
	Site    string      `json:"site"`
	Article string      `json:"article"`
	Origin  string      `json:"origin"`
	Lang    string      `json:"lang"`
}

// oidcStart sends a reader to the site's provider.
func (rd *Reader) oidcStart(w http.ResponseWriter, r *http.Request) error {
	p, err := rd.signInSite(r, AsOIDC)
	if err != nil {
		return err
	}
	sender, err := rd.Server.Sender(r)
	if err != nil {
		return err
	}
	if err := rd.Server.Limits.Take("signin", sender.Now, web.SignInRate); err != nil {
		return err
	}
	provider, err := providerOf(r.Context(), rd.store, p.Site)
	if err != nil {
		return err
	}
	if !provider.On() {
		return moderation.Missing("page")
	}
	address, flow, err := rd.provider.Begin(r.Context(), provider, rd.base(r)+"/signin/oidc/callback")
	if err != nil {
		return rd.providerAway(err)
	}
	token, err := rd.store.StartCeremony(r.Context(), "reader", journey{flow, p.Site.ID, p.Article, p.Origin, p.Lang})
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: signInCookie, Value: token, Path: "/signin/", MaxAge: 600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: web.Secure(r)})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

func (rd *Reader) providerAway(err error) error {
	if _, ok := errors.AsType[*signon.ProviderError](err); !ok {
		return err
	}
	rd.Server.Log.Warn("readers' provider not available", "error", err)
	return &web.Unavailable{Status: http.StatusServiceUnavailable, Key: "error.oidc_away", After: 10 * time.Second}
}

// oidcBack takes in the reader whom the provider sends back.
func (rd *Reader) oidcBack(w http.ResponseWriter, r *http.Request) error {
	var j journey
	late := &moderation.Error{Kind: moderation.Forbidden, Key: "error.signin_late"}
	c, err := r.Cookie(signInCookie)
	if err != nil {
		return late
	}
	http.SetCookie(w, &http.Cookie{Name: signInCookie, Path: "/signin/", MaxAge: -1, HttpOnly: true})
	if err := rd.store.EndCeremony(r.Context(), "reader", c.Value, &j); moderation.KindOf(err) == moderation.NotFound {
		return late
	} else if err != nil {
		return err
	}
	site, err := rd.store.Site(r.Context(), j.Site)
	if err != nil {
		return err
	}
	provider, err := providerOf(r.Context(), rd.store, site)
	if err != nil {
		return err
	}
	who, err := rd.provider.Finish(r.Context(), provider, j.Flow, r.URL.Query())
	if err != nil {
		return rd.providerAway(err)
	}
	p := signInPage{Article: j.Article, Origin: j.Origin}
	p.Site, p.Lang, p.NoIndex = site, j.Lang, true
	id := store.ReaderID{Site: site.ID, Kind: store.ReaderOIDC, Subject: provider.Issuer + "|" + who.Subject, Name: who.Name}
	if who.Verified {
		if id.Email, err = moderation.CleanEmail(who.Email); err != nil {
			id.Email = "" // not one that a mail could reach
		}
	}
	return rd.arrive(w, r, p, id)
}

// arrivedPage is what signedin.html shows: a reader who has signed in chooses a
// name, hands the token to the page that opened the window, or comments here.
type arrivedPage struct {
	signInPage
	Token  string
	As     string // the name that counts; "" while it is to be chosen
	Wish   string // the name offered
	Form   *form
	Script bool

	Headline string // of the article that the form is for
}

// arrive shows what a signed-in reader does next. A known author's name counts;
// who is new here chooses one, since the name at a provider is often the real one.
func (rd *Reader) arrive(w http.ResponseWriter, r *http.Request, p signInPage, id store.ReaderID) error {
	name, _, err := rd.store.NameOf(r.Context(), id.Site, id.Proof())
	if err != nil {
		return err
	}
	if name == "" && id.Kind == store.ReaderEmail {
		name = id.Name // chosen when the link was asked for
	}
	if name == "" {
		return rd.askName(w, r, p, id, nil)
	}
	id.Name = name
	return rd.hand(w, r, p, id)
}

// askName asks a reader who is new here for a name.
func (rd *Reader) askName(w http.ResponseWriter, r *http.Request, p signInPage, id store.ReaderID, wrong *moderation.Error) error {
	token, err := rd.store.ReaderToken(r.Context(), id)
	if err != nil {
		return err
	}
	p.Title = p.T("reader.signin.name.title")
	a := arrivedPage{signInPage: p, Token: token, Wish: id.Name}
	status := http.StatusOK
	if wrong != nil {
		a.Problem, status = locale.T(p.Lang, wrong.Key, wrong.Args...), http.StatusUnprocessableEntity
	}
	return rd.Server.Page(w, r, status, "signedin.html", a)
}

// chooseName takes the name that a signed-in reader chose.
func (rd *Reader) chooseName(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	p, err := rd.signInSite(r, AsOIDC, AsEmail)
	if err != nil {
		return err
	}
	id, err := rd.store.ByReaderToken(r.Context(), r.PostFormValue("token"))
	if err != nil {
		return err
	}
	if id.Site != p.Site.ID {
		return errWay
	}
	id.Name = r.PostFormValue("name")
	clean, err := rd.checkName(r, p, id.Name, id)
	if wrong, ok := errors.AsType[*moderation.Error](err); ok && wrong.Kind == moderation.Invalid {
		return rd.askName(w, r, p, id, wrong)
	}
	if err != nil {
		return err
	}
	id.Name = clean
	return rd.hand(w, r, p, id)
}

// hand gives the token to the page that opened the window; without one, the form
// to comment holds it.
func (rd *Reader) hand(w http.ResponseWriter, r *http.Request, p signInPage, id store.ReaderID) error {
	token, err := rd.store.ReaderToken(r.Context(), id)
	if err != nil {
		return err
	}
	p.Title = p.T("reader.signin.done")
	a := arrivedPage{signInPage: p, Token: token, As: id.Name, Script: p.Origin != ""}
	if art, err := rd.store.Article(r.Context(), p.Article); err == nil && art.Site == p.Site.ID {
		if p.Set, err = SettingsOf(p.Site); err != nil {
			return err
		}
		f := formFor(p.Lang, p.Site, art, "")
		f.ask(p.Set)
		f.SignOn = false
		f.Token, f.As, f.Name, f.Email, f.Cancel = token, id.Name, id.Name, id.Email, "/a/"+art.ID
		a.Form, a.Headline = &f, art.Doc.Headline
	} else if err != nil && moderation.KindOf(err) != moderation.NotFound {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return rd.Server.Page(w, r, http.StatusOK, "signedin.html", a)
}

// again is the form to comment once more as the author of an earlier comment: its
// receipt proves who they are.
func (rd *Reader) again(w http.ResponseWriter, r *http.Request) error {
	rec, err := rd.store.Receipt(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	set, err := SettingsOf(rec.Site)
	if err != nil {
		return err
	}
	if !set.Lets(AsGuest) || rec.Erased {
		return moderation.Missing("page")
	}
	p := submitPage{Article: rec.Article, Form: formFor(or(lang(r.URL.Query()), rec.Lang), rec.Site, rec.Article, "")}
	p.Form.ask(set)
	p.Form.SignOn = false
	p.Form.Receipt, p.Form.As, p.Form.Name, p.Form.Email, p.Form.Cancel = r.PathValue("token"), rec.Name, rec.Name, rec.Email, "/receipts/"+r.PathValue("token")
	p.Lang, p.Site, p.NoIndex = p.Form.Lang, rec.Site, true
	p.Title = p.T("reader.form.title")
	w.Header().Set("Cache-Control", "no-store")
	return rd.Server.Page(w, r, http.StatusOK, "submit.html", p)
}
