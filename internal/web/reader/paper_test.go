package reader_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/api"
	"github.com/freigabe/freigabe/internal/web/reader"
	"github.com/freigabe/freigabe/internal/web/wait"
	"golang.org/x/net/html"
)

// paper is a running node with its readers' routes.
type paper struct {
	*storetest.House
	t      testing.TB
	server *web.Server
	pages  *thread.Pages

	fetched article.Article // what a page seen for the first time holds
}

func newPaper(t testing.TB) *paper {
	t.Helper()
	return newPaperOn(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
}

func newPaperOn(t testing.TB, dsn string) *paper {
	t.Helper()
	h := storetest.NewHouse(t, dsn)
	s := web.New(h.Store, slog.New(slog.DiscardHandler), nil, nil)
	pages := thread.New(h.Store, 0)
	w := &wait.Estimator{Store: h.Store}
	p := &paper{House: h, t: t, server: s, pages: pages}
	fetch := func(context.Context, store.Site, string) (article.Article, *store.Image, error) {
		return p.fetched, nil, nil
	}
	s.Handle(slices.Concat(
		reader.Routes(reader.Options{Server: s, Pages: pages, Wait: w, Mails: true}),
		api.Routes(api.Options{Server: s, Pages: pages, Wait: w, Hinter: oneWord{}, Fetch: fetch}))...)
	return p
}

// oneWord hints at a single word.
type oneWord struct{}

func (oneWord) Hints(_ context.Context, _ store.Site, _ store.Article, text string) ([]api.Hint, error) {
	i := strings.Index(text, "Vollpfosten")
	if i < 0 {
		return nil, nil
	}
	return []api.Hint{{Rule: moderation.Profanity, Passages: []moderation.Passage{{Start: i, End: i + 11, Text: "Vollpfosten"}}}}, nil
}

// do sends a request and gives the answer with its body.
func (p *paper) do(method, path string, body io.Reader, header ...string) (*http.Response, string) {
	p.t.Helper()
	if err := p.pages.Follow(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "http://kommentare.test"+path, body)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

func (p *paper) get(path string, header ...string) (*http.Response, string) {
	p.t.Helper()
	return p.do("GET", path, nil, header...)
}

// post sends a form as a browser without JavaScript does.
func (p *paper) post(path string, fields url.Values, header ...string) (*http.Response, string) {
	p.t.Helper()
	header = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)
	return p.do("POST", path, strings.NewReader(fields.Encode()), header...)
}

func (p *paper) article() string { return "/a/" + p.Article.ID }

// submit sends the comment form and gives the path of the receipt.
func (p *paper) submit(name, text string) string {
	p.t.Helper()
	res, body := p.post(p.article(), url.Values{"text": {text}, "name": {name}})
	if res.StatusCode != http.StatusSeeOther {
		p.t.Fatalf("submitting gives %d: %s", res.StatusCode, body)
	}
	where, _, _ := strings.Cut(res.Header.Get("Location"), "?")
	return where
}

// parse reads a page; its ids must be unique and its references lead somewhere.
func parse(t *testing.T, body string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	each(doc, func(n *html.Node) {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("the id %s stands twice", id)
			}
			ids[id] = true
		}
		for _, name := range []string{n.Data + attr(n, "class")} {
			if strings.Contains(name, "{{") {
				t.Errorf("a template's action is in the page: %s", name)
			}
		}
	})
	each(doc, func(n *html.Node) {
		for _, name := range []string{"aria-labelledby", "aria-describedby", "for"} {
			for _, ref := range strings.Fields(attr(n, name)) {
				if !ids[ref] {
					t.Errorf("<%s %s> names %s, which is not there", n.Data, name, ref)
				}
			}
		}
	})
	if key := regexp.MustCompile(`(reader|error|rules|desk|mail)\.[a-z]+(\.[a-zA-Z]+)+`).FindString(text(doc)); key != "" {
		t.Errorf("the text %s is missing", key)
	}
	return doc
}

func each(n *html.Node, do func(*html.Node)) {
	do(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, do)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// find gives the elements with a name for which a condition holds.
func find(doc *html.Node, name string, ok func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	each(doc, func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == name && (ok == nil || ok(n)) {
			found = append(found, n)
		}
	})
	return found
}

func text(n *html.Node) string {
	var b strings.Builder
	each(n, func(n *html.Node) {
		if n.Type == html.TextNode && n.Parent != nil && n.Parent.Data != "script" && n.Parent.Data != "style" {
			b.WriteString(n.Data + " ")
		}
	})
	return strings.Join(strings.Fields(b.String()), " ")
}

func with(name, value string) func(*html.Node) bool {
	return func(n *html.Node) bool { return attr(n, name) == value }
}

func (p *paper) queue() []store.Waiting {
	p.t.Helper()
	found, _, err := p.Queue(p.t.Context(), store.QueueFilter{})
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

func (p *paper) reject(id string, passages ...moderation.Passage) store.Result {
	p.t.Helper()
	res, err := p.Apply(p.t.Context(), store.Request{Comment: id, Step: moderation.Reject, Actor: p.Anna.Actor(), Rule: moderation.Profanity, Reason: "Bitte ohne das Schimpfwort.", Passages: passages})
	if err != nil {
		p.t.Fatal(err)
	}
	return res
}
