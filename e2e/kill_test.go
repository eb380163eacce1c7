package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/pgtest"
)

// acknowledged is what the program has promised: receipts of submissions and
// decisions that were answered.
type acknowledged struct {
	mu       sync.Mutex
	receipts map[string]string // text by receipt
	decided  map[string]string // step by comment
}

// TestKilledUnderLoad: kill -9 at random moments while readers submit and editors
// decide. Every acknowledged comment and decision is there afterwards, and the
// record holds. FREIGABE_KILLS says how often (make soak: 200).
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	kills := 5
	if v, err := strconv.Atoi(os.Getenv("FREIGABE_KILLS")); err == nil {
		kills = v
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, "sqlite:"+filepath.Join(t.TempDir(), "freigabe.db"), kills)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, pgtest.New(t), kills)
	})
}

func killUnderLoad(t *testing.T, dsn string, kills int) {
	n := &newsroom{dsn: dsn, dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
	if err := n.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.stop)
	done := &acknowledged{receipts: map[string]string{}, decided: map[string]string{}}
	random := rand.New(rand.NewPCG(1, uint64(kills)))
	for i := range kills {
		load(n, done, i, time.Duration(20+random.IntN(300))*time.Millisecond)
		if err := n.start(); err != nil {
			t.Fatalf("after kill %d: %v", i+1, err)
		}
	}
	if len(done.receipts) < kills || len(done.decided) == 0 {
		t.Fatalf("only %d submissions and %d decisions were acknowledged", len(done.receipts), len(done.decided))
	}
	done.verify(t, n)
	out, errOut, err := n.freigabe("", "check")
	if err != nil {
		t.Fatalf("check: %s %s", out, errOut)
	}
	t.Logf("%d kills: %d submissions and %d decisions acknowledged, all there; check: %s", kills, len(done.receipts), len(done.decided), out)
}

// load lets readers and editors work, kills the program in the middle, and
// waits until everyone has noticed.
func load(n *newsroom, done *acknowledged, round int, life time.Duration) {
	var wg sync.WaitGroup
	var killed atomic.Bool
	for w := range 4 {
		wg.Go(func() {
			for i := 0; !killed.Load(); i++ {
				if !submitAndDecide(n, done, fmt.Sprintf("Kommentar %d von %d in Runde %d", i, w, round), w) {
					return
				}
			}
		})
	}
	if round%2 == 0 { // in every other round something has been decided by then, however slow the machine
		done.another(5 * time.Second)
	}
	time.Sleep(life) // the moment of the kill is the random input of this test
	n.stop()
	killed.Store(true)
	wg.Wait()
}

// another waits for one more acknowledged decision, for a time at most.
func (d *acknowledged) another(patience time.Duration) {
	count := func() int {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.decided)
	}
	before := count()
	for end := time.Now().Add(patience); count() == before && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

func submitAndDecide(n *newsroom, done *acknowledged, text string, worker int) bool {
	a, err := n.call("POST", "/api/v1/articles/"+n.article+"/comments", "", map[string]any{"text": text, "author": map[string]string{"name": "Berta"}})
	if err != nil {
		return false
	}
	var out struct{ ID, Receipt string }
	if a.status != http.StatusAccepted || json.Unmarshal(a.body, &out) != nil {
		return false
	}
	done.mu.Lock()
	done.receipts[out.Receipt] = text
	done.mu.Unlock()
	step, body := "approve", map[string]any{}
	if worker%2 == 1 {
		step, body = "reject", map[string]any{"rule": "digression", "reason": "Bitte zum Artikel."}
	}
	if _, err := n.call("POST", "/api/v1/desk/comments/"+out.ID+"/"+step, n.keys["anna"], body); err != nil {
		return false
	}
	done.mu.Lock()
	done.decided[out.Receipt] = map[string]string{"approve": "approved", "reject": "rejected"}[step]
	done.mu.Unlock()
	return true
}

func (d *acknowledged) verify(t *testing.T, n *newsroom) {
	for link, text := range d.receipts {
		a, err := n.call("GET", "/api/v1"+link, "", nil)
		if err != nil {
			t.Fatalf("an acknowledged comment is lost: %v", err)
		}
		var r struct{ Status, Text string }
		if err := json.Unmarshal(a.body, &r); err != nil || r.Text != text {
			t.Fatalf("an acknowledged comment reads %s, want %q", a.body, text)
		}
		if want := d.decided[link]; want != "" && r.Status != want {
			t.Fatalf("an acknowledged decision is lost: %s, want %s", r.Status, want)
		}
	}
}
