package pgtest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestNewGivesEachTestItsOwnEmptyDatabase(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			dsn := New(t)
			if n := scan[int](t, dsn, "select count(*) from pg_class where relnamespace = 'public'::regnamespace"); n != 0 {
				t.Errorf("a fresh database holds %d relations", n)
			}
			execute(t, dsn, "create table notes (word text)")
			execute(t, dsn, "insert into notes values ('Ärger'), ('Zorn')")
			// By code point Ä comes after Z; in a German order it would come first.
			if first := scan[string](t, dsn, "select word from notes order by word limit 1"); first != "Zorn" {
				t.Errorf("first word is %q: the order is not by code point", first)
			}
		})
	}
}

func TestDatabaseIsDroppedWithItsTest(t *testing.T) {
	keep := New(t)
	var gone string
	t.Run("inner", func(t *testing.T) {
		dsn := New(t)
		gone = scan[string](t, dsn, "select current_database()")
		// Somebody who is still connected must not keep the database alive.
		if _, err := pgx.Connect(context.Background(), dsn); err != nil {
			t.Fatal(err)
		}
	})
	if n := scan[int](t, keep, "select count(*) from pg_database where datname = '"+gone+"'"); n != 0 {
		t.Errorf("database %s outlived its test", gone)
	}
}

func TestDurableServerKeepsWhatItAcknowledged(t *testing.T) {
	s := NewDurable(t)
	if on := scan[string](t, s.DSN, "show fsync"); on != "on" {
		t.Fatalf("fsync is %s", on)
	}
	if n := scan[int](t, s.DSN, "select count(*) from pg_class where relnamespace = 'public'::regnamespace"); n != 0 {
		t.Errorf("a fresh database holds %d relations", n)
	}
	execute(t, s.DSN, "create table notes (word text)")
	execute(t, s.DSN, "insert into notes values ('acknowledged')")
	s.Kill(t)
	if c, err := pgx.Connect(context.Background(), s.DSN); err == nil {
		c.Close(context.Background())
		t.Fatal("the server answers after it was killed")
	}
	s.Start(t)
	if word := scan[string](t, s.DSN, "select word from notes"); word != "acknowledged" {
		t.Errorf("after the crash the row is %q", word)
	}
}

func TestMissingServerSkipsOrFails(t *testing.T) {
	tests := []struct {
		name, ci, require string
		fails             bool
	}{
		{"at home", "", "", false},
		{"in CI", "true", "", true},
		{"required", "", "1", true},
	}
	was := debianPrograms
	debianPrograms = "/nowhere/*/bin"
	defer func() { debianPrograms = was }()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", "")
			t.Setenv("FREIGABE_TEST_PG_BIN", "")
			t.Setenv("FREIGABE_TEST_PG_DSN", "")
			t.Setenv("CI", tt.ci)
			t.Setenv("FREIGABE_REQUIRE_ALL", "")
			t.Setenv("FREIGABE_REQUIRE_PG", tt.require)
			var rec recorder
			var done sync.WaitGroup
			done.Go(func() { New(&rec) })
			done.Wait()
			if tt.fails != (rec.failed != "") || tt.fails == (rec.skipped != "") {
				t.Errorf("failed %q, skipped %q; want a failure: %v", rec.failed, rec.skipped, tt.fails)
			}
			if !strings.Contains(rec.failed+rec.skipped, "install the package postgresql") {
				t.Errorf("%q does not say what to do", rec.failed+rec.skipped)
			}
		})
	}
}

// A folder that was named and is wrong is a mistake, not a machine without PostgreSQL.
func TestWrongFolderFails(t *testing.T) {
	t.Setenv("FREIGABE_TEST_PG_BIN", t.TempDir())
	t.Setenv("FREIGABE_TEST_PG_DSN", "")
	var rec recorder
	var done sync.WaitGroup
	done.Go(func() { New(&rec) })
	done.Wait()
	if !strings.Contains(rec.failed, "FREIGABE_TEST_PG_BIN") {
		t.Errorf("failed %q, skipped %q", rec.failed, rec.skipped)
	}
}

func TestWithDatabase(t *testing.T) {
	got, err := withDatabase("postgres://ed:secret@db:5433/postgres?sslmode=disable", "x")
	if want := "postgres://ed:secret@db:5433/x?sslmode=disable"; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if _, err := withDatabase("host=db password=secret", "x"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("keyword form gives %v, want an error without the password", err)
	}
}

// recorder stands in for a test and notes how it was ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// scan returns the one value of a query.
func scan[T any](t *testing.T, dsn, query string) T {
	t.Helper()
	var v T
	if err := onServer(dsn, func(ctx context.Context, c *pgx.Conn) error {
		return c.QueryRow(ctx, query).Scan(&v)
	}); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func execute(t *testing.T, dsn, statement string) {
	t.Helper()
	if err := onServer(dsn, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, statement)
		return err
	}); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
