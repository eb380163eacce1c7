package pgtest

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Standby copies a durable server and starts the copy as its streaming standby,
// read-only until it is promoted. It ends with the test. It needs pg_basebackup
// beside the server's programs.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	config, err := pgx.ParseConfig(s.DSN)
	if err != nil {
		t.Fatalf("read the primary's address: %v", err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	copied, err := folder(s.bin)
	if err != nil {
		t.Fatalf("prepare a standby: %v", err)
	}
	t.Cleanup(copied.remove)
	backup := exec.Command(filepath.Join(s.bin, "pg_basebackup"), "-D", copied.data(), "-h", config.Host, "-p", strconv.Itoa(int(config.Port)),
		"-U", superuser, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
	backup.Dir = copied.dir
	unprivileged(backup)
	if out, err := backup.CombinedOutput(); err != nil {
		t.Fatalf("copy the primary: %v: %s", err, out)
	}
	copied.settings = []string{"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "fsync=on", "hot_standby=on"}
	copied.DSN = fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, port, config.Database)
	copied.Start(t)
	return copied
}

// Do runs a statement on the server and gives its first value as text.
func (s *Server) Do(t testing.TB, statement string) string {
	t.Helper()
	var out string
	if err := onServer(s.DSN, func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, statement, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
		defer rows.Close()
		if rows.Next() && len(rows.RawValues()) > 0 {
			out = string(rows.RawValues()[0])
		}
		rows.Close()
		return rows.Err()
	}); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return out
}
