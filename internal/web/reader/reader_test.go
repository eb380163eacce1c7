package reader_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/net/html"
)

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
