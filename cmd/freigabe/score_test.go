package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/desk"
)

// ok runs a command that must succeed and gives what it printed.
func ok(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	if code := run(args, stdio{strings.NewReader(stdin), &out, &complaints}); code != exitFine {
		t.Fatalf("freigabe %s: exit code %d, %s", strings.Join(args, " "), code, complaints.String())
	}
	return strings.TrimSpace(out.String())
}

// alone runs a node that serves scoring alone, on a database in a file.
func alone(t *testing.T, dir string) (n *node, address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	n, err := newNode(ctx, &settings{db: "sqlite:" + filepath.Join(dir, "freigabe.db"), addr: "127.0.0.1:0", only: "score"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- n.serve(ctx, func(addr string) { ready <- addr }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return n, "http://" + <-ready
}

func fetch(t *testing.T, c *http.Client, address string) (int, string) {
	t.Helper()
	res, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// A newsroom runs scoring alone, its Coral teaches it, and its chief editor looks
// at how well the two agree.
func TestScoreAlone(t *testing.T) {
	dir := t.TempDir()
	n, address := alone(t, dir)
	db := n.set.db
	key := ok(t, "", "key", "add", "-db", db, "-scope", "score", "-learn", "-per-minute", "1000")
	hash, err := desk.HashPassword("ein gutes Wort")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.store.AddEditor(t.Context(), store.Editor{Email: "chef@blatt.example", Name: "Ruth Amann", Role: moderation.Chief, Password: hash}); err != nil {
		t.Fatal(err)
	}
	c := scoreClient{address, key}
	for i := range 4 {
		if err := c.suggest(t.Context(), i, decided{fmt.Sprintf("Kommentar Nummer %d zur Brücke.", i), i%2 == 0}); err != nil {
			t.Fatal(err)
		}
	}
	const secret = "Zirkuszelt und Nachtgespenst im Heimatmuseum"
	for _, method := range []string{"analyze", "suggestscore"} {
		err := c.post(t.Context(), method, object{"comment": object{"text": secret}, "doNotStore": true, "requestedAttributes": object{"TOXICITY": object{}},
			"attributeScores": object{"TOXICITY": object{"summaryScore": object{"value": 1}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	n.finish()

	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready", "/metrics": `freigabe_score_requests_total{route="suggestscore",status="200"} 5`} {
		if status, body := fetch(t, http.DefaultClient, address+path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _ := fetch(t, http.DefaultClient, address+"/a/unknown"); status != 404 {
		t.Errorf("a reader's page is served: %d", status)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	chief := &http.Client{Jar: jar}
	res, err := chief.PostForm(address+"/desk/login", url.Values{"email": {"chef@blatt.example"}, "password": {"ein gutes Wort"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.Request.URL.Path != "/desk/neighbours" {
		t.Errorf("after signing in: %s", res.Request.URL)
	}
	line := strings.Split(ok(t, "", "score", "list", "-db", db), "\t")
	if len(line) != 4 || line[1] != "replay" || line[2] != "4" || line[3] != "2" {
		t.Fatalf("listed: %q", line)
	}
	report := address + "/desk/neighbours/" + line[0]
	for address, want := range map[string]string{
		address + "/desk/neighbours": "replay", report: "Übereinstimmung mit der Redaktion", report + "?lang=en": "Agreement with the newsroom",
		report + "?format=csv": "week,decisions,refused", report + "/decisions.jsonl": `"ref":"comment:3"`,
	} {
		if status, body := fetch(t, chief, address); status != 200 || !strings.Contains(body, want) || strings.Contains(body, "Brücke") {
			t.Errorf("%s: %d %s", address, status, body)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	kept := false
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("Nachtgespenst")) {
			t.Errorf("%s holds a text that must not be stored", filepath.Base(name))
		}
		kept = kept || bytes.Contains(b, []byte("Kommentar Nummer 3"))
	}
	if !kept {
		t.Error("what was to be learned is not in the files: the search above finds nothing ever")
	}
	ok(t, "", "score", "forget", "-db", db, "-community", line[0])
	if status, _ := fetch(t, chief, report); status != 404 {
		t.Errorf("a forgotten community: %d", status)
	}
}

func TestPolicyOfAKey(t *testing.T) {
	db := "sqlite:" + filepath.Join(t.TempDir(), "freigabe.db")
	ok(t, "", "key", "add", "-db", db, "-scope", "score", "-learn")
	id, _, _ := strings.Cut(ok(t, "", "key", "list", "-db", db), "\t")
	shown := ok(t, "geheim-alt\ngeheim-neu\n", "score", "key", "-db", db, "-id", id, "-coral-secret-stdin", "-lenient")
	if shown != `{"learn":true,"lenient":true,"secrets":["",""]}` {
		t.Errorf("shown: %s", shown)
	}
	if shown = ok(t, "", "score", "key", "-db", db, "-id", id, "-learn=false", "-per-day", "50"); shown != `{"lenient":true,"per_day":50,"secrets":["",""]}` {
		t.Errorf("shown: %s", shown)
	}
	for _, args := range [][]string{{"-id", "unknown"}, {"-id", id, "-threshold", "2"}, {}} {
		if code := run(append([]string{"score", "key", "-db", db}, args...), stdio{strings.NewReader(""), io.Discard, io.Discard}); code == exitFine {
			t.Errorf("%q is fine", args)
		}
	}
}

// A desk that refuses whatever is about the ferry is understood after some
// hundred decisions.
func TestReplayPrintsAgreement(t *testing.T) {
	var rows strings.Builder
	for i := range 420 {
		subject, label := []string{"die Bahn", "den Zug", "das Gleis"}[i%3], 0
		if i%2 == 0 {
			subject, label = []string{"die Fähre", "das Boot", "den Anleger"}[i%3], 1
		}
		fmt.Fprintf(&rows, "{\"text\":\"Wer bezahlt eigentlich %s im Jahr %d?\",\"label\":%d}\n", subject, 2000+i%37, label)
	}
	data := filepath.Join(t.TempDir(), "verdicts.jsonl")
	if err := os.WriteFile(data, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(ok(t, "", "score", "replay", "-data", data, "-after", "0,300"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%q", lines)
	}
	var auc [2]float64
	for i, mark := range []int{0, 300} {
		var n int
		if _, err := fmt.Sscanf(lines[i+1], "after %d decisions: AUC %f", &n, &auc[i]); err != nil || n != mark {
			t.Fatalf("%q: %v", lines[i+1], err)
		}
	}
	if auc[1] < 0.95 || auc[1] <= auc[0] {
		t.Errorf("agreement %.3f before, %.3f after", auc[0], auc[1])
	}
	if code := run([]string{"score", "replay", "-data", data}, stdio{strings.NewReader(""), io.Discard, io.Discard}); code != exitFail {
		t.Error("3,000 decisions are measured on 420 comments")
	}
}
