package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
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
	Adds    bool // of a thread: a comment came, and nothing that readers could see is gone or changed
}

// event is tell for all that may also take something from readers.
func event(s *Store, topic, site, article, comment string) statement {
	return tell(s, Event{Topic: topic, Site: site, Article: article, Comment: comment})
}

// tell is the statement that writes an event within a transaction, with the jobs
// that tell caches where readers' pages change.
func tell(s *Store, e Event) statement {
	st := stmt("insert into outbox (topic, site_id, article_id, comment_id, at, adds) values ($1, $2, $3, $4, $5, $6)",
		e.Topic, e.Site, e.Article, e.Comment, micros(s.Now()), flag(e.Adds))
	if s.purge && (e.Topic == "thread" || e.Topic == "article" || e.Topic == "site") {
		st.then = purgeJobs(e.Site, e.Article, s.Now())
	}
	return st
}

// Cursor is a place in the outbox.
type Cursor struct {
	ID  int64  // of the newest event seen
	Gap string // PostgreSQL: the ids below it that were not there yet
}

// Head gives the place after the newest event.
func (s *Store) Head(ctx context.Context) (Cursor, error) { return s.head(ctx, s.db) }

// PublicHead is Head read through the readers' connection.
func (s *Store) PublicHead(ctx context.Context) (Cursor, error) {
	if s.replicas == nil {
		return s.head(ctx, s.news)
	}
	return s.head(ctx, s.public)
}

// headGap is how far below the newest event Head looks for ids that are missing.
const headGap = 1000

func (s *Store) head(ctx context.Context, q querier) (Cursor, error) {
	var c Cursor
	var lowest int64
	// Two questions in one: SQLite reads the whole table for both in the same select.
	if err := q.QueryRowContext(ctx, "select coalesce((select max(id) from outbox), 0), coalesce((select min(id) from outbox), 0)").Scan(&c.ID, &lowest); err != nil {
		return c, classify(err)
	}
	if s.d.name == "sqlite" || c.ID == 0 {
		return c, nil
	}
	from := max(lowest, c.ID-headGap)
	known := map[int64]bool{}
	err := each(ctx, q, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		known[id] = true
		return err
	}, "select id from outbox where id between $1 and $2", from, c.ID)
	g := gaps{}
	g.note(from, c.ID, known)
	c.Gap = g.String()
	return c, err
}

// EventsAtOnce is how many events one call gives at the most: where it gives as
// many, there may be more.
const EventsAtOnce = 1000

var eventsLimit = strconv.Itoa(EventsAtOnce)

// Events gives what happened after a place, and the new place. An answer without
// error confirms that nothing older is missing at this moment. Where the place
// is no longer known, such as after a failover that lost it, everything counts
// as changed: an event of topic "site" for each site.
func (s *Store) Events(ctx context.Context, after Cursor) ([]Event, Cursor, error) {
	return s.events(ctx, s.read, after)
}

// PublicEvents is Events read through the readers' connection: an answer
// confirms how fresh that connection's database is, and readers' pages are from
// now on read from a database that is at least as far.
func (s *Store) PublicEvents(ctx context.Context, after Cursor) ([]Event, Cursor, error) {
	if s.replicas == nil {
		return s.events(ctx, s.news, after)
	}
	conn, err := s.public.Conn(ctx)
	if err != nil {
		return nil, after, classify(err)
	}
	out, next, err := s.events(ctx, conn, after)
	if err == nil {
		err = s.replicas.saw(ctx, conn)
	}
	if err != nil {
		return nil, after, errors.Join(classify(err), conn.Close())
	}
	return out, next, conn.Close()
}

