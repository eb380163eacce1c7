package reader_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/store"
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
