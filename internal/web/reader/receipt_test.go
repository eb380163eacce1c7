package reader_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
)

// id gives the comment that waits with a text.
func (p *paper) waiting(words string) string {
	p.t.Helper()
	for _, w := range p.queue() {
		if strings.Contains(w.Text, words) {
			return w.ID
		}
	}
	p.t.Fatalf("nothing waits with %q", words)
	return ""
}

func TestReceiptThroughALife(t *testing.T) {
	p := newPaper(t)
	receipt := p.submit("Mira", "Das ist doch Quatsch, und das wisst ihr.")
	says := func(want ...string) string {
		t.Helper()
		res, body := p.get(receipt)
		if res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%d, %v", res.StatusCode, res.Header)
		}
		doc := parse(t, body)
		for _, w := range want {
			if !strings.Contains(text(doc), w) {
				t.Errorf("the receipt does not say %q: %s", w, text(doc))
			}
		}
		return body
	}
	step := func(want int, fields url.Values) string {
		t.Helper()
		res, body := p.post(receipt, fields)
		if res.StatusCode != want {
			t.Errorf("%v gives %d, want %d", fields, res.StatusCode, want)
		}
		return body
	}
	says("Wartet auf Prüfung", "Wann entschieden wird:", "Kommentar zurückziehen")
	id := p.waiting("Quatsch")
	returned := p.Do(p.Anna, moderation.Return, id)
	if body := says("Wartet auf Prüfung"); strings.Contains(body, "Schimpfwort") {
		t.Error("a decision shows before its hold has passed")
	}
	p.EndHold(returned)
	says("Zurück an Sie", "Schimpfwort", "Bitte ohne das Schimpfwort.", "Überarbeitet einreichen")
	step(422, url.Values{"step": {"edit"}, "text": {"Das ist doch Quatsch, und das wisst ihr."}})
	step(422, url.Values{"step": {"approve"}, "text": {"x"}})
	step(303, url.Values{"step": {"edit"}, "text": {"Das ist doch falsch, und das wisst ihr."}})
	body := says("Wartet auf Prüfung", "Fassung 2")
	doc := parse(t, body)
	if gone, fresh := find(doc, "del", nil), find(doc, "ins", nil); len(gone) != 1 || len(fresh) != 1 || text(gone[0]) != "Quatsch," || text(fresh[0]) != "falsch," {
		t.Errorf("the difference is not shown: %s", text(doc))
	}
	p.EndHold(p.Do(p.Anna, moderation.Reject, id))
	says("Nicht veröffentlicht", "Schimpfwort", "Einspruch einlegen")
	if body := step(422, url.Values{"step": {"appeal"}, "text": {"  "}}); !strings.Contains(body, "role=\"alert\"") {
		t.Error("an empty appeal is refused without a word")
	}
	step(303, url.Values{"step": {"appeal"}, "text": {"Das Wort ist keine Beleidigung."}})
	says("Einspruch wird geprüft")
	p.EndHold(p.Do(p.Chief, moderation.Overturn, id))
	says("Veröffentlicht", "Ihr Einspruch hatte Erfolg", "Kommentar im Artikel ansehen")
	step(303, url.Values{"step": {"edit"}, "text": {"Noch einmal geändert."}})
	says("Ihre Änderung wartet")
	if _, page := p.get(p.article()); strings.Contains(page, "Noch einmal") || !strings.Contains(page, "falsch") {
		t.Error("readers do not see the released text alone")
	}
	step(303, url.Values{"step": {"withdraw"}})
	says("Zurückgezogen")
	if _, page := p.get(p.article()); strings.Contains(page, "falsch") {
		t.Error("a withdrawn text still shows")
	}
	step(409, url.Values{"step": {"withdraw"}})
}

func TestDeclinedBlamesNobody(t *testing.T) {
	p := newPaper(t)
	receipt := p.submit("Mira", "Ein Beitrag von vielen.")
	p.EndHold(p.Do(p.Anna, moderation.Decline, p.waiting("von vielen")))
	_, body := p.get(receipt)
	said := text(parse(t, body))
	if !strings.Contains(said, "Nicht ausgewählt") || strings.Contains(said, "Regel:") || strings.Contains(said, "capacity") {
		t.Errorf("the receipt says %s", said)
	}
}

func TestRefusedPassageIsMarked(t *testing.T) {
	p := newPaper(t)
	receipt := p.submit("Mira", "Sie sind ein Trottel, mit Verlaub.")
	id := p.waiting("Trottel")
	start := strings.Index("Sie sind ein Trottel, mit Verlaub.", "Trottel")
	p.EndHold(p.reject(id, moderation.Passage{Start: start, End: start + 7, Text: "Trottel"}))
	_, body := p.get(receipt)
	marks := find(parse(t, body), "mark", nil)
	if len(marks) != 1 || text(marks[0]) != "Trottel" {
		t.Errorf("%d passages are marked", len(marks))
	}
}