// events reads from the last event seen on, that one included: if it is gone,
// this is another history than the one of the cursor.
//
// On PostgreSQL ids are given before the commit, so an event may appear below
// one that was seen already. Waiting until every older transaction has ended
// would be simple, but then one long transaction, of any database of the server,
// would hold up take-downs everywhere. So ids that are missing are remembered
// and asked for again until no transaction is left that could bring them.
func (s *Store) events(ctx context.Context, q querier, after Cursor) ([]Event, Cursor, error) {
	open, err := parseGaps(after.Gap)
	if err != nil {
		return nil, after, err
	}
	if err := s.closeGaps(ctx, q, open); err != nil {
		return nil, after, classify(err)
	}
	query, args := "select id, topic, site_id, article_id, comment_id, adds from outbox where id >= $1 order by id limit "+eventsLimit, []any{after.ID}
	if len(open) > 0 {
		query, args = "select id, topic, site_id, article_id, comment_id, adds from outbox where id >= $1 or id = any(cast(string_to_array($2, ',') as bigint[])) order by id limit "+eventsLimit, append(args, open.ids())
	}
	var out []Event
	known, next := map[int64]bool{}, after
	err = each(ctx, q, func(r *sql.Rows) error {
		var e Event
		err := r.Scan(&e.ID, &e.Topic, &e.Site, &e.Article, &e.Comment, &e.Adds)
		known[e.ID] = true
		next.ID = max(next.ID, e.ID)
		if e.ID != after.ID {
			out = append(out, e)
		}
		return err
	}, query, args...)
	switch {
	case err != nil:
		return nil, after, err
	case after.ID > 0 && !known[after.ID]:
		return s.everything(ctx, q)
	case s.d.name == "sqlite":
		return out, next, nil
	}
	open.note(after.ID, next.ID, known)
	next.Gap = open.String()
	return out, next, nil
}

// everything says that all sites may have changed.
func (s *Store) everything(ctx context.Context, q querier) ([]Event, Cursor, error) {
	next, err := s.head(ctx, q)
	if err != nil {
		return nil, next, err
	}
	sites, err := sitesOf(ctx, q)
	out := make([]Event, len(sites))
	for i, st := range sites {
		out[i] = Event{ID: next.ID, Topic: "site", Site: st.ID}
	}
	return out, next, err
}

// closeGaps forgets ids that no transaction can bring any more, and gives those
// noted last time the mark up to which transactions may still bring them. It
// reads the state of transactions before the events are read.
func (s *Store) closeGaps(ctx context.Context, q querier, open gaps) error {
	if len(open) == 0 {
		return nil
	}
	var oldest, newest uint64
	err := q.QueryRowContext(ctx, "select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint), cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint)").Scan(&oldest, &newest)
	if err != nil {
		return err
	}
	now := time.Now()
	for id, g := range open {
		switch {
		case g.until == 0:
			g.until = newest
			open[id] = g
		case g.until <= oldest && now.Sub(g.since) > gapLife:
			delete(open, id)
		}
	}
	return nil
}

// gapLife is how long a missing id is asked for at the least: a server process
// may have been given an id and not yet a transaction.
const gapLife = 10 * time.Second

// maxGaps bounds how many missing ids are remembered. More are missing only
// after thousands of steps were rolled back within seconds.
const maxGaps = 10000

// gap is a missing id: since when, and the transaction before which all must
// have ended for it never to come.
type gap struct {
	since time.Time
	until uint64
}

// gaps are the missing ids.
type gaps map[int64]gap

// note adds what is missing between two ids and takes out what has come.
func (g gaps) note(from, to int64, known map[int64]bool) {
	now := time.Now()
	for id := max(from+1, to-maxGaps); id < to; id++ {
		if _, noted := g[id]; !known[id] && !noted && from > 0 {
			g[id] = gap{since: now}
		}
	}
	for id := range g {
		if known[id] {
			delete(g, id)
		}
	}
}

func (g gaps) ids() string {
	list := make([]string, 0, len(g))
	for id := range g {
		list = append(list, strconv.FormatInt(id, 10))
	}
	return strings.Join(list, ",")
}

func (g gaps) String() string {
	list := make([]string, 0, len(g))
	for id, one := range g {
		list = append(list, fmt.Sprintf("%d:%d:%d", id, one.until, one.since.UnixMilli()))
	}
	return strings.Join(list, ",")
}

func parseGaps(text string) (gaps, error) {
	g := gaps{}
	if text == "" {
		return g, nil
	}
	for one := range strings.SplitSeq(text, ",") {
		var id, since int64
		var until uint64
		if _, err := fmt.Sscanf(one, "%d:%d:%d", &id, &until, &since); err != nil {
			return nil, fmt.Errorf("read a place in the outbox: %w", err)
		}
		g[id] = gap{time.UnixMilli(since), until}
	}
	return g, nil
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
