package reader_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"golang.org/x/net/html"
)

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
