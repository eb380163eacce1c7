package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/pgtest"
)

// git runs a command of git in the repository.
func git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// before names the commit to upgrade from: what FREIGABE_OLD says (make upgrade
// OLD=…), otherwise the last one before a migration that has since been added to, and
// whose own migrations are as they were: a version that may have been in use.
func before(t *testing.T) string {
	t.Helper()
	if ref := os.Getenv("FREIGABE_OLD"); ref != "" {
		return ref
	}
	const folder = "internal/store/migrations"
	files, err := filepath.Glob("../" + folder + "/*.sql")
	if err != nil || len(files) < 2 {
		t.Fatalf("no migrations: %v", err)
	}
	for _, file := range slices.Backward(files) {
		// Also where a merge brought it; of several the first.
		added, err := git("log", "-m", "--diff-filter=A", "--format=%H", "--", folder+"/"+filepath.Base(file))
		if err != nil || added == "" {
			continue
		}
		ref := added[strings.LastIndexByte(added, '\n')+1:] + "^"
		if changed, err := git("diff", "--name-only", "--diff-filter=MD", ref, "--", folder); err == nil && changed == "" {
			return ref
		}
	}
	return ""
}

// earlier is before, where need be after the rest of a shallow history has been
// fetched. A copy without any history has no earlier version to build: then the
// test can only say so.
func earlier(t *testing.T) string {
	t.Helper()
	if ref := before(t); ref != "" {
		return ref
	}
	shallow, err := git("rev-parse", "--is-shallow-repository")
	if err == nil && shallow == "true" {
		_, err = git("fetch", "--quiet", "--unshallow")
	}
	ref := before(t)
	if ref == "" {
		t.Skipf("not tested: the history that holds an earlier version is not here; fetch more of it, or name a version in FREIGABE_OLD (%v)", err)
	}
	return ref
}

// build makes the program of an earlier commit.
func build(t *testing.T, ref string) string {
	t.Helper()
	dir := t.TempDir()
	archive := filepath.Join(dir, "old.tar")
	if out, err := git("archive", "--format=tar", "-o", archive, ref); err != nil {
		t.Fatalf("git archive %s: %v %s", ref, err, out)
	}
	program := filepath.Join(dir, "freigabe-old")
	for _, args := range [][]string{{"tar", "-xf", archive}, {"go", "build", "-o", program, "./cmd/freigabe"}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s of %s: %v %s", strings.Join(args, " "), ref, err, out)
		}
	}
	return program
}

// TestTwoVersionsAtOnce: a node of the version before goes on beside one of this
// version on the new schema. Both take in, decide and serve; what one takes down
// is gone from the other; nothing acknowledged is lost; the record holds.
func TestTwoVersionsAtOnce(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	ref := earlier(t)
	old := &newsroom{program: build(t, ref), dsn: dsn, dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
	if err := old.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(old.stop)
	first := old.release(t, "Aus der Zeit vor der neuen Fassung")
	done := &acknowledged{receipts: map[string]string{}, decided: map[string]string{}}
	var stop atomic.Bool
	work := func(n *newsroom, who int) (end func()) {
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				if !submitAndDecide(n, done, fmt.Sprintf("Kommentar %d bei %d", i, who), who) && !stop.Load() {
					t.Errorf("node %d refused during the upgrade", who)
					return
				}
			}
		})
		return wg.Wait
	}
	waitOld := work(old, 0) // under load while the schema changes
	fresh := old.sibling(t)
	waitNew := work(fresh, 1)
	atBoth(t, old, fresh, first)
	stop.Store(true)
	waitOld()
	waitNew()
	old.stop()
	if err := old.start(); err != nil { // a node of the version before may still be restarted
		t.Fatalf("the version before does not start on the new schema: %v %s", err, old.said())
	}
	atBoth(t, fresh, old, fresh.release(t, "Und noch einer"))
	done.verify(t, fresh)
	out, errOut, err := fresh.freigabe("", "check")
	if err != nil {
		t.Fatalf("check: %s %s", out, errOut)
	}
	t.Logf("%s beside this version: %d submissions and %d decisions acknowledged; check: %s", ref, len(done.receipts), len(done.decided), out)
}

// atBoth lets each of two nodes show what the other releases, and forget what it
// takes down.
func atBoth(t *testing.T, a, b *newsroom, first string) {
	t.Helper()
	a.remove(t, first)
	for i, pair := range [][2]*newsroom{{a, b}, {b, a}} {
		text := fmt.Sprintf("Über die Fassungen hinweg %d %d", i, time.Now().UnixNano())
		id := pair[0].release(t, text)
		pair[1].shows(t, text, true)
		pair[1].remove(t, id)
		if took := pair[0].forgets(t, text); took > 2*time.Second {
			t.Errorf("taken down on one version, shown by the other for %v", took)
		}
	}
}
