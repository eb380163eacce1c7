//go:build soak

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/need"
)

// cluster is three database servers under Patroni with an etcd, all on this machine,
// by the file of deploy/.
type cluster struct {
	dir     string
	etcd    string // its address
	servers []*databaseServer
	owner   *syscall.Credential // PostgreSQL does not run as root
}

type databaseServer struct {
	name, addr, rest string
	cmd              *exec.Cmd
}

const secret = "nur-fuer-diesen-test"

func newCluster(t *testing.T, n int) *cluster {
	t.Helper()
	need.Program(t, "patroni", "patroni")
	need.Program(t, "etcd", "etcd-server")
	dir, err := os.MkdirTemp("", "freigabe-patroni-") // t.TempDir belongs to root alone
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{dir: dir, etcd: freeAddr(t)}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		c.owner = account(t, "postgres")
		if err := os.Chown(dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	peer := freeAddr(t)
	c.run(t, "etcd", nil, "etcd", "--data-dir", filepath.Join(dir, "etcd"), "--listen-client-urls", "http://"+c.etcd, "--advertise-client-urls", "http://"+c.etcd,
		"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer, "--initial-cluster", "default=http://"+peer)
	if err := until("etcd", func() error { _, err := http.Get("http://" + c.etcd + "/health"); return err }); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		c.servers = append(c.servers, &databaseServer{name: "db" + strconv.Itoa(i+1), addr: freeAddr(t), rest: freeAddr(t)})
	}
	return c
}

func account(t *testing.T, name string) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// run starts a program in a group of processes of its own, which ends with the
// test. What it and those that it starts say goes to a file.
func (c *cluster) run(t *testing.T, log string, env []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	said, err := os.Create(filepath.Join(c.dir, log+".log"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, said, said
	cmd.Env = append(append(os.Environ(), "HOME="+c.dir), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.owner}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	return cmd
}

// kill ends a program's whole group at once.
func kill(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
	_ = cmd.Wait()
}

// start lets a server join the cluster.
func (c *cluster) start(t *testing.T, s *databaseServer) {
	t.Helper()
	text, err := os.ReadFile("../deploy/patroni.yml")
	if err != nil {
		t.Fatal(err)
	}
	bin, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bin) == 0 {
		t.Fatalf("no PostgreSQL: %v", err)
	}
	file := filepath.Join(c.dir, s.name+".yml")
	config := strings.NewReplacer("name: db1", "name: "+s.name, "10.0.0.11:8008", s.rest, "10.0.0.11:5432", s.addr,
		"10.0.0.11:2379,10.0.0.12:2379,10.0.0.13:2379", c.etcd, "/var/lib/postgresql/freigabe", filepath.Join(c.dir, s.name),
		"/usr/lib/postgresql/17/bin", bin[len(bin)-1], "/run/patroni/pgpass", filepath.Join(c.dir, s.name+".pgpass"), "10.0.0.0/24", "127.0.0.1/32").Replace(string(text))
	config = strings.Replace(config, "  authentication:\n", "  parameters:\n    unix_socket_directories: "+c.dir+"\n  authentication:\n", 1)
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { killServer(c, s) })
	s.cmd = c.run(t, s.name, []string{"PATRONI_REPLICATION_USERNAME=replicator", "PATRONI_REPLICATION_PASSWORD=" + secret,
		"PATRONI_SUPERUSER_USERNAME=postgres", "PATRONI_SUPERUSER_PASSWORD=" + secret}, "patroni", file)
}

// plays tells whether a server has a part, such as primary or sync.
func (s *databaseServer) plays(part string) bool {
	res, err := http.Get("http://" + s.rest + "/" + part)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// waitFor waits until some server plays a part.
func (c *cluster) waitFor(t *testing.T, part string, patience time.Duration) *databaseServer {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		for _, s := range c.servers {
			if s.plays(part) {
				return s
			}
		}
	}
	for _, s := range c.servers {
		said, _ := os.ReadFile(filepath.Join(c.dir, s.name+".log")) // "" says enough
		t.Logf("%s said: %s", s.name, said)
	}
	t.Fatalf("no server became %s", part)
	return nil
}

// address names all servers: whoever takes writes is found by asking each.
func (c *cluster) address(user, database string) string {
	var hosts []string
	for _, s := range c.servers {
		hosts = append(hosts, s.addr)
	}
	return fmt.Sprintf("postgres://%s:%s@%s/%s?target_session_attrs=read-write&connect_timeout=2&sslmode=disable", user, secret, strings.Join(hosts, ","), database)
}

// TestPatroniFailsOver: the primary of three servers is killed with its Patroni. The
// node finds the new one by itself, takes in and decides again, and everything that
// was acknowledged before is there.
func TestPatroniFailsOver(t *testing.T) {
	c := newCluster(t, 3)
	for _, s := range c.servers {
		c.start(t, s)
		c.waitFor(t, "primary", time.Minute)
	}
	c.waitFor(t, "sync", 2*time.Minute)
	for _, statement := range []string{"create role freigabe login password '" + secret + "'", "create database freigabe owner freigabe"} {
		if out, err := exec.Command("psql", c.address("postgres", "postgres"), "-c", statement).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	n := &newsroom{dsn: c.address("freigabe", "freigabe"), dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_LIMITS=off", "FREIGABE_HOLD=0"}}
	if err := n.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.stop)
	done := &acknowledged{receipts: map[string]string{}, decided: map[string]string{}}
	for i := range 30 {
		if !submitAndDecide(n, done, fmt.Sprintf("Vor dem Ausfall %d", i), i) {
			t.Fatalf("refused before anything happened: %s", n.said())
		}
	}
	old := c.waitFor(t, "primary", time.Second)
	stop, refused := make(chan struct{}), make(chan int, 1)
	go func() { // readers and editors do not stop because a server died
		no := 0
		for i := 0; ; i++ {
			select {
			case <-stop:
				refused <- no
				return
			default:
			}
			if !submitAndDecide(n, done, fmt.Sprintf("Während des Ausfalls %d", i), i) {
				no++
				time.Sleep(50 * time.Millisecond) // as a reader would wait a little
			}
		}
	}()
	time.Sleep(500 * time.Millisecond) // the moment of the kill lies within work
	begun := time.Now()
	killServer(c, old)
	var took time.Duration
	for end := time.Now().Add(90 * time.Second); took == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("nothing is taken in after 90 s: %s", n.said())
		}
		text := "Nach dem Ausfall " + strconv.FormatInt(time.Now().UnixNano(), 10)
		if a, _ := n.call(http.MethodPost, "/api/v1/articles/"+n.article+"/comments", "", map[string]any{"text": text, "author": map[string]string{"name": "Berta"}}); a.status == http.StatusAccepted && c.primaryIsNot(old) {
			took = time.Since(begun)
		}
	}
	close(stop)
	no := <-refused
	if took > 40*time.Second {
		t.Errorf("writing stood still for %v, longer than docs/operations.md says", took)
	}
	done.verify(t, n)
	out, errOut, err := n.freigabe("", "check")
	if err != nil {
		t.Fatalf("check: %s %s", out, errOut)
	}
	t.Logf("taken in again %v after the primary was killed; %d submissions and %d decisions acknowledged, all there; %d attempts refused; check: %s",
		took.Round(100*time.Millisecond), len(done.receipts), len(done.decided), no, out)
}

// killServer kills Patroni and the server that it runs, as the loss of the machine
// does. The server has left Patroni's group.
func killServer(c *cluster, s *databaseServer) {
	pid, err := os.ReadFile(filepath.Join(c.dir, s.name, "postmaster.pid"))
	kill(s.cmd)
	if first, _, ok := strings.Cut(string(pid), "\n"); err == nil && ok {
		if n, err := strconv.Atoi(first); err == nil {
			_ = syscall.Kill(n, syscall.SIGKILL) // it may have ended with Patroni
		}
	}
}

func (c *cluster) primaryIsNot(old *databaseServer) bool {
	return slices.ContainsFunc(c.servers, func(s *databaseServer) bool { return s != old && s.plays("primary") })
}
