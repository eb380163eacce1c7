package reader_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// offer lets readers of the paper give reactions.
func (p *paper) offer(kinds string) {
	p.t.Helper()
	site, err := p.Store.Site(p.t.Context(), p.Site.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	set := site.Settings
	set.Extra = store.Extra{"reader": []byte(`{"reactions":[` + kinds + `]}`)}
	if err := p.SaveSettings(p.t.Context(), p.Site.ID, set); err != nil {
		p.t.Fatal(err)
	}
}

// A reaction changes no byte of any page of comments, only the answer that gives
// the counts, and that one soon.
func TestReactionsAreNoPartOfThePage(t *testing.T) {
	p := newPaper(t)
	p.offer(`"helpful","thanks"`)
	c := p.Post("", "Mira", "Danke für den Bericht.")
	p.Release(p.Anna, c.Comment)
	pages := []string{p.article(), "/embed/articles/" + p.Article.ID, "/api/v1/articles/" + p.Article.ID + "/comments", "/feeds/" + p.Article.ID + ".atom"}
	before := map[string]string{}
	for _, path := range pages {
		res, _ := p.get(path)
		before[path] = res.Header.Get("Etag")
	}
	counts := func() string {
		_, body := p.get("/api/v1/articles/" + p.Article.ID + "/reactions")
		return strings.TrimSpace(body)
	}
	if got := counts(); got != `{"reactions":{}}` {
		t.Fatalf("nobody reacted, and the counts are %s", got)
	}
	for range 2 {
		res, body := p.do("PUT", "/api/v1/comments/"+c.Comment+"/reactions/helpful", nil)
		if res.StatusCode != http.StatusOK || strings.TrimSpace(body) != `{"reactions":{"helpful":1}}` {
			t.Fatalf("reacting gives %d %s", res.StatusCode, body)
		}
		if c := res.Header.Values("Set-Cookie"); len(c) > 0 {
			t.Errorf("cookies %v", c)
		}
	}
	for _, path := range pages {
		if res, _ := p.get(path); res.Header.Get("Etag") != before[path] || before[path] == "" {
			t.Errorf("a reaction changed %s", path)
		}
	}
	p.Clock.Pass(11 * time.Second)
	if got, want := counts(), `{"reactions":{"`+c.Comment+`":{"helpful":1}}}`; got != want {
		t.Errorf("the counts are %s, want %s", got, want)
	}
	p.Do(p.Anna, moderation.Remove, c.Comment)
	if got := counts(); got != `{"reactions":{}}` {
		t.Errorf("the counts name a removed comment: %s", got)
	}
}

func TestReactionsRefuse(t *testing.T) {
	p := newPaper(t)
	c := p.Post("", "Mira", "Danke für den Bericht.")
	p.Release(p.Anna, c.Comment)
	waiting := p.Post("", "Jon", "Wartet.")
	react := func(id, kind string, header ...string) (int, string) {
		res, body := p.do("PUT", "/api/v1/comments/"+id+"/reactions/"+kind, nil, header...)
		return res.StatusCode, strings.ReplaceAll(body, id, "ID")
	}
	if code, _ := react(c.Comment, "helpful"); code != http.StatusNotFound {
		t.Errorf("a site without reactions answers %d", code)
	}
	p.offer(`"helpful"`)
	unknown, words := react(store.NewID(), "helpful")
	if code, body := react(waiting.Comment, "helpful"); code != http.StatusNotFound || code != unknown || body != words {
		t.Errorf("an unreleased comment is answered %d %s, an unknown one %d %s", code, body, unknown, words)
	}
	if code, _ := react(c.Comment, "thanks"); code != http.StatusUnprocessableEntity {
		t.Errorf("a kind that is not offered: %d", code)
	}
	if code, _ := react(c.Comment, "helpful", "Origin", "https://fremd.example"); code != http.StatusForbidden {
		t.Errorf("a foreign page: %d", code)
	}
	res, body := p.get("/react/" + waiting.Comment)
	if _, other := p.get("/react/" + store.NewID()); res.StatusCode != http.StatusNotFound || strings.ReplaceAll(body, waiting.Comment, "") != other {
		t.Errorf("the page of an unreleased comment: %d", res.StatusCode)
	}
}

func TestReactingWithoutJavaScript(t *testing.T) {
	p := newPaper(t)
	p.offer(`"helpful"`)
	c := p.Post("", "Mira", "Danke für den Bericht.")
	p.Release(p.Anna, c.Comment)
	res, body := p.post("/react/"+c.Comment, url.Values{"kind": {"helpful"}})
	if doc := parse(t, body); res.StatusCode != 200 || !strings.Contains(text(doc), "gezählt") || !strings.Contains(text(doc), "Hilfreich (1)") {
		t.Fatalf("%d %s", res.StatusCode, text(doc))
	}
	_, body = p.post("/react/"+c.Comment, url.Values{"kind": {"helpful"}, "off": {"1"}})
	if doc := parse(t, body); !strings.Contains(text(doc), "zurückgenommen") || !strings.Contains(text(doc), "Hilfreich (0)") {
		t.Errorf("taken back: %s", text(doc))
	}
}

func TestReactingInTheBrowser(t *testing.T) {
	w := newTown(t)
	w.offer(`"helpful","thanks"`)
	first := w.fill()
	tab := browser.New(t)
	tab.JavaScript(false)
	tab.Open(w.comments + w.article())
	click(tab, "#k"+first+" .fg-react")
	tab.WaitFor("location.pathname.startsWith('/react/') && document.body.innerText.includes('gezählt')")
	w.Clock.Pass(11 * time.Second)
	tab.JavaScript(true)
	tab.Open(w.comments + "/react/" + first)
	sound(t, tab, "the page of reactions")
	tab.Open(w.comments + w.article())
	button := "#k" + first + " .fg-react"
	says := func(words, pressed string) {
		t.Helper()
		tab.WaitFor("document.querySelector('" + button + "').innerText === '" + words + "' && document.querySelector('" + button + "').ariaPressed === " + pressed)
	}
	says("Hilfreich 1", "null")
	click(tab, button) // the same address: it counts once, and the button shows that it is given
	says("Hilfreich 1", "'true'")
	sound(t, tab, "with a reaction given")
	shot(tab, "reactions")
	click(tab, button)
	says("Hilfreich", "'false'")
	if !strings.HasPrefix(browser.Eval[string](tab, "location.pathname"), "/a/") {
		t.Error("a reaction led away from the page")
	}
	if n := browser.Eval[int](tab, "localStorage.length + sessionStorage.length"); n > 0 || len(tab.Cookies()) > 0 {
		t.Errorf("a reaction left %d entries in storage and the cookies %v", n, tab.Cookies())
	}
}
