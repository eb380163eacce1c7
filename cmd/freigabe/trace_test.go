package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/store"
)

// collector takes spans in as a collector does, and keeps their bytes.
type collector struct {
	mu  sync.Mutex
	got bytes.Buffer
	at  string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type")
	if _, err := io.Copy(&c.got, r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
}

// Spans tell routes, writes, renderings and jobs, and nothing of a person: no
// word, name, address, id or token, not even where a request fails.
func TestTracesNameNobody(t *testing.T) {
	c := &collector{}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithCancel(t.Context())
	n, err := newNode(ctx, &settings{db: "sqlite:" + filepath.Join(t.TempDir(), "f.db"), addr: "127.0.0.1:0", proxies: "127.0.0.1", trace: srv.URL, traceShare: 1}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- n.serve(ctx, func(string) {}) }()
	base := "http://" + n.listen.Addr().String()
	site, err := n.store.AddSite(ctx, store.Site{Name: "blatt", Origin: "https://blatt.example"})
	if err != nil {
		t.Fatal(err)
	}
	doc := article.Article{Headline: "Die Brücke", Lede: "Saniert.", Blocks: []article.Block{{Kind: "paragraph", Text: "Ab Mai."}}}
	a, err := n.store.AddArticle(ctx, store.Article{Site: site.ID, Doc: doc}, nil)
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"Geheimer Satz", "Berta Geheim", "berta@geheim.example", "203.0.113.77", a.ID}
	body := fmt.Sprintf(`{"text":%q,"author":{"name":%q,"email":%q}}`, secrets[0], secrets[1], secrets[2])
	said := ask(t, http.MethodPost, base+"/api/v1/articles/"+a.ID+"/comments", body, secrets[3])
	_, token, _ := strings.Cut(said, "/receipts/")
	token, _, _ = strings.Cut(token, `"`)
	if len(token) < 12 {
		t.Fatalf("no receipt in %s", said)
	}
	ask(t, http.MethodGet, base+"/receipts/"+token, "", secrets[3])
	ask(t, http.MethodGet, base+"/a/"+a.ID+"?geheim=geheim", "", secrets[3])
	ask(t, http.MethodPost, base+"/api/v1/articles/"+a.ID+"/comments", body+"geheim", secrets[3])
	cancel()
	if err := <-served; err != nil && err != http.ErrServerClosed {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at != "POST /v1/traces application/x-protobuf" {
		t.Errorf("the collector was asked %q", c.at)
	}
	for _, name := range []string{"POST /api/v1/articles/{id}/comments", "GET /receipts/{token}", "GET /a/{id}", "store.submit", "store.write", "thread.render", "job assess", "service.name"} {
		if !bytes.Contains(c.got.Bytes(), []byte(name)) {
			t.Errorf("no span names %q", name)
		}
	}
	for _, secret := range append(secrets, token, "geheim") {
		if bytes.Contains(c.got.Bytes(), []byte(secret)) {
			t.Errorf("the spans hold %q", secret)
		}
	}
}

// ask sends a request as a proxy passes it on, and gives the answer's body.
func ask(t *testing.T, method, address, body, reader string) string {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", reader)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTraceSettings(t *testing.T) {
	for _, bad := range []*settings{{trace: "collector:4318"}, {trace: "http://127.0.0.1:4318", traceShare: 2}} {
		bad.db, bad.addr = "sqlite:"+filepath.Join(t.TempDir(), "f.db"), "127.0.0.1:0"
		if _, err := newNode(t.Context(), bad, io.Discard); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
