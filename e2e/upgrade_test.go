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

	"github.com/jackc/pgx/v5"

	"github.com/freigabe/freigabe/internal/pgtest"
)

// git runs a command of git in the repository.
func git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// folder holds the migrations.
const folder = "internal/store/migrations"

// before names the commit to upgrade from: what FREIGABE_OLD says (make upgrade
// OLD=…), otherwise the last one before a migration that has since been added to, and
// whose own migrations are as they were: a version that may have been in use.
func before(t *testing.T) string {
	t.Helper()
	if ref := os.Getenv("FREIGABE_OLD"); ref != "" {
		return ref
	}
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
// fetched; "" where there is none.
func earlier(t *testing.T) string {
	t.Helper()
	if ref := before(t); ref != "" {
		return ref
	}
	if shallow, err := git("rev-parse", "--is-shallow-repository"); err == nil && shallow == "true" {
		if _, err := git("fetch", "--quiet", "--unshallow"); err != nil {
			t.Logf("the rest of the history cannot be fetched: %v", err)
		}
	}
	return before(t)
}

// versions makes two programs to run beside each other, "" standing for this
// version's: the one before and this one or, in a copy without history, this one
// and one whose schema is newer.
func versions(t *testing.T) (older, newer, what string) {
	t.Helper()
	if ref := earlier(t); ref != "" {
		return build(t, ref), "", ref + " beside this version"
	}
	return "", next(t), "this version beside one with a newer schema"
}

// next makes this program with one more migration, which only adds to the schema
// as every first half of a change does.
func next(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, args := range [][]string{{"tar", "--exclude=./.git", "-cf", filepath.Join(dir, "this.tar"), "-C", "..", "."}, {"tar", "-xf", filepath.Join(dir, "this.tar"), "-C", dir}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("copy the sources: %v %s", err, out)
		}
	}
	const more = "alter table comments add column next_version text;\ncreate table next_version (id text primary key);\n"
	if err := os.WriteFile(filepath.Join(dir, folder, "9999_next.sql"), []byte(more), 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "freigabe-next")
	cmd := exec.Command("go", "build", "-o", program, "./cmd/freigabe")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the version after this one: %v %s", err, out)
	}
	return program
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

// TestTwoVersionsAtOnce: a node of the version before goes on beside one of the
// next on the new schema. Both take in, decide and serve; what one takes down
// is gone from the other; nothing acknowledged is lost; the record holds.
func TestTwoVersionsAtOnce(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	older, newer, what := versions(t)
	old := &newsroom{program: older, dsn: dsn, dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
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
	fresh := old.siblingOf(t, newer)
	if newer != "" {
		onNewerSchema(t, dsn)
	}
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
	t.Logf("%s: %d submissions and %d decisions acknowledged; check: %s", what, len(done.receipts), len(done.decided), out)
}

// onNewerSchema makes sure that the test's own migration was applied.
func onNewerSchema(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "select next_version from comments, next_version"); err != nil {
		t.Fatalf("the schema is not the newer one: %v", err)
	}
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
