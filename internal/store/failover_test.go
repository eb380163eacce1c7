package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// pair is a primary with a synchronous standby.
func pair(t *testing.T) (primary, standby *pgtest.Server, h *storetest.House) {
	t.Helper()
	primary = pgtest.NewDurable(t)
	h = storetest.NewHouse(t, primary.DSN)
	standby = primary.Standby(t)
	primary.Do(t, "alter system set synchronous_standby_names = '*'")
	primary.Do(t, "select pg_reload_conf()")
	eventually(t, "a synchronous standby", func() error {
		if state := primary.Do(t, "select sync_state from pg_stat_replication"); state != "sync" {
			return fmt.Errorf("it is %q", state)
		}
		return nil
	})
	return primary, standby, h
}

// both names two servers in one address.
func both(t *testing.T, first, other *pgtest.Server, attrs string) string {
	t.Helper()
	a, err := url.Parse(first.DSN)
	if err != nil {
		t.Fatal(err)
	}
	b, err := url.Parse(other.DSN)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(first.DSN, a.Host, a.Host+","+b.Host, 1) + "&target_session_attrs=" + attrs
}

// TestPromotedStandby: the primary is killed for good, its synchronous standby
// promoted. Everything acknowledged is there, on the address that names both.
func TestPromotedStandby(t *testing.T) {
	primary, standby, h := pair(t)
	node := second(t, store.Options{DSN: both(t, primary, standby, "read-write"), Clock: h.Clock.Now})
	var w work
	var stop atomic.Bool
	wg := w.run(node, h, &stop)
	eventually(t, "some work", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.receipts) < 20 {
			return errors.New("not yet")
		}
		return nil
	})
	primary.Kill(t)
	standby.Do(t, "select pg_promote()")
	eventually(t, "a submission after the failover", func() error {
		_, err := node.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Carl", Text: store.NewID(), Sender: store.Sender{Now: "c", Before: "c"}})
		return err
	})
	stop.Store(true)
	wg.Wait()
	w.verify(t, node)
	primary.Start(t) // for the end of the test: it is nobody's primary any more
	primary.Do(t, "alter system reset synchronous_standby_names")
	primary.Do(t, "select pg_reload_conf()")
}

// TestNoStandbyLeft: the synchronous standby dies, and nobody promotes or resets
// anything. The primary acknowledges nothing any more; submissions and decisions
// are refused as ErrUnavailable within the limit of a write, and do not hang.
func TestNoStandbyLeft(t *testing.T) {
	primary, standby, h := pair(t)
	waiting := h.Post("", "Berta", "Vor dem Ausfall.")
	standby.Kill(t)
	t.Cleanup(func() { // lets what waits go, so that all ends
		primary.Do(t, "alter system reset synchronous_standby_names")
		primary.Do(t, "select pg_reload_conf()")
	})
	refused := make(chan error, 2)
	go func() {
		_, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Carl", Text: "Nach dem Ausfall.", Sender: store.Sender{Now: "c", Before: "c"}})
		refused <- err
	}()
	go func() {
		_, err := h.Step(h.Anna, moderation.Approve, waiting.Comment)
		refused <- err
	}()
	late := time.After(30 * time.Second) // three times the limit of a write
	for range 2 {
		select {
		case err := <-refused:
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("refused with %v", err)
			}
		case <-late:
			t.Fatal("a write hangs without a standby")
		}
	}
}

// TestLaggingReplica: readers' pages are not read from a replica that lags; where
// there is another server, they are read there, otherwise not at all.
func TestLaggingReplica(t *testing.T) {
	primary, standby, h := pair(t)
	primary.Do(t, "alter system reset synchronous_standby_names")
	primary.Do(t, "select pg_reload_conf()")
	beat, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for beat.Err() == nil {
			_ = h.Present(beat, store.Presence{ID: "a"}) // the next beat tries again
			time.Sleep(100 * time.Millisecond)
		}
	}()
	alone := second(t, store.Options{DSN: primary.DSN, ReadDSN: standby.DSN, Clock: h.Clock.Now})
	spare := second(t, store.Options{DSN: primary.DSN, ReadDSN: both(t, standby, primary, "any"), Clock: h.Clock.Now})
	for name, s := range map[string]*store.Store{"alone": alone, "spare": spare} {
		eventually(t, name+" reads from the replica", func() error {
			_, _, err := s.PublicEvents(ctx, store.Cursor{})
			return err
		})
	}
	standby.Do(t, "select pg_wal_replay_pause()")
	c := h.Post("", "Berta", "Nach der Pause.")
	h.Release(h.Anna, c.Comment)
	eventually(t, "the spare server", func() error {
		_, err := spare.Released(ctx, c.Comment)
		return err
	})
	eventually(t, "the lagging replica is refused", func() error {
		if _, _, err := alone.PublicEvents(ctx, store.Cursor{}); err == nil {
			return errors.New("it is still read")
		}
		return nil
	})
	standby.Do(t, "select pg_wal_replay_resume()")
	eventually(t, "the replica is read again", func() error {
		_, err := alone.Released(ctx, c.Comment)
		return err
	})
}
