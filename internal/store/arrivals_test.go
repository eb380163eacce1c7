package store_test

import (
	"slices"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// Events say where a comment came and readers lost nothing; whatever else changes
// what they see does not say so.
func TestEventsTellWhatOnlyAdds(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		at, err := h.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		seen := func(want ...bool) {
			t.Helper()
			events, next, err := h.Events(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			var got []bool
			for _, e := range events {
				switch {
				case e.Topic == "thread":
					got = append(got, e.Adds)
				case e.Adds:
					t.Errorf("%+v adds to a thread", e)
				}
			}
			if at = next; !slices.Equal(got, want) {
				t.Errorf("events that only add: %v, want %v", got, want)
			}
		}
		a := h.Post("", "Mira", "Gut so.")
		h.Release(h.Anna, a.Comment)
		seen(true)
		reply := h.Post(a.Comment, "Jost", "Finde ich auch.")
		h.Release(h.Anna, reply.Comment)
		seen(true)
		h.Do(h.Anna, moderation.Pick, a.Comment)
		h.Do(h.Anna, moderation.Unpick, a.Comment)
		seen(false, false)
		if _, err := h.ByAuthor(moderation.Edit, a, "Doch nicht so gut."); err != nil {
			t.Fatal(err)
		}
		h.Release(h.Anna, a.Comment)
		seen(false)
		h.Do(h.Anna, moderation.Remove, a.Comment)
		seen(false)
		h.EndHold(h.Do(h.Jonas, moderation.Restore, a.Comment))
		seen(false)
		if _, err := h.ByAuthor(moderation.Withdraw, reply, ""); err != nil {
			t.Fatal(err)
		}
		seen(false)
	})
}
