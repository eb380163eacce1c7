package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/store/storetest"
)

// A note that a screen sends again, because the answer got lost, is kept once; the
// same words of somebody else, or much later, are another note.
func TestANoteSentAgainIsKeptOnce(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Endlich.").Comment
		notes := func(want int) {
			t.Helper()
			d, err := h.Dossier(ctx, c, 0)
			if err != nil || len(d.Notes) != want {
				t.Fatalf("%d notes, want %d, %v", len(d.Notes), want, err)
			}
		}
		add := func(editor, words string) {
			if err := h.AddNote(ctx, c, editor, words); err != nil {
				t.Error(err)
			}
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { add(h.Anna.ID, "Quelle prüfen") })
		}
		all.Wait()
		notes(1)
		add(h.Jonas.ID, "Quelle prüfen")
		add(h.Anna.ID, "Quelle geprüft")
		notes(3)
		h.Clock.Pass(11 * time.Minute)
		add(h.Anna.ID, "Quelle prüfen")
		notes(4)
	})
}
