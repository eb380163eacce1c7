package store_test

import (
	"maps"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// A sender counts once for each kind, also across the change of the hash; what is
// taken back does not count; and a comment that readers do not see has none.
func TestReactionsOnEach(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		c := h.Post("", "Mira", "Ein Kommentar.")
		mira, jon := store.Sender{Now: "mira", Before: "mira"}, store.Sender{Now: "jon", Before: "jon"}
		if _, err := h.React(ctx, c.Comment, "helpful", mira, true); moderation.KindOf(err) != moderation.NotFound {
			t.Fatalf("a reaction to an unreleased comment: %v", err)
		}
		h.Release(h.Anna, c.Comment)
		steps := []struct {
			kind string
			who  store.Sender
			on   bool
			want store.Reactions
		}{
			{"helpful", mira, true, store.Reactions{"helpful": 1}},
			{"helpful", mira, true, store.Reactions{"helpful": 1}},
			{"helpful", jon, true, store.Reactions{"helpful": 2}},
			{"thanks", jon, true, store.Reactions{"helpful": 2, "thanks": 1}},
			{"helpful", store.Sender{Now: "mira after midnight", Before: "mira"}, true, store.Reactions{"helpful": 2, "thanks": 1}},
			{"thanks", jon, false, store.Reactions{"helpful": 2}},
			{"thanks", jon, false, store.Reactions{"helpful": 2}},
		}
		for i, s := range steps {
			got, err := h.React(ctx, c.Comment, s.kind, s.who, s.on)
			if err != nil || !maps.Equal(got, s.want) {
				t.Fatalf("step %d gives %v (%v), want %v", i, got, err, s.want)
			}
		}
		h.Clock.Pass(25 * time.Hour)
		if _, err := h.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		all, err := h.ReactionsTo(ctx, []string{c.Comment, store.NewID()})
		if err != nil || len(all) != 1 || all[c.Comment]["helpful"] != 2 {
			t.Fatalf("the counts are %v (%v)", all, err)
		}
		if got, err := h.React(ctx, c.Comment, "helpful", mira, false); err != nil || got["helpful"] != 2 {
			t.Errorf("a hash was kept beyond its life: %v (%v)", got, err)
		}
		h.Do(h.Anna, moderation.Remove, c.Comment)
		if all, err := h.ReactionsTo(ctx, []string{c.Comment}); err != nil || len(all) != 0 {
			t.Errorf("a removed comment has %v (%v)", all, err)
		}
		if _, err := h.React(ctx, c.Comment, "helpful", mira, true); moderation.KindOf(err) != moderation.NotFound {
			t.Errorf("a reaction to a removed comment: %v", err)
		}
	})
}
