package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/jackc/pgx/v5"
)

// TestWithoutAStandby: PostgreSQL may confirm nothing before a standby has it, and
// there is none. Submissions and decisions get 503 with Retry-After before their
// senders give up, readers notice nothing, and when a standby is no longer asked
// for, the same submission and the same decision sent again are taken in once.
func TestWithoutAStandby(t *testing.T) {
	t.Parallel()
	server := pgtest.NewDurable(t)
	n := &newsroom{dsn: server.DSN, dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
	if err := n.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.stop)
	n.release(t, "Schon da")
	n.shows(t, "Schon da", true)
	waits := n.submit(t, "Wartet auf die Redaktion", "")
	need := func(standbys string) {
		server.Do(t, "alter system set synchronous_standby_names = '"+standbys+"'")
		server.Do(t, "select pg_reload_conf()")
	}
	t.Cleanup(func() { need("") })
	server.Do(t, "create table probe (n int)")
	need("*")
	if err := until("commits that wait for a standby", func() error { return waitsForStandby(t, server) }); err != nil {
		t.Fatal(err)
	}
	submission := map[string]any{"text": "Ohne Abschrift", "author": map[string]string{"name": "Berta"}}
	post := func() (answer, error) {
		return n.call(http.MethodPost, "/api/v1/articles/"+n.article+"/comments", "", submission)
	}
	approve := func() (answer, error) {
		return n.call(http.MethodPost, "/api/v1/desk/comments/"+waits+"/approve", n.keys["anna"], map[string]any{})
	}
	var wg sync.WaitGroup
	for what, step := range map[string]func() (answer, error){"a submission": post, "a decision": approve} {
		wg.Go(func() {
			begun := time.Now()
			a, _ := step() // its status says what is wanted
			after, _ := strconv.Atoi(a.header.Get("Retry-After"))
			if a.status != http.StatusServiceUnavailable || after < 1 || time.Since(begun) > 20*time.Second {
				t.Errorf("%s without a standby: %d, Retry-After %q, after %v", what, a.status, a.header.Get("Retry-After"), time.Since(begun))
			}
		})
	}
	for range 20 {
		if status, body := n.page(); status != http.StatusOK || !bytes.Contains(body, []byte("Schon da")) {
			t.Errorf("a reader got %d", status)
		}
		time.Sleep(50 * time.Millisecond) // spread over the time that writers wait
	}
	wg.Wait()
	need("")
	if err := until("the submission and the decision", func() error {
		if a, err := post(); err != nil {
			return fmt.Errorf("submission: %d %w", a.status, err)
		}
		a, err := approve()
		if err != nil {
			return fmt.Errorf("decision: %d %w", a.status, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err, n.said())
	}
	a, err := n.call(http.MethodGet, "/api/v1/desk/queue?state=pending", n.keys["anna"], nil)
	if err != nil || bytes.Count(a.body, []byte("Ohne Abschrift")) != 1 {
		t.Errorf("the repeated submission waits %d times: %s %v", bytes.Count(a.body, []byte("Ohne Abschrift")), a.body, err)
	}
	if out, errOut, err := n.freigabe("", "check"); err != nil {
		t.Fatalf("check: %s %s", out, errOut)
	}
}

// waitsForStandby writes a row and tells whether its commit waits. The server takes in
// a new setting when it comes to it; until then commits pass.
func waitsForStandby(t *testing.T, server *pgtest.Server) error {
	done := make(chan error, 1)
	go func() {
		conn, err := pgx.Connect(context.Background(), server.DSN)
		if err == nil {
			_, err = conn.Exec(context.Background(), "insert into probe values (1)")
			err = errors.Join(err, conn.Close(context.Background()))
		}
		done <- err
	}()
	for {
		if server.Do(t, "select count(*) from pg_stat_activity where wait_event = 'SyncRep' and query like 'insert into probe%'") != "0" {
			return nil
		}
		select {
		case err := <-done:
			return errors.Join(errors.New("a commit did not wait"), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
