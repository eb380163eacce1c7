package jobs_test

import (
	"testing"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// The assessment of a text brings its frozen score; one with a flag has none that
// counts. After an update with another base a job scores what waits anew.
func TestWhatWaitsHasAFrozenScore(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		brain := jobs.NewBrain(h.Store, quiet)
		r := &jobs.Runner{Store: h.Store, Log: quiet, Assessor: brain}
		r.Handle("calm", brain.Calm)
		version := assess.Default().Version()
		h.Post("", "Berta", "Vielen Dank für den Artikel, die Zahlen zur Brücke waren mir neu.")
		h.Post("", "Emil", "Ich schlage dich tot, du widerliches Schwein, ich weiß, wo du wohnst.") // a threat: flagged
		drain(t, r)
		chart := func(model string) (n int) {
			counts, err := h.Chart(ctx, h.Site.ID, model)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range counts {
				n += c
			}
			return n
		}
		if n := chart(version); n != 1 {
			t.Fatalf("%d of 2 may enter a bundle, want the calm one", n)
		}
		left, err := h.Uncalmed(ctx, h.Site.ID, version, 10)
		if err != nil || len(left) != 0 {
			t.Fatalf("without a score: %v %v", left, err)
		}
		if left, err = h.Uncalmed(ctx, h.Site.ID, "another base", 10); err != nil || len(left) != 2 {
			t.Fatalf("after an update %d have no score: %v", len(left), err)
		}
		for _, u := range left {
			if err := h.SaveCalm(ctx, h.Site.ID, []store.Calm{{Comment: u.Comment, Revision: u.Revision, Score: 3, Model: "an older base"}}); err != nil {
				t.Fatal(err)
			}
		}
		if n := chart(version); n != 0 {
			t.Errorf("%d scores of another base count", n)
		}
		if err := h.AddJob(ctx, "calm", h.Site.ID, "", h.Now()); err != nil {
			t.Fatal(err)
		}
		drain(t, r)
		if n := chart(version); n != 1 {
			t.Errorf("scored anew, %d may enter a bundle, want 1", n)
		}
	})
}
