package jobs_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/store/storetest"
)

// bring submits texts of one kind and has them assessed.
func (s *school) bring(t *testing.T, n int, text string) {
	t.Helper()
	var wg sync.WaitGroup
	for at := range 8 {
		wg.Go(func() {
			for i := at; i < n; i += 8 {
				s.Post("", fmt.Sprintf("Leser %d", i), fmt.Sprintf(text, i))
			}
		})
	}
	wg.Wait()
	drain(t, s.runner)
}

// When comments come that are unlike those of the weeks before, the alarm is
// raised within the hour; when they come no longer, it ends by itself. A quiet
// week raises none.
func TestDriftIsNoticed(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		s := newSchool(t, dsn)
		look := func() []string {
			t.Helper()
			s.Clock.Pass(time.Hour)
			if err := s.brain.Study(ctx); err != nil {
				t.Fatal(err)
			}
			d, err := s.DriftAlarm(ctx, s.Site.ID)
			if err != nil || !d.At.Equal(s.Clock.Now()) || !strings.Contains(d.Report, `"considered":60`) {
				t.Fatalf("looked at %s: %s %v", d.At, d.Report, err)
			}
			return d.Alarms
		}
		usual := "Die Stadt sollte den Weg am Fluss besser pflegen, finde ich, Nummer %d."
		s.bring(t, 60, usual)
		s.Clock.Pass(8 * 24 * time.Hour)
		s.bring(t, 60, usual)
		if a := look(); len(a) != 0 {
			t.Fatalf("alarm in a quiet week: %v", a)
		}
		s.Clock.Pass(8 * 24 * time.Hour)
		s.bring(t, 60, "Xylofrantz verquorkelt Blimbamschnorz, du blöder Wuppdizopf %d, Hurensohn")
		if a := look(); !slices.Contains(a, "unseen") {
			d, err := s.DriftAlarm(ctx, s.Site.ID)
			t.Fatalf("new words were not noticed (%v): %s %v", a, d.Report, err)
		}
		if log := s.log(t); log[0].Kind != "drift" {
			t.Errorf("the log says %s", log[0].Kind)
		}
		s.Clock.Pass(36 * 24 * time.Hour)
		s.bring(t, 60, usual)
		if a := look(); len(a) != 0 {
			t.Fatalf("the alarm does not end: %v", a)
		}
	})
}
