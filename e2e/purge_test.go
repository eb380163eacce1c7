package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/need"
)

// cache is a shared cache that keeps whatever it gets for ever, as one does that
// was set up to ignore what Freigabe allows. It can be told what to drop.
type cache struct {
	behind  atomic.Pointer[newsroom]
	refuses atomic.Int32 // how many more times it fails to be told
	told    atomic.Int32

	mu    sync.Mutex
	pages map[string]answer
}

func (c *cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case "PURGE", "BAN":
		c.told.Add(1)
		if c.refuses.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		c.drop(r)
	default:
		c.serve(w, r)
	}
}

func (c *cache) drop(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := strings.Fields(r.Header.Get("Surrogate-Key"))
	for key, page := range c.pages {
		mine := slices.ContainsFunc(strings.Fields(page.header.Get("Surrogate-Key")), func(n string) bool { return slices.Contains(names, n) })
		if key == r.RequestURI && r.Method == "PURGE" || mine {
			delete(c.pages, key)
		}
	}
}

func (c *cache) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	page, had := c.pages[r.RequestURI]
	c.mu.Unlock()
	if !had {
		var err error
		if page, err = c.behind.Load().call(http.MethodGet, r.RequestURI, "", nil); err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		c.mu.Lock()
		c.pages[r.RequestURI] = page
		c.mu.Unlock()
	}
	_, _ = w.Write(page.body) // the test's client reads it whole or fails
}

// cached is what a cache answers for the article's pages, in all orders.
func cached(base, article string) (string, error) {
	var all bytes.Buffer
	for _, path := range []string{"/embed/articles/" + article, "/embed/articles/" + article + "?sort=newest", "/a/" + article, "/api/v1/articles/" + article + "/comments", "/feeds/" + article + ".json"} {
		a, err := (&newsroom{base: base}).call(http.MethodGet, path, "", nil)
		if err != nil {
			return "", err
		}
		all.Write(a.body)
	}
	return all.String(), nil
}

// What is taken down on one node is gone from a cache before the other, even from
// one that keeps pages for ever and that could not be told at the first try.
func TestPurgedFromCaches(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"purge", "ban"} {
		t.Run(kind, func(t *testing.T) {
			c := &cache{pages: map[string]answer{}}
			srv := httptest.NewServer(c)
			t.Cleanup(srv.Close)
			a, b := twoNodes(t, "FREIGABE_PURGE="+kind+"+"+srv.URL)
			c.behind.Store(b)
			takeDownBehind(t, a, srv.URL, c)
		})
	}
}

func takeDownBehind(t *testing.T, a *newsroom, front string, c *cache) {
	text := "Diesen Vorwurf nimmt die Redaktion zurück"
	shown := func(want bool) time.Duration {
		begun := time.Now()
		err := until(fmt.Sprintf("pages of the cache that show it: %v", want), func() error {
			all, err := cached(front, a.article)
			if err == nil && strings.Contains(all, text) != want {
				err = fmt.Errorf("shown: %v", !want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err, a.said())
		}
		return time.Since(begun)
	}
	shown(false) // the cache is filled with the pages from before
	id := a.release(t, text)
	shown(true)
	if c != nil {
		c.refuses.Store(1)
	}
	a.remove(t, id)
	took := shown(false)
	t.Logf("gone from the cache after %v", took)
}

// The same with the real program and the file of deploy/.
func TestPurgedFromVarnish(t *testing.T) {
	t.Parallel()
	need.Program(t, "varnishd", "varnish")
	front := freeAddr(t)
	a, b := twoNodes(t, "FREIGABE_PURGE=ban+http://"+front)
	startVarnish(t, front, strings.TrimPrefix(b.base, "http://"))
	takeDownBehind(t, a, "http://"+front, nil)
}

// startVarnish runs Varnish with deploy/varnish.vcl before one node. It keeps pages
// for a minute: what Freigabe allows would end by itself.
func startVarnish(t *testing.T, front, node string) {
	t.Helper()
	vcl, err := os.ReadFile("../deploy/varnish.vcl")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(node, ":")
	text := regexp.MustCompile(`\.host = "[^"]*"`).ReplaceAllString(string(vcl), `.host = "`+host+`"`)
	text = regexp.MustCompile(`\.port = "[^"]*"`).ReplaceAllString(text, `.port = "`+port+`"`)
	text += "\nsub vcl_backend_response { set beresp.ttl = 60s; }\n"
	dir, err := os.MkdirTemp("", "freigabe-varnish-") // t.TempDir is too long a path for its shared memory's names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "freigabe.vcl")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command("varnishd", "-F", "-n", filepath.Join(dir, "run"), "-a", front, "-f", file, "-s", "malloc,32m")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	if err := until("varnish", func() error { _, err := http.Get("http://" + front + "/healthz"); return err }); err != nil {
		t.Fatal(err, said.String())
	}
}

// freeAddr is an address of this machine that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
