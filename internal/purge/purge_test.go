package purge_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/purge"
)

func TestEachKindOfCache(t *testing.T) {
	ch := purge.Change{Site: "s1", Article: "a1"}
	for kind, want := range map[string]string{
		"ban":  "BAN blatt.example /base key=geheim names=article-a1 site-s1 lists",
		"keys": "POST CACHE /base key=geheim names=article-a1 site-s1 lists",
		"tags": `POST CACHE /base key=geheim names= {"tags":["article-a1","site-s1","lists"]}`,
	} {
		var got []string
		srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body) // what is missing shows in the comparison
			host := strings.Replace(r.Host, r.Context().Value(http.LocalAddrContextKey).(fmt.Stringer).String(), "CACHE", 1)
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s key=%s names=%s %s", r.Method, host, r.RequestURI, r.Header.Get("Fastly-Key"), r.Header.Get("Surrogate-Key"), body)))
		}))
		if err := purge.Send(t.Context(), srv.Client(), parsed(t, kind, srv.URL), ch, "https://blatt.example"); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		srv.Close()
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: told %q, want %q", kind, got, want)
		}
	}
}

func parsed(t *testing.T, kind, address string) purge.Cache {
	t.Helper()
	caches, err := purge.Parse(" " + kind + "+" + strings.Replace(address, "http://", "http://Fastly-Key:geheim@", 1) + "/base,")
	if err != nil || len(caches) != 1 {
		t.Fatalf("parse: %v %v", caches, err)
	}
	return caches[0]
}

func TestAddressesOfAnArticle(t *testing.T) {
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.Host+r.RequestURI)
		w.WriteHeader(http.StatusNotFound) // it did not have the page
	}))
	defer srv.Close()
	if err := purge.Send(t.Context(), srv.Client(), parsed(t, "purge", srv.URL), purge.Change{Site: "s1", Article: "a1"}, "https://blatt.example"); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"/a/a1", "/embed/articles/a1?sort=newest", "/api/v1/articles/a1/comments", "/api/v1/counts?id=a1", "/feeds/a1.atom", "/"} {
		if !slices.Contains(got, "PURGE blatt.example/base"+page) {
			t.Errorf("%s was not purged: %q", page, got)
		}
	}
}

func refused(t *testing.T, kind string, status int) error {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer srv.Close()
	return purge.Send(t.Context(), srv.Client(), parsed(t, kind, srv.URL), purge.Change{Site: "s1"}, "")
}

func TestARefusalIsAnError(t *testing.T) {
	for _, kind := range []string{"purge", "ban", "keys", "tags"} {
		if err := refused(t, kind, http.StatusServiceUnavailable); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if refused(t, "ban", http.StatusNotFound) == nil {
		t.Error("a cache that does not know the request counts as told")
	}
}

// What a page is named must be what a change of it names.
func TestNamesMeetTags(t *testing.T) {
	pages := map[string][]string{
		"article": purge.Tag("s1", "a1"), "list": purge.Tag("s1", ""), "counts": purge.Tag("", ""), "other": purge.Tag("s1", "a2"), "foreign": purge.Tag("s2", "a3"),
	}
	for change, want := range map[purge.Change]string{
		{Site: "s1", Article: "a1"}: "article counts list",
		{Site: "s1"}:                "article counts list other",
	} {
		var touched []string
		for page, tags := range pages {
			if slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(change.Names(), tag) }) {
				touched = append(touched, page)
			}
		}
		slices.Sort(touched)
		if got := strings.Join(touched, " "); got != want {
			t.Errorf("%+v touches %q, want %q", change, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, bad := range []string{"http://cache", "ban", "ban+cache:80", "ban+ftp://cache", "push+http://user:geheim@cache"} {
		if c, err := purge.Parse(bad); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q gives %v, %v", bad, c, err)
		}
	}
	if c, err := purge.Parse(""); err != nil || len(c) != 0 {
		t.Errorf("nothing gives %v, %v", c, err)
	}
}
