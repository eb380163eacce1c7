package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/api"
	"github.com/freigabe/freigabe/internal/web/wait"
	"github.com/golang-jwt/jwt/v5"
)

// paper is a node with the public interface.
type paper struct {
	*storetest.House
	t      *testing.T
	server *web.Server
	pages  *thread.Pages
}

// words hints at a word that is not in any rule's list, so that the test sees
// what was asked.
type words struct{}

func (words) Hints(_ context.Context, _ store.Site, _ store.Article, text string) ([]api.Hint, error) {
	i := strings.Index(text, "Trottel")
	if i < 0 {
		return nil, nil
	}
	return []api.Hint{{Rule: moderation.Profanity, Passages: []moderation.Passage{{Start: i, End: i + 7, Text: "Trottel", Why: "x"}}}}, nil
}

func newPaper(t *testing.T) *paper {
	t.Helper()
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	s := web.New(h.Store, slog.New(slog.DiscardHandler), nil, nil)
	pages := thread.New(h.Store, 0)
	s.Handle(api.Routes(api.Options{Server: s, Pages: pages, Wait: &wait.Estimator{Store: h.Store}, Hinter: words{}})...)
	return &paper{h, t, s, pages}
}

// ask sends a request and reads the JSON of the answer.
func (p *paper) ask(method, path, body string, header ...string) (*http.Response, map[string]any) {
	p.t.Helper()
	if err := p.pages.Follow(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "http://kommentare.test"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	var v map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Result(), v
}

func (p *paper) want(status int, method, path, body string, header ...string) map[string]any {
	p.t.Helper()
	res, v := p.ask(method, path, body, header...)
	if res.StatusCode != status {
		p.t.Errorf("%s %s %s: %d, want %d: %v", method, path, body, res.StatusCode, status, v)
	}
	if kind := res.Header.Get("Content-Type"); status >= 400 && kind != "application/problem+json" {
		p.t.Errorf("%s %s: an error of type %s", method, path, kind)
	}
	return v
}

func (p *paper) comments() string { return "/api/v1/articles/" + p.Article.ID + "/comments" }

func TestThread(t *testing.T) {
	p := newPaper(t)
	first := p.Post("", "Mira", "Danke.\n\nMehr: https://stadt.example")
	p.Release(p.Anna, first.Comment)
	reply := p.Post(first.Comment, "Jost", "Stimmt.")
	p.Release(p.Anna, reply.Comment)
	p.Post(first.Comment, "Lena", "Wartet.")
	v := p.want(200, "GET", p.comments(), "")
	list := v["comments"].([]any)
	if v["count"] != 2.0 || len(list) != 2 || v["next_cursor"] != "" {
		t.Fatalf("%v", v)
	}
	c := list[0].(map[string]any)
	if c["id"] != first.Comment || c["parent_id"] != "" || c["text"] != "Danke.\n\nMehr: https://stadt.example" || c["replies_count"] != 1.0 || c["pick"] != false ||
		c["author"].(map[string]any)["name"] != "Mira" || !strings.Contains(c["html"].(string), `rel="nofollow ugc noopener"`) {
		t.Errorf("first comment %v", c)
	}
	if _, err := time.Parse(time.RFC3339, c["approved_at"].(string)); err != nil {
		t.Error(err)
	}
	if r := list[1].(map[string]any); r["parent_id"] != first.Comment {
		t.Errorf("reply %v", r)
	}
	newest := p.want(200, "GET", p.comments()+"?sort=newest&limit=1", "")
	if len(newest["comments"].([]any)) != 1 || newest["next_cursor"] == "" {
		t.Errorf("a page of one: %v", newest)
	}
	rest := p.want(200, "GET", p.comments()+"?sort=newest&limit=1&cursor="+newest["next_cursor"].(string), "")
	if rest["comments"].([]any)[0].(map[string]any)["id"] != reply.Comment || rest["next_cursor"] != "" {
		t.Errorf("the page after: %v", rest)
	}
	if all := p.want(200, "GET", p.comments()+"?limit=100000", ""); len(all["comments"].([]any)) != 2 {
		t.Errorf("more than a page may hold: %v", all)
	}
	for _, query := range []string{"limit=0", "limit=x", "sort=best", "cursor=%00"} {
		p.want(422, "GET", p.comments()+"?"+query, "")
	}
	counts := p.want(200, "GET", "/api/v1/counts?id="+p.Article.ID+"&id=unknown", "")["counts"].(map[string]any)
	if len(counts) != 1 || counts[p.Article.ID] != 2.0 {
		t.Errorf("counts %v", counts)
	}
	p.want(422, "GET", "/api/v1/counts", "")
}

func TestSubmission(t *testing.T) {
	p := newPaper(t)
	body := `{"text":"Ein Gedanke.","author":{"name":"Mira"}}`
	v := p.want(202, "POST", p.comments(), body)
	x, _ := v["expected_wait"].(map[string]any)
	if v["status"] != "pending" || len(v["id"].(string)) < 12 || !strings.HasPrefix(v["receipt"].(string), "/receipts/") || x["text"] == "" {
		t.Fatalf("%v", v)
	}
	from, err1 := time.Parse(time.RFC3339, x["from"].(string))
	to, err2 := time.Parse(time.RFC3339, x["to"].(string))
	if err1 != nil || err2 != nil || !to.After(from) {
		t.Errorf("expected wait %v", x)
	}
	if again := p.want(202, "POST", p.comments(), body); again["id"] != v["id"] || again["receipt"] != v["receipt"] {
		t.Errorf("the same submission again: %v", again)
	}
	a := p.want(202, "POST", p.comments(), body, "Idempotency-Key", "k1")
	b := p.want(202, "POST", p.comments(), body, "Idempotency-Key", "k1")
	if a["id"] == v["id"] || a["id"] != b["id"] {
		t.Errorf("ids with a key %v and %v, without %v", a["id"], b["id"], v["id"])
	}
}

func TestBadSubmissions(t *testing.T) {
	p := newPaper(t)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"not JSON":             {"{", 400},
		"two values":           {`{"text":"a","author":{"name":"Mira"}}{}`, 400},
		"wrong type":           {`{"text":5,"author":{"name":"Mira"}}`, 400},
		"a list":               {`[]`, 400},
		"no author":            {`{"text":"a"}`, 422},
		"no text":              {`{"author":{"name":"Mira"}}`, 422},
		"not UTF-8":            {"{\"text\":\"a\xff\",\"author\":{\"name\":\"Mira\"}}", 422},
		"half a surrogate":     {`{"text":"a\ud83d","author":{"name":"Mira"}}`, 422},
		"zero byte":            {`{"text":"a\u0000","author":{"name":"Mira"}}`, 422},
		"long":                 {`{"text":"` + strings.Repeat("x", 1501) + `","author":{"name":"Mira"}}`, 422},
		"one megabyte":         {`{"text":"` + strings.Repeat("x", 1<<20) + `","author":{"name":"Mira"}}`, 413},
		"e-mail":               {`{"text":"a","author":{"name":"Mira","email":"x"}}`, 422},
		"parent":               {`{"text":"a","parent_id":"` + store.NewID() + `","author":{"name":"Mira"}}`, 422},
		"parent is no id":      {`{"text":"a","parent_id":"../x","author":{"name":"Mira"}}`, 422},
		"a name of one letter": {`{"text":"a","author":{"name":"M"}}`, 422},
	} {
		t.Run(name, func(t *testing.T) { p.want(c.status, "POST", p.comments(), c.body) })
	}
	p.want(415, "POST", p.comments(), `{"text":"a","author":{"name":"Mira"}}`, "Content-Type", "text/plain")
	p.want(404, "POST", "/api/v1/articles/unknown/comments", `{"text":"a","author":{"name":"Mira"}}`)
	p.want(405, "DELETE", p.comments(), "")
	ok := p.want(202, "POST", p.comments(), `{"text":"gut \ud83d\ude00 \\ud83d","author":{"name":"Mira"}}`)
	if r := p.want(200, "GET", "/api/v1"+ok["receipt"].(string), ""); r["text"] != `gut 😀 \ud83d` {
		t.Errorf("a whole pair became %v", r["text"])
	}
	if found, _, err := p.Queue(t.Context(), store.QueueFilter{}); err != nil || len(found) != 1 {
		t.Errorf("refused submissions left %d comments, %v", len(found)-1, err)
	}
}

