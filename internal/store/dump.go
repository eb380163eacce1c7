package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// A backup is gzip'd JSON lines: a header, then for each table a line with its
// name and columns and a line for each row, and at the end the counts and the
// SHA-256 of all lines before. It is the same for both databases, so a backup of
// one is restored into the other.

// dumpFormat is the version of the format.
const dumpFormat = 1

// passing are tables whose rows mean something only while the program runs.
var passing = []string{"ceremonies", "outbox", "leases", "nodes", "claims", "migrations"}

type dumpHeader struct {
	Format     int               `json:"freigabe_backup"`
	At         time.Time         `json:"at"`
	Migrations map[string]string `json:"migrations"` // digest by name
}

type dumpTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

type dumpEnd struct {
	Counts map[string]int `json:"counts"`
	Sum    string         `json:"sha256"`
}

// dumpBytes is how bytes are written.
type dumpBytes struct {
	Base64 string `json:"base64"`
}

// Dumped tells how many rows of each table a backup holds.
type Dumped map[string]int

// Rows is the number of all rows.
func (d Dumped) Rows() int {
	n := 0
	for _, rows := range d {
		n += rows
	}
	return n
}

// Backup writes all that the database holds as it is at one moment, beside
// running writes.
func (s *Store) Backup(ctx context.Context, to io.Writer) (Dumped, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return nil, classify(err)
	}
	counts, err := s.dump(ctx, tx, to)
	return counts, errors.Join(classify(err), ignoreDone(tx.Rollback()))
}

func (s *Store) dump(ctx context.Context, tx *sql.Tx, to io.Writer) (Dumped, error) {
	zip, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("compress the backup: %w", err)
	}
	out := &dumpWriter{to: bufio.NewWriterSize(zip, 1<<16), sum: sha256.New()}
	applied, err := appliedMigrations(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := out.line(dumpHeader{dumpFormat, s.Now(), applied}); err != nil {
		return nil, err
	}
	tables, err := s.tables(ctx, tx)
	if err != nil {
		return nil, err
	}
	counts := Dumped{}
	for _, t := range tables {
		if counts[t], err = dumpRows(ctx, tx, t, out); err != nil {
			return nil, fmt.Errorf("back up %s: %w", t, err)
		}
	}
	if err := out.line(dumpEnd{counts, hex.EncodeToString(out.sum.Sum(nil))}); err != nil {
		return nil, err
	}
	return counts, errors.Join(out.to.Flush(), zip.Close())
}

type dumpWriter struct {
	to  *bufio.Writer
	sum hash.Hash
}

func (w *dumpWriter) line(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("encode a row: %w", err)
	}
	w.sum.Write(b.Bytes())
	_, err := w.to.Write(b.Bytes())
	return err
}

func dumpRows(ctx context.Context, tx *sql.Tx, table string, out *dumpWriter) (int, error) {
	rows, err := tx.QueryContext(ctx, "select * from "+table)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	if err := out.line(dumpTable{table, columns}); err != nil {
		return 0, err
	}
	n := 0
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for ; rows.Next(); n++ {
		if err := rows.Scan(dest...); err != nil {
			return n, err
		}
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = dumpBytes{base64.StdEncoding.EncodeToString(b)}
			}
		}
		if err := out.line(values); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}

// tables lists the tables whose rows last, by name.
func (s *Store) tables(ctx context.Context, q querier) ([]string, error) {
	query := "select table_name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by table_name"
	if s.d.name == "sqlite" {
		query = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name"
	}
	var out []string
	err := each(ctx, q, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		if !slices.Contains(passing, name) && !strings.HasPrefix(name, searchTables) {
			out = append(out, name)
		}
		return err
	}, query)
	return out, err
}

func appliedMigrations(ctx context.Context, q querier) (map[string]string, error) {
	applied := map[string]string{}
	err := each(ctx, q, func(r *sql.Rows) error {
		var name, digest string
		err := r.Scan(&name, &digest)
		applied[name] = digest
		return err
	}, "select name, digest from migrations")
	return applied, err
}

// ErrNotEmpty says that a restore found something in the database.
var ErrNotEmpty = errors.New("the database is not empty; restore into a new one")

// ErrInUse says that a server has the database open.
var ErrInUse = errors.New("a server uses this database; stop it first (one that was killed counts as there for 15 seconds)")

// Restore fills an empty database from a backup and checks the record. Either
// all of it is there afterwards, or nothing.
func Restore(ctx context.Context, o Options, from io.Reader) (Checked, error) {
	s, err := open(o)
	if err != nil {
		return Checked{}, errors.Join(err, s.Close())
	}
	out, err := s.restore(ctx, from)
	return out, errors.Join(err, s.Close())
}

