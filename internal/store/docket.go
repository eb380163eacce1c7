package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"
)

// docket takes steps on PostgreSQL. Those of one site wait for each other anyway,
// since each is the next entry of the site's chain, and with a commit for each a
// desk decides as often as the disk can write. So what comes while a commit is
// under way goes into the next one together, each step in a savepoint of its own:
// a refused one harms no other, and all are answered after the commit. (SQLite's
// writer does the same with everything.)
type docket struct {
	s *Store

	mu      sync.Mutex
	waiting map[string][]*hearing // by site; an entry, also an empty one, while a goroutine takes its steps
	closed  bool
	wg      sync.WaitGroup
}

// hearing is one step that waits for its turn.
type hearing struct {
	comment string
	do      func(ctx context.Context, tx *sql.Tx) error
	err     error
	came    time.Time // real time, whatever the store's clock says
	done    chan struct{}
}

// The most steps in a commit, and that may wait for one: a step past that is refused
// before memory grows.
const (
	maxHearings = 32
	maxDocket   = 1024

	// Whoever has waited so long is refused: the database hangs, and the limit of a write
	// would come on top of the wait.
	maxHeld = writeLimit / 2
)

func newDocket(s *Store) *docket { return &docket{s: s, waiting: map[string][]*hearing{}} }

// take carries out a step on a comment. Once it waits it is carried out, even if the
// caller has gone: the caller cannot know, and a repeat is harmless.
func (d *docket) take(ctx context.Context, comment string, do func(context.Context, *sql.Tx) error) error {
	var site string
	if err := one(ctx, d.s.db, "comment", []any{&site}, "select site_id from comments where id = $1", comment); err != nil {
		return err
	}
	h := &hearing{comment: comment, do: do, came: time.Now(), done: make(chan struct{})}
	if err := d.put(ctx, site, h); err != nil {
		return err
	}
	<-h.done
	return h.err
}

func (d *docket) put(ctx context.Context, site string, h *hearing) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, sitting := d.waiting[site]
	switch {
	case d.closed:
		return classify(errClosed)
	case len(before) >= maxDocket:
		return ErrBusy
	}
	d.waiting[site] = append(before, h)
	if !sitting {
		ctx = context.WithoutCancel(ctx)
		d.wg.Go(func() { d.sit(ctx, site) })
	}
	return nil
}

// sit takes the steps of a site until none waits.
func (d *docket) sit(ctx context.Context, site string) {
	for {
		group := d.next(site)
		if len(group) == 0 {
			return
		}
		if wanted := inTime(group); len(wanted) > 0 {
			d.decide(ctx, wanted)
		}
		for _, h := range group {
			close(h.done)
		}
	}
}

func (d *docket) next(site string) []*hearing {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.waiting[site]
	if len(all) == 0 {
		delete(d.waiting, site)
		return nil
	}
	n := min(len(all), maxHearings)
	d.waiting[site] = slices.Clone(all[n:])
	return all[:n]
}

// inTime refuses the steps that have waited too long, and gives the others.
func inTime(group []*hearing) []*hearing {
	var out []*hearing
	for _, h := range group {
		if time.Since(h.came) > maxHeld {
			h.err = ErrBusy
			continue
		}
		out = append(out, h)
	}
	return out
}

// decide takes the steps of a group in one transaction. If that fails for a reason
// that lies with one of them, each gets a transaction of its own.
func (d *docket) decide(ctx context.Context, group []*hearing) {
	limited, cancel := context.WithTimeout(ctx, writeLimit) // also for a statement that waits for somebody's lock
	defer cancel()
	err := d.s.write(limited, func(tx *sql.Tx) error {
		if len(group) == 1 {
			return group[0].do(limited, tx)
		}
		return d.together(limited, tx, group)
	})
	switch {
	case err == nil:
	case len(group) == 1 || errors.Is(err, ErrUnavailable):
		for _, h := range group {
			h.err = err
		}
	default:
		for _, h := range group {
			h.err = nil
			d.decide(ctx, []*hearing{h})
		}
	}
}

// together locks all comments before the first step locks anything else. Others
// (the publication of one, such as) lock a comment and then its thread's count: a
// group that held a count and waited for a comment might wait for ever.
func (d *docket) together(ctx context.Context, tx *sql.Tx, group []*hearing) error {
	ids := make([]string, len(group))
	for i, h := range group {
		ids[i] = h.comment
	}
	in, args := list(ids, 1)
	nothing := func(*sql.Rows) error { return nil }
	if err := each(ctx, tx, nothing, "select id from comments where id in ("+in+") order by id"+d.s.d.forUpdate, args...); err != nil {
		return err
	}
	for _, h := range group {
		h.err = inSavepoint(tx, func(tx *sql.Tx) error { return h.do(ctx, tx) }, true)
		_, lost := errors.AsType[*broken](h.err)
		if lost || again(h.err) || errors.Is(classify(h.err), ErrUnavailable) {
			return h.err
		}
	}
	return nil
}

// close waits for what is under way and refuses what comes later.
func (d *docket) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.wg.Wait()
}

// applyOne takes a step: on PostgreSQL with others of its site, on SQLite with
// whatever else waits for the one writer.
func (s *Store) applyOne(ctx context.Context, req Request) (out Result, err error) {
	do := func(ctx context.Context, tx *sql.Tx) error {
		out, err = s.apply(ctx, tx, req)
		return err
	}
	if s.docket == nil || s.unguarded { // without the guard steps must be able to meet
		err = s.write(ctx, func(tx *sql.Tx) error { return do(ctx, tx) })
	} else {
		err = s.docket.take(ctx, req.Comment, do)
	}
	return out, err
}