func TestReceiptSteps(t *testing.T) {
	p := newPaper(t)
	v := p.want(202, "POST", p.comments(), `{"text":"Ein Trottel schrieb das.","author":{"name":"Mira"}}`)
	at, id := "/api/v1"+v["receipt"].(string), v["id"].(string)
	res, r := p.ask("GET", at, "")
	if res.Header.Get("Cache-Control") != "no-store" || r["status"] != "pending" || r["decision"] != nil || r["id"] != id {
		t.Errorf("%v %v", res.Header, r)
	}
	if edited := p.want(202, "PUT", at, `{"text":"Jemand schrieb das."}`); edited["text"] != "Jemand schrieb das." || edited["revision"] != 2.0 {
		t.Errorf("after the edit %v", edited)
	}
	p.want(409, "POST", at+"/appeal", `{"text":"zu früh"}`)
	res2 := p.Do(p.Anna, moderation.Reject, id)
	if r := p.want(200, "GET", at, ""); r["status"] != "pending" || r["decision"] != nil {
		t.Errorf("within the hold the receipt shows %v", r)
	}
	conflict := p.want(409, "PUT", at, `{"text":"Noch etwas anderes."}`)
	if conflict["decision"] != nil {
		t.Errorf("an author is told who decided: %v", conflict)
	}
	p.EndHold(res2)
	r = p.want(200, "GET", at, "")
	d := r["decision"].(map[string]any)
	if r["status"] != "rejected" || d["rule"] != "profanity" || d["reason"] != "Bitte ohne das Schimpfwort." || d["at"] == "" {
		t.Errorf("refused: %v", r)
	}
	if _, named := d["editor"]; named {
		t.Error("the editor is named")
	}
	p.want(422, "POST", at+"/appeal", `{"text":" "}`)
	if a := p.want(202, "POST", at+"/appeal", `{"text":"Das war ein Zitat."}`); a["status"] != "appealed" {
		t.Errorf("after the appeal %v", a)
	}
	p.want(409, "DELETE", at, "")
	p.want(404, "GET", "/api/v1/receipts/nothing", "")
	p.want(404, "DELETE", "/api/v1/receipts/nothing", "")
	second := p.want(202, "POST", p.comments(), `{"text":"Zieh ich zurück.","author":{"name":"Mira"}}`)
	if w := p.want(200, "DELETE", "/api/v1"+second["receipt"].(string), ""); w["status"] != "withdrawn" {
		t.Errorf("withdrawn: %v", w)
	}
}

