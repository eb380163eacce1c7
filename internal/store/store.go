package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

var errClosed = errors.New("store is closed")

// Options say where the data is and what time it is.
type Options struct {
	DSN       string           // sqlite:PATH or postgres://…; several hosts with target_session_attrs=read-write for failover
	ReadDSN   string           // readers' pages, for PostgreSQL: another role or replicas; "" for DSN
	ListenDSN string           // PostgreSQL behind a pooler: a direct address for notifications; "" for DSN
	Clock     func() time.Time // nil: time.Now
	Hold      *time.Duration   // overrides every site's hold; nil: as the site says
	Purge     bool             // caches have to be told of changes: a job of kind purge goes with each
}

// Store is the database. All its methods may be called at once.
type Store struct {
	d      dialect
	db     *sql.DB // writes; on SQLite one connection
	read   *sql.DB // the desk's reads
	public *sql.DB // readers' pages
	news   *sql.DB // the events; of its own, so that they are never read late because somebody else reads much
	clock  func() time.Time
	hold   *time.Duration
	purge  bool
	writer *writer // SQLite only: groups commits
	intake *intake // groups submissions
	docket *docket // PostgreSQL only: groups steps of editors and authors

	bell     *doorbell // PostgreSQL only: between nodes
	replicas *replicas // where readers' pages have an address of their own

	unguarded bool // see guard
	reading   reading

	mu    sync.Mutex
	bells map[chan struct{}]bool
	rung  time.Time        // when they last rang
	later bool             // they will ring once more, for writes since
	salts map[int64]string // of senders' hashes, by period

	secretOnce string // once it has been read
}

// Open opens the database and brings its schema up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := open(o)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	// Connected now, with patience: reading the events later has little.
	if err := s.news.PingContext(ctx); err != nil {
		return nil, errors.Join(classify(err), s.Close())
	}
	return s, nil
}

func open(o Options) (*Store, error) {
	s := &Store{clock: o.Clock, hold: o.Hold, purge: o.Purge, bells: map[chan struct{}]bool{}, salts: map[int64]string{}, reading: usualReading}
	if s.clock == nil {
		s.clock = time.Now
	}
	kind, rest, _ := strings.Cut(o.DSN, ":")
	switch kind {
	case "sqlite":
		return s, s.openSQLite(rest)
	case "postgres", "postgresql":
		return s, s.openPostgres(o)
	}
	return s, fmt.Errorf("the database must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; it is %q", kind)
}

func (s *Store) openSQLite(path string) error {
	s.d = sqliteDialect
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the folder of the database: %w", err)
		}
	}
	pragmas := "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(4000)"
	file := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas
	write, err := keeping(file+"&_txlock=immediate", true)
	if err != nil {
		return err
	}
	s.db = sql.OpenDB(write)
	s.db.SetMaxOpenConns(1)
	read, err := keeping(file+"&_pragma=query_only(1)", false)
	if err != nil {
		return err
	}
	readers := max(2, runtime.NumCPU())
	s.read, s.public, s.news = bounded(sql.OpenDB(read), readers), bounded(sql.OpenDB(read), readers), bounded(sql.OpenDB(read), 1)
	s.writer = newWriter(s.db)
	s.openIntake(1)
	return nil
}

