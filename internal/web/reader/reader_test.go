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
	"time"
	"unicode/utf8"

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

// Hours of the day in which an article takes comments are said from the start, and
// outside of them it takes none.
func TestCommentsInHoursOfTheDay(t *testing.T) {
	p := newPaper(t) // at ten in the morning
	a := p.Article
	for _, c := range []struct {
		from, to, says string
		code           int
	}{{"06:00", "21:00", "täglich von 06:00 bis 21:00 Uhr möglich", http.StatusSeeOther}, {"06:00", "09:00", "Bis dahin können Sie mitlesen", http.StatusConflict}} {
		a.Daily = &store.Hours{From: c.from, To: c.to}
		if err := p.SetThread(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if _, body := p.get(p.article()); !strings.Contains(text(parse(t, body)), c.says) {
			t.Errorf("from %s to %s the page does not say %q", c.from, c.to, c.says)
		}
		if res, body := p.post(p.article(), url.Values{"text": {"Ein Gedanke bis " + c.to}, "name": {"Mira"}}); res.StatusCode != c.code {
			t.Errorf("from %s to %s a comment is answered %d %s", c.from, c.to, res.StatusCode, body)
		}
	}
	p.Clock.Pass(20 * time.Hour) // the next morning at six
	if _, body := p.get(p.article()); !strings.Contains(body, "<textarea") {
		t.Error("in the morning the kept page still says that it is closed")
	}
}

func TestArticlePage(t *testing.T) {
	p := newPaper(t)
	if _, err := p.AddPolicy(t.Context(), p.Site.ID, store.Policy{Lang: "de", Text: "Bitte *sachlich* bleiben. <script>x</script>", Signed: "Ihre Redaktion"}); err != nil {
		t.Fatal(err)
	}
	first := p.Post("", "Mira <b>", "Danke für den Bericht.\n\nMehr dazu: https://stadt.example/brücke")
	p.Release(p.Anna, first.Comment)
	reply := p.Post(first.Comment, "Jost", "Da stimme ich zu.")
	p.Release(p.Jonas, reply.Comment)
	p.Post("", "Geheim", "Das wartet noch.")
	res, body := p.get(p.article())
	if res.StatusCode != 200 || len(res.Header.Values("Set-Cookie")) > 0 {
		t.Fatalf("%d, cookies %v", res.StatusCode, res.Header.Values("Set-Cookie"))
	}
	doc := parse(t, body)
	if n := len(find(doc, "form", with("method", "post"))); n != 1 {
		t.Errorf("%d forms, want the one for a new comment", n)
	}
	form := find(doc, "form", nil)[0]
	if len(find(form, "textarea", nil)) != 1 {
		t.Error("the form has no single text field")
	}
	names := find(form, "input", func(n *html.Node) bool { return strings.Contains(attr(n, "name"), "name") })
	if len(names) != 1 {
		t.Errorf("%d inputs whose name contains name", len(names))
	}
	if n := len(find(doc, "article", func(n *html.Node) bool { return strings.HasPrefix(attr(n, "class"), "fg-comment") })); n != 2 {
		t.Errorf("%d comments, want the 2 released", n)
	}
	ld := find(doc, "script", with("type", "application/ld+json"))
	if len(ld) != 1 || !strings.Contains(ld[0].FirstChild.Data, `"NewsArticle"`) || !strings.Contains(ld[0].FirstChild.Data, `"Comment"`) {
		t.Error("no structured data of article and comments")
	}
	for _, want := range []string{"Die Brücke wird saniert", "Ihre Redaktion", "Mira <b>", "Da stimme ich zu."} {
		if !strings.Contains(text(doc), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(body, "Geheim") || strings.Contains(body, "wartet noch") || strings.Contains(body, "<script>x") {
		t.Error("an unreleased comment or a script shows")
	}
	if len(find(doc, "link", with("rel", "canonical"))) != 1 || len(find(doc, "link", with("rel", "alternate"))) == 0 || len(find(doc, "meta", with("property", "og:title"))) != 1 {
		t.Error("canonical address, feeds or Open Graph are missing")
	}
}

func TestSubmissionChangesNoByte(t *testing.T) {
	p := newPaper(t)
	p.Release(p.Anna, p.Post("", "Mira", "Der erste.").Comment)
	paths := []string{"/", p.article(), "/embed/articles/" + p.Article.ID, "/embed/articles/" + p.Article.ID + "?frame=1", "/feeds/site.atom", "/feeds/" + p.Article.ID + ".json",
		"/api/v1/articles/" + p.Article.ID, "/api/v1/articles/" + p.Article.ID + "/comments", "/api/v1/counts?id=" + p.Article.ID}
	before := map[string][2]string{}
	for _, path := range paths {
		res, body := p.get(path)
		tag := res.Header.Get("Etag")
		if res.StatusCode != 200 || !strings.HasPrefix(tag, `"`) {
			t.Errorf("%s: %d, tag %s", path, res.StatusCode, tag)
		}
		before[path] = [2]string{tag, body}
	}
	receipt := p.submit("Lena", "Das wartet.")
	for _, path := range paths {
		res, body := p.get(path)
		if before[path] != [2]string{res.Header.Get("Etag"), body} {
			t.Errorf("%s changed by a submission", path)
		}
		if res, _ := p.get(path, "If-None-Match", before[path][0]); res.StatusCode != 304 {
			t.Errorf("%s: known tag gives %d", path, res.StatusCode)
		}
	}
	if res, body := p.get(receipt); res.StatusCode != 200 || !strings.Contains(body, "Das wartet.") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("receipt: %d, %s", res.StatusCode, res.Header.Get("Cache-Control"))
	}
}

// Whatever names an unreleased comment gets the answer of one that never was.
func TestUnreleasedIsUnknown(t *testing.T) {
	p := newPaper(t)
	p.Release(p.Anna, p.Post("", "Mira", "Der erste.").Comment)
	waiting := p.Post("", "Lena", "Das wartet.").Comment
	held := p.Post("", "Lena", "Das ist in der Frist.").Comment
	p.Do(p.Anna, moderation.Approve, held)
	refused := p.Post("", "Lena", "Das ist abgelehnt.").Comment
	p.EndHold(p.Do(p.Anna, moderation.Reject, refused))
	jsonBody := func(s string) func() (io.Reader, []string) {
		return func() (io.Reader, []string) {
			return strings.NewReader(s), []string{"Content-Type", "application/json"}
		}
	}
	none := func() (io.Reader, []string) { return nil, nil }
	form := func(v url.Values) func() (io.Reader, []string) {
		return func() (io.Reader, []string) {
			return strings.NewReader(v.Encode()), []string{"Content-Type", "application/x-www-form-urlencoded"}
		}
	}
	unknown := store.NewID()
	for _, id := range []string{waiting, held, refused} {
		for _, c := range []struct {
			method, path string
			body         func(id string) func() (io.Reader, []string)
		}{
			{"GET", p.article() + "?k=ID", nil},
			{"GET", p.article() + "?reply=ID", nil},
			{"GET", "/embed/articles/" + p.Article.ID + "?reply=ID", nil},
			{"GET", "/a/ID", nil},
			{"GET", "/report/ID", nil},
			{"GET", "/notice/ID", nil},
			{"GET", "/feeds/ID.atom", nil},
			{"GET", "/receipts/ID", nil},
			{"GET", "/images/ID", nil},
			{"GET", "/api/v1/articles/ID", nil},
			{"GET", "/api/v1/articles/ID/comments", nil},
			{"GET", "/api/v1/counts?id=ID", nil},
			{"GET", "/api/v1/receipts/ID", nil},
			{"POST", "/report/ID", func(string) func() (io.Reader, []string) { return form(url.Values{"rule": {"profanity"}}) }},
			{"POST", "/api/v1/comments/ID/flags", func(string) func() (io.Reader, []string) { return jsonBody(`{"rule":"profanity"}`) }},
			{"POST", "/api/v1/comments/ID/notices", func(string) func() (io.Reader, []string) { return jsonBody(`{"reason":"x","good_faith":true}`) }},
			{"POST", "/api/v1/articles/" + p.Article.ID + "/comments", func(id string) func() (io.Reader, []string) {
				return jsonBody(`{"text":"Antwort","parent_id":"` + id + `","author":{"name":"Mira"}}`)
			}},
			{"POST", p.article(), func(id string) func() (io.Reader, []string) {
				return form(url.Values{"text": {"Antwort"}, "name": {"Mira"}, "parent_id": {id}})
			}},
		} {
			ask := func(id string) string {
				make := none
				if c.body != nil {
					make = c.body(id)
				}
				body, header := make()
				res, got := p.do(c.method, strings.ReplaceAll(c.path, "ID", id), body, header...)
				res.Header.Del("Etag")
				var all strings.Builder
				if err := res.Header.Write(&all); err != nil {
					t.Fatal(err)
				}
				return res.Status + all.String() + strings.ReplaceAll(got, id, "ID")
			}
			if got, want := ask(id), ask(unknown); got != want {
				t.Errorf("%s %s tells an unreleased comment from an unknown one:\n%s\n---\n%s", c.method, c.path, got, want)
			}
		}
	}
}

func TestFormKeepsTheText(t *testing.T) {
	p := newPaper(t)
	long := strings.Repeat("Wort ", 400)
	for name, c := range map[string]struct {
		fields url.Values
		status int
		says   string
	}{
		"no name":       {url.Values{"text": {"Mein Text"}}, 422, "Bitte geben Sie einen Namen"},
		"no text":       {url.Values{"name": {"Mira"}, "text": {" \n"}}, 422, "Bitte schreiben Sie einen Text"},
		"too long":      {url.Values{"name": {"Mira"}, "text": {long}}, 422, "Möglich sind 1500 Zeichen"},
		"e-mail":        {url.Values{"name": {"Mira"}, "text": {"Mein Text"}, "email": {"mira@"}}, 422, "E-Mail-Adresse ist nicht vollständig"},
		"trap":          {url.Values{"name": {"Mira"}, "text": {"Mein Text"}, "leave_empty": {"x"}}, 422, "leer bleiben"},
		"zero byte":     {url.Values{"name": {"Mira"}, "text": {"Mein\x00Text"}}, 422, "Zeichen, die wir nicht lesen"},
		"not UTF-8":     {url.Values{"name": {"Mira"}, "text": {"Mein\xffText"}}, 422, "Zeichen, die wir nicht lesen"},
		"broken parent": {url.Values{"name": {"Mira"}, "text": {"Mein Text"}, "parent_id": {"<x>"}}, 422, "nicht mehr zu sehen"},
		"HTML in all":   {url.Values{"name": {"<script>a</script>"}, "text": {"</textarea><script>b</script>"}, "email": {"\"><script>c"}}, 422, "E-Mail"},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := p.post(p.article(), c.fields)
			doc := parse(t, body)
			if res.StatusCode != c.status || !strings.Contains(text(doc), c.says) {
				t.Errorf("%d, %s", res.StatusCode, text(doc))
			}
			kept := find(doc, "textarea", nil)
			if len(kept) != 1 {
				t.Fatal("no text field")
			}
			got := ""
			if kept[0].FirstChild != nil {
				got = kept[0].FirstChild.Data
			}
			if want := c.fields.Get("text"); got != want && utf8.ValidString(want) && !strings.Contains(want, "\x00") && strings.TrimSpace(want) != "" {
				t.Errorf("the text field holds %q, want %q", got, want)
			}
			if len(find(doc, "script", nil)) != 0 {
				t.Error("a script got into the page")
			}
			if trap := find(doc, "input", with("name", "leave_empty")); len(trap) != 1 || attr(trap[0], "value") != "" {
				t.Error("the trap is not empty")
			}
		})
	}
	if n := len(p.Visible()); n != 0 {
		t.Errorf("%d visible", n)
	}
	if got, _, err := p.Queue(t.Context(), store.QueueFilter{}); err != nil || len(got) != 0 {
		t.Errorf("refused forms left %d comments, %v", len(got), err)
	}
}

