package mail

import (
	"bufio"
	"fmt"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/mail/mailtest"
	"github.com/freigabe/freigabe/internal/moderation"
)

var at = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func letter(kind, lang string) Letter {
	return Letter{
		Kind: kind, Key: "k1", Lang: lang, To: "mira@example.org", Name: "Mira Vogt", Site: "Blatt", Article: "Die Brücke <wird> saniert",
		Text: "Mein Text.\n\nMit Absatz.", URL: "https://k.example/receipts/abc", Wait: "meist bis 10:45 Uhr", Author: "Jost", Reason: "Bitte ohne das Wort.",
		Rule: "Schimpfwort", Change: "Anders sagen.", Imprint: "https://blatt.example/impressum", Privacy: "https://blatt.example/datenschutz",
		Decision: &moderation.Decision{At: at, Passages: []moderation.Passage{{Text: "Trottel"}}},
	}
}

func TestEveryLetterIsWhole(t *testing.T) {
	missing := regexp.MustCompile(`\{\w+\}|mail\.[a-z.]+`)
	for _, kind := range []string{"receipt", "approved", "rejected", "returned", "declined", "removed", "restored", "appeal.upheld", "appeal.overturned", "reply", "report.received", "report.decided", "mine", "entry.invite", "entry.reset"} {
		for _, lang := range []string{"de", "en"} {
			m := Compose(letter(kind, lang))
			if found := missing.FindString(m.Subject + m.Text); found != "" {
				t.Errorf("%s in %s says %s:\n%s", kind, lang, found, m.Text)
			}
			if !strings.Contains(m.HTML, "&lt;wird&gt;") && kind != "mine" && !strings.HasPrefix(kind, "entry.") || strings.Contains(m.HTML, "<wird>") || strings.Contains(m.HTML, "src=") {
				t.Errorf("%s in %s: HTML\n%s", kind, lang, m.HTML)
			}
		}
	}
}

func TestStatementOfReasons(t *testing.T) {
	l := letter("rejected", "de")
	l.Machine = true
	m := Compose(l)
	for _, want := range []string{"Regel: Schimpfwort", "„Trottel“", "Bitte ohne das Wort.", "Anders sagen.", "bis 25. Mai 2027", "https://k.example/receipts/abc", "Ein Programm", "Rechtsweg", "Mein Text."} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the statement does not say %q:\n%s", want, m.Text)
		}
	}
	l.Decision, l.Machine = &moderation.Decision{At: at}, false
	if m := Compose(l); strings.Contains(m.Text, "Darum geht es") || !strings.Contains(m.Text, "ohne Hilfe eines Programms") {
		t.Errorf("without a passage:\n%s", m.Text)
	}
}

func TestSameLetterSameID(t *testing.T) {
	a, b := letter("approved", "de"), letter("approved", "de")
	b.Wait = "something else"
	if Compose(a).ID != Compose(b).ID {
		t.Error("a letter sent twice has two ids")
	}
	b.Key = "k2"
	if Compose(a).ID == Compose(b).ID || Compose(a).ID == Compose(letter("rejected", "de")).ID {
		t.Error("two letters share an id")
	}
}

func TestCatcherKeepsTheNewest(t *testing.T) {
	c := &Catcher{Clock: func() time.Time { return at }}
	for i := range caughtMost + 5 {
		if err := c.Send(t.Context(), Message{ID: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Send(t.Context(), Message{ID: "200"}); err != nil {
		t.Fatal(err)
	}
	if got := c.Messages(); len(got) != caughtMost || got[0].ID != "200" || got[1].ID != "204" {
		t.Errorf("%d messages, the newest %s and %s", len(got), got[0].ID, got[1].ID)
	}
}

func TestSMTP(t *testing.T) {
	server := mailtest.New(t)
	s, err := Dial("smtp://"+server.Address, "kommentare@blatt.example")
	if err != nil {
		t.Fatal(err)
	}
	l := letter("reply", "de")
	l.Author, l.Unsubscribe = "Jörg\r\nBcc: alle@example.org", "https://k.example/unsubscribe/x"
	if err := s.Send(t.Context(), Compose(l)); err != nil {
		t.Fatal(err)
	}
	raw := <-server.Got
	msg, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	h := msg.Header
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || !strings.Contains(subject, "Jörg Bcc: alle@example.org hat Ihnen") {
		t.Errorf("subject %q, %v", subject, err)
	}
	if h.Get("Bcc") != "" || h.Get("To") != `"Mira Vogt" <mira@example.org>` || !strings.HasSuffix(h.Get("Message-Id"), "@blatt.example>") ||
		h.Get("List-Unsubscribe") != "<https://k.example/unsubscribe/x>" || h.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || h.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v", h)
	}
	if kind := h.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative") {
		t.Errorf("content type %s", kind)
	}
	decoded := new(strings.Builder)
	if _, err := bufio.NewReader(quotedprintable.NewReader(strings.NewReader(raw[strings.Index(raw, "\r\n\r\n"):]))).WriteTo(decoded); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(decoded.String(), "Guten Tag Mira Vogt,") {
		t.Errorf("body %s", decoded)
	}
}

func TestDialExplains(t *testing.T) {
	for _, c := range [][2]string{{"mail.example", "a@b.example"}, {"http://mail.example", "a@b.example"}, {"smtp://mail.example", "nobody"}} {
		if _, err := Dial(c[0], c[1]); err == nil {
			t.Errorf("%v passed", c)
		}
	}
	s, err := Dial("smtp://u:p@"+mailtest.New(t).Address, "kommentare@blatt.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), Compose(letter("approved", "de"))); err == nil || strings.Contains(err.Error(), "mira@") {
		t.Errorf("a password was sent without encryption, or an address is in the error: %v", err)
	}
}
