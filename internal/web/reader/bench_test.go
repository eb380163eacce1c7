package reader_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The hot page against a bare handler that writes the same bytes from memory:
// both over HTTP on this machine, compressed, with kept connections.
func BenchmarkHotPage(b *testing.B) {
	p := newPaper(b)
	for i := range 50 {
		c := p.Post("", "Mira", fmt.Sprintf("Beitrag Nummer %d, mit einigen Worten dazu, wie sie Leser schreiben, und noch einem Satz.", i))
		p.Release(p.Anna, c.Comment)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go func() { _ = p.pages.Run(ctx) }() // ends with the context
	path := "/embed/articles/" + p.Article.ID
	hot := httptest.NewServer(p.server)
	defer hot.Close()
	r, err := http.NewRequest("GET", hot.URL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "zstd")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.Header.Get("Content-Encoding") != "zstd" {
		b.Fatal(err, res.Header)
	}
	header := res.Header.Clone()
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range header {
			w.Header()[k] = v
		}
		_, _ = w.Write(body) // the client has gone: nobody to tell
	}))
	defer bare.Close()
	for name, address := range map[string]string{"freigabe": hot.URL + path, "bare": bare.URL} {
		b.Run(name, func(b *testing.B) { ask(b, address) })
	}
}

func ask(b *testing.B, address string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequest("GET", address, nil)
			if err != nil {
				b.Error(err)
				return
			}
			r.Header.Set("Accept-Encoding", "zstd")
			res, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body) // a broken answer shows in its status
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				b.Errorf("status %d", res.StatusCode)
				return
			}
		}
	})
}
