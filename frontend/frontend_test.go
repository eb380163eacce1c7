package frontend

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"
)

// develop makes a folder frontend on disk with the given files and works there.
func develop(t *testing.T, content map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("FREIGABE_DEV", "1")
	for name, text := range content {
		write(t, name, text)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	p := filepath.Join("frontend", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestPathChangesWithContent(t *testing.T) {
	develop(t, map[string]string{"static/embed.js": "one", "static/img/logo.svg": "<svg/>"})
	first := Path("embed.js")
	if !regexp.MustCompile(`^/static/embed\.[0-9a-f]{8}\.js$`).MatchString(first) {
		t.Errorf("address %s", first)
	}
	if p := Path("img/logo.svg"); !regexp.MustCompile(`^/static/img/logo\.[0-9a-f]{8}\.svg$`).MatchString(p) {
		t.Errorf("address %s", p)
	}
	write(t, "static/embed.js", "two")
	if second := Path("embed.js"); second == first {
		t.Errorf("changed content keeps the address %s", second)
	}
	if p := Path("none.js"); p != "/static/none.js" {
		t.Errorf("unknown name gives %s", p)
	}
}

func TestHandler(t *testing.T) {
	script := strings.Repeat("console.log('Freigabe')\n", 40)
	develop(t, map[string]string{"static/embed.js": script, "static/.hidden": "x"})
	tests := []struct {
		name, path, cache string
		status            int
	}{
		{"immutable", Path("embed.js"), Forever, 200},
		{"of an earlier release", "/static/embed.00000000.js", "no-cache", 200},
		{"plain name", "/static/embed.js", "", 404},
		{"unknown", "/static/other.00000000.js", "", 404},
		{"hidden", "/static/.hidden", "", 404},
		{"folder", "/static/", "", 404},
		{"above", "/static/../templates/x.00000000.html", "", 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := get(t, tt.path)
			if res.StatusCode != tt.status || res.Header.Get("Cache-Control") != tt.cache {
				t.Errorf("%s: %d, %q", tt.path, res.StatusCode, res.Header.Get("Cache-Control"))
			}
			if body, _ := io.ReadAll(res.Body); tt.status == 200 && string(body) != script {
				t.Errorf("%s: %d bytes, want the script's %d", tt.path, len(body), len(script))
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	script := strings.Repeat("console.log('Freigabe')\n", 40)
	develop(t, map[string]string{"static/embed.js": script, "static/tiny.js": "1"})
	unzip := func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	tests := []struct {
		accept, encoding string
		open             func(io.Reader) (io.Reader, error)
	}{
		{"gzip, deflate, br, zstd", "br", func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }},
		{"gzip;q=0.5, br;q=0", "gzip", unzip},
		{"GZIP", "gzip", unzip},
		{"identity", "", func(r io.Reader) (io.Reader, error) { return r, nil }},
	}
	tags := map[string]string{}
	for _, tt := range tests {
		res := get(t, Path("embed.js"), "Accept-Encoding", tt.accept)
		if got := res.Header.Get("Content-Encoding"); got != tt.encoding {
			t.Fatalf("%s: encoding %q, want %q", tt.accept, got, tt.encoding)
		}
		r, err := tt.open(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err != nil || !bytes.Equal(body, []byte(script)) {
			t.Errorf("%s: %v, %d bytes", tt.accept, err, len(body))
		}
		tag := res.Header.Get("Etag")
		if other, seen := tags[tag]; seen && other != tt.encoding {
			t.Errorf("encodings %q and %q share the strong tag %s", other, tt.encoding, tag)
		}
		tags[tag] = tt.encoding
		if res := get(t, Path("embed.js"), "Accept-Encoding", tt.accept, "If-None-Match", tag); res.StatusCode != 304 {
			t.Errorf("%s: known tag answers %d", tt.accept, res.StatusCode)
		}
	}
	if res := get(t, Path("tiny.js"), "Accept-Encoding", "br"); res.Header.Get("Content-Encoding") != "" {
		t.Error("a file that compression makes longer was compressed")
	}
}

// The embedded files are read once and without FREIGABE_DEV: every file of the
// folder on disk must be found, each under its address.
func TestEmbeddedFilesAreServed(t *testing.T) {
	t.Setenv("FREIGABE_DEV", "")
	names, err := fs.Glob(os.DirFS("static"), "*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, ".") {
			continue
		}
		if res := get(t, Path(name)); res.StatusCode != 200 {
			t.Errorf("%s at %s: %d", name, Path(name), res.StatusCode)
		}
	}
	for _, folder := range []fs.FS{Static(), Templates()} {
		if _, err := fs.ReadDir(folder, "."); err != nil {
			t.Error(err)
		}
	}
	if _, ok := Lookup(".gitkeep"); ok {
		t.Error("a hidden file is an asset")
	}
}

func TestReadFindsFoldersToo(t *testing.T) {
	x := read(fstest.MapFS{"static/a/b.css": {Data: []byte("p{}")}, "templates/t.html": {Data: []byte("x")}})
	if len(x.byName) != 1 || x.byName["a/b.css"] == nil || x.byName["a/b.css"].Type != "text/css; charset=utf-8" {
		t.Errorf("index is %v", x.byName)
	}
}
