package reader_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// town is a node on the network beside a publisher's own site.
type town struct {
	*paper
	comments string // the node's address
	news     string // the publisher's
	page     string // the publisher's page: its whole HTML
	policy   string // its Content-Security-Policy
	noLines  bool   // no line of events can be kept
	script   string // what its /app.js does; "": note violations of the policy
}

func newTown(t *testing.T) *town {
	p := newPaper(t)
	w := &town{paper: p}
	mux := http.NewServeMux()
	mux.HandleFunc("zeitung.test/", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		if w.policy != "" {
			rw.Header().Set("Content-Security-Policy", w.policy)
		}
		rw.Header().Set("Content-Encoding", "gzip") // as every publisher's server does
		z := gzip.NewWriter(rw)
		fmt.Fprint(z, w.page)
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("zeitung.test/site.css", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/css")
		fmt.Fprint(rw, "body { margin: 0 auto; max-width: 40em; font: 18px/1.5 Georgia, serif }")
	})
	mux.HandleFunc("zeitung.test/app.js", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/javascript")
		if w.script != "" {
			fmt.Fprint(rw, w.script)
			return
		}
		fmt.Fprint(rw, "addEventListener('securitypolicyviolation', e => document.body.dataset.violation = e.violatedDirective)")
	})
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		if w.noLines && strings.HasSuffix(r.URL.Path, "/events") {
			http.Error(rw, "no lines", http.StatusServiceUnavailable)
			return
		}
		p.server.ServeHTTP(rw, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	w.comments, w.news = "http://kommentare.test:"+port, "http://zeitung.test:"+port
	set := p.Site.Settings
	set.Origins = []string{w.news}
	set.Imprint, set.Privacy = "/impressum", "/datenschutz"
	if err := p.SaveSettings(t.Context(), p.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.pages.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

// fill releases a small discussion.
func (w *town) fill() (first string) {
	a := w.Post("", "Ursula Maier-Kling", "Ich fahre die Strecke jeden Tag. Die Umleitung über Hohenlinden kostet eine halbe Stunde.\n\nDass der Rat das einstimmig beschließt, verstehe ich trotzdem.")
	w.Release(w.Anna, a.Comment)
	b := w.Post(a.Comment, "Höhenbauer", "Eine halbe Stunde ist freundlich gerechnet. Mehr dazu steht unter https://stadt.example/verkehr.")
	w.Release(w.Anna, b.Comment)
	c := w.Post("", "דוד", "שלום לכולם")
	w.Release(w.Jonas, c.Comment)
	return a.Comment
}

// shot keeps a screenshot where FREIGABE_SHOTS names a folder.
func shot(tab *browser.Tab, name string) {
	if dir := os.Getenv("FREIGABE_SHOTS"); dir != "" {
		tab.Screenshot(filepath.Join(dir, name+".png"))
	}
}

func sound(t *testing.T, tab *browser.Tab, what string) {
	t.Helper()
	for _, v := range tab.Violations() {
		t.Errorf("%s: %v", what, v)
	}
	if !browser.Eval[bool](tab, "document.documentElement.scrollWidth <= innerWidth") {
		t.Errorf("%s: the page is wider than the window", what)
	}
}

func click(tab *browser.Tab, selector string) {
	tab.Do(chromedp.Click(chromedp.CSS(selector)))
}

func typeInto(tab *browser.Tab, selector, words string) {
	tab.Do(chromedp.SendKeys(chromedp.CSS(selector), words))
}

func TestReadingCostsNothing(t *testing.T) {
	w := newTown(t)
	w.fill()
	tab := browser.New(t)
	for _, path := range []string{"/", w.article(), "/embed/articles/" + w.Article.ID + "?frame=1"} {
		for _, dark := range []bool{false, true} {
			for _, width := range []int64{1280, 320} {
				tab.Viewport(width, 900)
				tab.Dark(dark)
				tab.Open(w.comments + path)
				sound(t, tab, fmt.Sprintf("%s at %d, dark %v", path, width, dark))
				if path == w.article() {
					shot(tab, fmt.Sprintf("article-%d-%v", width, map[bool]string{true: "dark", false: "light"}[dark]))
				}
			}
		}
	}
	tab.Open(w.comments + w.article())
	small := browser.Eval[[]string](tab, `[...document.querySelectorAll('.fg a, .fg button, .fg input, .fg textarea')].filter(e => !e.closest('.fg-trap, .fg-p, .fg-hint, .fg-to, .fg-check')).map(e => [e, e.getBoundingClientRect()]).filter(([, r]) => r.height < 24 || r.width < 24).map(([e, r]) => e.className + ' ' + r.width + 'x' + r.height)`)
	if len(small) > 0 {
		t.Errorf("targets smaller than 24 pixels: %v", small)
	}
	if c := tab.Cookies(); len(c) > 0 {
		t.Errorf("cookies %v", c)
	}
	if n := browser.Eval[int](tab, "localStorage.length + sessionStorage.length"); n > 0 {
		t.Errorf("%d entries in storage", n)
	}
	for _, r := range tab.Requests() {
		if !strings.HasPrefix(r.URL, w.comments) && !strings.HasPrefix(r.URL, "data:") {
			t.Errorf("a reader's browser asked %s", r.URL)
		}
	}
}

func TestAllWithoutJavaScript(t *testing.T) {
	w := newTown(t)
	first := w.fill()
	tab := browser.New(t)
	tab.JavaScript(false)
	tab.Open(w.comments + w.article())
	click(tab, "#k"+first+" .fg-reply")
	tab.WaitFor("location.search.includes('reply=')")
	typeInto(tab, "textarea[name=text]", "Das kann ich bestätigen.")
	typeInto(tab, "input[name=name]", "Jörg M.")
	click(tab, "form.fg-form button")
	tab.WaitFor("location.pathname.startsWith('/receipts/')")
	if said := browser.Eval[string](tab, "document.body.innerText"); !strings.Contains(said, "Wartet auf Prüfung") || !strings.Contains(said, "angekommen") {
		t.Errorf("the receipt says %s", said)
	}
	click(tab, "#withdraw + form button")
	tab.WaitFor("location.search.includes('done=withdraw')")
	if said := browser.Eval[string](tab, "document.body.innerText"); !strings.Contains(said, "Zurückgezogen") {
		t.Errorf("the receipt says %s", said)
	}
	tab.Open(w.comments + w.article())
	click(tab, "#k"+first+" .fg-report")
	tab.WaitFor("location.pathname.startsWith('/report/')")
	click(tab, "form button")
	tab.WaitFor("document.body.innerText.includes('Danke für den Hinweis')")
	if c := tab.Cookies(); len(c) > 0 {
		t.Errorf("cookies %v", c)
	}
}

func TestAnsweringInPlace(t *testing.T) {
	w := newTown(t)
	first := w.fill()
	tab, other := browser.New(t), browser.New(t)
	other.Open(w.comments + w.article())
	tab.Open(w.comments + w.article())
	tab.WaitFor("customElements.get('freigabe-comments')")
	click(tab, "#k"+first+" .fg-reply")
	reply := "#k" + first + " .fg-form "
	if focus := browser.Eval[bool](tab, "document.activeElement.matches('"+reply+".fg-area')"); !focus {
		t.Error("the text field of the answer has no focus")
	}
	sound(t, tab, "while answering")
	typeInto(tab, reply+".fg-area", "Das kann ich bestätigen.")
	typeInto(tab, reply+"input[name=name]", "J")
	click(tab, reply+".fg-button")
	tab.WaitFor("document.querySelector('" + reply + ".fg-error') || document.querySelector('" + reply + ":invalid')")
	typeInto(tab, reply+"input[name=name]", "örg M.")
	click(tab, reply+".fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')")
	if said := browser.Eval[string](tab, "document.activeElement.innerText"); !strings.Contains(said, "Jörg M.") || !strings.Contains(said, "nur Sie sehen ihn") {
		t.Errorf("the focus is on %q, want the author's own comment", said)
	}
	if said := browser.Eval[string](tab, "document.querySelector('.fg-status').textContent"); !strings.Contains(said, "angekommen") {
		t.Errorf("the live region says %q", said)
	}
	sound(t, tab, "with a waiting comment")
	shot(tab, "waiting-own")
	if strings.Contains(browser.Eval[string](other, "document.body.innerText"), "bestätigen") {
		t.Error("another reader sees the waiting comment")
	}
	if n := browser.Eval[int](tab, "localStorage.length"); n != 0 {
		t.Errorf("%d entries in storage before the author agreed", n)
	}
	w.Release(w.Anna, w.waiting("bestätigen"))
	other.WaitFor("document.querySelector('.fg-new')")
	if said := browser.Eval[string](other, "document.querySelector('.fg-new').textContent"); !strings.Contains(said, "1 neuer Kommentar") {
		t.Errorf("the news say %q", said)
	}
	click(other, ".fg-new")
	other.WaitFor("document.querySelector('.fg-comments').innerText.includes('bestätigen')")
	click(tab, ".fg-mine input")
	if n := browser.Eval[int](tab, "localStorage.length"); n != 1 {
		t.Errorf("%d entries in storage after the author agreed", n)
	}
}

func TestTakenDownGoesFromOpenPages(t *testing.T) {
	w := newTown(t)
	first := w.fill()
	tab := browser.New(t)
	tab.Open(w.comments + w.article())
	tab.WaitFor("document.querySelector('.fg-comments').innerText.includes('Umleitung')")
	w.Do(w.Anna, moderation.Remove, first)
	tab.WaitFor("!document.querySelector('.fg-comments').innerText.includes('Umleitung')")
}

func TestErrorsKeepTheTextInPlace(t *testing.T) {
	w := newTown(t)
	w.fill()
	tab := browser.New(t)
	tab.Open(w.comments + w.article())
	typeInto(tab, ".fg-area", "Ein Text, der nicht verloren geht.")
	typeInto(tab, "input[name=name]", "12")
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-error')")
	if said := browser.Eval[string](tab, "document.querySelector('.fg-error').textContent + document.querySelector('.fg-area').value"); !strings.Contains(said, "Bitte geben Sie einen Namen") || !strings.Contains(said, "nicht verloren geht") {
		t.Errorf("the form says %q", said)
	}
	sound(t, tab, "with an error")
	tab.Offline(true)
	typeInto(tab, "input[name=name]", "ab")
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-error').textContent.includes('nicht eingereicht')")
	tab.Offline(false)
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')")
}

func TestPagesOrdersAndPermalinks(t *testing.T) {
	w := newTown(t)
	var ids []string
	for i := range 60 {
		c := w.Post("", "Mira", fmt.Sprintf("Beitrag Nummer %d.", i))
		w.Release(w.Anna, c.Comment)
		ids = append(ids, c.Comment)
	}
	tab := browser.New(t)
	tab.Open(w.comments + w.article())
	browser.Eval[int](tab, "(document.querySelector('.fg-next').focus(), 1)")
	tab.Press(kb.Enter) // by keyboard: fifty comments lay themselves out while the page scrolls under a mouse
	tab.WaitFor("document.querySelectorAll('.fg-comment').length === 60")
	if id := browser.Eval[string](tab, "document.activeElement.id"); id != "k"+ids[50] {
		t.Errorf("the focus is on %s, want the first new comment", id)
	}
	if browser.Eval[bool](tab, "!!document.querySelector('.fg-next')") {
		t.Error("there is still a link to more")
	}
	click(tab, ".fg-sort a:nth-child(2)")
	tab.WaitFor("document.querySelector('.fg-comment').id === 'k" + ids[59] + "'")
	tab.Open("about:blank")
	tab.Open(w.comments + w.article() + "#k" + ids[55])
	tab.WaitFor("document.activeElement.id === 'k" + ids[55] + "'")
}

// A publisher's page with a strict policy and hostile styles, by the loader.
func TestInAHostilePage(t *testing.T) {
	w := newTown(t)
	w.fill()
	second, err := w.AddArticle(t.Context(), store.Article{Site: w.Site.ID, Doc: w.Article.Doc}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.policy = fmt.Sprintf("default-src 'none'; script-src 'self' %[1]s; style-src 'self' %[1]s; connect-src %[1]s; img-src data:; base-uri 'none'", w.comments)
	w.page = fmt.Sprintf(`<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Zeitung</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/hostile.css"></head>
<body><main><h1>Artikel</h1><freigabe-comments article="%s"><a href="%s/a/%[1]s">Kommentare lesen</a></freigabe-comments>
<freigabe-comments article="%[3]s"></freigabe-comments></main><script src="/app.js"></script><script src="%[2]s/embed.js" async></script></body></html>`, w.Article.ID, w.comments, second.ID)
	tab := browser.New(t)
	tab.Open(w.news + "/")
	tab.WaitFor("document.querySelectorAll('freigabe-comments .fg-section').length === 2")
	tab.WaitFor("getComputedStyle(document.querySelector('.fg-button')).minHeight === '44px'")
	if v := browser.Eval[string](tab, "document.body.dataset.violation || ''"); v != "" {
		t.Errorf("the page's policy was violated: %s", v)
	}
	measure := `JSON.stringify([...document.querySelectorAll('.fg-section')].flatMap(s => ['.fg-button', '.fg-p', '.fg-list', '.fg-item', '.fg-title', '.fg-name', '.fg-input', '.fg-head'].map(q => s.querySelector(q)).filter(e => e).map(e => {
		const c = getComputedStyle(e); return [e.className, c.color, c.backgroundColor, c.fontSize, c.fontWeight, c.textTransform, c.listStyleType, c.marginTop, c.paddingTop, c.borderTopWidth, c.lineHeight] })))`
	calm := browser.Eval[string](tab, measure)
	browser.Eval[int](tab, `(() => { const s = new CSSStyleSheet(); s.replaceSync("button{background:red;color:lime;text-transform:uppercase;font-size:40px;padding:30px;border:9px solid} p{font-size:30px;color:#999;margin:40px;line-height:3} ol{list-style:decimal;margin:50px;padding:60px} li{list-style:square;margin:30px} h2,h3{font-size:60px;color:red;text-transform:uppercase;border-top:5px solid} input,textarea{background:yellow;border:7px solid;font-size:33px} header,footer{background:pink;padding:44px;border-top:3px solid}"); document.adoptedStyleSheets = [s]; return 1 })()`)
	if hostile := browser.Eval[string](tab, measure); hostile != calm {
		t.Errorf("the page's styles leak in:\n%s\n%s", calm, hostile)
	}
	typeInto(tab, "freigabe-comments .fg-area", "Vom Verlag aus geschrieben.")
	typeInto(tab, "freigabe-comments input[name=name]", "Jörg M.")
	click(tab, "freigabe-comments .fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')")
	if len(w.queue()) != 1 {
		t.Error("nothing waits")
	}
	if c := tab.Cookies(); len(c) > 0 {
		t.Errorf("cookies %v", c)
	}
}

func TestInASinglePageApplication(t *testing.T) {
	w := newTown(t)
	w.fill()
	second, err := w.AddArticle(t.Context(), store.Article{Site: w.Site.ID, Doc: w.Article.Doc}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.page = fmt.Sprintf(`<!doctype html><html lang="de"><head><meta charset="utf-8"><title>App</title><link rel="icon" href="data:,"><script src="%s/embed.js"></script></head><body><main></main></body></html>`, w.comments)
	tab := browser.New(t)
	tab.Open(w.news + "/")
	mount := func(id string) {
		browser.Eval[int](tab, "(() => { const e = document.createElement('freigabe-comments'); e.setAttribute('article', '"+id+"'); document.querySelector('main').replaceChildren(e); return 1 })()")
		tab.WaitFor("document.querySelector('#comments-" + id + "')")
	}
	mount(w.Article.ID)
	typeInto(tab, ".fg-area", "Ein Entwurf.")
	browser.Eval[int](tab, "(document.querySelector('main').replaceChildren(), 1)")
	mount(w.Article.ID)
	if draft := browser.Eval[string](tab, "document.querySelector('.fg-area').value"); draft != "Ein Entwurf." {
		t.Errorf("the draft became %q", draft)
	}
	browser.Eval[int](tab, "(document.querySelector('freigabe-comments').setAttribute('article', '"+second.ID+"'), 1)")
	tab.WaitFor("document.querySelector('#comments-" + second.ID + "') && !document.querySelector('#comments-" + w.Article.ID + "')")
	browser.Eval[int](tab, "(document.querySelector('main').replaceChildren(), 1)")
}

func TestInAFrame(t *testing.T) {
	w := newTown(t)
	w.fill()
	w.page = fmt.Sprintf(`<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Zeitung</title><link rel="icon" href="data:,"></head>
<body><iframe title="Kommentare" width="100%%" height="200" src="%s/embed/articles/%s?frame=1"></iframe><script src="%[1]s/embed.js"></script></body></html>`, w.comments, w.Article.ID)
	tab := browser.New(t)
	tab.Open(w.news + "/")
	tab.WaitFor("document.querySelector('iframe').clientHeight > 600")
	tab.Viewport(500, 900)
	wide := browser.Eval[int](tab, "document.querySelector('iframe').clientHeight")
	tab.Viewport(330, 900)
	tab.WaitFor(fmt.Sprintf("document.querySelector('iframe').clientHeight > %d", wide))
}

// Included by the publisher's server, the section is there before any script.
func TestIncludedByTheServer(t *testing.T) {
	w := newTown(t)
	w.fill()
	_, fragment := w.get("/embed/articles/"+w.Article.ID, "Host", "x")
	fragment = strings.ReplaceAll(fragment, "http://kommentare.test", w.comments)
	w.page = `<!doctype html><html lang="de"><head><meta charset="utf-8"><title>Zeitung</title><link rel="icon" href="data:,"></head><body><main><h1>Artikel</h1>` + fragment + `</main></body></html>`
	tab := browser.New(t)
	tab.JavaScript(false)
	tab.Open(w.news + "/")
	if !browser.Eval[bool](tab, "document.querySelectorAll('.fg-comment').length === 3") {
		t.Error("the comments need the script")
	}
	typeInto(tab, ".fg-area", "Ohne Skript vom Verlag aus.")
	typeInto(tab, "input[name=name]", "Jörg M.")
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("location.pathname.startsWith('/receipts/')")
	tab.JavaScript(true)
	tab.Open(w.news + "/")
	tab.WaitFor("customElements.get('freigabe-comments')")
	shift := browser.Eval[float64](tab, `new Promise(done => { let sum = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) sum += e.value }).observe({type: 'layout-shift', buffered: true}); requestAnimationFrame(() => requestAnimationFrame(() => done(sum))) })`)
	if shift > 0.02 {
		why := browser.Eval[string](tab, `new Promise(done => new PerformanceObserver(l => done(JSON.stringify(l.getEntries().map(e => [e.value, e.startTime, e.sources.map(s => [s.node?.className || s.node?.nodeName, s.previousRect, s.currentRect])])))).observe({type: 'layout-shift', buffered: true}))`)
		t.Errorf("layout shift %.3f: %s", shift, why)
	}
}

func TestReceiptsInTheBrowser(t *testing.T) {
	w := newTown(t)
	w.Clock.Pass(time.Hour)
	states := map[string]func(id string){
		"pending":  func(string) {},
		"approved": func(id string) { w.Release(w.Anna, id) },
		"rejected": func(id string) {
			w.EndHold(w.reject(id, moderation.Passage{Start: 0, End: 7, Text: "Trottel"}))
		},
		"returned": func(id string) { w.EndHold(w.Do(w.Anna, moderation.Return, id)) },
		"declined": func(id string) { w.EndHold(w.Do(w.Anna, moderation.Decline, id)) },
		"removed": func(id string) {
			w.Release(w.Anna, id)
			w.Do(w.Anna, moderation.Remove, id)
		},
		"appealed":  func(id string) { w.EndHold(w.reject(id)) },
		"upheld":    func(id string) { w.EndHold(w.reject(id)) },
		"edited":    func(id string) { w.Release(w.Anna, id) },
		"escalated": func(id string) { w.Do(w.Anna, moderation.Escalate, id) },
		"withdrawn": func(string) {},
	}
	says := map[string]string{"pending": "Wartet auf Prüfung", "approved": "Veröffentlicht", "rejected": "Einspruch einlegen", "returned": "Überarbeitet einreichen", "declined": "Nicht ausgewählt",
		"removed": "Entfernt", "appealed": "Einspruch wird geprüft", "upheld": "Nach erneuter Prüfung", "edited": "Was sich gegenüber", "escalated": "Wartet auf Prüfung", "withdrawn": "Zurückgezogen"}
	tab := browser.New(t)
	for state, bring := range states {
		words := "Trottel, schrieb jemand, und meinte " + state + "."
		receipt := w.submit("Mira", words)
		bring(w.waiting(state + "."))
		switch state {
		case "appealed", "upheld":
			w.post(receipt, map[string][]string{"step": {"appeal"}, "text": {"Das war ein Zitat."}})
		case "edited":
			w.post(receipt, map[string][]string{"step": {"edit"}, "text": {words + " Mit Nachsatz."}})
		case "withdrawn":
			w.post(receipt, map[string][]string{"step": {"withdraw"}})
		}
		if state == "upheld" {
			id, err := w.Receipt(t.Context(), strings.TrimPrefix(receipt, "/receipts/"))
			if err != nil {
				t.Fatal(err)
			}
			w.EndHold(w.Do(w.Chief, moderation.Uphold, id.Comment))
		}
		for _, dark := range []bool{false, true} {
			tab.Viewport(map[bool]int64{false: 1000, true: 320}[dark], 800)
			tab.Dark(dark)
			tab.Open(w.comments + receipt)
			if said := browser.Eval[string](tab, "document.body.innerText"); !strings.Contains(said, says[state]) {
				t.Errorf("the receipt of a comment that is %s does not say %q: %s", state, says[state], said)
			}
			sound(t, tab, fmt.Sprintf("receipt %s, dark and narrow %v", state, dark))
			shot(tab, fmt.Sprintf("receipt-%s-%v", state, map[bool]string{true: "dark-narrow", false: "light"}[dark]))
		}
	}
}

// A hint names passage and rule, blocks nothing, and comes once for a text.
func TestHintBeforeSending(t *testing.T) {
	w := newTown(t)
	tab := browser.New(t)
	send := func(words string) {
		t.Helper()
		tab.Open(w.comments + w.article())
		typeInto(tab, ".fg-area", words)
		typeInto(tab, "input[name=name]", "Mira")
		click(tab, ".fg-form .fg-button")
		tab.WaitFor("document.querySelector('.fg-hints, .fg-mine')")
	}
	send("Was für ein Vollpfosten.")
	if said := browser.Eval[string](tab, "document.activeElement.innerText"); !strings.Contains(said, "„Vollpfosten“") || !strings.Contains(said, "Schimpfwort") {
		t.Errorf("the hint says %q", said)
	}
	sound(t, tab, "with a hint")
	shot(tab, "hint")
	if len(w.queue()) != 0 {
		t.Error("the text was sent before its author decided")
	}
	click(tab, ".fg-form .fg-button")
	tab.WaitFor("document.querySelector('.fg-mine')")
	if len(w.queue()) != 1 {
		t.Error("the text was not sent as it is")
	}
	send("Alles in Ordnung.")
	if browser.Eval[bool](tab, "!!document.querySelector('.fg-hints')") {
		t.Error("a hint for a harmless text")
	}
}
