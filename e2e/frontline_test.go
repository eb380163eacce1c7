package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/need"
	"github.com/freigabe/freigabe/internal/pgtest"
)

// TestBehindVarnishAndHAProxy is the worked example of docs/operations.md in small:
// Varnish and HAProxy with the files of deploy/ before two nodes, PostgreSQL with a
// synchronous standby behind them. A reader submits and reads through all of it, a
// node is killed, and what is taken down afterwards is gone.
func TestBehindVarnishAndHAProxy(t *testing.T) {
	t.Parallel()
	need.Program(t, "varnishd", "varnish")
	need.Program(t, "haproxy", "haproxy")
	primary := pgtest.NewDurable(t)
	front, balancer := freeAddr(t), freeAddr(t)
	a := &newsroom{dsn: primary.DSN, dir: t.TempDir(), log: &bytes.Buffer{},
		env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0", "FREIGABE_TRUSTED_PROXIES=127.0.0.1", "FREIGABE_PURGE=ban+http://" + front}}
	if err := a.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.stop)
	primary.Standby(t)
	t.Cleanup(func() { // so that the end of the test waits for no standby
		primary.Do(t, "alter system reset synchronous_standby_names")
		primary.Do(t, "select pg_reload_conf()")
	})
	primary.Do(t, "alter system set synchronous_standby_names = '*'")
	primary.Do(t, "select pg_reload_conf()")
	b := a.sibling(t)
	startHAProxy(t, balancer, strings.TrimPrefix(a.base, "http://"), strings.TrimPrefix(b.base, "http://"))
	startVarnish(t, front, balancer)
	reader := &newsroom{base: "http://" + front, article: a.article, keys: a.keys, log: &bytes.Buffer{}}
	for _, text := range []string{"Durch alle Schichten", "Und nach dem Tod eines Knotens"} {
		id := reader.release(t, text)
		reader.shows(t, text, true)
		a.stop() // the first time round a node dies here
		if err := until("the desk through the node that is left", func() error {
			_, err := reader.call("GET", "/api/v1/desk/queue", reader.keys["anna"], nil)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		reader.remove(t, id)
		t.Logf("last seen through Varnish after %v", reader.forgets(t, text))
	}
	if a, err := reader.call("GET", "/metrics", "", nil); err == nil {
		t.Errorf("metrics reach the outside: %d", a.status)
	}
}

// startHAProxy runs HAProxy with deploy/haproxy.cfg before two nodes.
func startHAProxy(t *testing.T, at string, nodes ...string) {
	t.Helper()
	text, err := os.ReadFile("../deploy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("maxconn 20000", "maxconn 1000", "bind :8080", "bind "+at, "node1:8080", nodes[0], "node2:8080", nodes[1]).Replace(string(text))
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command("haproxy", "-db", "-f", file)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	if err := until("haproxy", func() error {
		_, err := (&newsroom{base: "http://" + at}).call("GET", "/readyz", "", nil)
		return err
	}); err != nil {
		t.Fatal(err, said.String())
	}
}
