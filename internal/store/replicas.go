package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxLag is how far a replica may be behind, in seconds. Readers' pages are at
// most two seconds old: one for the replica, one for the poll.
const maxLag = 1.0

// replicas is the pool of connections for readers' pages. Its address may name
// several hosts; a connection to one that lags, or that is not as far as the
// events this node has seen, is given up, and the next host that is fit is
// taken. Where none is, pages are not served: better none than an old one.
type replicas struct {
	seen atomic.Int64 // position in the write-ahead log
}

// standing asks a server how many seconds it is behind, and its position. A
// replica's clock of what it has replayed stands still while nobody writes;
// every node's heartbeat keeps it going.
const standing = `select case when pg_is_in_recovery() then coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 1e9) else 0 end,
	cast(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end - '0/0' as bigint)`

// openReplicas opens the pool.
func openReplicas(dsn string) (*replicas, *sql.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("read the address of the database of readers' pages: %w", err)
	}
	config.DialFunc = dialer().DialContext
	r := &replicas{}
	validate := config.ValidateConnect // of target_session_attrs
	config.ValidateConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		if validate != nil {
			if err := validate(ctx, c); err != nil {
				return err
			}
		}
		return r.fitWire(ctx, c)
	}
	return r, stdlib.OpenDB(*config, stdlib.OptionResetSession(r.fit)), nil
}

// fit refuses a connection of the pool whose server has fallen behind.
func (r *replicas) fit(ctx context.Context, c *pgx.Conn) error {
	var lag float64
	var position int64
	if err := c.QueryRow(ctx, standing).Scan(&lag, &position); err != nil || r.behind(lag, position) != nil {
		return driver.ErrBadConn
	}
	return nil
}

// fitWire is fit for a connection that is only just being made.
func (r *replicas) fitWire(ctx context.Context, c *pgconn.PgConn) error {
	results, err := c.Exec(ctx, standing).ReadAll()
	if err != nil {
		return err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return fmt.Errorf("the database of readers' pages does not say how far it is")
	}
	var lag float64
	var position int64
	row := results[0].Rows[0]
	if _, err := fmt.Sscan(string(row[0])+" "+string(row[1]), &lag, &position); err != nil {
		return fmt.Errorf("read how far the database of readers' pages is: %w", err)
	}
	return r.behind(lag, position)
}

func (r *replicas) behind(lag float64, position int64) error {
	if lag > maxLag {
		return fmt.Errorf("%w: the database of readers' pages is %.1f seconds behind", ErrUnavailable, lag)
	}
	if position < r.seen.Load() {
		return fmt.Errorf("%w: the database of readers' pages is behind what was shown", ErrUnavailable)
	}
	return nil
}

// saw notes how far the server of a connection is, after its events were read.
func (r *replicas) saw(ctx context.Context, c *sql.Conn) error {
	var lag float64
	var position int64
	if err := c.QueryRowContext(ctx, standing).Scan(&lag, &position); err != nil {
		return err
	}
	if err := r.behind(lag, position); err != nil {
		return err
	}
	for {
		had := r.seen.Load()
		if position <= had || r.seen.CompareAndSwap(had, position) {
			return nil
		}
	}
}
