// Package pgtest gives a test a PostgreSQL database of its own, on a real
// server: Freigabe's promises hold on both of its databases, and only a real
// server shows races, locks and notifications as production has them.
//
// New returns a fresh, empty database. The server behind it is started once per
// test process, when the first test asks, and ends with that process, even when
// the process is killed. It listens on a Unix socket only and does not sync to
// disk: it is fast, and good for nothing but tests. NewDurable starts a server
// for one test that does sync, and that the test may kill and start again.
//
// The server is looked for in this order: the running one that
// FREIGABE_TEST_PG_DSN names; the programs in the folder FREIGABE_TEST_PG_BIN;
// the newest in /usr/lib/postgresql; those in PATH. Where there is none, the
// test is skipped and says so; with CI=true, FREIGABE_REQUIRE_ALL=1 or FREIGABE_REQUIRE_PG=1 it fails
// instead, so that no green run hides the gap.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/need"
	"github.com/jackc/pgx/v5"
)

// patience bounds every wait for a server: generous, because a loaded machine
// takes several seconds for what an idle one does in one.
const patience = 60 * time.Second

// shared is the one server of this test process and why it could not be started.
var shared struct {
	once sync.Once
	dsn  string
	err  error
	kept *Server // its lock file must not be collected: that would let others sweep the folder
}

// New returns the address (postgres://…) of an empty UTF-8 database that no
// other test uses, ordered by code point (collation C). It is dropped when the
// test ends, whoever is still connected to it.
func New(t testing.TB) (dsn string) {
	t.Helper()
	server := os.Getenv("FREIGABE_TEST_PG_DSN")
	if server == "" {
		bin := programs(t)
		shared.once.Do(func() { shared.dsn, shared.err = startShared(bin) })
		if shared.err != nil {
			t.Fatalf("start PostgreSQL for tests: %v", shared.err)
		}
		server = shared.dsn
	}
	return create(t, server)
}

// startShared starts the server that lives as long as this process.
func startShared(bin string) (dsn string, err error) {
	sweep(tempRoot)
	s, err := prepare(bin)
	if err != nil {
		return "", err
	}
	s.settings = []string{
		"listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
	}
	s.DSN = "postgres://" + superuser + "@/postgres?host=" + url.QueryEscape(s.dir)
	shared.kept = s
	return s.DSN, s.start()
}

// create makes a database on the server and drops it when the test ends.
func create(t testing.TB, server string) (dsn string) {
	t.Helper()
	name := "freigabe_test_" + strings.ToLower(rand.Text()[:16])
	dsn, err := withDatabase(server, name)
	if err != nil {
		t.Fatalf("read FREIGABE_TEST_PG_DSN: %v", err)
	}
	if err := onServer(server, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, createStatement(c, name))
		return err
	}); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := onServer(server, func(ctx context.Context, c *pgx.Conn) error {
			_, err := c.Exec(ctx, "drop database if exists "+name+" with (force)")
			return err
		}); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return dsn
}

// createStatement copies template0, which nobody can be connected to, so tests
// in parallel do not wait for each other. From version 15 on the copy is made
// file by file, the faster way while nothing is synced.
func createStatement(c *pgx.Conn, name string) string {
	s := "create database " + name + " template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'"
	version := c.PgConn().ParameterStatus("server_version")
	if major, _, _ := strings.Cut(version, "."); len(major) == 2 && major >= "15" {
		s += " strategy file_copy"
	}
	return s
}

// onServer runs f on a connection of its own to the server's given database.
func onServer(dsn string, f func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer c.Close(ctx)
	return f(ctx, c)
}

// withDatabase returns the server's address with another database's name.
func withDatabase(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", fmt.Errorf("write it as postgres://user@host/database") // the address itself may hold a password
	}
	u.Path = "/" + name
	return u.String(), nil
}

// programs returns the folder with initdb and postgres, or ends the test.
func programs(t testing.TB) string {
	t.Helper()
	bin, err := find()
	if err == nil {
		return bin
	}
	if !errors.Is(err, errNoPrograms) {
		t.Fatalf("find PostgreSQL: %v", err)
	}
	if need.All() || os.Getenv("FREIGABE_REQUIRE_PG") == "1" {
		t.Fatalf("%v, and this run may not do without PostgreSQL", err)
	}
	t.Skipf("not tested on PostgreSQL: %v", err)
	return ""
}
