package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/need"
	"github.com/freigabe/freigabe/internal/pgtest"
	"golang.org/x/sys/unix"
)

// machine is a network namespace: a machine of its own as far as the network is
// concerned, with one cable to this one.
type machine struct {
	name, cable string // of the namespace; of this machine's end of the cable
	here        string // this machine's address on the cable
}

// newMachine makes one. The addresses are of a block that leads nowhere
// (RFC 5737), and the cable ends in this machine.
func newMachine(t *testing.T) *machine {
	t.Helper()
	need.Program(t, "ip", "iproute2")
	id := strconv.Itoa(os.Getpid())
	m := &machine{name: "freigabe-" + id, cable: "fg" + id, here: "198.51.100.1"}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", m.name).Run() }) // the cable goes with it
	for _, words := range []string{
		"ip netns add " + m.name,
		"ip link add " + m.cable + " type veth peer name inside netns " + m.name,
		"ip addr add " + m.here + "/30 dev " + m.cable,
		"ip link set " + m.cable + " up",
		"ip -n " + m.name + " addr add 198.51.100.2/30 dev inside",
		"ip -n " + m.name + " link set inside up",
		"ip -n " + m.name + " link set lo up",
	} {
		args := strings.Fields(words)
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			need.Missing(t, "the network may not be divided here (run as root, in a container with the right CAP_NET_ADMIN): %s: %v %s", words, err, out)
		}
	}
	return m
}

// plug puts the cable in, or pulls it out.
func (m *machine) plug(t *testing.T, in bool) {
	t.Helper()
	state := map[bool]string{true: "up", false: "down"}[in]
	if out, err := exec.Command("ip", "link", "set", m.cable, state).CombinedOutput(); err != nil {
		t.Fatalf("cable %s: %v %s", state, err, out)
	}
}

// dial connects from within the namespace, whatever has become of the cable.
func (m *machine) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	type outcome struct {
		conn net.Conn
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		runtime.LockOSThread() // and never given back: the thread ends with the goroutine
		ns, err := os.Open("/run/netns/" + m.name)
		if err != nil {
			done <- outcome{nil, err}
			return
		}
		defer ns.Close()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- outcome{nil, err}
			return
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		done <- outcome{conn, err}
	}()
	o := <-done
	return o.conn, o.err
}

// forward lets what comes to this machine's end of the cable reach a server on it.
func forward(t *testing.T, at, to string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", at+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer out.Close()
				go func() { _, _ = io.Copy(out, in) }() // ends with either side
				_, _ = io.Copy(in, out)
			}()
		}
	}()
	return l.Addr().String()
}

// TestACableIsPulled: a node on a machine of its own loses the network to the
// database. Two seconds later it shows no thread any more, so also not the comment
// that the other node takes down meanwhile, and takes nothing in; with the cable
// back all goes on, and nothing acknowledged is lost.
func TestACableIsPulled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	server := pgtest.NewDurable(t)
	a := &newsroom{dsn: server.DSN, dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
	if err := a.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.stop)
	u, err := url.Parse(server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = forward(t, m.here, u.Host)
	far := &newsroom{dsn: u.String(), dir: t.TempDir(), log: &bytes.Buffer{}, env: a.env, article: a.article, keys: a.keys,
		inside: []string{"ip", "netns", "exec", m.name}, client: &http.Client{Transport: &http.Transport{DialContext: m.dial}, Timeout: 30 * time.Second}}
	if err := far.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(far.stop)
	text := "Das nimmt die Redaktion zurück"
	id := a.release(t, text)
	far.shows(t, text, true)
	kept := far.submit(t, "Vor dem Schnitt", "")

	m.plug(t, false)
	cut := time.Now()
	a.remove(t, id)
	last, err := far.lastSeen(text)
	if err != nil || last.Sub(cut) > 2*time.Second {
		t.Errorf("a node without its database showed what was taken down for %v (%v)", last.Sub(cut), err)
	}
	begun := time.Now()
	got, _ := far.call(http.MethodPost, "/api/v1/articles/"+far.article+"/comments", "", map[string]any{"text": "Währenddessen", "author": map[string]string{"name": "Berta"}})
	if got.status != http.StatusServiceUnavailable || time.Since(begun) > 15*time.Second {
		t.Errorf("a submission without the database: %d after %v", got.status, time.Since(begun))
	}

	m.plug(t, true)
	if err := until("the node to go on", func() error {
		_, err := far.call(http.MethodPost, "/api/v1/articles/"+far.article+"/comments", "", map[string]any{"text": "Währenddessen", "author": map[string]string{"name": "Berta"}})
		return err
	}); err != nil {
		t.Fatal(err, far.said())
	}
	far.shows(t, text, false)
	if _, err := a.call(http.MethodGet, "/api/v1/desk/comments/"+kept, a.keys["anna"], nil); err != nil {
		t.Errorf("an acknowledged comment is lost: %v", err)
	}
	if out, errOut, err := a.freigabe("", "check"); err != nil {
		t.Fatalf("check: %s %s", out, errOut)
	}
	t.Logf("last shown %v after the cable was pulled", last.Sub(cut).Round(time.Millisecond))
}

// lastSeen asks for the page until it is no longer served, and gives when an answer
// was asked for that still had a text.
func (n *newsroom) lastSeen(text string) (last time.Time, err error) {
	err = until("a node that serves no thread", func() error {
		asked := time.Now()
		status, body := n.page()
		if bytes.Contains(body, []byte(text)) {
			last = asked
		}
		if status != http.StatusServiceUnavailable {
			return fmt.Errorf("status %d", status)
		}
		return nil
	})
	return last, err
}
