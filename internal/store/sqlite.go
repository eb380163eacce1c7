package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"modernc.org/sqlite"

	"github.com/freigabe/freigabe/internal/turn"
)

// keptStatements bounds the prepared statements that a connection keeps.
const keptStatements = 512

// keeper opens SQLite connections that keep their prepared statements: the
// program runs the same few texts over and over, and SQLite takes longer to read
// one than to carry it out.
type keeper struct {
	driver.Connector
	steadfast bool // a statement once begun is finished, though its caller has gone
}

// keeping gives the connector of a database file.
func keeping(dsn string, steadfast bool) (driver.Connector, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the address of the database: %w", err)
	}
	return keeper{c, steadfast}, nil
}

// sqliteConn is what database/sql uses of a connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.SessionResetter
	driver.Validator
	driver.Pinger
}

func (k keeper) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := c.(sqliteConn)
	if !ok {
		return nil, fmt.Errorf("the SQLite driver's connection lacks a method")
	}
	return &keptConn{full, k.steadfast, map[string]*keptStmt{}}, nil
}

// keptConn is a connection with its statements, by their text.
type keptConn struct {
	sqliteConn
	steadfast bool
	kept      map[string]*keptStmt
}

// keptStmt is a prepared statement; busy while rows of it are being read.
type keptStmt struct {
	driver.Stmt
	busy bool
}

func (c *keptConn) statement(ctx context.Context, query string) (*keptStmt, error) {
	if st := c.kept[query]; st != nil && !st.busy {
		return st, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	st := &keptStmt{Stmt: prepared}
	if c.kept[query] == nil && len(c.kept) < keptStatements {
		c.kept[query] = st
	}
	return st, nil
}

// release closes a statement that is not kept.
func (c *keptConn) release(query string, st *keptStmt) error {
	st.busy = false
	if c.kept[query] == st {
		return nil
	}
	return st.Close()
}

// lasting is a context that does not end with the caller's. Interrupting a
// statement would take the whole transaction with it, in which others have a part.
func (c *keptConn) lasting(ctx context.Context) context.Context {
	if c.steadfast {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// offer lets others have the processor after a statement of the writer, whose groups
// are hundreds of them. A page that is being read for somebody goes on.
func (c *keptConn) offer() {
	if c.steadfast {
		turn.Offer()
	}
}

// ExecContext runs a statement.
func (c *keptConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	ctx = c.lasting(ctx)
	st, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := st.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
	c.offer()
	if closing := c.release(query, st); err == nil {
		err = closing
	}
	return res, err
}

// QueryContext runs a query.
func (c *keptConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	ctx = c.lasting(ctx)
	st, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	st.busy = true
	rows, err := st.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	c.offer()
	if err != nil {
		_ = c.release(query, st) // the query's own error says more
		return nil, err
	}
	return &keptRows{rows, func() error { return c.release(query, st) }}, nil
}

// Close ends the connection and its statements.
func (c *keptConn) Close() error {
	for _, st := range c.kept {
		_ = st.Close() // the connection's own end frees what is left
	}
	return c.sqliteConn.Close()
}

// keptRows gives its statement back when it is closed.
type keptRows struct {
	driver.Rows
	release func() error
}

func (r *keptRows) Close() error {
	err := r.Rows.Close()
	if released := r.release(); err == nil {
		err = released
	}
	r.release = func() error { return nil }
	return err
}
