package jobs_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// school is a newsroom whose model learns.
type school struct {
	*storetest.House
	brain  *jobs.Brain
	runner *jobs.Runner
	n      int
}

func newSchool(t *testing.T, dsn string) *school {
	h := storetest.NewHouse(t, dsn)
	b := jobs.NewBrain(h.Store, quiet)
	return &school{House: h, brain: b, runner: &jobs.Runner{Store: h.Store, Log: quiet, Assessor: b, Learner: b}}
}

// posts brings in n comments, every other one of the kind that will be refused,
// and has them assessed.
func (s *school) posts(t *testing.T, n int) (ids []string) {
	t.Helper()
	ids = make([]string, n)
	var wg sync.WaitGroup
	for at := range 8 { // at once, since each waits for the disk
		wg.Go(func() {
			for i := at; i < n; i += 8 {
				text := fmt.Sprintf("Die Brücke Nummer %d braucht endlich ein neues Geländer.", s.n+i)
				if i%2 == 1 {
					text = fmt.Sprintf("Der Quorkel im Ort Nummer %d ist wieder einmal ganz typisch.", s.n+i)
				}
				ids[i] = s.Post("", "Berta", text).Comment
			}
		})
	}
	wg.Wait()
	s.n += n
	drain(t, s.runner)
	return ids
}

// decides takes decisions on comments that posts brought in: the second of each
// two is refused, or the first where the newsroom errs.
func (s *school) decides(t *testing.T, ids []string, errs bool) (last store.Result) {
	t.Helper()
	for i, id := range ids {
		step := moderation.Approve
		if (i%2 == 1) != errs {
			step = moderation.Reject
		}
		last = s.Do(s.Anna, step, id)
	}
	return last
}

// learns lets the holds pass and learns.
func (s *school) learns(t *testing.T) []store.SiteModel {
	t.Helper()
	s.Clock.Pass(time.Minute)
	drain(t, s.runner)
	saved, err := s.Models(ctx, s.Site.ID)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

func (s *school) log(t *testing.T) []store.MachineEvent {
	t.Helper()
	log, err := s.MachineLog(ctx, s.Site.ID, 50)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// gap is how much more refusable a model finds the kind that is refused.
func (s *school) gap(t *testing.T, b *jobs.Brain) float64 {
	t.Helper()
	bad, good := s.Post("", "Carl", "Schon wieder so ein Quorkel im Ort."), s.Post("", "Carl", "Das Geländer der Brücke fehlt endlich nicht mehr.")
	return refuse(t, s.House, b, bad) - refuse(t, s.House, b, good)
}

func refuse(t *testing.T, h *storetest.House, b *jobs.Brain, c store.Submitted) float64 {
	t.Helper()
	in, err := h.Unassessed(ctx, c.Comment, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.Assess(ctx, in)
	if err != nil || a.Refuse == nil {
		t.Fatalf("not assessed: %v", err)
	}
	return *a.Refuse
}

// Each 200th decision the model is trained afresh, steps follow, and any other
// node comes to the very same model: from what was saved, and from the decisions
// alone. What only this site's decisions could teach tells refused from released.
func TestLearningFollowsTheRecord(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		s := newSchool(t, dsn)
		ids := s.posts(t, 230)
		if saved := s.learns(t); len(saved) != 0 {
			t.Fatalf("learned from nothing: %+v", saved)
		}
		last := s.decides(t, ids, false)
		saved := s.learns(t)
		if len(saved) != 2 || saved[0].Retrained || saved[0].Pending != 30 || saved[0].Lessons != 230 || !saved[1].Retrained || saved[1].Lessons != 200 {
			t.Fatalf("%d models saved, the newest %s", len(saved), saved[0].Version)
		}
		if gap := s.gap(t, s.brain); gap < 0.2 {
			t.Fatalf("it has not learned: %.2f", gap)
		}
		s.Clock.Pass(10 * time.Minute) // the first node's lease ends
		for _, how := range []string{"from what was saved", "from the decisions alone"} {
			other := jobs.NewBrain(s.Store, quiet)
			if err := other.Learn(ctx, last.Decision.ID); err != nil {
				t.Fatal(err)
			}
			again, err := s.Models(ctx, s.Site.ID)
			if err != nil || len(again) != 2 || again[0].Version != saved[0].Version || !bytes.Equal(again[0].Delta, saved[0].Delta) || !bytes.Equal(again[1].Delta, saved[1].Delta) {
				t.Fatalf("%s another node came to another model: %v", how, err)
			}
			s.Clock.Pass(10 * time.Minute)
			s.forget(t)
		}
	})
}

// forget refuses every saved model, as if all were damaged.
func (s *school) forget(t *testing.T) {
	t.Helper()
	saved, err := s.Models(ctx, s.Site.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range saved {
		if err := s.RefuseModel(ctx, m, "gone"); err != nil {
			t.Fatal(err)
		}
	}
}

// What was decided by day is trained at night, once; the last five trainings stay.
func TestTrainedAtNight(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		s := newSchool(t, dsn)
		if err := s.AddJob(ctx, "study", "models", "", s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		versions := map[string]bool{}
		for day := range 7 {
			s.decides(t, s.posts(t, 10), false)
			saved := s.learns(t)
			if saved[0].Retrained || saved[0].Pending != 10 {
				t.Fatalf("day %d, by day: %+v", day, saved[0])
			}
			s.Clock.Pass(24 * time.Hour)
			saved = s.learns(t)
			if !saved[0].Retrained || saved[0].Pending != 0 || saved[0].Lessons != 10*day+10 || versions[saved[0].Version] || len(saved) > 5 {
				t.Fatalf("day %d, at night: %d models, %+v", day, len(saved), saved[0])
			}
			versions[saved[0].Version] = true
			s.Clock.Pass(time.Hour)
			if again := s.learns(t); again[0].Version != saved[0].Version || !again[0].Created.Equal(saved[0].Created) {
				t.Fatalf("trained twice in a night: %+v", again[0])
			}
		}
		if saved := s.learns(t); len(saved) != 5 {
			t.Fatalf("%d models are kept", len(saved))
		}
		if log := s.log(t); len(log) != 7 || log[0].Kind != store.LogRetrained || log[0].Lessons != 70 {
			t.Fatalf("log: %+v", log)
		}
	})
}

// A model that is trained afresh from what the newsroom has turned away from, and
// does worse than what was shown at the time, is rolled back by itself, and the
// log says so; the one that learned step by step goes on.
func TestWorseModelIsRolledBack(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		s := newSchool(t, dsn)
		s.decides(t, s.posts(t, 200), true)
		first := s.learns(t)
		for range 4 {
			s.decides(t, s.posts(t, 50), false)
			s.learns(t)
		}
		saved, log := s.learns(t), s.log(t)
		if len(log) != 2 || log[0].Kind != store.LogRolledBack || log[0].Lessons != 400 {
			t.Fatalf("log: %s of %d", log[0].Kind, len(log))
		}
		if len(saved) != 2 || saved[0].Retrained || saved[0].Pending != 0 || saved[1].Version != first[0].Version {
			t.Fatalf("saved %d, the newest %s", len(saved), saved[0].Version)
		}
		if gap := s.gap(t, s.brain); gap < 0 {
			t.Errorf("the steps are lost: %.2f", gap)
		}
	})
}

