package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/store"
)

// A letter that takes long must not make those claimed with it go out twice: what
// was not begun within half the lease goes back, and another worker can have it
// at once.
func TestWhatASlowJobHoldsUpGoesBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "freigabe.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // the test is over
	r := &Runner{Store: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	l := lane{kinds: []string{"letter"}, workers: 1, lease: time.Second}
	var done []string
	r.Handle("letter", func(_ context.Context, j store.Job) error {
		done = append(done, j.Key)
		time.Sleep(l.lease/2 + 10*time.Millisecond)
		return nil
	})
	for _, key := range []string{"a", "b", "c"} {
		if err := s.AddJob(ctx, "letter", key, "", s.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := r.batch(ctx, l); err != nil || n != 3 || len(done) != 1 {
		t.Fatalf("of %d claimed %v were begun, %v", n, done, err)
	}
	free, err := s.ClaimJobs(ctx, l.kinds, 10, time.Minute)
	if err != nil || len(free) != 2 || free[0].Attempts != 1 {
		t.Fatalf("free again: %+v, %v", free, err)
	}
}

// A letter that no server takes is given up after some days; other work never is.
func TestUndeliverableLettersAreGivenUp(t *testing.T) {
	t.Parallel()
	late, early := store.Job{Attempts: letterTries}, store.Job{Attempts: letterTries - 1}
	refused := fmt.Errorf("tell: %w", &mail.Failure{})
	if !undeliverable(late, refused) || undeliverable(early, refused) || undeliverable(late, errors.New("database away")) {
		t.Error("given up too early, too late, or what must not be")
	}
}

// While people wait for the node, work that can wait rests after each job for
// several times as long as that took.
func TestWorkGivesWay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "freigabe.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // the test is over
	const took = 5 * time.Millisecond
	r := &Runner{Store: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Busy: func() bool { return true }}
	r.Handle("calm", func(context.Context, store.Job) error { time.Sleep(took); return nil })
	for _, key := range []string{"a", "b", "c"} {
		if err := s.AddJob(ctx, "calm", key, "", s.Now()); err != nil {
			t.Fatal(err)
		}
	}
	begun := time.Now()
	if n, err := r.batch(ctx, r.lanes[len(r.lanes)-1]); err != nil || n != 3 {
		t.Fatalf("%d jobs, %v", n, err)
	}
	if rested := time.Since(begun); rested < 3*took*(idle+1) {
		t.Errorf("three jobs of %v took %v beside people who wait", took, rested)
	}
	for _, l := range r.lanes {
		if l.kinds[0] == "publish" && l.yields {
			t.Error("a publication waits for people who submit")
		}
	}
}
