package store_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// proxy stands between a node and its database and can cut the line, silently
// or loudly.
type proxy struct {
	listener net.Listener
	to       string
	silent   atomic.Bool // swallows everything, as a cut network does
	mu       sync.Mutex
	conns    []net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, to: to}
	go p.accept()
	t.Cleanup(func() { _ = l.Close(); p.cut() })
	return p
}

func (p *proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		go p.pass(in, out)
		go p.pass(out, in)
	}
}

func (p *proxy) pass(from, to net.Conn) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			_ = to.Close()
			return
		}
		if p.silent.Load() {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

// badBell stands between a node and its database on the line on which the node
// listens for other nodes: a notification comes up to a third of a second late,
// one, two or three times, or not at all.
type badBell struct {
	*proxy
	rung, lost atomic.Int64
}

func newBadBell(t *testing.T, to string) *badBell {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &badBell{proxy: &proxy{listener: l, to: to}}
	go b.accept()
	t.Cleanup(func() { _ = l.Close(); b.cut() })
	return b
}

func (b *badBell) accept() {
	for {
		in, err := b.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", b.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		b.mu.Lock()
		b.conns = append(b.conns, in, out)
		b.mu.Unlock()
		go b.pass(in, out)
		go b.messages(out, in)
	}
}

// messages passes the server's messages on: a letter for their kind, the length
// with its own four bytes, the rest.
func (b *badBell) messages(from, to net.Conn) {
	var mu sync.Mutex // between what is late and what is not
	head := make([]byte, 5)
	for {
		if _, err := io.ReadFull(from, head); err != nil {
			_ = to.Close()
			return
		}
		message := make([]byte, 1+binary.BigEndian.Uint32(head[1:]))
		copy(message, head)
		if _, err := io.ReadFull(from, message[5:]); err != nil {
			_ = to.Close()
			return
		}
		times, late := 1, time.Duration(0)
		if head[0] == 'A' { // a notification
			times, late = rand.IntN(4), time.Duration(rand.IntN(300))*time.Millisecond
			b.rung.Add(int64(times))
			if times == 0 {
				b.lost.Add(1)
			}
		}
		send := func() {
			mu.Lock()
			defer mu.Unlock()
			for range times {
				_, _ = to.Write(message) // a node that has gone notices itself
			}
		}
		if late > 0 {
			time.AfterFunc(late, send)
			continue
		}
		send()
	}
}

// TestABellThatRingsLateTwiceOrNever: notifications between two nodes are delayed,
// doubled and lost. The other node still reads every event once and in order, and
// none later than its poll would have found it.
func TestABellThatRingsLateTwiceOrNever(t *testing.T) {
	t.Parallel()
	server := pgtest.NewDurable(t)
	h := storetest.NewHouse(t, server.DSN)
	u, err := url.Parse(server.DSN)
	if err != nil {
		t.Fatal(err)
	}
	bell := newBadBell(t, u.Host)
	u.Host = bell.listener.Addr().String()
	node := second(t, store.Options{DSN: server.DSN, ListenDSN: u.String(), Clock: h.Clock.Now})
	at, err := node.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rings, stop := node.Bell()
	defer stop()
	const n = 30
	var want []string
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			c := h.Post("", "Berta", fmt.Sprintf("Nummer %d", i))
			h.Do(h.Anna, moderation.Reject, c.Comment)
			want = append(want, c.Comment)
			time.Sleep(20 * time.Millisecond) // so that there is more than one ring
		}
	})
	seen := map[string]int{} // events of each comment
	var order []string
	poll := time.NewTicker(500 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(30 * time.Second); len(order) < n || seen[order[n-1]] < 2; {
		if time.Now().After(end) {
			t.Fatalf("the other node has read of %d comments, want %d", len(order), n)
		}
		select {
		case <-rings:
		case <-poll.C:
		}
		events, next, err := node.Events(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		at = next
		for _, e := range events {
			if seen[e.Comment]++; seen[e.Comment] == 1 {
				order = append(order, e.Comment)
			}
		}
	}
	wg.Wait()
	for i, id := range order {
		if id != want[i] || seen[id] != 2 {
			t.Fatalf("event %d is of %s, %d times; want %s, submitted and decided", i, id, seen[id], want[i])
		}
	}
	if bell.rung.Load() == 0 {
		t.Error("no notification passed: nothing was tested")
	}
	t.Logf("%d rings for 60 events, %d of them lost", bell.rung.Load(), bell.lost.Load())
}