func (s *Store) restore(ctx context.Context, from io.Reader) (Checked, error) {
	in, err := openDump(from)
	if err != nil {
		return Checked{}, err
	}
	var out Checked
	err = s.writeLong(ctx, func(tx *sql.Tx) error {
		if s.d.name == "postgres" {
			if _, err := tx.ExecContext(ctx, migrateLock); err != nil {
				return err
			}
		}
		if err := s.load(ctx, tx, in); err != nil {
			return err
		}
		var err error
		out, err = check(ctx, tx, "")
		return err
	})
	if err != nil {
		return Checked{}, err
	}
	return out, s.Migrate(ctx)
}

// load brings an empty schema of the backup's own age and fills it.
func (s *Store) load(ctx context.Context, tx *sql.Tx, in *dumpReader) error {
	if err := s.migrateAs(ctx, tx, in.header.Migrations); err != nil {
		return err
	}
	applied, err := appliedMigrations(ctx, tx)
	if err != nil {
		return err
	}
	if !maps.Equal(applied, in.header.Migrations) {
		return fmt.Errorf("this backup was made with another version of the schema; restore it into a database without tables, with a program that is not older")
	}
	tables, err := s.vacant(ctx, tx)
	if err != nil {
		return err
	}
	bound, err := s.unbind(ctx, tx)
	if err != nil {
		return err
	}
	if err := in.rows(func(t dumpTable, rows [][]any) error { return s.fill(ctx, tx, tables, t, rows) }); err != nil {
		return err
	}
	for _, statement := range bound {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("the backup's rows do not fit together: %w", err)
		}
	}
	_, err = tx.ExecContext(ctx, "update jobs set lease_until = 0")
	return err
}

// vacant makes sure that nobody and nothing is in the database, and gives its tables.
func (s *Store) vacant(ctx context.Context, tx *sql.Tx) ([]string, error) {
	kept, err := s.hasTable(ctx, tx, "nodes")
	if err != nil {
		return nil, err
	}
	if kept {
		there, err := nodes(ctx, tx, s.Now().Add(-presenceLife))
		if err != nil {
			return nil, err
		}
		if len(there) > 0 {
			return nil, ErrInUse
		}
	}
	tables, err := s.tables(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if t == "meta" {
			continue
		}
		var n int
		if err := tx.QueryRowContext(ctx, "select count(*) from (select 1 from "+t+" limit 1) any_row").Scan(&n); err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, ErrNotEmpty
		}
	}
	_, err = tx.ExecContext(ctx, "delete from meta") // its secret is the backup's, on which receipt links rest
	return tables, err
}

// fill inserts rows.
func (s *Store) fill(ctx context.Context, tx *sql.Tx, tables []string, t dumpTable, rows [][]any) error {
	if !slices.Contains(tables, t.Table) {
		return fmt.Errorf("the backup names a table %q that the schema does not have", t.Table)
	}
	for _, c := range t.Columns {
		if strings.Trim(c, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
			return fmt.Errorf("the backup names a column that cannot be one")
		}
	}
	head := "insert into " + t.Table + " (" + strings.Join(t.Columns, ", ") + ")" + s.d.givenIDs
	_, err := insertRows(ctx, tx, head, "", rows)
	if err != nil {
		return fmt.Errorf("restore %s: %w", t.Table, err)
	}
	return nil
}

// unbind lets rows come in any order, and gives the statements that bring the
// bonds between tables back and set the counters of ids behind the rows.
func (s *Store) unbind(ctx context.Context, tx *sql.Tx) ([]string, error) {
	if s.d.name == "sqlite" {
		_, err := tx.ExecContext(ctx, "pragma defer_foreign_keys = on")
		return nil, err
	}
	var drop, bind []string
	err := each(ctx, tx, func(r *sql.Rows) error {
		var table, name, text string
		err := r.Scan(&table, &name, &text)
		drop = append(drop, "alter table "+table+" drop constraint "+name)
		bind = append(bind, "alter table "+table+" add constraint "+name+" "+text)
		return err
	}, "select conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) from pg_constraint where contype = 'f' and connamespace = current_schema()::regnamespace")
	if err != nil {
		return nil, err
	}
	for _, statement := range drop {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	err = each(ctx, tx, func(r *sql.Rows) error {
		var table, column string
		err := r.Scan(&table, &column)
		bind = append(bind, fmt.Sprintf("select setval(pg_get_serial_sequence('%s', '%s'), (select coalesce(max(%s), 0) + 1 from %s), false)", table, column, column, table))
		return err
	}, "select table_name, column_name from information_schema.columns where table_schema = current_schema() and is_identity = 'YES'")
	return bind, err
}
