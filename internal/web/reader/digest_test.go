package reader_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// jobs takes the jobs of a kind that wait, and gives their keys.
func (p *paper) jobs(kind string) (keys []string) {
	p.t.Helper()
	jobs, err := p.ClaimJobs(p.t.Context(), []string{kind}, 100, 1e9)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, j := range jobs {
		keys = append(keys, j.Key)
	}
	return keys
}

func TestDigestsAreOrderedConfirmedAndEnded(t *testing.T) {
	p := newPaper(t)
	form := "/digest?article=" + p.Article.ID
	res, body := p.get(form)
	if doc := parse(t, body); res.StatusCode != 200 || len(find(doc, "input", with("type", "radio"))) != 2 {
		t.Fatalf("%d %s", res.StatusCode, text(doc))
	}
	for typed, want := range map[string]int{"mira@example.org": 200, "keine Adresse": 422, "": 422} {
		res, body := p.post(form, url.Values{"kind": {"thread"}, "email": {typed}})
		if doc := parse(t, body); res.StatusCode != want || want == 200 && !strings.Contains(text(doc), "Postfach") {
			t.Errorf("%q gives %d %s", typed, res.StatusCode, text(doc))
		}
	}
	if res, _ := p.post("/digest", url.Values{"kind": {"thread"}, "email": {"mira@example.org"}}); res.StatusCode != 422 {
		t.Errorf("a thread's digest of no thread: %d", res.StatusCode)
	}
	asked := p.jobs("digest-confirm")
	if len(asked) != 1 {
		t.Fatalf("%d mails ask", len(asked))
	}
	token, err := p.DigestToken(t.Context(), asked[0])
	if err != nil {
		t.Fatal(err)
	}
	confirmed := func() bool {
		t.Helper()
		x, err := p.Subscription(t.Context(), asked[0])
		if err != nil {
			t.Fatal(err)
		}
		return !x.Confirmed.IsZero()
	}
	if res, body := p.get("/digest/confirm/" + token); res.StatusCode != 200 || confirmed() || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("opening the link gives %d and confirms: %v\n%s", res.StatusCode, confirmed(), body)
	}
	if p.post("/digest/confirm/"+token, nil); !confirmed() {
		t.Error("the button confirms nothing")
	}
	if p.get("/digest/end/" + token); !confirmed() {
		t.Error("a program that checks links ended the digest")
	}
	res, _ = p.post("/digest/end/"+token, url.Values{"List-Unsubscribe": {"One-Click"}}, "Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site")
	if _, err := p.Subscription(t.Context(), asked[0]); res.StatusCode != 200 || moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("one click gives %d and leaves %v", res.StatusCode, err)
	}
	for _, path := range []string{"/digest/end/" + token, "/digest/confirm/x-y"} {
		if res, _ := p.get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// On the receipt an author begins news of answers, also with an address given only
// there, and ends all news of the article.
func TestNewsFromTheReceipt(t *testing.T) {
	w := newTown(t)
	receipt := w.submit("Mira", "Ein Gedanke.")
	tab := browser.New(t)
	tab.Open(w.comments + receipt)
	sound(t, tab, "receipt that offers news")
	tab.JavaScript(false)
	tab.Open(w.comments + receipt)
	typeInto(tab, "#news-email", "mira@example.org")
	click(tab, ".news button")
	tab.WaitFor("document.querySelector('.news').innerText.includes('geschickt')")
	rec, err := w.Receipt(t.Context(), strings.TrimPrefix(receipt, "/receipts/"))
	if err != nil || rec.Email != "mira@example.org" || rec.Notify != store.NotifyAsked {
		t.Fatalf("%q is told %q (%v)", rec.Email, rec.Notify, err)
	}
	if n := len(w.jobs("news-confirm")); n != 1 {
		t.Errorf("%d mails ask", n)
	}
	if err := w.SetNotify(t.Context(), rec.Comment, store.NotifyConfirmed); err != nil {
		t.Fatal(err)
	}
	tab.Open(w.comments + receipt)
	click(tab, ".news button")
	tab.WaitFor("location.search === '?done=mute'")
	if rec, err = w.Receipt(t.Context(), strings.TrimPrefix(receipt, "/receipts/")); err != nil || rec.Notify != "" {
		t.Errorf("muted, and told %q (%v)", rec.Notify, err)
	}
	token, err := w.MailToken(t.Context(), rec.Comment)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.SetNotify(t.Context(), rec.Comment, store.NotifyConfirmed); err != nil {
		t.Fatal(err)
	}
	tab.Open(w.comments + "/unsubscribe/" + token)
	click(tab, "main a[href*='all=1']")
	tab.WaitFor("location.search === '?all=1'")
	click(tab, "main form button")
	tab.WaitFor("document.body.innerText.includes('keine Nachrichten mehr')")
}
