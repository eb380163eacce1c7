package store_test

import (
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// A hint is counted against the decision that came later, and a decision that was
// undone is none.
func TestHintOutcomesOnEach(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		post := func(text string, hinted bool) string {
			out, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Text: text, Name: "Mira", Hinted: hinted})
			if err != nil {
				t.Fatal(err)
			}
			return out.Comment
		}
		h.Do(h.Anna, moderation.Approve, post("Geändert und gut.", true))
		h.Do(h.Anna, moderation.Reject, post("Geändert und doch nicht.", true))
		h.Do(h.Anna, moderation.Approve, post("Ohne Hinweis gut.", false))
		undone := post("Ohne Hinweis.", false)
		h.Do(h.Anna, moderation.Reject, undone)
		h.Do(h.Anna, moderation.Undo, undone)
		post("Wartet.", true)
		changed, others, err := h.HintOutcomes(ctx, store.Period{Site: h.Site.ID, From: h.Now().Add(-time.Hour), To: h.Now().Add(time.Second)})
		if err != nil || changed.Decided != 2 || changed.Refused != 1 || others.Decided != 1 || others.Refused != 0 {
			t.Errorf("changed %+v, others %+v (%v)", changed, others, err)
		}
	})
}
