package store_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/jackc/pgx/v5"
)

// onServer runs f on a connection of its own.
func onServer(t *testing.T, dsn string, f func(c *pgx.Conn)) {
	t.Helper()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	f(c)
}

func run(t *testing.T, c *pgx.Conn, statement string) {
	t.Helper()
	if _, err := c.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func second(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A step whose transaction commits late gets a lower id than events that were
// read already. It must still arrive, and the others must not wait for it.
func TestEventsThatCommitOutOfOrder(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	h := storetest.NewHouse(t, dsn)
	at, err := h.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	insert := "insert into outbox (topic, site_id, article_id, at) values ('thread', '" + h.Site.ID + "', '%s', 0)"
	onServer(t, dsn, func(late *pgx.Conn) {
		run(t, late, "begin")
		run(t, late, fmt.Sprintf(insert, "late"))
		onServer(t, dsn, func(quick *pgx.Conn) { run(t, quick, fmt.Sprintf(insert, "quick")) })
		fresh, err := h.Head(ctx) // a node that starts now must not miss it either
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			var events []store.Event
			if events, at, err = h.Events(ctx, at); err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Article == "late" {
					t.Fatal("an event was read before its commit")
				}
			}
		}
		run(t, late, "commit")
		for name, cursor := range map[string]store.Cursor{"reading": at, "started": fresh} {
			events, _, err := h.Events(ctx, cursor)
			if err != nil || len(events) != 1 || events[0].Article != "late" {
				t.Fatalf("%s: the late event is missing: %v %v", name, events, err)
			}
		}
	})
	if at.ID == 0 {
		t.Fatal("the quick event waited for the late one")
	}
}

func TestEventsAfterAPlaceThatIsGone(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		h.Post("", "Berta", "Da bin ich.")
		head, err := h.Head(ctx)
		if err != nil || head.ID == 0 {
			t.Fatalf("head %v %v", head, err)
		}
		events, next, err := h.Events(ctx, store.Cursor{ID: head.ID + 1000})
		if err != nil || next.ID != head.ID || len(events) != 1 || events[0].Topic != "site" || events[0].Site != h.Site.ID {
			t.Fatalf("a place that is gone: %v %v %v", events, next, err)
		}
	})
}

func TestTheBellRingsOnOtherNodes(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	h := storetest.NewHouse(t, dsn)
	other := second(t, store.Options{DSN: dsn, Clock: h.Clock.Now})
	bell, stop := other.Bell()
	defer stop()
	// The first ring may be of its own start; the later ones are the other node's.
	for rings, deadline := 0, time.After(30*time.Second); rings < 3; {
		h.Post("", "Berta", "Klingel "+store.NewID())
		select {
		case <-bell:
			rings++
		case <-time.After(300 * time.Millisecond):
		case <-deadline:
			t.Fatalf("the other node heard %d of 3 rings", rings)
		}
	}
}

func TestNodesComeAndGo(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		p := store.Presence{ID: "a", Name: "haus", Version: "1"}
		for range 2 {
			if err := h.Present(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
		wantNodes(t, h, 1)
		h.Clock.Pass(20 * time.Second)
		wantNodes(t, h, 0)
		if err := h.Present(ctx, p); err != nil {
			t.Fatal(err)
		}
		if err := h.Absent(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		wantNodes(t, h, 0)
	})
}

func wantNodes(t *testing.T, h *storetest.House, n int) {
	t.Helper()
	if got, err := h.Nodes(ctx); err != nil || len(got) != n {
		t.Fatalf("nodes: %v %v, want %d", got, err, n)
	}
}

// The readers' pages can be read by a role that has no right to anything else:
// what nobody can read cannot leak.
func TestReadersRole(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	h := storetest.NewHouse(t, dsn)
	role := "leser_" + store.NewID()
	onServer(t, dsn, func(c *pgx.Conn) {
		run(t, c, "create role "+role+" login")
		t.Cleanup(func() {
			onServer(t, dsn, func(c *pgx.Conn) { run(t, c, "drop owned by "+role); run(t, c, "drop role "+role) })
		})
		for _, statement := range store.ReaderGrants(role) {
			run(t, c, statement)
		}
	})
	c := h.Post("", "Berta", "Freigegeben.")
	h.Release(h.Anna, c.Comment)
	waits := h.Post("", "Carl", "Noch nicht.")
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	s := second(t, store.Options{DSN: dsn, ReadDSN: u.String(), Clock: h.Clock.Now})
	for what, err := range publicReads(s, h, c.Comment) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := s.Released(ctx, waits.Comment); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("an unreleased comment: %v", err)
	}
	onServer(t, u.String(), func(c *pgx.Conn) {
		for _, table := range []string{"comments", "revisions", "decisions", "authors", "editors", "meta", "keys", "sessions", "jobs", "notices", "repeats", "observed", "reactions", "subscriptions"} {
			if _, err := c.Exec(ctx, "select 1 from "+table); err == nil {
				t.Errorf("the readers' role can read %s", table)
			}
		}
		if _, err := c.Exec(ctx, "delete from publications"); err == nil {
			t.Error("the readers' role can write")
		}
	})
}

