package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// While one decision waits for the disk, others of its site come in. They share the
// next commit; the one that is refused is refused alone, and each of the others
// stands in the record with an event and a job of its own.
func TestDecisionsShareACommit(t *testing.T) {
	t.Parallel()
	h := storetest.NewHouse(t, pgtest.New(t))
	var posted []store.Submitted
	for i := range 8 {
		posted = append(posted, h.Post("", "Mira", fmt.Sprint("Nummer ", i)))
	}
	h.Do(h.Jonas, moderation.Escalate, posted[7].Comment)
	before := h.Whole().Decisions
	hold := heldChain(t, h)
	defer hold.Rollback()
	errs := make([]error, len(posted))
	var all sync.WaitGroup
	decide := func(i int) {
		all.Go(func() {
			by := h.Anna
			if i == 7 {
				by = h.Jonas // who may not decide what he passed on himself
			}
			_, errs[i] = h.Step(by, moderation.Approve, posted[i].Comment)
		})
	}
	decide(0)
	await(t, h, "a decision that waits for the record", lockWaits, 1)
	for i := range posted[1:] {
		decide(i + 1)
	}
	for end := time.Now().Add(20 * time.Second); h.OnDocket() < 7; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d decisions wait", h.OnDocket())
		}
	}
	if err := hold.Commit(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	for i, err := range errs {
		if refused, ok := errors.AsType[*moderation.Error](err); (i == 7) != (ok && refused.Kind == moderation.Forbidden) || i < 7 && err != nil {
			t.Errorf("decision %d: %v", i, err)
		}
	}
	if n := h.Whole().Decisions; n != before+7 {
		t.Errorf("the record has %d decisions more, want 7", n-before)
	}
	await(t, h, "events of two commits", "select count(distinct xid) from outbox o where topic = 'queue' and exists (select 1 from decisions d where d.comment_id = o.comment_id and d.step = 'approve') and id > (select max(id) - 7 from outbox)", 2)
	await(t, h, "a publication for each", "select count(*) from jobs where kind = 'publish'", 7)
}

// heldChain keeps the site's record from being written until the transaction ends.
func heldChain(t *testing.T, h *storetest.House) *sql.Tx {
	t.Helper()
	hold, err := h.Pool().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.ExecContext(ctx, "select seq from chains where site_id = $1 for update", h.Site.ID); err != nil {
		_ = hold.Rollback() // the test ends here
		t.Fatal(err)
	}
	return hold
}

// An assessment is written down while a decision on the same text waits for its turn:
// neither waits for the other. They did once, each for what the other had locked, until
// PostgreSQL ended one of them after a second.
func TestAnAssessmentPassesADecision(t *testing.T) {
	t.Parallel()
	h := storetest.NewHouse(t, pgtest.New(t))
	posted := h.Post("", "Mira", "Gut so.")
	hold := heldChain(t, h)
	defer hold.Rollback()
	decided := make(chan error, 1)
	go func() { _, err := h.Step(h.Anna, moderation.Approve, posted.Comment); decided <- err }()
	await(t, h, "a decision that waits for the record", lockWaits, 1)
	text, err := h.Unassessed(ctx, posted.Comment, 1)
	if err != nil {
		t.Fatal(err)
	}
	patient, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := h.SaveObserved(patient, store.Observed{Comment: posted.Comment, Revision: 1, Site: h.Site.ID, Author: text.Author, Calm: store.Calm{Score: 500, Model: "test"}}); err != nil {
		t.Errorf("an assessment beside a decision: %v", err)
	}
	if err := hold.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-decided; err != nil {
		t.Error(err)
	}
}

const lockWaits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"

// await waits until a count is as it should be.
func await(t *testing.T, h *storetest.House, what, query string, want int) {
	t.Helper()
	n := -1
	for end := time.Now().Add(20 * time.Second); n != want; time.Sleep(time.Millisecond) {
		if err := h.Pool().QueryRowContext(ctx, query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != want && time.Now().After(end) {
			t.Fatalf("%s: %d, want %d", what, n, want)
		}
	}
}
