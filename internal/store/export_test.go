package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
)

// RemoveGuard lets two decisions of one revision pass, for the test that the
// checker of histories finds them.
func (s *Store) RemoveGuard() { s.unguarded = true }

// OnDocket is how many steps wait for their turn, other than those under way.
func (s *Store) OnDocket() (n int) {
	s.docket.mu.Lock()
	defer s.docket.mu.Unlock()
	for _, waiting := range s.docket.waiting {
		n += len(waiting)
	}
	return n
}

// Recorded is a query of the desk's reads as it went to the database.
type Recorded struct {
	Query string
	Args  []any
}

// Record lets a test see the desk's reads: from now on they are noted, until the
// function given back is called.
func (s *Store) Record(dsn string) (stop func() []Recorded) {
	var log []Recorded
	was := s.read
	s.read = sql.OpenDB(recorder{was.Driver(), strings.TrimPrefix(dsn, "sqlite:"), &log})
	s.read.SetMaxOpenConns(1)
	return func() []Recorded {
		_ = s.read.Close() // a test's own connection
		s.read = was
		return log
	}
}

type recorder struct {
	driver driver.Driver
	name   string
	log    *[]Recorded
}

func (r recorder) Driver() driver.Driver { return r.driver }

func (r recorder) Connect(context.Context) (driver.Conn, error) {
	c, err := r.driver.Open(r.name)
	return recording{c, r.log}, err
}

type recording struct {
	driver.Conn
	log *[]Recorded
}

func (c recording) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	seen := Recorded{Query: query}
	for _, a := range args {
		seen.Args = append(seen.Args, a.Value)
	}
	*c.log = append(*c.log, seen)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c recording) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// ReadLittle lets searches read so little at once that a few comments are many.
func (s *Store) ReadLittle(hits, endings, stretch, glance int) {
	s.reading = reading{hits, endings, stretch, glance}
}
