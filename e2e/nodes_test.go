package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/pgtest"
)

// sibling starts a second node on the same database.
func (n *newsroom) sibling(t *testing.T) *newsroom {
	t.Helper()
	return n.siblingOf(t, "")
}

// siblingOf is one of another version of the program.
func (n *newsroom) siblingOf(t *testing.T, program string) *newsroom {
	t.Helper()
	s := &newsroom{program: program, dsn: n.dsn, dir: t.TempDir(), env: n.env, article: n.article, keys: n.keys, posted: n.posted, log: &bytes.Buffer{}}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

func twoNodes(t *testing.T, env ...string) (*newsroom, *newsroom) {
	t.Helper()
	a := &newsroom{dsn: pgtest.New(t), dir: t.TempDir(), log: &bytes.Buffer{}, env: append(env, "FREIGABE_LIMITS=off", "FREIGABE_HOLD=0")}
	if err := a.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.stop)
	return a, a.sibling(t)
}

func (n *newsroom) page() (int, []byte) {
	a, err := n.call(http.MethodGet, "/embed/articles/"+n.article, "", nil)
	if err != nil && a.status == 0 {
		return 0, nil
	}
	return a.status, a.body
}

// shows waits until a node's page has a text, or has it no more.
func (n *newsroom) shows(t *testing.T, text string, want bool) time.Duration {
	t.Helper()
	begun := time.Now()
	err := until(fmt.Sprintf("a page that shows %q: %v", text, want), func() error {
		if status, body := n.page(); status != http.StatusOK || bytes.Contains(body, []byte(text)) != want {
			return fmt.Errorf("status %d", status)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(begun)
}

// forgets waits until a node's page has a text no more, and gives how long after
// the beginning an answer was asked for that still had it. That a node which is not
// sure answers 503 meanwhile is as it should be.
func (n *newsroom) forgets(t *testing.T, text string) (last time.Duration) {
	t.Helper()
	begun := time.Now()
	err := until(fmt.Sprintf("a page without %q", text), func() error {
		asked := time.Since(begun)
		status, body := n.page()
		if status == http.StatusOK && bytes.Contains(body, []byte(text)) {
			last = asked
		}
		if status != http.StatusOK || bytes.Contains(body, []byte(text)) {
			return fmt.Errorf("status %d", status)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

func (n *newsroom) release(t *testing.T, text string) string {
	t.Helper()
	a, err := n.call(http.MethodPost, "/api/v1/articles/"+n.article+"/comments", "", map[string]any{"text": text, "author": map[string]string{"name": "Berta"}})
	if err != nil {
		t.Fatal(err)
	}
	id := field(a.body, "id")
	if _, err := n.call(http.MethodPost, "/api/v1/desk/comments/"+id+"/approve", n.keys["anna"], map[string]any{}); err != nil {
		t.Fatal(err)
	}
	return id
}

func (n *newsroom) remove(t *testing.T, id string) {
	t.Helper()
	_, err := n.call(http.MethodPost, "/api/v1/desk/comments/"+id+"/remove", n.keys["jonas"], map[string]any{"rule": "insinuation", "reason": "Ein Vorwurf ohne Beleg."})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTakenDownOnEveryNode: what one node takes down is gone from the other
// within two seconds.
func TestTakenDownOnEveryNode(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	for i := range 3 {
		text := fmt.Sprintf("Vorwurf Nummer %d", i)
		id := a.release(t, text)
		b.shows(t, text, true)
		a.remove(t, id)
		took := b.forgets(t, text)
		t.Logf("last seen on the other node after %v", took)
		if took > 2*time.Second {
			t.Errorf("a comment that was taken down stayed for %v", took)
		}
	}
}

// TestPausedNode: a node that was stopped in its tracks while the other took a
// comment down must never show it again, not even in its first answer.
func TestPausedNode(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	text := "Diesen Satz nimmt die Redaktion zurück"
	id := a.release(t, text)
	b.shows(t, text, true)
	if err := b.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	a.remove(t, id)
	a.shows(t, text, false)
	time.Sleep(pause(t)) // the pause is what is tested: longer than pages count as fresh
	if err := b.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		if _, body := b.page(); bytes.Contains(body, []byte(text)) {
			t.Fatalf("answer %d of the node that came back shows what was taken down", i+1)
		}
	}
	b.shows(t, text, false)
}

// pause is how long a node is stopped: FREIGABE_PAUSE (make soak: 30s), or a little
// more than pages count as fresh.
func pause(t *testing.T) time.Duration {
	text := os.Getenv("FREIGABE_PAUSE")
	if text == "" {
		return 2500 * time.Millisecond
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestBackupBesideAServer: the commands of the administrator, from SQLite to
// PostgreSQL, with the same pages before and after.
func TestBackupBesideAServer(t *testing.T) {
	t.Parallel()
	a := &newsroom{dsn: "sqlite:" + t.TempDir() + "/freigabe.db", dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
	if err := a.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.stop)
	a.release(t, "Das bleibt beim Umzug")
	a.shows(t, "Das bleibt beim Umzug", true)
	file := t.TempDir() + "/umzug.gz"
	if out, errOut, err := a.freigabe("", "backup", file); err != nil {
		t.Fatalf("backup: %s %s", out, errOut)
	}
	if _, errOut, err := a.freigabe("", "restore", file); err == nil {
		t.Fatalf("restored over a running server: %s", errOut)
	}
	_, before := a.page()
	b := &newsroom{dsn: pgtest.New(t), dir: t.TempDir(), env: a.env, article: a.article, keys: a.keys, log: &bytes.Buffer{}}
	if out, errOut, err := b.freigabe("", "restore", file); err != nil {
		t.Fatalf("restore: %s %s", out, errOut)
	}
	if err := b.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stop)
	b.shows(t, "Das bleibt beim Umzug", true)
	_, after := b.page()
	one, other := bytes.ReplaceAll(before, []byte(a.base), nil), bytes.ReplaceAll(after, []byte(b.base), nil)
	if !bytes.Equal(one, other) {
		t.Errorf("the page after the move differs:\n%s\nbefore:\n%s", other, one)
	}
	if out, errOut, err := b.freigabe("", "check"); err != nil {
		t.Fatalf("check: %s %s", out, errOut)
	}
}

// field is a text field of an answer.
func field(body []byte, name string) string {
	var all map[string]any
	if json.Unmarshal(body, &all) != nil {
		return ""
	}
	text, _ := all[name].(string) // "" where it is none
	return text
}
