package store

import (
	"errors"
	"net"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect holds what differs between the two databases. Everything else is one text.
type dialect struct {
	name      string
	forUpdate string            // locks the rows read; SQLite has one writer and needs none
	skip      string            // likewise, passing over rows that somebody else holds
	givenIDs  string            // lets an insert bring its own ids
	words     map[string]string // fills the double braces in migrations and a few queries
}

var sqliteDialect = dialect{
	name: "sqlite",
	words: map[string]string{
		"bytes":     "blob",
		"calm":      " indexed by revisions_bundle",
		"charted":   sqliteCharted,
		"tallied":   sqliteTallied,
		"identity":  "integer primary key autoincrement",
		"xid":       "integer not null default 0",
		"clustered": " without rowid",
		"search":    sqliteSearch,
		"words":     sqliteVocabulary,
	},
}

var postgresDialect = dialect{
	name: "postgres",
	// Not "for update": that would shut out everyone whose new row refers to this one, and
	// an assessment's row refers to the comment whose text a decision is about to mark.
	forUpdate: " for no key update",
	skip:      " for update skip locked",
	givenIDs:  " overriding system value",
	words: map[string]string{
		"bytes":     "bytea",
		"calm":      "",
		"charted":   postgresCharted,
		"tallied":   postgresTallied,
		"identity":  "bigint generated always as identity primary key",
		"xid":       "xid8 not null default pg_current_xact_id()",
		"clustered": "",
		"search":    postgresSearch,
		"words":     "",
	},
}

func (d dialect) fill(sql string) string {
	for word, text := range d.words {
		sql = strings.ReplaceAll(sql, "{{"+word+"}}", text)
	}
	return sql
}

// ErrUnavailable wraps a failure of the database itself: gone, full, locked for
// too long. The caller may try again later. What was to be written was not
// acknowledged, and mostly is not there; it may be, where the answer to a commit
// was lost or a synchronous standby stayed away, so a repeat must be harmless.
var ErrUnavailable = errors.New("the database is not available")

type unavailable struct{ cause error }

func (u unavailable) Error() string   { return ErrUnavailable.Error() + ": " + u.cause.Error() }
func (u unavailable) Unwrap() []error { return []error{ErrUnavailable, u.cause} }

// classify marks errors of the database itself as ErrUnavailable.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
			sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return unavailable{err}
		}
		return err
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pe.Code[:2] {
		case "08", "53", "57", "58", "25": // connection, resources, intervention, system, read-only standby
			return unavailable{err}
		}
		if pe.Code == "22021" { // a NUL, or what is no UTF-8: somebody's input that no check caught before
			return moderation.BadField("", "error.text_broken")
		}
		return err
	}
	_, network := errors.AsType[net.Error](err)
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	lost := pgconn.SafeToRetry(err) // a connection found dead before anything was sent on it
	if network || connecting || lost || errors.Is(err, errClosed) || strings.Contains(err.Error(), "driver: bad connection") ||
		strings.Contains(err.Error(), "sql: database is closed") {
		return unavailable{err}
	}
	return err
}

// again tells whether PostgreSQL asks to repeat the transaction (serialization
// failure, deadlock).
func again(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pe.Code == "40001" || pe.Code == "40P01")
}

// isDuplicate tells whether a unique constraint refused the row.
func isDuplicate(err error) bool {
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		return se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pe.Code == "23505"
}
