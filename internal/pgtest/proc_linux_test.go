package pgtest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A test process that is killed must not leave a server behind.
func TestServerEndsWithItsProcess(t *testing.T) {
	programs(t)
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Stderr = os.Stderr
	child.Env = append(os.Environ(), "FREIGABE_PGTEST_CHILD=1")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var dir, pid string
	if _, err := fmt.Fscan(out, &dir, &pid); err != nil {
		t.Fatalf("the child started no server: %v", err)
	}
	defer os.RemoveAll(dir)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed: its error is certain
	waitUntil(t, "the server's process is gone", func() bool {
		_, err := os.Stat("/proc/" + pid)
		return os.IsNotExist(err)
	})
}

// TestMain plays the other process of TestServerEndsWithItsProcess where asked.
func TestMain(m *testing.M) {
	if os.Getenv("FREIGABE_PGTEST_CHILD") == "" {
		os.Exit(m.Run())
	}
	if err := holdServer(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// holdServer starts the shared server, says which process it is and waits to be killed.
func holdServer() error {
	bin, err := find()
	if err != nil {
		return err
	}
	dsn, err := startShared(bin)
	if err != nil {
		return err
	}
	return onServer(dsn, func(ctx context.Context, c *pgx.Conn) error {
		var folder, data string
		if err := c.QueryRow(ctx, "show unix_socket_directories").Scan(&folder); err != nil {
			return err
		}
		if err := c.QueryRow(ctx, "show data_directory").Scan(&data); err != nil {
			return err
		}
		pid, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
		if err != nil {
			return err
		}
		fmt.Println(folder, strings.SplitN(string(pid), "\n", 2)[0])
		_, err = bufio.NewReader(os.Stdin).ReadString('\n')
		return err
	})
}

func TestSweepTakesOnlyWhatNobodyHolds(t *testing.T) {
	root := t.TempDir()
	folder := func(name string, age time.Duration) string {
		dir := filepath.Join(root, tempName+name)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
			t.Fatal(err)
		}
		held, err := lockFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { held.Close() })
		if !strings.HasPrefix(name, "held") {
			held.Close()
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	held, young, left := folder("held", time.Hour), folder("young", 0), folder("left", time.Hour)
	sweep(root)
	for dir, stays := range map[string]bool{held: true, young: true, left: false} {
		if _, err := os.Stat(dir); (err == nil) != stays {
			t.Errorf("%s: %v, want it to stay: %v", filepath.Base(dir), err, stays)
		}
	}
}

// waitUntil polls a condition until it holds, or fails the test after patience.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
