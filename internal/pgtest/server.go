package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser = "freigabe"
	tempRoot  = "/tmp" // not os.TempDir: a socket's path may have 107 bytes at most
	tempName  = "freigabe-pg-"
)

// debianPrograms is where Debian puts the programs of each major version.
var debianPrograms = "/usr/lib/postgresql/*/bin"

// errNoPrograms says what to do where no server was found.
var errNoPrograms = errors.New("no PostgreSQL server programs found (install the package postgresql, or set FREIGABE_TEST_PG_BIN or FREIGABE_TEST_PG_DSN)")

// find returns the folder that holds initdb and postgres.
func find() (string, error) {
	if bin := os.Getenv("FREIGABE_TEST_PG_BIN"); bin != "" {
		if !holdsPrograms(bin) {
			return "", fmt.Errorf("no initdb and postgres in the folder FREIGABE_TEST_PG_BIN=%s", bin)
		}
		return bin, nil
	}
	if !canStart {
		return "", errNoPrograms
	}
	bins, _ := filepath.Glob(debianPrograms) // a fixed pattern: cannot be malformed
	sort.Slice(bins, func(i, j int) bool { return major(bins[i]) > major(bins[j]) })
	for _, bin := range bins {
		if holdsPrograms(bin) {
			return bin, nil
		}
	}
	if initdb, err := exec.LookPath("initdb"); err == nil && holdsPrograms(filepath.Dir(initdb)) {
		return filepath.Dir(initdb), nil
	}
	return "", errNoPrograms
}

// major is the version in a path like /usr/lib/postgresql/15/bin, 0 where there is none.
func major(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func holdsPrograms(bin string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(bin, name)); err != nil {
			return false
		}
	}
	return true
}

// Server is a PostgreSQL server of one test's own that syncs every commit to
// disk. Its methods are for the test's own goroutine.
type Server struct {
	DSN      string // postgres://…, an empty database; the same after a new start
	dir      string // holds the data, the socket, the log and the lock against sweeping
	bin      string
	settings []string
	lock     *os.File
	cmd      *exec.Cmd
	ended    chan struct{} // closed when the process of cmd is gone
	own      bool          // the port was its own: somebody else has it for a moment at the most
}

// NewDurable starts a server with fsync on and a loopback TCP port, for tests
// that kill it, or a node beside it. It ends with the test.
func NewDurable(t testing.TB) *Server {
	t.Helper()
	bin := programs(t)
	sweep(tempRoot)
	s, err := prepare(bin)
	if err != nil {
		t.Fatalf("prepare a durable PostgreSQL server: %v", err)
	}
	t.Cleanup(s.remove)
	for range 5 { // between asking for a port and listening on it somebody else may have got it
		var port int
		if port, err = freePort(); err != nil {
			t.Fatalf("find a free port: %v", err)
		}
		s.settings = []string{
			"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "fsync=on", "synchronous_commit=on",
		}
		s.DSN = fmt.Sprintf("postgres://%s@127.0.0.1:%d/postgres?sslmode=disable", superuser, port)
		if err = s.start(); err == nil || !strings.Contains(err.Error(), portTaken) {
			break
		}
	}
	if err != nil {
		t.Fatalf("start a durable PostgreSQL server: %v", err)
	}
	s.DSN = create(t, s.DSN)
	s.own = true
	return s
}

// What the server says of a port that somebody listens on, and of its dead
// predecessor's memory.
const (
	portTaken  = "Address already in use"
	memoryHeld = "shared memory block"
)

// Start starts a server that was killed, and returns when it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatalf("start the durable PostgreSQL server: %v", err)
	}
}

// Kill ends the server as a crash would (SIGKILL), and returns when it is gone.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatalf("kill PostgreSQL: %v", err)
	}
	<-s.ended
}

// remove ends the server and deletes its folder.
func (s *Server) remove() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill() // already gone is what we want
		<-s.ended
	}
	_ = os.RemoveAll(s.dir) // what a backend still writes while it ends, the next sweep takes
	_ = s.lock.Close()
}

// folder makes a locked folder for a server's files.
func folder(bin string) (*Server, error) {
	dir, err := os.MkdirTemp(tempRoot, tempName)
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	s := &Server{dir: dir, bin: bin, lock: lock}
	if err := giveAway(dir); err != nil {
		return nil, fmt.Errorf("give %s to an unprivileged user: %w", dir, err)
	}
	return s, nil
}

// prepare makes a folder with the files of a new server in it.
func prepare(bin string) (*Server, error) {
	s, err := folder(bin)
	if err != nil {
		return nil, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", s.data(), "-U", superuser, "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir = s.dir
	unprivileged(initdb)
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	return s, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// start runs postgres until it answers. After a crash the dead server's
// children may hold its memory for a moment, or somebody's connection its port,
// which ends a new one at once: it is tried again until patience ends.
func (s *Server) start() error {
	deadline := time.Now().Add(patience)
	for {
		if err := s.launch(); err != nil {
			return err
		}
		err := s.answers(deadline)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if said := s.lastWords(); !strings.Contains(said, memoryHeld) && !(s.own && strings.Contains(said, portTaken)) {
			return fmt.Errorf("%w: %s", err, said)
		}
	}
}

// launch starts the process, its output in the folder's log.
func (s *Server) launch() error {
	// Appending, since a killed server's children may still write to it.
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make a log: %w", err)
	}
	defer log.Close()
	args := []string{"-D", s.data(), "-k", s.dir}
	for _, setting := range append([]string{"shared_buffers=64MB", "max_connections=500"}, s.settings...) {
		args = append(args, "-c", setting)
	}
	s.cmd = exec.Command(filepath.Join(s.bin, "postgres"), args...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, log, log
	unprivileged(s.cmd)
	s.ended = make(chan struct{})
	if err := runBound(s.cmd, s.ended); err != nil {
		return fmt.Errorf("run postgres: %w", err)
	}
	return nil
}

// answers waits until the server accepts a connection or has ended.
func (s *Server) answers(deadline time.Time) error {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.DSN)
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-s.ended:
			return errors.New("the server ended at once")
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// lastWords is the end of the server's log, for an error.
func (s *Server) lastWords() string {
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return "no log"
	}
	return string(log[max(0, len(log)-1000):])
}

// freePort asks the kernel for a port that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
