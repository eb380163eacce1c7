package thread

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func house(t *testing.T) (*storetest.House, *Pages) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	return h, New(h.Store, 0)
}

// texts renders the texts that readers see, a line each.
func texts(h *storetest.House, count *atomic.Int64) func(context.Context) (Rendered, error) {
	return func(ctx context.Context) (Rendered, error) {
		count.Add(1)
		page, _, err := h.Thread(ctx, h.Article.ID, store.Oldest, 50, "")
		var b strings.Builder
		for _, c := range page {
			fmt.Fprintln(&b, c.Text)
		}
		return Rendered{Body: []byte(b.String()), Type: "text/plain", Site: h.Site}, err
	}
}

func get(t *testing.T, p *Pages, k Key, render func(context.Context) (Rendered, error)) string {
	t.Helper()
	page, err := p.Get(t.Context(), k, render)
	if err != nil {
		t.Fatal(err)
	}
	return string(page.Body())
}

func recent(t *testing.T, p *Pages, k Key, render func(context.Context) (Rendered, error)) string {
	t.Helper()
	page, err := p.Recent(t.Context(), k, render)
	if err != nil {
		return err.Error()
	}
	return string(page.Body())
}

func follow(t *testing.T, p *Pages) {
	t.Helper()
	if err := p.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPageIsRenderedOncePerChange(t *testing.T) {
	h, p := house(t)
	var n atomic.Int64
	k := Key{Article: h.Article.ID, Name: "x"}
	first := h.Post("", "Mira", "Gut so.")
	for range 3 {
		if body := get(t, p, k, texts(h, &n)); body != "" {
			t.Fatalf("before the release: %q", body)
		}
	}
	h.Post("", "Jost", "Noch einer.")
	follow(t, p)
	if get(t, p, k, texts(h, &n)); n.Load() != 1 {
		t.Errorf("a submission made the page render %d times, want once in all", n.Load())
	}
	h.Release(h.Anna, first.Comment)
	follow(t, p)
	if body := get(t, p, k, texts(h, &n)); body != "Gut so.\n" || n.Load() != 2 {
		t.Errorf("after the release %q, rendered %d times", body, n.Load())
	}
	other := Key{Article: "other", Name: "x"}
	get(t, p, other, texts(h, &n))
	h.Do(h.Anna, "remove", first.Comment)
	follow(t, p)
	get(t, p, other, texts(h, &n))
	if body := get(t, p, k, texts(h, &n)); body != "\n" || n.Load() != 4 {
		t.Errorf("after the removal %q, rendered %d times, want 4: the other article's page stays", body, n.Load())
	}
}

// A page that belongs to no article may say what it depends on: then other changes
// leave it in memory.
func TestPagesSayWhatTheyDependOn(t *testing.T) {
	h, p := house(t)
	second, err := h.AddArticle(t.Context(), store.Article{Site: h.Site.ID, Doc: article.Article{URL: "https://blatt.example/zweiter", Headline: "Der zweite"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := h.AddSite(t.Context(), store.Site{Name: "andere", Origin: "https://andere.example"})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]Rendered{
		"any": {}, "this article": {Articles: []string{second.ID, h.Article.ID}}, "another article": {Articles: []string{second.ID}},
		"this site": {Site: h.Site, OfSite: true}, "another site": {Site: other, OfSite: true},
	}
	rendered := map[string]int{}
	look := func(after string, want map[string]int) {
		t.Helper()
		if err := p.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		clear(rendered)
		for name, page := range pages {
			get(t, p, Key{Name: name}, func(context.Context) (Rendered, error) { rendered[name]++; return page, nil })
		}
		if !maps.Equal(rendered, want) {
			t.Errorf("%s: rendered %v, want %v", after, rendered, want)
		}
	}
	look("at first", map[string]int{"any": 1, "this article": 1, "another article": 1, "this site": 1, "another site": 1})
	look("without a change", map[string]int{})
	h.Release(h.Anna, h.Post("", "Mira", "Gut so.").Comment)
	look("after a release", map[string]int{"any": 1, "this article": 1, "this site": 1})
	if err := h.ChangeSettings(t.Context(), h.Site.ID, func(s *store.Settings) error { s.Informal = true; return nil }); err != nil {
		t.Fatal(err)
	}
	look("after the site's settings", map[string]int{"any": 1, "this article": 1, "another article": 1, "this site": 1})
}

func TestErrorsAreNotKept(t *testing.T) {
	h, p := house(t)
	k := Key{Article: h.Article.ID}
	broken := errors.New("broken")
	if _, err := p.Get(t.Context(), k, func(context.Context) (Rendered, error) { return Rendered{}, broken }); !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	if body := get(t, p, k, func(context.Context) (Rendered, error) { return Rendered{Body: []byte("ok")}, nil }); body != "ok" {
		t.Errorf("after an error: %q", body)
	}
	func() {
		defer func() { recover() }()
		_, _ = p.Get(t.Context(), Key{Article: "p"}, func(context.Context) (Rendered, error) { panic("in a template") })
	}()
	if body := get(t, p, Key{Article: "p"}, func(context.Context) (Rendered, error) { return Rendered{Body: []byte("ok")}, nil }); body != "ok" {
		t.Errorf("after a panic: %q", body)
	}
}

// A rendering that an event overtakes may hold what was just taken down.
func TestOvertakenRenderingIsNotServed(t *testing.T) {
	h, p := house(t)
	posted := h.Post("", "Mira", "Gut so.")
	h.Release(h.Anna, posted.Comment)
	var n atomic.Int64
	inner := texts(h, &n)
	body := get(t, p, Key{Article: h.Article.ID}, func(ctx context.Context) (Rendered, error) {
		r, err := inner(ctx)
		if n.Load() == 1 {
			h.Do(h.Anna, "remove", posted.Comment)
			if err := p.Follow(ctx); err != nil {
				t.Error(err)
			}
		}
		return r, err
	})
	if strings.Contains(body, "Gut so.") || n.Load() != 2 {
		t.Errorf("a removed text was served after its removal: %q, rendered %d times", body, n.Load())
	}
}

// Three thousand readers wait for a page that has just changed: it is read from the
// database once, and so again after the next change.
func TestOneRenderingForManyReaders(t *testing.T) {
	const readers = 3000
	h, p := house(t)
	var n atomic.Int64
	inner := texts(h, &n)
	for change := range 3 {
		h.Release(h.Anna, h.Post("", "Mira", fmt.Sprint("Gut so, zum ", change)).Comment)
		if err := p.Follow(t.Context()); err != nil {
			t.Fatal(err)
		}
		var waiting atomic.Int64
		render := func(ctx context.Context) (Rendered, error) {
			for waiting.Load() < readers { // until everyone has asked
				runtime.Gosched()
			}
			return inner(ctx)
		}
		var all sync.WaitGroup
		for range readers {
			all.Go(func() {
				waiting.Add(1)
				page, err := p.Get(context.Background(), Key{Article: h.Article.ID}, render)
				if err != nil || strings.Count(string(page.Body()), "\n") != change+1 {
					t.Errorf("after change %d: %v", change, err)
				}
			})
		}
		all.Wait()
		if int(n.Load()) != change+1 {
			t.Errorf("%d renderings after %d changes", n.Load(), change+1)
		}
	}
}

// slowly renders the number of the rendering; all but the first wait for slow.
func slowly(h *storetest.House, slow <-chan struct{}) (render func(context.Context) (Rendered, error), version *atomic.Int64) {
	version = new(atomic.Int64)
	return func(context.Context) (Rendered, error) {
		n := version.Add(1)
		if n > 1 {
			<-slow
		}
		return Rendered{Body: fmt.Append(nil, n), Site: h.Site}, nil
	}, version
}

// A comment comes to a page that many read. Nobody waits for its rendering: they get
// the page before it, for as long as that was current less than overlap ago, and the
// new one once it is there.
func TestNobodyWaitsForAComment(t *testing.T) {
	h, p := house(t)
	var passed atomic.Int64
	begun := time.Now()
	p.now = func() time.Time { return begun.Add(time.Duration(passed.Load())) }
	k, slow := Key{Article: h.Article.ID}, make(chan struct{})
	render, version := slowly(h, slow)
	later := func(d time.Duration) { passed.Add(int64(d)) }
	if got := recent(t, p, k, render); got != "1" {
		t.Fatalf("first %q", got)
	}
	h.Release(h.Anna, h.Post("", "Mira", "Gut so.").Comment)
	later(overlap / 3) // the bell was late: for so long nobody knew that the page had changed
	follow(t, p)
	if got := recent(t, p, k, render); got != "1" {
		t.Errorf("who begins the rendering gets %q", got)
	}
	until(t, func() bool { return version.Load() == 2 })
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Get(gone, k, render); !errors.Is(err, context.Canceled) {
		t.Errorf("who wants no page but the newest does not wait for it: %v", err)
	}
	later(overlap/3*2 - time.Millisecond)
	if got := recent(t, p, k, render); got != "1" {
		t.Errorf("beside the rendering %q", got)
	}
	later(2 * time.Millisecond)
	if _, err := p.Recent(gone, k, render); !errors.Is(err, context.Canceled) {
		t.Errorf("the page before the change is served after its time: %v", err)
	}
	close(slow)
	if got := recent(t, p, k, render); got != "2" {
		t.Errorf("afterwards %q", got)
	}
	if version.Load() != 2 {
		t.Errorf("rendered %d times", version.Load())
	}
	if size, pages := p.Size(); pages != 1 || size != p.entries[k].page.size() {
		t.Errorf("%d bytes of %d pages are kept", size, pages)
	}
}

// Something is taken from readers: alone, after a comment came, before one comes, and
// while the page with that comment is being rendered. Whoever asks first afterwards
// waits for a page without it.
func TestNobodyBeginsToSeeWhatWasTaken(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(h *storetest.House, p *Pages, remove, release, read func())
	}{
		{"alone", func(_ *storetest.House, _ *Pages, remove, _, _ func()) { remove() }},
		{"after a comment came", func(_ *storetest.House, p *Pages, remove, release, _ func()) {
			release()
			follow(t, p)
			remove()
		}},
		{"with a comment", func(_ *storetest.House, _ *Pages, remove, release, _ func()) { remove(); release() }},
		{"before a comment comes", func(_ *storetest.House, p *Pages, remove, release, _ func()) {
			remove()
			follow(t, p)
			release()
		}},
		{"while a comment is being rendered", func(_ *storetest.House, p *Pages, remove, release, read func()) {
			release()
			follow(t, p)
			read()
			remove()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, p := house(t)
			k, slow := Key{Article: h.Article.ID}, make(chan struct{})
			bad := h.Post("", "Mira", "Gut so.")
			h.Release(h.Anna, bad.Comment)
			render, version := slowly(h, slow)
			if got := recent(t, p, k, render); got != "1" {
				t.Fatalf("first %q", got)
			}
			c.change(h, p, func() { h.Do(h.Anna, moderation.Remove, bad.Comment) },
				func() { h.Release(h.Anna, h.Post("", "Jost", "Noch einer.").Comment) },
				func() { recent(t, p, k, render) })
			follow(t, p)
			before := version.Load()
			first := make(chan string, 1)
			go func() { first <- recent(t, p, k, render) }()
			until(t, func() bool { return version.Load() > before })
			close(slow)
			if got := <-first; got == "1" {
				t.Error("the page from before is shown to who asks first")
			}
		})
	}
}

// What goes wrong beside the requests, be it a panic, harms none of them while there
// is the page before, and is told to whoever asks when there is none any more.
func TestFailuresBesideRequestsAreTold(t *testing.T) {
	h, p := house(t)
	begun := time.Now()
	var passed atomic.Int64
	p.now = func() time.Time { return begun.Add(time.Duration(passed.Load())) }
	k := Key{Article: h.Article.ID}
	var rendered atomic.Int64
	broken := func(context.Context) (Rendered, error) {
		if rendered.Add(1) > 1 {
			panic("broken")
		}
		return Rendered{Body: []byte("as before"), Site: h.Site}, nil
	}
	get(t, p, k, broken)
	h.Release(h.Anna, h.Post("", "Mira", "Gut so.").Comment)
	follow(t, p)
	if got := recent(t, p, k, broken); got != "as before" {
		t.Errorf("while it fails: %q", got)
	}
	until(t, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return rendered.Load() == 2 && len(p.entries) == 0 })
	passed.Add(int64(overlap))
	defer func() {
		if recover() != "broken" {
			t.Error("the failure is told to nobody")
		}
	}()
	_, _ = p.Recent(t.Context(), k, broken)
}

// What was asked for long ago, or known to be current long ago, is not shown again.
func TestOldPagesAreNotKept(t *testing.T) {
	for _, c := range []struct {
		name           string
		unread, unsure time.Duration
	}{{"nobody reads it", hot + time.Millisecond, 0}, {"the events were late", 0, overlap}} {
		t.Run(c.name, func(t *testing.T) {
			h, p := house(t)
			now := time.Now()
			p.now = func() time.Time { return now }
			k := Key{Article: h.Article.ID}
			get(t, p, k, texts(h, new(atomic.Int64)))
			h.Release(h.Anna, h.Post("", "Mira", "Gut so.").Comment)
			p.confirmed.Store(now.Add(c.unread).UnixNano())
			now = now.Add(c.unread + c.unsure)
			if err := p.Follow(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(p.before) > 0 || p.size != 0 {
				t.Errorf("%d pages, %d bytes are kept", len(p.before), p.size)
			}
		})
	}
}

func TestStalePagesAreNotServed(t *testing.T) {
	h, p := house(t)
	now := time.Now()
	p.now = func() time.Time { return now }
	k := Key{Article: h.Article.ID}
	ok := func(context.Context) (Rendered, error) { return Rendered{Body: []byte("ok")}, nil }
	get(t, p, k, ok)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(maxAge - time.Millisecond)
	get(t, p, k, ok) // still confirmed
	now = now.Add(time.Millisecond)
	if _, err := p.Get(t.Context(), k, ok); !errors.Is(err, ErrStale) {
		t.Errorf("two seconds after the last confirmation: %v", err)
	}
}

func TestPagesChangeByThemselves(t *testing.T) {
	h, p := house(t)
	n := 0
	render := func(context.Context) (Rendered, error) {
		n++
		return Rendered{Body: []byte("ok"), Until: h.Now().Add(time.Hour)}, nil
	}
	get(t, p, Key{Article: h.Article.ID}, render)
	h.Clock.Pass(59 * time.Minute)
	get(t, p, Key{Article: h.Article.ID}, render)
	if n != 1 {
		t.Fatalf("rendered %d times before its time", n)
	}
	h.Clock.Pass(time.Minute)
	if get(t, p, Key{Article: h.Article.ID}, render); n != 2 {
		t.Errorf("rendered %d times, want again at its time", n)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	h, _ := house(t)
	p := New(h.Store, 100_000)
	big := func(context.Context) (Rendered, error) {
		b := make([]byte, 10_000)
		for i, x := 0, uint32(7); i < len(b); i++ {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			b[i] = byte(x)
		}
		return Rendered{Body: b}, nil
	}
	for i := range 50 {
		get(t, p, Key{Article: fmt.Sprint(i)}, big)
		if size, _ := p.Size(); size > 100_000 {
			t.Fatalf("%d bytes after %d pages", size, i+1)
		}
	}
	if size, pages := p.Size(); pages == 0 || size < 30_000 {
		t.Errorf("%d pages of %d bytes are left", pages, size)
	}
}

func TestServe(t *testing.T) {
	body := strings.Repeat("Kommentar ", 500)
	page := newPage(Rendered{Body: []byte(body), Type: "text/html; charset=utf-8"}, nil)
	tags := map[string]bool{}
	for _, c := range []struct {
		accept, encoding string
		open             func(io.Reader) (io.Reader, error)
	}{
		{"", "", func(r io.Reader) (io.Reader, error) { return r, nil }},
		{"gzip, br", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{"gzip, deflate, br, zstd", "zstd", func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) }},
		{"zstd;q=0, gzip;q=0.5", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	} {
		ask := func(etag string) *http.Response {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Accept-Encoding", c.accept)
			r.Header.Set("If-None-Match", etag)
			w := httptest.NewRecorder()
			page.Serve(w, r)
			return w.Result()
		}
		res := ask("")
		r, err := c.open(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != body || res.Header.Get("Content-Encoding") != c.encoding {
			t.Errorf("%q: encoding %q, %d bytes, %v", c.accept, res.Header.Get("Content-Encoding"), len(got), err)
		}
		tag := res.Header.Get("Etag")
		if strings.HasPrefix(tag, "W/") || !strings.HasPrefix(tag, `"`) {
			t.Errorf("the tag %s is not a strong one", tag)
		}
		tags[tag] = true
		if res := ask(`"other", ` + tag); res.StatusCode != 304 || res.Header.Get("Etag") != tag || res.Header.Get("Vary") != "Accept-Encoding" || res.Header.Get("Cache-Control") != CacheControl {
			t.Errorf("%q: known tag answers %d with %v", c.accept, res.StatusCode, res.Header)
		}
		if res := ask(`"other"`); res.StatusCode != 200 {
			t.Errorf("unknown tag answers %d", res.StatusCode)
		}
	}
	if len(tags) != 3 {
		t.Errorf("three encodings have the tags %v", tags)
	}
}

// Run confirms freshness by itself, with nobody asking and nothing happening.
func TestRunKeepsFresh(t *testing.T) {
	h, p := house(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		if err := p.Run(ctx); err != nil {
			t.Error(err)
		}
		close(done)
	}()
	until(t, p.isFresh)
	changes, stop := p.Watch(h.Article.ID)
	posted := h.Post("", "Mira", "Gut so.")
	h.Release(h.Anna, posted.Comment)
	select {
	case <-changes:
	case <-t.Context().Done():
	}
	stop()
	cancel()
	<-done
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-end:
			t.Fatal("waited in vain")
		case <-time.After(time.Millisecond):
		}
	}
}