func TestFormWithoutDatabase(t *testing.T) {
	p := newPaper(t)
	if err := p.pages.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", p.article(), strings.NewReader(url.Values{"text": {"Mein langer Text"}, "name": {"Mira"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	doc := parse(t, w.Body.String())
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	kept := find(doc, "textarea", nil)
	if len(kept) != 1 || kept[0].FirstChild.Data != "Mein langer Text" {
		t.Errorf("the text is lost: %s", text(doc))
	}
}

func TestRateLimitKeepsTheText(t *testing.T) {
	p := newPaper(t)
	p.server.Limits = web.NewLimiter(p.Clock.Now)
	var res *http.Response
	var body string
	for i := range 20 {
		res, body = p.post(p.article(), url.Values{"text": {"Text " + string(rune('a'+i))}, "name": {"Mira"}})
		if res.StatusCode != 303 {
			break
		}
	}
	if res.StatusCode != 429 || res.Header.Get("Retry-After") == "" || !strings.Contains(text(parse(t, body)), "Ihr Text ist nicht verloren") {
		t.Errorf("%d, %v", res.StatusCode, res.Header)
	}
	if !strings.Contains(body, "Text ") {
		t.Error("the text is lost")
	}
	p.Clock.Pass(time.Minute)
	if res, _ := p.post(p.article(), url.Values{"text": {"Später"}, "name": {"Mira"}}); res.StatusCode != 303 {
		t.Errorf("after a minute: %d", res.StatusCode)
	}
}

