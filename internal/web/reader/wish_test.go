package reader_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/net/html"
)

func TestNewsOfAnswersAreConfirmedAndEnded(t *testing.T) {
	p := newPaper(t)
	res, _ := p.post(p.article(), url.Values{"text": {"Ein Gedanke."}, "name": {"Mira"}, "email": {"mira@example.org"}, "notify": {"1"}})
	receipt, _, _ := strings.Cut(strings.TrimPrefix(res.Header.Get("Location"), "/receipts/"), "?")
	notify := func(want string) {
		t.Helper()
		rec, err := p.Receipt(t.Context(), receipt)
		if err != nil || rec.Notify != want {
			t.Errorf("the author asked for %q, want %q, %v", rec.Notify, want, err)
		}
	}
	notify(store.NotifyAsked)
	token, err := p.MailToken(t.Context(), p.waiting("Gedanke"))
	if err != nil {
		t.Fatal(err)
	}
	open := func(path, says string) {
		t.Helper()
		res, body := p.get(path)
		if doc := parse(t, body); res.StatusCode != 200 || !strings.Contains(text(doc), says) || len(find(doc, "form", nil)) != 1 {
			t.Errorf("%s: %d, %s", path, res.StatusCode, text(doc))
		}
	}
	open("/confirm/"+token, "Möchten Sie Nachrichten")
	notify(store.NotifyAsked) // a program that checks links confirms nothing
	p.post("/confirm/"+token, url.Values{})
	notify(store.NotifyConfirmed)
	open("/unsubscribe/"+token, "keine Nachrichten")
	notify(store.NotifyConfirmed)
	// A mail program's own button sends this from anywhere.
	res, _ = p.post("/unsubscribe/"+token, url.Values{"List-Unsubscribe": {"One-Click"}}, "Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site")
	if res.StatusCode != 200 {
		t.Errorf("one click gives %d", res.StatusCode)
	}
	notify("")
	for _, path := range []string{"/confirm/x-y", "/unsubscribe/" + token + "z"} {
		if res, _ := p.get(path); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

func TestAllMyComments(t *testing.T) {
	p := newPaper(t)
	p.post(p.article(), url.Values{"text": {"Ein Gedanke."}, "name": {"Mira"}, "email": {"mira@example.org"}})
	answer := func(email string) string {
		t.Helper()
		res, body := p.post("/mine", url.Values{"email": {email}})
		if res.StatusCode != 200 {
			t.Errorf("%s: %d", email, res.StatusCode)
		}
		return text(parse(t, body))
	}
	if known, unknown := answer("mira@example.org"), answer("niemand@example.org"); known != unknown {
		t.Errorf("the answer tells whose address is known:\n%s\n%s", known, unknown)
	}
	if res, body := p.post("/mine", url.Values{"email": {"mira@"}}); res.StatusCode != 422 || len(find(parse(t, body), "form", nil)) != 1 {
		t.Errorf("half an address: %d", res.StatusCode)
	}
	token, err := p.MineToken(t.Context(), store.Mine{Site: p.Site.ID, Email: "mira@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	res, body := p.get("/mine/" + token)
	doc := parse(t, body)
	if res.StatusCode != 200 || !strings.Contains(text(doc), "Ein Gedanke.") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %s", res.StatusCode, text(doc))
	}
	for _, a := range find(doc, "a", func(n *html.Node) bool { return strings.HasPrefix(attr(n, "href"), "/receipts/") }) {
		if res, _ := p.get(attr(a, "href")); res.StatusCode != 200 {
			t.Errorf("the link to the receipt gives %d", res.StatusCode)
		}
	}
	if res, _ := p.get("/mine/x.y.z"); res.StatusCode != 404 {
		t.Errorf("a forged link: %d", res.StatusCode)
	}
}
