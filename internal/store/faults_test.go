package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// times is how often a fault is played: a few times in every run, as often as
// FREIGABE_KILLS says in make soak.
func times(few int) int {
	if n, err := strconv.Atoi(os.Getenv("FREIGABE_KILLS")); err == nil && n > 0 {
		return n
	}
	return few
}

// decided is the outcome of an attempt to decide: by whom the comment is decided
// as far as the answer tells, or "" where there was no answer.
type attempt struct{ comment, editor string }

// registry is a comment as an object that is decided once: whoever comes first
// wins, everyone after learns who that was. An attempt without an answer may have
// happened or not.
var registry = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[string][]porcupine.Operation{}
		for _, op := range history {
			c := op.Input.(attempt).comment
			by[c] = append(by[c], op)
		}
		var out [][]porcupine.Operation
		for _, ops := range by {
			out = append(out, ops)
		}
		return out
	},
	Init: func() []any { return []any{""} },
	Step: func(state, input, output any) []any {
		had, me, told := state.(string), input.(attempt).editor, output.(string)
		now := had
		if now == "" {
			now = me
		}
		switch {
		case told == "" && had == "":
			return []any{"", me}
		case told == "" || told == now:
			return []any{now}
		}
		return nil
	},
}

// history collects attempts as porcupine wants them.
type history struct {
	mu    sync.Mutex
	begun time.Time
	ops   []porcupine.Operation
}

func (h *history) try(client int, in attempt, decide func() string) string {
	call := time.Since(h.begun).Nanoseconds()
	told := decide()
	end := time.Since(h.begun).Nanoseconds()
	if told == "" {
		end = 1 << 62 // it may still happen
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: told, Return: end})
	return told
}

func (h *history) linearizable() bool { return porcupine.CheckOperations(registry.ToModel(), h.ops) }

// decide lets an editor reject a comment and gives the name of whoever won.
func decide(s *store.Store, e store.Editor, comment string) string {
	_, err := s.Apply(ctx, store.Request{Comment: comment, Step: moderation.Reject, Actor: e.Actor(), Rule: moderation.Digression, Reason: "Von " + e.Email})
	if err == nil {
		return e.Email
	}
	if lost, ok := errors.AsType[*moderation.Error](err); ok && lost.Decision != nil {
		return lost.Decision.Email
	}
	return ""
}

// struggle lets six editors decide on the same comments at once, through several
// nodes.
func struggle(t *testing.T, h *storetest.House, nodes []*store.Store) *history {
	past := &history{begun: time.Now()}
	var people []store.Editor
	for i := range 6 {
		e, err := h.AddEditor(ctx, store.Editor{Email: fmt.Sprintf("e%d@blatt.example", i), Name: "Redaktion", Role: moderation.Editor})
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, e)
	}
	for i := range 20 {
		c := h.Post("", "Berta", fmt.Sprintf("Nummer %d", i))
		var wg sync.WaitGroup
		for client, e := range people {
			wg.Go(func() {
				past.try(client, attempt{c.Comment, e.Email}, func() string { return decide(nodes[client%len(nodes)], e, c.Comment) })
			})
		}
		wg.Wait()
	}
	return past
}

func TestDecisionsAreLinearizable(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		nodes := []*store.Store{h.Store}
		if h.Backend() == "postgres" {
			nodes = append(nodes, second(t, store.Options{DSN: dsn, Clock: h.Clock.Now}), second(t, store.Options{DSN: dsn, Clock: h.Clock.Now}))
		}
		if past := struggle(t, h, nodes); !past.linearizable() {
			t.Error("the decisions have no order in which each saw those before it")
		}
		h.Whole()
	})
}

// Without the guard two editors decide the same comment; the checker must see it.
func TestTheCheckerFindsALostGuard(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	h := storetest.NewHouse(t, dsn)
	nodes := []*store.Store{h.Store, second(t, store.Options{DSN: dsn, Clock: h.Clock.Now})}
	for _, n := range nodes {
		n.RemoveGuard()
	}
	for range 10 {
		if !struggle2(t, h, nodes).linearizable() {
			return
		}
	}
	t.Error("two decisions of one revision went unnoticed")
}

// struggle2 is struggle with people of its own each time.
func struggle2(t *testing.T, h *storetest.House, nodes []*store.Store) *history {
	past := &history{begun: time.Now()}
	for i := range 10 {
		c := h.Post("", "Berta", fmt.Sprintf("Nummer %d %s", i, store.NewID()))
		var wg sync.WaitGroup
		for client, e := range []store.Editor{h.Anna, h.Jonas, h.Chief} {
			wg.Go(func() {
				past.try(client, attempt{c.Comment, e.Email}, func() string { return decide(nodes[client%len(nodes)], e, c.Comment) })
			})
		}
		wg.Wait()
	}
	return past
}