func TestOriginsOfTheSiteMayRead(t *testing.T) {
	p := newPaper(t)
	set := p.Site.Settings
	set.Origins = []string{"https://amp.blatt.example"}
	if err := p.SaveSettings(t.Context(), p.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	for origin, allowed := range map[string]string{
		"https://blatt.example": "https://blatt.example", "https://amp.blatt.example": "https://amp.blatt.example",
		"https://blatt.example.evil.example": "", "https://fremd.example": "", "null": "", "http://blatt.example": "",
	} {
		for _, c := range [][3]string{
			{"GET", p.comments(), ""}, {"GET", "/api/v1/articles/unknown", ""}, {"GET", "/api/v1/counts?id=" + p.Article.ID, ""}, {"OPTIONS", p.comments(), ""},
			{"POST", p.comments(), `{"text":"","author":{"name":"M"}}`}, {"GET", "/api/v1/receipts/unknown", ""},
		} {
			res, _ := p.ask(c[0], c[1], c[2], "Origin", origin)
			if got := res.Header.Get("Access-Control-Allow-Origin"); got != allowed {
				t.Errorf("%s %s from %s allows %q", c[0], c[1], origin, got)
			}
			if !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Origin") || res.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s: Vary %v, credentials %q", c[0], c[1], res.Header.Values("Vary"), res.Header.Get("Access-Control-Allow-Credentials"))
			}
		}
	}
	p.want(403, "POST", p.comments(), `{"text":"Text","author":{"name":"Mira"}}`, "Origin", "https://fremd.example")
}

func TestHintsStoreNothing(t *testing.T) {
	p := newPaper(t)
	at := "/api/v1/articles/" + p.Article.ID + "/hints"
	v := p.want(200, "POST", at, `{"text":"Du Trottel."}`)
	hints := v["hints"].([]any)
	if len(hints) != 1 || hints[0].(map[string]any)["rule"] != "profanity" || hints[0].(map[string]any)["name"] != "Schimpfwort" {
		t.Errorf("%v", v)
	}
	for _, forbidden := range []string{"score", "refuse", "why"} {
		if _, there := hints[0].(map[string]any)[forbidden]; there {
			t.Errorf("a hint has %s", forbidden)
		}
	}
	if found, _, err := p.Queue(t.Context(), store.QueueFilter{}); err != nil || len(found) != 0 {
		t.Errorf("%d comments, %v", len(found), err)
	}
	set := p.Site.Settings
	set.NoHints = true
	if err := p.SaveSettings(t.Context(), p.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	p.want(409, "POST", at, `{"text":"Du Trottel."}`)
}

func TestEventsTellCountsAlone(t *testing.T) {
	p := newPaper(t)
	server := httptest.NewServer(p.server)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	go func() {
		if err := p.pages.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1/articles/"+p.Article.ID+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	read := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != want {
			t.Fatalf("the line says %q, %v; want %q", got, err, want)
		}
	}
	read("event: count\ndata: {\"count\":0}\n\n")
	waiting := p.Post("", "Mira", "Wartet.")
	p.Post("", "Lena", "Wartet auch.")
	p.Release(p.Anna, waiting.Comment)
	read("event: count\ndata: {\"count\":1}\n\n")
}