func TestRepeatedFormIsOneComment(t *testing.T) {
	p := newPaper(t)
	if a, b := p.submit("Mira", "Zweimal gesendet."), p.submit("Mira", "Zweimal gesendet."); a != b {
		t.Errorf("receipts %s and %s", a, b)
	}
	if p.submit("Mira", "Etwas anderes.") == p.submit("Jost", "Etwas anderes.") {
		t.Error("two people share a receipt")
	}
}

func TestForeignPagesCannotSubmit(t *testing.T) {
	p := newPaper(t)
	fields := url.Values{"text": {"Text"}, "name": {"Mira"}}
	for origin, status := range map[string]int{"": 303, "https://blatt.example": 303, "http://kommentare.test": 303, "https://fremd.example": 403, "null": 403} {
		var header []string
		if origin != "" {
			header = []string{"Origin", origin, "Sec-Fetch-Site", "cross-site"}
		}
		if res, _ := p.post(p.article(), fields, header...); res.StatusCode != status {
			t.Errorf("from %q: %d, want %d", origin, res.StatusCode, status)
		}
	}
}

func TestClosedThreadsSaySo(t *testing.T) {
	p := newPaper(t)
	set := func(change func(*store.Article)) *html.Node {
		t.Helper()
		a := p.Article
		change(&a)
		if err := p.SetThread(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		_, body := p.get(p.article())
		return parse(t, body)
	}
	closed := set(func(a *store.Article) { a.Closed = true })
	if len(find(closed, "form", nil)) != 0 || !strings.Contains(text(closed), "Die Diskussion ist geschlossen") {
		t.Errorf("closed: %s", text(closed))
	}
	if res, body := p.post(p.article(), url.Values{"text": {"Text"}, "name": {"Mira"}}); res.StatusCode != 409 || !strings.Contains(body, "Diskussion ist geschlossen") || !strings.Contains(body, ">Text<") {
		t.Errorf("submitting to a closed thread: %d", res.StatusCode)
	}
	early := set(func(a *store.Article) { a.Opens = p.Now().Add(time.Hour) })
	if len(find(early, "form", nil)) != 0 || !strings.Contains(text(early), "Kommentare sind ab") {
		t.Errorf("not open yet: %s", text(early))
	}
	p.Clock.Pass(time.Hour)
	_, body := p.get(p.article())
	if len(find(parse(t, body), "form", nil)) != 1 {
		t.Error("the page in memory did not open by itself")
	}
}

func TestReplyWithoutJavaScript(t *testing.T) {
	p := newPaper(t)
	first := p.Post("", "Mira", "Der erste.")
	p.Release(p.Anna, first.Comment)
	_, body := p.get(p.article() + "?reply=" + first.Comment)
	doc := parse(t, body)
	hidden := find(doc, "input", with("name", "parent_id"))
	if len(hidden) != 1 || attr(hidden[0], "value") != first.Comment || !strings.Contains(text(doc), "Ihre Antwort an Mira") {
		t.Fatal("the form is not one for an answer")
	}
	res, _ := p.post(p.article(), url.Values{"text": {"Eine Antwort."}, "name": {"Jost"}, "parent_id": {first.Comment}})
	if res.StatusCode != 303 {
		t.Fatalf("answering gives %d", res.StatusCode)
	}
}

func TestPagesAndPermalinks(t *testing.T) {
	p := newPaper(t)
	var ids []string
	for i := range 70 {
		c := p.Post("", "Mira", "Nummer "+string(rune('A'+i%26))+string(rune('a'+i/26)))
		p.Release(p.Anna, c.Comment)
		ids = append(ids, c.Comment)
	}
	_, body := p.get(p.article())
	doc := parse(t, body)
	next := find(doc, "a", with("rel", "next"))
	if len(next) != 1 || strings.Contains(body, `id="k`+ids[60]) {
		t.Fatal("the first page is not of 50 comments with a link to the next")
	}
	address, _, _ := strings.Cut(attr(next[0], "href"), "#")
	if _, body := p.get(address); !strings.Contains(body, `id="k`+ids[60]) || strings.Contains(body, `id="k`+ids[0]+`"`) {
		t.Error("the second page does not hold the rest")
	}
	for _, sort := range []string{"", "&sort=newest", "&sort=picks"} {
		for _, i := range []int{0, 49, 50, 69} {
			if _, body := p.get(p.article() + "?k=" + ids[i] + sort); !strings.Contains(body, `id="k`+ids[i]+`"`) {
				t.Errorf("the link to comment %d (%s) does not lead to its page", i, sort)
			}
		}
	}
	if res, _ := p.get(p.article() + "?cursor=xx"); res.StatusCode != 422 {
		t.Errorf("a made-up cursor gives %d", res.StatusCode)
	}
}

func TestReportInTwoClicks(t *testing.T) {
	p := newPaper(t)
	c := p.Post("", "Mira", "Ein Kommentar.")
	p.Release(p.Anna, c.Comment)
	_, body := p.get("/report/" + c.Comment)
	if doc := parse(t, body); len(find(doc, "input", with("type", "radio"))) != 5 {
		t.Error("the five rules are not offered")
	}
	for range 2 {
		res, body := p.post("/report/"+c.Comment, url.Values{"rule": {"digression"}})
		if res.StatusCode != 200 || !strings.Contains(body, "Danke für den Hinweis") {
			t.Errorf("%d", res.StatusCode)
		}
	}
	if res, _ := p.post("/notice/"+c.Comment, url.Values{"reason": {"Beleidigung"}, "name": {"Vera Wolf"}}); res.StatusCode != 422 {
		t.Errorf("a notice without good faith: %d", res.StatusCode)
	}
	if res, body := p.post("/notice/"+c.Comment, url.Values{"reason": {"Beleidigung"}, "name": {"Vera Wolf"}, "good_faith": {"1"}}); res.StatusCode != 303 {
		t.Errorf("a notice: %d, %s", res.StatusCode, body)
	} else if res, body := p.get(res.Header.Get("Location")); res.StatusCode != 200 || !strings.Contains(text(parse(t, body)), "Anzeige ist eingegangen") || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the notice's receipt: %d, %s", res.StatusCode, body)
	}
}

func TestEveryAddressAnswers(t *testing.T) {
	p := newPaper(t)
	for path, status := range map[string]int{
		"/": 200, "/policy": 404, "/healthz": 200, "/readyz": 200, "/embed.js": 200, "/embed.css": 200, "/static/nothing.css": 404, "/feeds/site.atom": 200, "/feeds/picks.json": 200,
		"/feeds/site.xml": 404, "/feeds/..atom": 404, "/a/unknown": 404, "/nothing": 404, "/api/v1/openapi.json": 200, "/api/v1/articles?url=nowhere": 404,
	} {
		res, body := p.get(path)
		if res.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, status)
		}
		if status == 404 && strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			parse(t, body)
		}
	}
	if res, _ := p.do("DELETE", p.article(), nil); res.StatusCode != 405 || res.Header.Get("Allow") == "" {
		t.Errorf("wrong method: %d", res.StatusCode)
	}
	if res, _ := p.do("POST", p.article(), strings.NewReader("x"), "Content-Type", "text/plain"); res.StatusCode != 415 {
		t.Errorf("wrong content type: %d", res.StatusCode)
	}
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
