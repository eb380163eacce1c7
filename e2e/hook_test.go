package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestKilledBeforeAWebhookIsRecorded: a receiver has a message in hand when the
// node is killed, before it can record that it went out. The next node sends it
// again under the same id. It waits out a lease of a minute, so it runs with
// make soak alone.
func TestKilledBeforeAWebhookIsRecorded(t *testing.T) {
	if os.Getenv("FREIGABE_KILLS") == "" {
		t.Skip("waits for a lease of a minute: make soak")
	}
	n := &newsroom{dsn: "sqlite:" + filepath.Join(t.TempDir(), "freigabe.db"), dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
	if err := n.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.stop)
	ids := make(chan string, 100)
	var once sync.Once
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids <- r.Header.Get("Webhook-Id")
		once.Do(func() { _ = n.cmd.Process.Kill() }) // SIGKILL, before it has an answer; a failure shows as no second message
	}))
	t.Cleanup(receiver.Close)
	settings := `{"webhooks": [{"url": "` + receiver.URL + `", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}]}`
	if out, errOut, err := n.freigabe(settings, "site", "set", "-site", "blatt", "-"); err != nil {
		t.Fatalf("settings: %v %s %s", err, out, errOut)
	}
	a, err := n.call("POST", "/api/v1/articles/"+n.article+"/comments", "", map[string]any{"text": "Die Brücke ist alt.", "author": map[string]string{"name": "Berta"}})
	var c struct{ ID string }
	if err != nil || json.Unmarshal(a.body, &c) != nil {
		t.Fatalf("submission: %v %s", err, a.body)
	}
	_, _ = n.call("POST", "/api/v1/desk/comments/"+c.ID+"/approve", n.keys["anna"], map[string]any{}) // the kill may come before its answer
	next := func(patience time.Duration) string {
		select {
		case id := <-ids:
			return id
		case <-time.After(patience):
			t.Fatalf("no message: %s", n.said())
			return ""
		}
	}
	first := next(20 * time.Second)
	_ = n.cmd.Wait() // killed
	if err := n.start(); err != nil {
		t.Fatal(err)
	}
	if again := next(2 * time.Minute); first == "" || again != first {
		t.Errorf("sent as %q, after the kill as %q", first, again)
	}
}