func TestDescriptionNamesEveryRoute(t *testing.T) {
	p := newPaper(t)
	doc := p.want(200, "GET", "/api/v1/openapi.json", "")
	paths := doc["paths"].(map[string]any)
	n := 0
	for _, route := range p.server.Routes {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if method == "OPTIONS" || strings.HasSuffix(path, "openapi.json") {
			continue
		}
		n++
		methods, ok := paths[path].(map[string]any)
		if !ok || methods[strings.ToLower(method)] == nil {
			t.Errorf("%s is not described", route.Pattern)
		}
	}
	described := 0
	for _, methods := range paths {
		described += len(methods.(map[string]any))
	}
	if described != n {
		t.Errorf("%d routes are described, %d exist", described, n)
	}
}

func TestSignedOnReaders(t *testing.T) {
	p := newPaper(t)
	const secret = "ein-geheimnis-das-lang-genug-ist-fuer-hs256"
	set := p.Site.Settings
	set.Extra = store.Extra{"reader": json.RawMessage(`{"no_guests":true}`)}
	if err := p.SaveSettings(t.Context(), p.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	if err := p.SaveSecrets(t.Context(), p.Site.ID, store.Secrets{SignOn: json.RawMessage(`{"secret":"` + secret + `"}`)}); err != nil {
		t.Fatal(err)
	}
	token := func(key string) string {
		c := jwt.MapClaims{"sub": "r17", "name": "Mira Vogt", "email": "mira@example.org", "email_verified": true, "exp": p.Now().Add(time.Hour).Unix()}
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + s
	}
	body := `{"text":"Mit Konto.","author":{"name":"Jemand anderes"}}`
	p.want(403, "POST", p.comments(), body)
	p.want(403, "POST", p.comments(), body, "Authorization", token(secret+"x"))
	v := p.want(202, "POST", p.comments(), body, "Authorization", token(secret))
	if r := p.want(200, "GET", "/api/v1"+v["receipt"].(string), ""); r["name"] != "Mira Vogt" {
		t.Errorf("the name is %v, not the account's", r["name"])
	}
	found, _, err := p.Queue(t.Context(), store.QueueFilter{})
	if err != nil || len(found) != 1 || !found[0].Proven {
		t.Errorf("the author is not proven: %v, %v", found, err)
	}
}

func TestPagesSeenFirstBecomeArticles(t *testing.T) {
	p := newPaper(t)
	asked := 0
	p.server = web.New(p.Store, slog.New(slog.DiscardHandler), nil, nil)
	p.server.Handle(api.Routes(api.Options{Server: p.server, Pages: p.pages, Fetch: func(_ context.Context, _ store.Site, address string) (article.Article, *store.Image, error) {
		asked++
		if strings.HasSuffix(address, "/fehlt") {
			return article.Article{}, nil, errors.New("404")
		}
		return article.Article{Headline: "Von selbst", Blocks: []article.Block{}, Boxes: []string{}}, nil, nil
	}})...)
	find := func(status int, address string) map[string]any {
		t.Helper()
		return p.want(status, "GET", "/api/v1/articles?url="+url.QueryEscape(address), "")
	}
	find(404, "https://blatt.example/neu")
	set := p.Site.Settings
	set.AutoArticles = true
	if err := p.SaveSettings(t.Context(), p.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	find(404, "https://fremd.example/neu")
	find(404, "https://blatt.example/fehlt")
	first := find(200, "https://blatt.example/neu")
	again := find(200, "https://blatt.example/neu")
	if first["headline"] != "Von selbst" || first["id"] != again["id"] || asked != 2 {
		t.Errorf("%v, then %v, fetched %d times", first, again, asked)
	}
}
