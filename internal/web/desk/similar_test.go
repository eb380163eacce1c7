package desk

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/alike"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

func TestNearlyTheSameIsDecidedOnce(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		var ids []string
		for i := range 4 {
			c := h.Post("", fmt.Sprintf("Leser %d", i), fmt.Sprintf("Unterschreibt alle die Petition. %d", i)).Comment
			h.Clock.Pass(time.Second)
			print := uint64(0xABCDEF0123456789) ^ 1<<i // two bits apart
			if i == 3 {
				print = 0x1111222233334444
			}
			if err := h.SaveObserved(context.Background(), store.Observed{Comment: c, Revision: 1, Site: h.Site.ID, Author: "a", Fingerprint: print}); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, c)
		}
		b := h.surf(t, h.Anna)
		if page := b.get("/desk/"); shown(page) != ids[0] || !strings.Contains(words(page), "2 weitere wartende Kommentare") {
			t.Error("the screen does not tell of the others")
		}
		form := url.Values{"do": {"reject"}, "rule": {"F2"}, "revision": {"1"}, "comment": {ids[1] + "/1", ids[3] + "/1"}}
		if status, _ := b.post("/desk/similar/"+ids[0], url.Values{"do": {"approve"}, "comment": {ids[1] + "/1"}}); status != 422 || len(historyOf(t, h, ids[0])) != 0 {
			t.Errorf("without saying which text was read: %d", status)
		}
		status, to := b.post("/desk/similar/"+ids[0], form)
		if status != 303 || !strings.Contains(words(b.get(to)), "2 Kommentare entschieden") {
			t.Errorf("deciding once: %d to %s", status, to)
		}
		for i, want := range []int{1, 1, 0, 0} { // the third was not checked, the fourth is another text
			if got := historyOf(t, h, ids[i]); len(got) != want {
				t.Errorf("comment %d has %d decisions, want %d", i, len(got), want)
			}
		}
		if d := historyOf(t, h, ids[1])[0]; d.Rule != "F2" || d.Reason == "" || d.Actor.ID != h.Anna.ID {
			t.Errorf("on record: %+v", d)
		}
	})
}

// In a flood of the same text those that still wait are found behind all that are
// decided already.
func TestTheRestOfAFloodIsFound(t *testing.T) {
	h := sqliteRoom(t)
	const decided = similarPart + 1
	var last string
	for i := range decided + 2 {
		last = h.Post("", fmt.Sprintf("Leserin %d", i), fmt.Sprintf("Unterschreibt alle die Petition. %d", i)).Comment
		h.Clock.Pass(time.Second)
		if err := h.SaveObserved(t.Context(), store.Observed{Comment: last, Revision: 1, Site: h.Site.ID, Author: "a", Fingerprint: 0xABCDEF0123456789}); err != nil {
			t.Fatal(err)
		}
		if i < decided {
			h.Do(h.Anna, moderation.Reject, last)
		}
	}
	d := &Desk{store: h.Store, texts: alike.New(h.Store)}
	found, err := d.similarTo(t.Context(), nil, h.Site.ID, last)
	if err != nil || len(found.Waiting) != 1 || found.Refused != decided {
		t.Errorf("found %d waiting and %d refused, want 1 and %d: %v", len(found.Waiting), found.Refused, decided, err)
	}
}

func TestOwnSentences(t *testing.T) {
	h := sqliteRoom(t)
	text := "Dieser Trottel hat keine Ahnung."
	c := h.Post("", "Rosi", text).Comment
	h.assessed(t, c, text, "Trottel", moderation.Profanity, 0.9)
	chief := h.surf(t, h.Chief)
	own := url.Values{"reason.profanity": {"Das Wort „{passage}“ drucken wir nicht. Ohne es gern."}}
	if status, _ := h.surf(t, h.Anna).post("/desk/reasons", own); status != 403 {
		t.Errorf("an editor changes the sentences: %d", status)
	}
	if status, _ := chief.post("/desk/reasons", url.Values{"reason.profanity": {"Verstoß {rule} gegen die Netiquette."}}); status != 422 {
		t.Errorf("an unknown placeholder: %d", status)
	}
	if status, to := chief.post("/desk/reasons", own); status != 303 || !strings.Contains(words(chief.get(to)), "Das Wort „die angeführte Stelle“ drucken wir nicht.") {
		t.Errorf("saving: %d", status)
	}
	h.surf(t, h.Anna).post("/desk/comments/"+c, url.Values{"do": {"reject:profanity"}})
	if d := historyOf(t, h, c)[0]; d.Reason != "Das Wort „Trottel“ drucken wir nicht. Ohne es gern." {
		t.Errorf("the author reads %q", d.Reason)
	}
}
