package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/frontend"
	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/freigabe/freigabe/internal/web"
	"golang.org/x/net/html"
)

// room is a house with its desk.
type room struct {
	*storetest.House
	srv  *web.Server
	keys map[string]string // by editor's id
}

func newRoom(t *testing.T, dsn string) *room {
	t.Helper()
	return roomOf(storetest.NewHouse(t, dsn))
}

func roomOf(h *storetest.House) *room {
	return &room{House: h, srv: newServer(h, Options{}), keys: map[string]string{}}
}

func newServer(h *storetest.House, o Options) *web.Server {
	srv := web.New(h.Store, slog.New(slog.NewTextHandler(io.Discard, nil)), nil, nil)
	srv.Handle(Routes(srv, o)...)
	srv.Handle(web.Route{Pattern: "GET /static/", Access: web.Public, Handler: func(w http.ResponseWriter, r *http.Request) error {
		frontend.Handler().ServeHTTP(w, r)
		return nil
	}})
	return srv
}

func sqliteRoom(t *testing.T) *room {
	t.Helper()
	return newRoom(t, "sqlite:"+t.TempDir()+"/freigabe.db")
}

// add adds a person to the desk; site "" means all.
func (h *room) add(t *testing.T, email string, role moderation.Role, site string) store.Editor {
	t.Helper()
	e, err := h.AddEditor(context.Background(), store.Editor{Email: email, Name: strings.ToUpper(email[:1]) + email[1:4], Role: role, Site: site, Password: "-"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// key gives a key that acts as an editor.
func (h *room) key(t *testing.T, e store.Editor) string {
	t.Helper()
	if h.keys[e.ID] == "" {
		_, secret, err := h.AddKey(context.Background(), store.Key{Scope: "desk", Editor: e.ID})
		if err != nil {
			t.Fatal(err)
		}
		h.keys[e.ID] = secret
	}
	return h.keys[e.ID]
}

// call sends a request as a program with an editor's key and reads the JSON answer.
func (h *room) call(t *testing.T, by store.Editor, method, path, body string) (int, map[string]any) {
	t.Helper()
	return h.callKey(t, h.key(t, by), method, path, body)
}

func (h *room) callKey(t *testing.T, key, method, path, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	w := httptest.NewRecorder()
	h.srv.ServeHTTP(w, r)
	out := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatalf("%s %s: %d, not JSON: %v", method, path, w.Code, err)
	}
	return w.Code, out
}

// surfer is a person's browser without a script.
type surfer struct {
	h      *room
	t      *testing.T
	cookie *http.Cookie
}

func (h *room) surf(t *testing.T, e store.Editor) *surfer {
	t.Helper()
	token, err := h.SignIn(context.Background(), e.ID, "Testbrowser")
	if err != nil {
		t.Fatal(err)
	}
	return &surfer{h, t, &http.Cookie{Name: web.SessionCookie, Value: token}}
}

func (b *surfer) do(r *http.Request) *httptest.ResponseRecorder {
	b.t.Helper()
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.h.srv.ServeHTTP(w, r)
	return w
}

// get opens a page and checks what holds for every page.
func (b *surfer) get(path string) *html.Node {
	b.t.Helper()
	w := b.do(httptest.NewRequest("GET", path, nil))
	if w.Code != http.StatusOK {
		b.t.Fatalf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	return checked(b.t, path, w.Body)
}

// post sends a form and gives the status and where it leads.
func (b *surfer) post(path string, form url.Values) (int, string) {
	b.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := b.do(r)
	return w.Code, w.Header().Get("Location")
}

// checked parses a page and fails on what no page may have: ids twice, labels
// that lead nowhere, keys of the catalogue instead of words.
func checked(t *testing.T, path string, body *bytes.Buffer) *html.Node {
	t.Helper()
	doc, err := html.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	var described []string
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" {
			for _, prefix := range []string{"desk.", "identity.", "rules.", "error.", "time."} {
				if s := strings.TrimSpace(n.Data); strings.HasPrefix(s, prefix) && !strings.ContainsAny(s, " ") {
					t.Errorf("%s shows the key %q", path, s)
				}
			}
		}
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("%s has the id %q twice", path, id)
			}
			ids[id] = true
		}
		if a := attr(n, "aria-labelledby"); a != "" {
			described = append(described, a)
		}
		if attr(n, "style") != "" || n.Data == "style" {
			t.Errorf("%s has an inline style, which the page's policy forbids", path)
		}
	}
	for _, id := range described {
		if !ids[id] {
			t.Errorf("%s is named by %q, which is not there", path, id)
		}
	}
	return doc
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// find gives the elements for which is holds.
func find(doc *html.Node, is func(*html.Node) bool) []*html.Node {
	var out []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && is(n) {
			out = append(out, n)
		}
	}
	return out
}

func class(name string) func(*html.Node) bool {
	return func(n *html.Node) bool {
		for c := range strings.FieldsSeq(attr(n, "class")) {
			if c == name {
				return true
			}
		}
		return false
	}
}

// words is the text of an element.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// assessed gives a comment an assessment with one marked passage.
func (h *room) assessed(t *testing.T, comment, text, passage string, rule moderation.Rule, score float64) {
	t.Helper()
	a := moderation.NotChecked("test")
	for _, r := range moderation.Rules {
		low := 0.02
		a.Rules[r] = moderation.Score{Value: &low, Version: "t1"}
	}
	a.Rules[moderation.Digression] = moderation.Score{NotChecked: "kein Artikeltext", Version: "t1"}
	start := strings.Index(text, passage)
	a.Rules[rule] = moderation.Score{Value: &score, Version: "t1", Passages: []moderation.Passage{{Start: start, End: start + len(passage), Text: passage, Why: "Prüfwort"}}}
	a.Refuse, a.Version = &score, "t1"
	if err := h.SaveAssessment(context.Background(), comment, 1, a); err != nil {
		t.Fatal(err)
	}
}

// sqliteRoomAlone is a room where Anna decides alone.
func sqliteRoomAlone(t *testing.T) *room {
	t.Helper()
	ctx, clock := context.Background(), storetest.NewClock()
	s, err := store.Open(ctx, store.Options{DSN: "sqlite:" + t.TempDir() + "/freigabe.db", Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &storetest.House{Store: s, T: t, Clock: clock}
	if h.Site, err = s.AddSite(ctx, store.Site{Name: "einzel", Origin: "https://einzel.example"}); err != nil {
		t.Fatal(err)
	}
	if h.Anna, err = s.AddEditor(ctx, store.Editor{Email: "anna@einzel.example", Name: "Anna Kern", Role: moderation.Editor, Password: "-"}); err != nil {
		t.Fatal(err)
	}
	if h.Article, err = s.AddArticle(ctx, store.Article{Site: h.Site.ID, Doc: article.Article{Headline: "Ein Markt"}}, nil); err != nil {
		t.Fatal(err)
	}
	return roomOf(h)
}

// webRoute is a route of a test for people of the desk.
func webRoute(pattern string, h web.Handler) web.Route {
	return web.Route{Pattern: pattern, Access: web.Desk, Handler: h}
}