// work submits and decides until told to stop, and keeps what was acknowledged.
type work struct {
	mu       sync.Mutex
	receipts map[string]string // text by receipt
	past     history
	refused  atomic.Int64
}

func (w *work) run(s *store.Store, h *storetest.House, stop *atomic.Bool) *sync.WaitGroup {
	w.receipts, w.past.begun = map[string]string{}, time.Now()
	var wg sync.WaitGroup
	people := []store.Editor{h.Anna, h.Jonas}
	for client := range 4 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				text := fmt.Sprintf("Kommentar %d von %d", i, client)
				c, err := s.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Berta", Text: text, Sender: store.Sender{Now: text, Before: text}})
				if err != nil {
					w.refused.Add(1)
					time.Sleep(time.Millisecond) // as a reader would wait before the next try
					continue
				}
				w.mu.Lock()
				w.receipts[c.Token] = text
				w.mu.Unlock()
				for _, e := range people {
					w.past.try(client, attempt{c.Comment, e.Email}, func() string { return decide(s, e, c.Comment) })
				}
			}
		})
	}
	return &wg
}

func (w *work) verify(t *testing.T, s *store.Store) {
	t.Helper()
	for token, text := range w.receipts {
		if r, err := s.Receipt(ctx, token); err != nil || r.Text != text {
			t.Fatalf("an acknowledged comment is lost: %v", err)
		}
	}
	if !w.past.linearizable() {
		t.Error("the decisions have no order in which each saw those before it")
	}
	done, err := s.Check(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d submissions acknowledged, %d refused, all there; %d decisions verified", len(w.receipts), w.refused.Load(), done.Decisions)
}

// TestPostgresKilled: the database is killed and started again under load.
func TestPostgresKilled(t *testing.T) {
	server := pgtest.NewDurable(t)
	h := storetest.NewHouse(t, server.DSN)
	var w work
	var stop atomic.Bool
	wg := w.run(h.Store, h, &stop)
	random := rand.New(rand.NewPCG(3, 3))
	for range times(3) {
		time.Sleep(time.Duration(100+random.IntN(400)) * time.Millisecond) // the moment of the kill is the random input
		server.Kill(t)
		server.Start(t)
		eventually(t, "a submission after the restart", func() error {
			_, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Carl", Text: store.NewID(), Sender: store.Sender{Now: "c", Before: "c"}})
			return err
		})
	}
	stop.Store(true)
	wg.Wait()
	w.verify(t, h.Store)
}

func eventually(t *testing.T, what string, ok func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if err = ok(); err == nil {
			return
		}
	}
	t.Fatalf("waited in vain for %s: %v", what, err)
}

// TestNetworkCut: the line between node and database is cut, loudly and
// silently. Nobody is told that something was kept which was not, and nobody
// waits for ever.
func TestNetworkCut(t *testing.T) {
	server := pgtest.NewDurable(t)
	direct := storetest.NewHouse(t, server.DSN)
	u, err := url.Parse(server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, u.Host)
	u.Host = p.listener.Addr().String()
	node := second(t, store.Options{DSN: u.String(), Clock: direct.Clock.Now})
	var w work
	var stop atomic.Bool
	wg := w.run(node, direct, &stop)
	for i := range times(4) {
		time.Sleep(200 * time.Millisecond) // some work in between
		p.silent.Store(i%4 == 3)
		p.cut()
		if i%4 == 3 {
			begun := time.Now()
			_, err := node.Submit(ctx, store.Submission{Article: direct.Article.ID, Name: "Carl", Text: "Hallo?", Sender: store.Sender{Now: "c", Before: "c"}})
			if !errors.Is(err, store.ErrUnavailable) || time.Since(begun) > 40*time.Second {
				t.Errorf("behind a silent line: %v after %v", err, time.Since(begun))
			}
			p.silent.Store(false)
			p.cut()
		}
	}
	eventually(t, "the line is used again", func() error {
		_, err := node.Submit(ctx, store.Submission{Article: direct.Article.ID, Name: "Carl", Text: store.NewID(), Sender: store.Sender{Now: "c", Before: "c"}})
		return err
	})
	stop.Store(true)
	wg.Wait()
	w.verify(t, direct.Store)
}

