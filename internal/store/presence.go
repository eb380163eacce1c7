package store

import (
	"context"
	"database/sql"
	"time"
)

// Presence is a server that has the database open. It keeps its row while it
// lives: a restore refuses a database in use, and the admin sees which nodes
// there are.
type Presence struct {
	ID      string // opaque, new at each start
	Name    string // of the machine
	Version string // of the program
	Started time.Time
	Seen    time.Time
}

// presenceLife is after how long without a sign a server counts as gone.
const presenceLife = 15 * time.Second

// Heartbeat is how often a server says that it is there. On PostgreSQL it also
// keeps replicas' clocks of what they have replayed going while nobody writes.
const Heartbeat = time.Second

// Present says that a server is there.
func (s *Store) Present(ctx context.Context, p Presence) error {
	now := micros(s.Now())
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `insert into nodes (id, name, version, started_at, seen_at) values ($1, $2, $3, $4, $4)
			on conflict (id) do update set seen_at = excluded.seen_at`, p.ID, p.Name, p.Version, now)
		return err
	})
}

// Absent says that a server has stopped, and forgets those gone for a day.
func (s *Store) Absent(ctx context.Context, id string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "delete from nodes where id = $1 or seen_at < $2", id, micros(s.Now().Add(-24*time.Hour)))
		return err
	})
}

// Nodes lists the servers that have given a sign lately, oldest first.
func (s *Store) Nodes(ctx context.Context) ([]Presence, error) {
	return nodes(ctx, s.db, s.Now().Add(-presenceLife))
}

func nodes(ctx context.Context, q querier, since time.Time) ([]Presence, error) {
	var out []Presence
	err := each(ctx, q, func(r *sql.Rows) error {
		var p Presence
		var started, seen int64
		err := r.Scan(&p.ID, &p.Name, &p.Version, &started, &seen)
		p.Started, p.Seen = fromMicros(started), fromMicros(seen)
		out = append(out, p)
		return err
	}, "select id, name, version, started_at, seen_at from nodes where seen_at >= $1 order by started_at, id", micros(since))
	return out, err
}
