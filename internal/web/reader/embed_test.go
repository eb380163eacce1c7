package reader_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/store"
)

// strict is a policy that names the comments' origin and nothing inline.
func (w *town) strict() string {
	return fmt.Sprintf("default-src 'none'; script-src 'self' %[1]s; style-src 'self' %[1]s; connect-src %[1]s; frame-src %[1]s; img-src data:; form-action %[1]s; base-uri 'none'", w.comments)
}

const hostile = `button{background:red!important;font-size:40px} *{box-sizing:content-box} iframe{border:9px solid lime} p{font-size:30px;color:#999} form{display:inline-block;width:40px} label{position:absolute}`

func (w *town) violated(tab *browser.Tab) {
	w.t.Helper()
	if v := browser.Eval[string](tab, "document.body.dataset.violation || ''"); v != "" {
		w.t.Errorf("the page's policy was violated: %s", v)
	}
}

// A frame on a page with a strict policy and hostile styles keeps the height of
// its content, and in it one can write and answer.
func TestInAFrameOfAStrictPage(t *testing.T) {
	w := newTown(t)
	w.fill()
	w.policy = w.strict()
	w.page = fmt.Sprintf(`<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Zeitung</title><link rel="icon" href="data:,"></head>
<body><script src="/app.js"></script><iframe title="Kommentare" width="100%%" height="200" src="%s/embed/articles/%s?frame=1"></iframe><script src="%[1]s/embed.js"></script></body></html>`, w.comments, w.Article.ID)
	tab := browser.New(t)
	tab.Open(w.news + "/")
	browser.Eval[int](tab, fmt.Sprintf("(() => { const s = new CSSStyleSheet(); s.replaceSync(%q); document.adoptedStyleSheets = [s]; return 1 })()", hostile))
	tab.WaitFor("document.querySelector('iframe').clientHeight > 600")
	tab.Viewport(400, 900)
	tab.Press(kb.Tab) // into the frame
	for range 40 {
		if browser.Eval[bool](tab, "document.activeElement.matches('iframe')") {
			break
		}
		tab.Press(kb.Tab)
	}
	if !browser.Eval[bool](tab, "document.activeElement.matches('iframe')") {
		t.Error("the keyboard does not get into the frame")
	}
	w.violated(tab)
	foreign, _ := w.get("/embed/articles/" + w.Article.ID + "?frame=1")
	if p := foreign.Header.Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'self' ") || !strings.Contains(p, w.news) {
		t.Errorf("any page may show the frame: %s", p)
	}
}

// Included by the server into a page with a strict policy and hostile styles, and
// the same section twice with another article's.
func TestIncludedInAStrictPage(t *testing.T) {
	w := newTown(t)
	w.fill()
	second, err := w.AddArticle(t.Context(), store.Article{Site: w.Site.ID, Doc: w.Article.Doc}, nil)
	if err != nil {
		t.Fatal(err)
	}
	include := func(id string) string {
		_, fragment := w.get("/embed/articles/" + id)
		return strings.ReplaceAll(fragment, "http://kommentare.test", w.comments)
	}
	w.policy = w.strict()
	w.page = `<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Zeitung</title><link rel="icon" href="data:,"></head><body><script src="/app.js"></script><main><h1>Artikel</h1>` + include(w.Article.ID) + include(second.ID) + `</main></body></html>`
	tab := browser.New(t)
	tab.Open(w.news + "/")
	tab.WaitFor("customElements.get('freigabe-comments')")
	click(tab, "freigabe-comments .fg-reply")
	typeInto(tab, ".fg-comment .fg-area", "Eine Antwort im Artikel.")
	typeInto(tab, ".fg-comment input[name=name]", "Jörg M.")
	click(tab, ".fg-comment .fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')")
	typeInto(tab, "#text-"+second.ID, "Zum anderen Artikel.")
	typeInto(tab, "#name-"+second.ID, "Jörg M.")
	click(tab, "#form-"+second.ID+" .fg-button")
	tab.WaitFor("document.querySelectorAll('.fg-mine').length === 2")
	if n := len(w.queue()); n != 2 {
		t.Errorf("%d comments wait", n)
	}
	w.violated(tab)
}