// TestFullDisk: SQLite on a disk that fills up. What does not fit is refused as
// unavailable, what was acknowledged stays, and with room again all goes on.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	makeRoom := smallDisk(t, dir)
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(dir, "freigabe.db"))
	if makeRoom == nil { // no disk may be mounted here: the database itself is told that it has no more room
		limit := func(pages int) {
			if _, err := h.Pool().Exec(fmt.Sprintf("pragma max_page_count = %d", pages)); err != nil {
				t.Fatal(err)
			}
		}
		limit(3 << 20 / 4096)
		makeRoom = func() { limit(1 << 20) }
	}
	kept, refused := map[string]string{}, 0
	submit := func(i int) error {
		text := fmt.Sprintf("%d %s", i, strings.Repeat("Die Brücke. ", 80))
		c, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Berta", Text: text, Sender: store.Sender{Now: text, Before: text}})
		if err == nil {
			kept[c.Token] = text
		}
		return err
	}
	for i := 0; refused < 20 && i < 5000; i++ {
		if err := submit(i); err != nil {
			if !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("a full disk gives %v", err)
			}
			refused++
		}
	}
	if refused == 0 || len(kept) == 0 {
		t.Fatalf("%d kept, %d refused: the disk did not fill", len(kept), refused)
	}
	makeRoom()
	eventually(t, "a submission with room again", func() error { return submit(1 << 20) })
	for token, text := range kept {
		if r, err := h.Receipt(ctx, token); err != nil || r.Text != text {
			t.Fatalf("an acknowledged comment is lost: %v", err)
		}
	}
	h.Whole()
	t.Logf("%d kept, %d refused", len(kept), refused)
}

// smallDisk puts a disk of 3 MB at a folder, a third of which the function given
// back frees; nil where that is not allowed.
func smallDisk(t *testing.T, dir string) (makeRoom func()) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Logf("a small disk cannot be mounted here: %v", err)
		return nil
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
}

// A node that was paused comes back with leases that others have taken over: what
// it still wants to record has no effect.
func TestANodeComesBackWithOldLeases(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		h.Post("", "Berta", "Wer prüft?")
		claim := func() []store.Job {
			jobs, err := h.ClaimJobs(ctx, []string{"assess"}, 10, 20*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			return jobs
		}
		old := claim()
		if len(old) != 1 || len(claim()) != 0 {
			t.Fatal("a job was claimed twice")
		}
		if _, ok, err := h.Lease(ctx, "learn", "old", 20*time.Second); !ok || err != nil {
			t.Fatal(err)
		}
		h.Clock.Pass(30 * time.Second)
		fresh := claim()
		if len(fresh) != 1 || fresh[0].Token <= old[0].Token {
			t.Fatalf("taken over: %+v after %+v", fresh, old)
		}
		token, ok, err := h.Lease(ctx, "learn", "new", 20*time.Second)
		if !ok || err != nil || token != 2 {
			t.Fatalf("lease taken over: %d %v %v", token, ok, err)
		}
		if err := h.FinishJob(ctx, old[0]); err != nil {
			t.Fatal(err)
		}
		if err := h.RetryJob(ctx, old[0], h.Now(), "late"); err != nil {
			t.Fatal(err)
		}
		if n := len(claim()); n != 0 {
			t.Fatalf("the old node gave away %d jobs that were not its own any more", n)
		}
		if _, ok, err := h.Lease(ctx, "learn", "old", 20*time.Second); ok || err != nil {
			t.Fatalf("the old node has its lease again: %v", err)
		}
		if err := h.FinishJob(ctx, fresh[0]); err != nil {
			t.Fatal(err)
		}
	})
}

// Clocks step. The record stays whole, and nothing becomes public early.
func TestClockSteps(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		for i, step := range []time.Duration{-time.Hour, 3 * time.Hour, -2 * time.Hour, time.Minute} {
			c := h.Post("", "Berta", fmt.Sprintf("Nummer %d", i))
			res := h.Do(h.Anna, moderation.Approve, c.Comment)
			if step < 0 {
				h.Clock.Pass(step)
				if err := h.Publish(ctx, res.Decision.ID); err != nil {
					t.Fatal(err)
				}
				if _, err := h.Released(ctx, c.Comment); moderation.KindOf(err) != moderation.NotFound {
					t.Fatalf("a clock that went back published early: %v", err)
				}
				continue
			}
			h.Clock.Pass(step)
			if err := h.Publish(ctx, res.Decision.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Released(ctx, c.Comment); err != nil {
				t.Fatal(err)
			}
		}
		h.Whole()
	})
}
