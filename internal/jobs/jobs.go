// Package jobs does the work that follows a step: it assesses what came in,
// publishes what was released when its hold has ended, tells authors, teaches
// the model, and erases what must no longer be kept.
//
// Every job was written in the transaction of the step that it follows, so
// nothing is forgotten when a node dies; it is claimed under a lease, so several
// nodes share the work; and it is done at least once, so each kind is harmless
// when repeated. A file per kind; this one holds the loop.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Assessor judges a text by the five rules. It never decides anything.
type Assessor interface {
	Assess(ctx context.Context, t store.ToAssess) (moderation.Assessment, error)
}

// Teller brings news to people outside, by mail or otherwise. Calls may repeat.
type Teller interface {
	TellAuthor(ctx context.Context, d moderation.Decision) error
	TellParent(ctx context.Context, d moderation.Decision) error
}

// Learner takes in decisions whose hold has passed, and looks after what it has
// learned.
type Learner interface {
	Learn(ctx context.Context, decision string) error
	Study(ctx context.Context) error
}

// work does one job; what it returns says whether it has to be tried again.
type work func(ctx context.Context, j store.Job) error

// tracer makes spans where the program was told to trace, and otherwise nothing.
// It is asked for each time: the program sets its provider after this package is
// loaded, and a test more than once.
func tracer() trace.Tracer { return otel.Tracer("freigabe/jobs") }

// lane is a group of kinds that share workers, so that slow mail never holds up
// a publication.
type lane struct {
	kinds   []string
	workers int
	lease   time.Duration
	yields  bool          // gives way while the node is busy
	due     chan struct{} // calls a worker up
}

// Runner does the jobs of one node.
type Runner struct {
	Store    *store.Store
	Log      *slog.Logger
	Assessor Assessor
	Teller   Teller  // nil: nobody is told
	Learner  Learner // nil: nothing is learnt
	Purger   *Purger // nil: there are no caches to tell

	// Lease bounds how long a node keeps work that it has taken on; 0: as long as the
	// kind of work needs. For tests, which do not want to wait for a dead node's.
	Lease time.Duration

	Busy func() bool // people wait for this node: work that can wait should; nil: never

	kinds map[string]work
	lanes []lane
}

// Handle adds a kind of job beside the built-in ones, in a lane of its own.
func (r *Runner) Handle(kind string, do func(ctx context.Context, j store.Job) error) {
	r.setUp()
	r.kinds[kind] = do
	r.lanes = append(r.lanes, lane{kinds: []string{kind}, workers: 1, lease: 5 * time.Minute, yields: kind == "calm"})
}

func (r *Runner) setUp() {
	if r.kinds != nil {
		return
	}
	r.kinds = map[string]work{
		"publish":     r.publish,
		"assess":      r.assess,
		"tell":        r.tellAuthor,
		"tell-parent": r.tellParent,
		"learn":       r.learn,
		"study":       r.study,
		"webhook":     r.webhook,
		"purge":       r.purge,
		"expire":      r.expire,
	}
	r.lanes = []lane{
		{kinds: []string{"publish"}, workers: 1, lease: 5 * time.Second}, // short: what a killed node left is public soon, and publishing twice is harmless
		{kinds: []string{"assess"}, workers: max(1, runtime.NumCPU()/2), lease: time.Minute, yields: true},
		{kinds: []string{"tell", "tell-parent"}, workers: 2, lease: 2 * time.Minute},
		{kinds: []string{"learn"}, workers: 1, lease: 5 * time.Minute, yields: true}, // a training of thousands of decisions takes its time on a busy machine
		{kinds: []string{"study"}, workers: 1, lease: 10 * time.Minute, yields: true},
		{kinds: []string{"webhook"}, workers: 2, lease: time.Minute},
		{kinds: []string{"purge"}, workers: 2, lease: purgeLease}, // short, as for publish
		{kinds: []string{"expire"}, workers: 1, lease: 10 * time.Minute},
	}
}

// Run works until the context ends; jobs under way are finished first.
func (r *Runner) Run(ctx context.Context) error {
	r.setUp()
	if err := r.Store.AddJob(ctx, "expire", "hourly", "", r.Store.Now()); err != nil {
		return fmt.Errorf("plan retention: %w", err)
	}
	if err := r.Store.AddJob(ctx, "study", "models", "", r.Store.Now()); err != nil {
		return fmt.Errorf("plan the care of models: %w", err)
	}
	if _, ok := r.kinds["digests"]; ok {
		if err := r.Store.AddJob(ctx, "digests", "hourly", "", r.Store.Now()); err != nil {
			return fmt.Errorf("plan digests: %w", err)
		}
	}
	var wg sync.WaitGroup
	free := make(chan struct{}, 1)
	for i := range r.lanes {
		l := &r.lanes[i]
		l.due = make(chan struct{}, l.workers)
		for range l.workers {
			wg.Go(func() { r.loop(ctx, *l, free) })
		}
	}
	r.callUp(ctx, free)
	wg.Wait()
	return nil
}

// pollEvery bounds how late work of another node is noticed.
const pollEvery = time.Second

// callUp wakes the lanes for which work is due, until the context ends. It alone
// listens for writes and asks for all lanes at once: twenty that listened and asked
// each for itself would be a thousand questions a second to a busy database.
func (r *Runner) callUp(ctx context.Context, free <-chan struct{}) {
	bell, stop := r.Store.Bell()
	defer stop()
	for ctx.Err() == nil {
		pause := r.wake(ctx)
		select {
		case <-ctx.Done():
		case <-bell:
		case <-free: // what comes next for it was hidden behind what was due
		case <-time.After(pause):
		}
	}
}