// A damaged model is refused with its cause, and the last good one is used and
// learns again what came after it.
func TestDamagedModelIsRefused(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		s := newSchool(t, dsn)
		s.decides(t, s.posts(t, 80), false)
		s.learns(t)
		s.Clock.Pass(24 * time.Hour)
		last := s.decides(t, s.posts(t, 24), false)
		saved := s.learns(t)
		if len(saved) != 2 || saved[0].Retrained || !saved[1].Retrained {
			t.Fatalf("%d models saved", len(saved))
		}
		damaged := saved[0]
		damaged.Delta = bytes.Clone(damaged.Delta)
		damaged.Delta[len(damaged.Delta)/2] ^= 1
		if err := s.SaveModel(ctx, damaged); err != nil {
			t.Fatal(err)
		}
		s.Clock.Pass(time.Minute)
		other := jobs.NewBrain(s.Store, quiet)
		if gap := s.gap(t, other); gap < 0.2 {
			t.Fatalf("the last good model is not in use: %.2f", gap)
		}
		again, err := s.Models(ctx, s.Site.ID)
		if log := s.log(t); err != nil || again[0].Refused == "" || log[0].Kind != store.LogDamaged || log[0].Detail == "" || log[0].Version != damaged.Version {
			t.Fatalf("refused %q, log %s %s, %v", again[0].Refused, log[0].Kind, log[0].Detail, err)
		}
		s.Clock.Pass(10 * time.Minute)
		if err := other.Learn(ctx, last.Decision.ID); err != nil {
			t.Fatal(err)
		}
		if again, err = s.Models(ctx, s.Site.ID); err != nil || again[0].Refused != "" || !bytes.Equal(again[0].Delta, saved[0].Delta) {
			t.Fatalf("it did not learn again what came after: %q %v", again[0].Refused, err)
		}
	})
}

// Of each text the last word counts: an overturned refusal and a restored removal
// teach a release, a removal teaches a refusal, a reconsideration takes back what
// was taught; not selected, bundles and what was undone teach nothing.
func TestWhatTeaches(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		s := newSchool(t, dsn)
		post := func() store.Submitted { return s.Post("", "Berta", fmt.Sprintf("Beitrag %d", s.next())) }
		end := func(r store.Result) { s.Clock.Pass(time.Minute); drain(t, s.runner) }
		overturned, restored, again, declined, bundled, undone := post(), post(), post(), post(), post(), post()
		end(s.Do(s.Anna, moderation.Reject, overturned.Comment))
		if _, err := s.ByAuthor(moderation.Appeal, overturned, "Das war sachlich."); err != nil {
			t.Fatal(err)
		}
		end(s.Do(s.Chief, moderation.Overturn, overturned.Comment))
		end(s.Do(s.Anna, moderation.Approve, restored.Comment))
		end(s.Do(s.Anna, moderation.Remove, restored.Comment))
		end(s.Do(s.Jonas, moderation.Restore, restored.Comment))
		end(s.Do(s.Anna, moderation.Reject, again.Comment))
		end(s.Do(s.Anna, moderation.Reconsider, again.Comment))
		end(s.Do(s.Anna, moderation.Decline, declined.Comment))
		if _, err := s.Apply(ctx, store.Request{Comment: bundled.Comment, Step: moderation.Approve, Actor: s.Anna.Actor(), Bundle: "b"}); err != nil {
			t.Fatal(err)
		}
		s.Do(s.Anna, moderation.Approve, undone.Comment)
		end(s.Do(s.Anna, moderation.Undo, undone.Comment))
		seq, err := s.ChainEnd(ctx, s.Site.ID)
		if err != nil {
			t.Fatal(err)
		}
		got := jobs.LastWords(t, s.brain, s.Site.ID, seq)
		want := map[string]string{overturned.Comment: "released", restored.Comment: "released", again.Comment: "nothing"}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("what teaches: %v, want %v", got, want)
		}
	})
}

func (s *school) next() int { s.n++; return s.n }