func (s *Store) openPostgres(o Options) error {
	s.d = postgresDialect
	config, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return fmt.Errorf("read the address of the database: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	config.DialFunc = dialer().DialContext
	s.db = bounded(stdlib.OpenDB(*config), 16)
	s.read, s.public, s.news = s.db, bounded(stdlib.OpenDB(*config), 4), bounded(stdlib.OpenDB(*config), 1)
	s.docket = newDocket(s)
	s.openIntake(2) // one prepares its rows while the other waits for the disk
	listen := config
	if o.ListenDSN != "" {
		if listen, err = pgx.ParseConfig(o.ListenDSN); err != nil {
			return fmt.Errorf("read the address to listen on: %w", err)
		}
	}
	s.bell = openDoorbell(s, listen)
	if o.ReadDSN == "" {
		return nil
	}
	r, pages, err := openReplicas(o.ReadDSN)
	if err != nil {
		return err
	}
	_ = s.public.Close() // nobody has used it yet
	s.replicas, s.public = r, bounded(pages, 8)
	return nil
}

// bounded lets a pool have so many connections, and keeps them.
func bounded(db *sql.DB, connections int) *sql.DB {
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// Close ends the store; waiting writes are finished first.
func (s *Store) Close() error {
	if s.intake != nil {
		s.intake.close()
	}
	if s.docket != nil {
		s.docket.close()
	}
	if s.bell != nil {
		s.bell.close()
	}
	if s.writer != nil {
		s.writer.close()
	}
	var errs []error
	closed := map[*sql.DB]bool{nil: true}
	for _, db := range []*sql.DB{s.db, s.read, s.public, s.news} {
		if !closed[db] {
			errs = append(errs, db.Close())
		}
		closed[db] = true
	}
	return errors.Join(errs...)
}

// Now is the store's clock, cut to the microseconds that the database keeps.
func (s *Store) Now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// Backend names the database: "sqlite" or "postgres".
func (s *Store) Backend() string { return s.d.name }

// Pool is the connections for writing, for those who watch over the program.
func (s *Store) Pool() *sql.DB { return s.db }

// Arriving is how many submissions wait for their commit.
func (s *Store) Arriving() int { return len(s.intake.in) }

// ArrivalDelay is the longest that a submission has waited for its commit since
// it was last asked for.
func (s *Store) ArrivalDelay() time.Duration { return time.Duration(s.intake.slowest.Swap(0)) }

// Bell gives a channel that rings after writes of this process and, on PostgreSQL,
// of other nodes. It may ring without cause and may stay silent: poll as well.
// The function returned ends it.
func (s *Store) Bell() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	s.bells[c] = true
	s.mu.Unlock()
	return c, func() {
		s.mu.Lock()
		delete(s.bells, c)
		s.mu.Unlock()
	}
}

// ring tells this process, and on PostgreSQL the other nodes, of a write.
func (s *Store) ring() {
	s.chime()
	if s.bell != nil {
		s.bell.wrote()
	}
}

// chimeEvery bounds how often this process is told: a thousand writes a second
// need not wake everyone who listens a thousand times.
const chimeEvery = 25 * time.Millisecond

// chime tells this process: at once, or where that has just been done a moment
// later for all writes until then.
func (s *Store) chime() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.later {
		return
	}
	if wait := chimeEvery - time.Since(s.rung); wait > 0 {
		s.later = true
		time.AfterFunc(wait, s.chimeNow)
		return
	}
	s.chimeAll()
}

func (s *Store) chimeNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.later = false
	s.chimeAll()
}

// chimeAll rings every bell. The caller holds the lock.
func (s *Store) chimeAll() {
	s.rung = time.Now() // a stretch of real time, whatever the store's clock says
	for c := range s.bells {
		select {
		case c <- struct{}{}:
		default: // it rings already
		}
	}
}

// writeLimit bounds a write on PostgreSQL: whoever waits for one behind a cut
// network is told so while they still wait.
const writeLimit = 10 * time.Second

// write runs do in a transaction. On SQLite several waiting calls share one
// commit; each is a savepoint of its own, so that a refused one harms no other.
func (s *Store) write(ctx context.Context, do func(*sql.Tx) error) (err error) {
	ctx, span := tracer().Start(ctx, "store.write")
	defer func() { endSpan(span, err) }()
	if s.d.name == "sqlite" {
		return s.writeLong(ctx, do)
	}
	limited, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	err = s.writeLong(limited, do)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return unavailable{err}
	}
	return err
}

// writeLong is write without a limit of time.
func (s *Store) writeLong(ctx context.Context, do func(*sql.Tx) error) error {
	var err error
	if s.writer != nil {
		err = s.writer.do(ctx, do)
	} else {
		err = s.transact(ctx, do)
	}
	if err == nil {
		s.ring()
	}
	return classify(err)
}

func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
	for try := 0; ; try++ {
		err := s.once(ctx, do)
		if !again(err) || try == 5 {
			return err
		}
	}
}

func (s *Store) once(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// querier is what reads need: a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each runs scan for every row of a query.
func each(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return classify(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return classify(err)
		}
	}
	return classify(rows.Err())
}

// rowsOf reads every row of a query.
func rowsOf[T any](ctx context.Context, q querier, read func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := each(ctx, q, func(r *sql.Rows) error {
		x, err := read(r.Scan)
		out = append(out, x)
		return err
	}, query, args...)
	return out, err
}

// one scans a single row; no row is a NotFound of the thing named.
func one(ctx context.Context, q querier, what string, dest []any, query string, args ...any) error {
	err := q.QueryRowContext(ctx, query, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return moderation.Missing(what)
	}
	return classify(err)
}

// exec runs a statement and gives the number of rows it changed.
func exec(ctx context.Context, tx *sql.Tx, query string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// all runs statements that need no answer.
func all(ctx context.Context, tx *sql.Tx, statements ...statement) error {
	for _, st := range statements {
		if _, err := tx.ExecContext(ctx, st.query, st.args...); err != nil {
			return err
		}
		if err := all(ctx, tx, st.then...); err != nil {
			return err
		}
	}
	return nil
}

type statement struct {
	query string
	args  []any
	then  []statement // what goes with it
}

func stmt(query string, args ...any) statement { return statement{query: query, args: args} }

// ofSite is the condition that a column names the site given as $1, or any where
// site is "". Two texts, since a plan made for both at once can use no index.
func ofSite(column, site string) string {
	if site == "" {
		return "cast($1 as text) = ''"
	}
	return column + " = $1"
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

func optional(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

func optionalTime(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func timeOf(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return fromMicros(n.Int64)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