func publicReads(s *store.Store, h *storetest.House, comment string) map[string]error {
	errs := map[string]error{}
	_, _, errs["Thread"] = s.Thread(ctx, h.Article.ID, store.Newest, 50, "")
	_, errs["Released"] = s.Released(ctx, comment)
	_, errs["Before"] = s.Before(ctx, comment, store.Oldest)
	_, errs["Recent"] = s.Recent(ctx, h.Site.ID, "", store.All, 10)
	_, errs["ReactionsTo"] = s.ReactionsTo(ctx, []string{comment})
	_, errs["Counts"] = s.Counts(ctx, []string{h.Article.ID})
	_, errs["Article"] = s.Article(ctx, h.Article.ID)
	_, errs["Articles"] = s.Articles(ctx, "", 10)
	_, errs["Sites"] = s.Sites(ctx)
	_, errs["Site"] = s.Site(ctx, h.Site.ID)
	_, errs["PublicHead"] = s.PublicHead(ctx)
	_, _, errs["PublicEvents"] = s.PublicEvents(ctx, store.Cursor{})
	if _, err := s.Picture(ctx, "none"); moderation.KindOf(err) != moderation.NotFound {
		errs["Picture"] = err
	}
	return errs
}

// A rush of submissions shares commits, and each still gets its own answer.
func TestSubmissionsInGroups(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		type answer struct {
			out store.Submitted
			err error
		}
		const n = 300
		answers := make(chan answer, n)
		for i := range n {
			go func() {
				in := store.Submission{Article: h.Article.ID, Name: "Berta", Text: fmt.Sprintf("Nummer %d", i/2), Sender: store.Sender{Now: "x", Before: "w"}}
				switch {
				case i%10 == 8:
					in.Parent = "nobody"
				case i%10 == 9:
					in.Article = "nowhere"
				}
				out, err := h.Submit(ctx, in)
				answers <- answer{out, err}
			}()
		}
		kinds, ids := map[moderation.Kind]int{}, map[string]int{}
		for range n {
			a := <-answers
			if a.err != nil {
				kinds[moderation.KindOf(a.err)]++
				continue
			}
			ids[a.out.Comment]++
		}
		if kinds[moderation.Invalid] != n/10 || kinds[moderation.NotFound] != n/10 || len(kinds) != 2 {
			t.Errorf("refused by kind: %v", kinds)
		}
		if len(ids) != n*8/10/2 {
			t.Errorf("%d comments, want %d", len(ids), n*8/10/2)
		}
		for id, times := range ids {
			if times != 2 {
				t.Fatalf("comment %s was acknowledged %d times, want twice", id, times)
			}
		}
		h.Whole()
	})
}

// Whoever gives up must not take others' submissions along.
func TestACallerWhoHasGoneHarmsNobody(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		done := make(chan error, 100)
		for i := range 100 {
			go func() {
				mine, cancel := context.WithCancel(ctx)
				if i%2 == 0 {
					go cancel()
				} else {
					defer cancel()
				}
				_, err := h.ClaimJobs(mine, []string{"assess"}, 1, time.Second)
				if i%2 == 0 {
					err = nil
				}
				done <- err
			}()
		}
		for range 100 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		h.Post("", "Berta", "Es geht weiter.")
	})
}
