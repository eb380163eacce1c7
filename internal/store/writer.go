package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/freigabe/freigabe/internal/turn"
)

// maxGroup bounds how many waiting writes share a commit, and queued how many
// may wait; a write past that is refused before memory grows.
const (
	maxGroup = 512
	queued   = 4096
)

// ErrBusy says that too many writes wait. It is an ErrUnavailable.
var ErrBusy = fmt.Errorf("%w: too many writes are waiting", ErrUnavailable)

// writer is SQLite's one writer: it takes all waiting writes into one
// transaction and answers them after its commit, so that one fsync serves many.
type writer struct {
	db   *sql.DB
	in   chan *pending
	done chan struct{}

	mu     sync.RWMutex
	closed bool
}

type pending struct {
	do   func(*sql.Tx) error
	err  error
	done chan struct{}
}

func newWriter(db *sql.DB) *writer {
	w := &writer{db: db, in: make(chan *pending, queued), done: make(chan struct{})}
	go w.loop()
	return w
}

// do waits for the write's commit. Once it is in the queue it is carried out,
// even if the caller has gone: the caller cannot know, and a repeat is harmless.
func (w *writer) do(ctx context.Context, do func(*sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := &pending{do: do, done: make(chan struct{})}
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return errClosed
	}
	select {
	case w.in <- p:
		w.mu.RUnlock()
	default:
		w.mu.RUnlock()
		return ErrBusy
	}
	<-p.done
	return p.err
}

func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.in)
	}
	w.mu.Unlock()
	<-w.done
}

func (w *writer) loop() {
	defer close(w.done)
	group := make([]*pending, 0, maxGroup)
	for first := range w.in {
		group = append(group[:0], first)
		for len(group) < maxGroup && len(w.in) > 0 {
			next, ok := <-w.in
			if !ok {
				break
			}
			group = append(group, next)
		}
		turn.Long(func() { w.commit(group) }) // readers do not wait for its end
		for _, p := range group {
			close(p.done)
		}
	}
}

// commit runs a group in one transaction. A failing member is rolled back to
// its savepoint; a failing commit fails them all.
func (w *writer) commit(group []*pending) {
	tx, err := w.db.BeginTx(context.Background(), nil)
	if err != nil {
		fail(group, err)
		return
	}
	for i, p := range group {
		if p.err = inSavepoint(tx, p.do, len(group) > 1); p.err == nil {
			continue
		}
		if _, lost := errors.AsType[*broken](p.err); lost || len(group) == 1 {
			err := errors.Join(p.err, ignoreDone(tx.Rollback()))
			fail(group[:i+1], err)
			w.rest(group[i+1:])
			return
		}
	}
	if err := tx.Commit(); err != nil {
		fail(group, errors.Join(err, ignoreDone(tx.Rollback())))
	}
}

// rest commits what came after a member that took the transaction with it.
func (w *writer) rest(group []*pending) {
	if len(group) > 0 {
		w.commit(group)
	}
}

func fail(group []*pending, err error) {
	for _, p := range group {
		if p.err == nil {
			p.err = err
		}
	}
}

// broken marks a transaction that cannot go on, such as after a full disk.
type broken struct{ error }

func (b *broken) Unwrap() error { return b.error }

func inSavepoint(tx *sql.Tx, do func(*sql.Tx) error, shared bool) error {
	if !shared {
		return do(tx)
	}
	if _, err := tx.Exec("savepoint member"); err != nil {
		return &broken{err}
	}
	err := do(tx)
	if err != nil {
		if _, back := tx.Exec("rollback to member"); back != nil {
			return &broken{errors.Join(err, back)}
		}
	}
	if _, rel := tx.Exec("release member"); rel != nil {
		return &broken{errors.Join(err, rel)}
	}
	return err
}
