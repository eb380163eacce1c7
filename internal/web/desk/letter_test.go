package desk

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"golang.org/x/net/html"
)

var receiptLink = regexp.MustCompile(`/receipts/[0-9a-z]+`)

// sentLetter does the jobs that are due and gives the letter that went out last,
// with the receipt's address as the preview writes it: its token is nobody's at the desk.
func (h *room) sentLetter(t *testing.T) mail.Message {
	t.Helper()
	box := &mail.Catcher{Clock: h.Now}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	runner := &jobs.Runner{Store: h.Store, Log: log, Assessor: jobs.NewBrain(h.Store, log), Teller: &jobs.Postman{Store: h.Store, Sender: box, Public: h.Site.Origin}}
	if err := runner.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
	all := box.Messages()
	if len(all) == 0 {
		t.Fatal("no letter went out")
	}
	m := all[0].Message
	m.Text = receiptLink.ReplaceAllString(m.Text, "/receipts/…")
	return m
}

// mailed submits a comment whose author gave an address.
func (h *room) mailed(t *testing.T, text string) store.Submitted {
	t.Helper()
	p, err := h.Submit(context.Background(), store.Submission{Article: h.Article.ID, Name: "Berta Vogt", Email: "berta@example.org", Text: text, Sender: store.Sender{Now: text, Before: text}})
	if err != nil {
		t.Fatal(err)
	}
	h.assessed(t, p.Comment, text, "Trottel", moderation.Profanity, 0.9)
	return p
}

// The preview is, word for word, the letter that goes out: for each rule and form of
// address, as a refusal and as a return, with a sentence of one's own and with the
// usual one, after scores that were seen and blind.
func TestPreviewIsTheLetterThatGoesOut(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		b := h.surf(t, h.Anna)
		forms := []url.Values{
			{"do": {"reject:profanity"}}, {"do": {"reject:digression"}}, {"do": {"reject"}, "rule": {"L1"}}, {"do": {"return"}, "rule": {"aggression"}},
			{"do": {"reject:insinuation"}, "reason.insinuation": {"Bitte nennen Sie eine Quelle & belegen Sie es <genau>."}},
			{"do": {"reject:profanity"}, "blind": {"1"}},
		}
		for _, informal := range []bool{false, true} {
			if err := h.ChangeSettings(context.Background(), h.Site.ID, func(s *store.Settings) error { s.Informal = informal; return nil }); err != nil {
				t.Fatal(err)
			}
			for _, form := range forms {
				c := h.mailed(t, fmt.Sprintf("Du Trottel, das (%s, %t) glaubst du selbst nicht.", form.Encode(), informal)).Comment
				status, page := b.sent("/desk/comments/"+c+"/letter", form)
				if status != 200 {
					t.Fatalf("%v: %d %s", form, status, words(page))
				}
				subject, text := words(find(page, isTag("strong"))[0]), rawText(find(page, class("letter"))[0])
				if status, _ := b.post("/desk/comments/"+c, form); status != 303 {
					t.Fatalf("%v: %d", form, status)
				}
				h.Clock.Pass(h.Site.Hold())
				m := h.sentLetter(t)
				if m.Text != text || m.Subject != subject || m.To != "berta@example.org" {
					t.Errorf("informal %v, %v: the preview says\n%s\n%s\nthe letter\n%s\n%s", informal, form, subject, text, m.Subject, m.Text)
				}
			}
		}
	})
}

// On the screen: the sheet that a key and a button open shows the letter that the
// rule's key then sends. As a page of its own it has no defect.
func TestPreviewOnTheScreen(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	c := h.mailed(t, "Du Trottel, das glaubst du selbst nicht.").Comment
	tab := browser.New(t)
	address := h.open(t)
	h.signIn(t, tab, address, "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length === 1 && " + current + " === '" + c + "'")
	tab.Press("g")
	tab.WaitFor("document.querySelector('.texts[open]')")
	tab.Do(clickOn("[data-letter][value='reject:profanity']"))
	tab.WaitFor("document.querySelector('dialog[open] .letter')")
	if found := tab.Violations(); len(found) > 0 {
		t.Errorf("the sheet: %v", found)
	}
	shown := browser.Eval[string](tab, "document.querySelector('dialog .letter').textContent")
	tab.Do(clickOn("dialog button"))
	tab.WaitFor("!document.querySelector('dialog')")
	tab.Do(evaluate("document.activeElement.blur()"))
	tab.Press("2")
	tab.WaitFor("document.querySelector('#triage').dataset.saved === '1'")
	h.Clock.Pass(h.Site.Hold())
	if m := h.sentLetter(t); m.Text != shown || !strings.Contains(shown, "Trottel") {
		t.Errorf("the sheet showed\n%s\nthe letter says\n%s", shown, m.Text)
	}
	again := h.mailed(t, "Noch einmal: Du Trottel, das glaubst du selbst nicht.").Comment
	tab.Open(address + "/desk/comments/" + again)
	tab.Do(evaluate("const b = document.querySelector('[data-letter]'); b.closest('details').open = true; b.formTarget = ''; b.click()"))
	tab.WaitFor("document.querySelector('#letter')")
	h.look(t, tab, "letter")
}

func isTag(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Data == name }
}

// rawText is the text of an element with its lines.
func rawText(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
