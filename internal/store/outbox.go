package store

import (
	"context"
	"database/sql"
	"time"
)

// Event says that something changed; it carries no words. Topic is "thread"
// (what readers see of an article changed), "queue" (a revision's state or
// assessment changed), "article" (its data changed) or "site" (its settings).
type Event struct {
	ID      int64
	Topic   string
	Site    string
	Article string
	Comment string
}

// event is the statement that writes an event within a transaction.
func event(s *Store, topic, site, article, comment string) statement {
	return stmt("insert into outbox (topic, site_id, article_id, comment_id, at) values ($1, $2, $3, $4, $5)",
		topic, site, article, comment, micros(s.Now()))
}

// Cursor is a place in the outbox.
type Cursor struct {
	XID string // PostgreSQL's transaction id; "0" on SQLite
	ID  int64
}

// Head gives the place after the last settled event.
func (s *Store) Head(ctx context.Context) (Cursor, error) { return s.head(ctx, s.db) }

func (s *Store) head(ctx context.Context, q querier) (Cursor, error) {
	c := Cursor{XID: "0"}
	err := q.QueryRowContext(ctx, "select cast(xid as text), id from outbox where "+s.d.settled+" order by outbox.xid desc, id desc limit 1").Scan(&c.XID, &c.ID)
	if err == sql.ErrNoRows {
		return c, nil
	}
	return c, classify(err)
}

// Events gives what happened after a place, oldest first, and the new place. An
// answer without error confirms that nothing older is missing at this moment.
func (s *Store) Events(ctx context.Context, after Cursor) ([]Event, Cursor, error) {
	return s.events(ctx, s.read, after)
}

func (s *Store) events(ctx context.Context, q querier, after Cursor) ([]Event, Cursor, error) {
	var out []Event
	err := each(ctx, q, func(r *sql.Rows) error {
		var e Event
		err := r.Scan(&after.XID, &e.ID, &e.Topic, &e.Site, &e.Article, &e.Comment)
		after.ID = e.ID
		out = append(out, e)
		return err
	}, s.eventsQuery(), after.XID, after.ID)
	return out, after, err
}

func (s *Store) eventsQuery() string {
	from := "select cast(xid as text), id, topic, site_id, article_id, comment_id from outbox where "
	if s.d.name == "sqlite" {
		return from + "$1 = $1 and id > $2 order by id limit 1000"
	}
	return from + s.d.settled + " and (outbox.xid, id) > (cast($1 as xid8), $2) order by outbox.xid, id limit 1000"
}

// keepEvents is how long events stay for nodes that were away; a node away for
// longer starts afresh.
const keepEvents = 2 * time.Hour

func (s *Store) trimOutbox(ctx context.Context) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "delete from outbox where at < $1 and id < (select max(id) from outbox)", micros(s.Now().Add(-keepEvents)))
		return err
	})
}