// What an author types stays in memory; on the device only where the author says
// so, and it goes from there when it was sent.
func TestDraftsAreKeptWithConsent(t *testing.T) {
	w := newTown(t)
	first := w.fill()
	tab := browser.New(t)
	stored := func() string { return browser.Eval[string](tab, "JSON.stringify({...localStorage})") }
	tab.Open(w.comments + w.article())
	tab.WaitFor("customElements.get('freigabe-comments')")
	typeInto(tab, ".fg-area", "Ein Entwurf")
	if s := stored(); s != "{}" {
		t.Errorf("before the author agreed the device holds %s", s)
	}
	click(tab, ".fg-draft")
	typeInto(tab, ".fg-area", ", der bleibt")
	click(tab, "#k"+first+" .fg-reply")
	typeInto(tab, "#k"+first+" .fg-area", "Nur im Gedächtnis")
	tab.Open(w.comments + w.article())
	tab.WaitFor("document.querySelector('.fg-area').value === 'Ein Entwurf, der bleibt'")
	if s := stored(); strings.Contains(s, "Gedächtnis") {
		t.Errorf("the answer, not agreed to, is on the device: %s", s)
	}
	click(tab, ".fg-draft")
	if s := stored(); s != "{}" {
		t.Errorf("after the author took it back the device holds %s", s)
	}
	click(tab, ".fg-draft")
	typeInto(tab, "input[name=name]", "Mira")
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')")
	if s := stored(); s != "{}" {
		t.Errorf("after sending the device holds %s", s)
	}
}

// Where no line of events can be kept the section asks now and then.
func TestNewsByPolling(t *testing.T) {
	w := newTown(t)
	w.fill()
	w.noLines = true
	tab := browser.New(t)
	// A minute is too long for a test: the page's clock runs a hundred times faster.
	tab.OnEveryPage("const real = setInterval; window.setInterval = (f, ms) => real(f, ms / 100)")
	tab.Open(w.comments + w.article())
	tab.WaitFor("customElements.get('freigabe-comments')")
	c := w.Post("", "Mira", "Eine Neuigkeit.")
	w.Release(w.Anna, c.Comment)
	tab.WaitFor("document.querySelector('.fg-new')?.textContent.includes('1 neuer Kommentar')")
	tab.Errors() // lines that were refused
}

// A thread of ten thousand comments stays usable: each page is as light as any,
// the last can be reached, and answering needs no more than in a short one.
func TestTenThousandComments(t *testing.T) {
	w := newTown(t)
	w.many(10_000)
	res, body := w.get("/embed/articles/"+w.Article.ID, "Accept-Encoding", "gzip")
	if res.Header.Get("Content-Encoding") != "gzip" || len(body) > 15_000 {
		t.Errorf("the first page of ten thousand costs %d bytes", len(body))
	}
	tab := browser.New(t)
	begin := time.Now()
	tab.Open(w.comments + w.article())
	tab.WaitFor("document.querySelectorAll('.fg-comment').length === 50")
	t.Logf("first page after %v", time.Since(begin))
	if said := browser.Eval[string](tab, "document.querySelector('.fg-count').textContent"); said != "(10.000)" {
		t.Errorf("the count is %s", said)
	}
	for n := 100; n <= 500; n += 50 {
		browser.Eval[int](tab, "(document.querySelector('.fg-next').click(), 1)")
		tab.WaitFor(fmt.Sprintf("document.querySelectorAll('.fg-comment').length === %d", n))
	}
	took := browser.Eval[float64](tab, "(() => { const t = performance.now(); document.querySelector('.fg-comment:last-of-type .fg-reply').click(); document.body.offsetHeight; return performance.now() - t })()")
	t.Logf("an answer's form among 500 comments is laid out after %.0f ms", took)
	newest, _, err := w.Thread(t.Context(), w.Article.ID, store.Newest, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	last := newest[0].ID
	tab.Open("about:blank")
	tab.Open(w.comments + w.article() + "?k=" + last + "#k" + last)
	tab.WaitFor("document.getElementById('k" + last + "')")
	click(tab, ".fg-sort a:nth-child(2)")
	tab.WaitFor("document.querySelector('.fg-comment').id === 'k" + last + "'")
}

// many releases so many comments at once, as an import does; every fifth answers
// the one before.
func (w *town) many(n int) {
	w.t.Helper()
	const portion = 1000
	for from := 0; from < n; from += portion {
		var in []store.Imported
		for i := from; i < from+portion; i++ {
			c := store.Imported{Key: strconv.Itoa(i), Article: w.Article.ID, Name: fmt.Sprintf("Leserin %d", i), At: w.Clock.Now().Add(time.Duration(i-n) * time.Second), Approved: true,
				Text: fmt.Sprintf("Beitrag Nummer %d, mit einigen Worten dazu, wie sie Leser schreiben.", i)}
			if i%5 == 4 {
				c.Parent = strconv.Itoa(i - 1)
			}
			in = append(in, c)
		}
		if _, err := w.Import(w.t.Context(), w.Site.ID, w.Anna, in); err != nil {
			w.t.Fatal(err)
		}
	}
}
