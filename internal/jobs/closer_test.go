package jobs

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// Done jobs whose repetition nobody would notice are deleted together, all of them by
// the end; a letter is recorded before the next one is begun.
func TestDoneJobsAreDeletedTogether(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "freigabe.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // the test is over
	r := &Runner{Store: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	r.setUp()
	r.kinds["learn"] = func(context.Context, store.Job) error { return nil }
	r.kinds["tell"] = func(_ context.Context, j store.Job) error {
		if j.Key == "silent" {
			return ErrNobody
		}
		return nil
	}
	for _, job := range [][2]string{{"learn", "a"}, {"learn", "b"}, {"tell", "letter"}, {"tell", "silent"}} {
		if err := s.AddJob(ctx, job[0], job[1], "", s.Now()); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (n int) {
		t.Helper()
		if err := s.Pool().QueryRowContext(ctx, "select count(*) from jobs").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	r.done = make(chan store.Job, closeMost)
	for _, l := range []lane{{kinds: []string{"learn"}, lease: time.Minute}, {kinds: []string{"tell"}, lease: time.Minute}} {
		if n, err := r.batch(ctx, l); err != nil || n != 2 {
			t.Fatalf("%d jobs of %v, %v", n, l.kinds, err)
		}
	}
	if n := left(); n != 3 || len(r.done) != 3 {
		t.Errorf("%d jobs are left and %d wait to be deleted; only the letter had to go at once", n, len(r.done))
	}
	close(r.done)
	if r.closeJobs(ctx, r.done); left() != 0 {
		t.Errorf("%d done jobs are left", left())
	}
}

// The lease on teaching a site is not written again for each decision, but long
// before it ends.
func TestTheLeaseOnTeachingIsKept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "freigabe.db"))
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	b, other := NewBrain(h.Store, log), NewBrain(h.Store, log)
	until := func() (at int64) {
		t.Helper()
		if mine, err := b.teacher(ctx, h.Site.ID); err != nil || !mine {
			t.Fatalf("the lease is ours: %v, %v", mine, err)
		}
		if err := h.Pool().QueryRowContext(ctx, "select until from leases where name = 'learn/' || $1", h.Site.ID).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	first := until()
	h.Clock.Pass(keepEvery / 2)
	if until() != first {
		t.Error("a lease kept a moment ago was written again")
	}
	h.Clock.Pass(keepEvery)
	if until() <= first {
		t.Error("the lease was not kept")
	}
	if mine, err := other.teacher(ctx, h.Site.ID); err != nil || mine {
		t.Errorf("two nodes teach: %v, %v", mine, err)
	}
	h.Clock.Pass(teaching + time.Second)
	if mine, err := other.teacher(ctx, h.Site.ID); err != nil || !mine {
		t.Errorf("a dead node's lease: %v, %v", mine, err)
	}
	if mine, err := b.teacher(ctx, h.Site.ID); err != nil || mine {
		t.Errorf("the node that lost its lease teaches on: %v, %v", mine, err)
	}
}

// Long work rests after each stretch of it, and not at each call.
func TestBreath(t *testing.T) {
	t.Parallel()
	b, rests := &breath{}, 0
	b.rested.Store(time.Now().UnixNano())
	for end := time.Now().Add(20 * stretch); time.Now().Before(end); {
		before := b.rested.Load()
		if b.take(); b.rested.Load() != before {
			rests++
			if time.Since(time.Unix(0, before)) < stretch+rest {
				t.Fatal("it rested before it was time to, or not at all")
			}
		}
	}
	if rests == 0 {
		t.Error("it never rested")
	}
}
