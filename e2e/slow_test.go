package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/need"
	"github.com/freigabe/freigabe/internal/pgtest"
)

const delay = 100 * time.Millisecond

// TestSlowDisk: every commit waits for a disk that takes a tenth of a second to
// write. Submissions that come at once share commits, so they do not queue up
// behind each other; readers do not notice; the record holds. For SQLite strace
// holds back the program's own calls of fsync; PostgreSQL has a setting for it.
func TestSlowDisk(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		need.Program(t, "strace", "strace") // slows the disk
		slowDisk(t, "sqlite:"+filepath.Join(t.TempDir(), "freigabe.db"), slowed)
	})
	t.Run("postgres", func(t *testing.T) {
		server := pgtest.NewDurable(t)
		slowDisk(t, server.DSN, func(t *testing.T, _ int, delay time.Duration) func() int {
			server.Do(t, "alter system set commit_siblings = 0")
			server.Do(t, fmt.Sprintf("alter system set commit_delay = %d", delay.Microseconds()))
			server.Do(t, "select pg_reload_conf()")
			return func() int { return 1 }
		})
	})
}

func slowDisk(t *testing.T, dsn string, slowDown func(t *testing.T, pid int, delay time.Duration) func() int) {
	n := &newsroom{dsn: dsn, dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
	if err := n.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.stop)
	n.release(t, "Schon da")
	n.shows(t, "Schon da", true)
	slow := slowDown(t, n.cmd.Process.Pid, delay)
	done := &acknowledged{receipts: map[string]string{}, decided: map[string]string{}}
	var pages, late atomic.Int64
	var reading, writing sync.WaitGroup
	var stop atomic.Bool
	reading.Go(func() {
		for !stop.Load() {
			begun := time.Now()
			if status, _ := n.page(); status != http.StatusOK {
				t.Errorf("a reader got %d beside a slow disk", status)
				return
			}
			if pages.Add(1); time.Since(begun) > 4*delay {
				late.Add(1)
			}
		}
	})
	const writers, each = 20, 3
	begun := time.Now()
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				if !submitAndDecide(n, done, fmt.Sprintf("Kommentar %d von %d", i, w), w) {
					t.Errorf("writer %d was refused", w)
					return
				}
			}
		})
	}
	writing.Wait()
	took := time.Since(begun)
	stop.Store(true)
	reading.Wait()
	calls := slow()
	// One by one, each submission and each decision would have waited for a commit of
	// its own, the decisions of one site also for each other.
	if alone := 2 * writers * each * delay; took > alone {
		t.Errorf("%d submissions and decisions took %v, more than the %v of one commit for each", writers*each, took, alone)
	}
	if calls == 0 || late.Load() > pages.Load()/10 {
		t.Errorf("%d fsyncs were slowed; %d of %d pages were late", calls, late.Load(), pages.Load())
	}
	done.verify(t, n)
	if out, errOut, err := n.freigabe("", "check"); err != nil {
		t.Fatalf("check: %s %s", out, errOut)
	}
	t.Logf("%d submissions and as many decisions in %v, %d slow fsyncs; %d pages beside them, %d late", writers*each, took, calls, pages.Load(), late.Load())
}

// slowed holds back every fsync of a process; the function returned ends that and
// gives how many there were.
func slowed(t *testing.T, pid int, delay time.Duration) func() int {
	t.Helper()
	log := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command("strace", "-f", "-q", "-o", log, "-e", "trace=fsync,fdatasync",
		"-e", fmt.Sprintf("inject=fsync,fdatasync:delay_exit=%d", delay.Microseconds()), "-p", strconv.Itoa(pid))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() { _ = cmd.Process.Signal(syscall.SIGINT); _ = cmd.Wait() }) // it lets go of the program
	t.Cleanup(end)
	tracer := "TracerPid:\t" + strconv.Itoa(cmd.Process.Pid)
	err := until("strace", func() error {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err == nil && !strings.Contains(string(status), tracer) {
			err = fmt.Errorf("not traced yet")
		}
		return err
	})
	if err != nil {
		need.Missing(t, "a process may not be traced here, and strace is what slows the disk (run as root, in a container with the right CAP_SYS_PTRACE): %v", err)
	}
	return func() int {
		end()
		calls, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(calls), "sync(")
	}
}