// wake calls up the lanes that have work now, and gives the time until the next
// has, at most pollEvery.
func (r *Runner) wake(ctx context.Context) time.Duration {
	next, err := r.Store.NextJobs(ctx, slices.Collect(maps.Keys(r.kinds)))
	if err != nil {
		if ctx.Err() == nil {
			r.Log.Error("jobs cannot be looked for", "error", err)
		}
		return pollEvery
	}
	pause, now := pollEvery, r.Store.Now()
	for _, l := range r.lanes {
		for _, kind := range l.kinds {
			at, waits := next[kind]
			if waits && at.After(now) {
				pause = min(pause, max(time.Millisecond, at.Sub(now)))
			} else if waits {
				l.call()
			}
		}
	}
	return pause
}

// call wakes the lane's workers. One that is at work looks again when it is done.
func (l lane) call() {
	for range l.workers {
		select {
		case l.due <- struct{}{}:
		default:
			return
		}
	}
}

func (r *Runner) loop(ctx context.Context, l lane, free chan<- struct{}) {
	worked := false
	for ctx.Err() == nil {
		did, err := r.batch(ctx, l)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("jobs cannot be claimed", "kinds", l.kinds, "error", err)
		}
		if did > 0 {
			worked = true
			continue
		}
		if worked {
			worked = false
			select {
			case free <- struct{}{}:
			default: // somebody else has said so
			}
		}
		select {
		case <-ctx.Done():
		case <-l.due:
		}
	}
}

// batchSize is how many jobs a worker takes at once.
const batchSize = 20

func (r *Runner) batch(ctx context.Context, l lane) (int, error) {
	if r.Lease > 0 {
		l.lease = min(l.lease, r.Lease)
	}
	begun := time.Now() // a lease is a stretch of real time, whatever the store's clock says
	jobs, err := r.Store.ClaimJobs(ctx, l.kinds, batchSize, l.lease)
	if err != nil {
		return 0, err
	}
	// A job that was begun is finished, even when the node is stopping.
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), begun.Add(l.lease))
	defer cancel()
	for _, j := range jobs {
		if time.Since(begun) > l.lease/2 {
			r.giveBack(ctx, j)
			continue
		}
		started := time.Now()
		r.one(ctx, j)
		if l.yields && r.Busy != nil && r.Busy() {
			wait(ctx, min(idle*time.Since(started), time.Second))
		}
	}
	return len(jobs), nil
}

// idle is how many times as long as a job took its worker rests after it while
// people wait for the node: a tenth of one core is left to it.
const idle = 9

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// giveBack returns a job that was claimed and not begun: slow ones before it have
// used up its time, and once the lease has ended another worker does it, too. A
// letter would go out twice.
func (r *Runner) giveBack(ctx context.Context, j store.Job) {
	if err := r.Store.ReturnJob(ctx, j); err != nil {
		r.Log.Error("job not given back; it will run when its lease ends", "kind", j.Kind, "error", err)
	}
}

func (r *Runner) one(ctx context.Context, j store.Job) {
	ctx, span := tracer().Start(ctx, "job "+j.Kind, trace.WithNewRoot(), trace.WithAttributes(attribute.Int("attempt", j.Attempts)))
	defer span.End()
	err := r.kinds[j.Kind](ctx, j)
	ctx = context.WithoutCancel(ctx) // the outcome is recorded also where the job used up its time
	switch later, postponed := errors.AsType[*postpone](err); {
	case postponed:
		err = r.Store.RetryJob(ctx, j, later.until, "")
	case err != nil && undeliverable(j, err):
		span.SetStatus(codes.Error, "")
		r.Log.Error("letter given up; the receipt's page says the same", "kind", j.Kind, "attempts", j.Attempts, "error", err)
		err = r.Store.FinishJob(ctx, j)
	case err != nil:
		span.SetStatus(codes.Error, "")
		r.Log.Error("job failed", "kind", j.Kind, "attempt", j.Attempts, "error", err)
		err = r.Store.RetryJob(ctx, j, r.Store.Now().Add(backoff(j.Attempts)), err.Error())
	default:
		err = r.Store.FinishJob(ctx, j)
	}
	if err != nil {
		r.Log.Error("job's outcome not recorded; it will run again", "kind", j.Kind, "error", err)
	}
}

// letterTries is how often a letter is offered to the mail server: hourly in the
// end, for four to six days (RFC 5321, 4.5.4.1). An address that does not exist
// must not be tried for ever.
const letterTries = 150

func undeliverable(j store.Job, err error) bool {
	_, refused := errors.AsType[*mail.Failure](err)
	return refused && j.Attempts >= letterTries
}

// postpone is the outcome of a job that runs again at a time of its own choice.
type postpone struct{ until time.Time }

func (p *postpone) Error() string { return "not yet" }

// backoff doubles from a second to an hour.
func backoff(attempts int) time.Duration {
	return min(time.Hour, time.Second<<min(attempts, 12))
}

// Drain does everything that is due, once, on the caller's goroutine. Tests and
// commands use it in place of Run.
func (r *Runner) Drain(ctx context.Context) error {
	r.setUp()
	for {
		did := 0
		for _, l := range r.lanes {
			n, err := r.batch(ctx, l)
			if err != nil {
				return err
			}
			did += n
		}
		if did == 0 {
			return nil
		}
	}
}
