package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/freigabe/freigabe/frontend"
	"github.com/freigabe/freigabe/internal/locale"
)

// Base is what every page has; page structs embed it.
type Base struct {
	Lang  string // "de" or "en"
	Title string
}

// T gives a text of the catalogue in the page's language.
func (b Base) T(key string, args ...any) string { return locale.T(b.Lang, key, words(args)...) }

// Other is the language that the page is not in.
func (b Base) Other() string {
	if b.Lang == "en" {
		return "de"
	}
	return "en"
}

func words(args []any) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = fmt.Sprint(a)
	}
	return out
}

// Lang is a page's language: the address's, or else the site's. It never depends
// on a header or a cookie, since a page is the same for every reader.
func Lang(r *http.Request, site string) string {
	if q := r.URL.Query().Get("lang"); q == "de" || q == "en" {
		return q
	}
	if site != "" {
		return site
	}
	return "de"
}

var funcs = template.FuncMap{
	"asset":    frontend.Path,
	"t":        func(lang, key string, args ...any) string { return locale.T(lang, key, words(args)...) },
	"plural":   locale.Plural,
	"number":   locale.Number,
	"date":     locale.Date,
	"datetime": locale.DateTime,
	"stamp":    Stamp,
	"ago":      func(lang string, now, t time.Time) string { return locale.Ago(lang, now.Sub(t)) },
	"add":      func(a, b int) int { return a + b },
	"itoa":     strconv.Itoa,
	"paras":    Paragraphs,
}

// Paragraphs splits a plain text at its empty lines.
func Paragraphs(text string) []string { return strings.Split(text, "\n\n") }

var pages struct {
	sync.Mutex
	sets map[string]*template.Template
}

// templateFor gives a page's template joined with the frame (base.html) and the
// parts of its folder (names that begin with an underscore).
func templateFor(name string) (*template.Template, error) {
	pages.Lock()
	defer pages.Unlock()
	if t := pages.sets[name]; t != nil && os.Getenv("FREIGABE_DEV") != "1" {
		return t, nil
	}
	root := frontend.Templates()
	files := []string{name}
	for _, pattern := range []string{"_*.html", path.Join(path.Dir(name), "_*.html")} {
		found, err := fs.Glob(root, pattern)
		if err != nil {
			return nil, fmt.Errorf("templates %s: %w", pattern, err)
		}
		files = append(files, found...)
	}
	t, err := template.New(path.Base(name)).Funcs(funcs).ParseFS(root, files...)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	if pages.sets == nil {
		pages.sets = map[string]*template.Template{}
	}
	pages.sets[name] = t
	return t, nil
}

// Render renders a page or a part of one to memory: an error sends nothing half.
func Render(name string, data any) ([]byte, error) {
	t, err := templateFor(name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// Page answers with a page.
func (s *Server) Page(w http.ResponseWriter, _ *http.Request, status int, name string, data any) error {
	body, err := Render(name, data)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err = w.Write(body)
	return ignoreGone(err)
}
