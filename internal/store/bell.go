package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// The doorbell between nodes on PostgreSQL. A node that has written rings once
// for all that it wrote in the last moments, without payload and outside of every
// business transaction: a notification within one takes a lock of the whole
// server at commit. Who misses the bell finds the change at its next poll.
const (
	bellChannel = "freigabe"
	bellPause   = 50 * time.Millisecond // at most 20 rings a second and node
)

// doorbell is a node's end of it.
type doorbell struct {
	s      *Store
	config *pgx.ConnConfig // of a direct connection, on which it listens
	dirty  chan struct{}
	stop   context.CancelFunc
	wg     sync.WaitGroup

	mu  sync.Mutex
	own map[uint32]bool // server processes through which this node rang
}

func openDoorbell(s *Store, config *pgx.ConnConfig) *doorbell {
	ctx, stop := context.WithCancel(context.Background())
	b := &doorbell{s: s, config: config, dirty: make(chan struct{}, 1), stop: stop, own: map[uint32]bool{}}
	b.wg.Go(func() { b.send(ctx) })
	b.wg.Go(func() { b.listen(ctx) })
	return b
}

func (b *doorbell) close() {
	b.stop()
	b.wg.Wait()
}

// wrote asks for a ring.
func (b *doorbell) wrote() {
	select {
	case b.dirty <- struct{}{}:
	default: // one is asked for already
	}
}

func (b *doorbell) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.dirty:
		}
		var pid uint32
		ringing, cancel := context.WithTimeout(ctx, time.Second)
		err := b.s.db.QueryRowContext(ringing, "select pg_backend_pid() from (select pg_notify($1, '')) rung", bellChannel).Scan(&pid)
		cancel()
		if err == nil { // otherwise the others' polls notice
			b.remember(pid)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(bellPause):
		}
	}
}

// remember keeps the processes of the pool, which come and go.
func (b *doorbell) remember(pid uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.own) > 1000 {
		clear(b.own)
	}
	b.own[pid] = true
}

func (b *doorbell) isOwn(pid uint32) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.own[pid]
}

// listen passes other nodes' rings on, for as long as the connection lasts, and
// then on a new one.
func (b *doorbell) listen(ctx context.Context) {
	for ctx.Err() == nil {
		if conn, err := pgx.ConnectConfig(ctx, b.config); err == nil {
			b.hear(ctx, conn)
			_ = conn.Close(context.WithoutCancel(ctx)) // it was of use for listening only
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (b *doorbell) hear(ctx context.Context, conn *pgx.Conn) {
	if _, err := conn.Exec(ctx, "listen "+bellChannel); err != nil {
		return
	}
	b.s.chime()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return
		}
		if !b.isOwn(n.PID) {
			b.s.chime()
		}
	}
}
