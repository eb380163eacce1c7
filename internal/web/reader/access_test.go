package reader_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/store"
)

// everywhere are the readers' pages that a check of looks opens.
func (w *town) everywhere(t *testing.T) map[string]string {
	t.Helper()
	w.offer(`"helpful","agree","thanks"`)
	if _, err := w.AddPolicy(t.Context(), w.Site.ID, store.Policy{Lang: "de", Text: "Bitte bleiben Sie *sachlich*.", Signed: "Ihre Redaktion"}); err != nil {
		t.Fatal(err)
	}
	first := w.fill()
	return map[string]string{
		"front": "/", "article": w.article(), "reply": w.article() + "?reply=" + first, "report": "/report/" + first, "notice": "/notice/" + first,
		"reactions": "/react/" + first, "digest": "/digest?article=" + w.Article.ID, "mine": "/mine", "policy": "/policy", "receipt": w.submit("Mira", "Ein Gedanke."),
	}
}

// What a person may do to a page must not break it: wider spacing (WCAG 1.4.12),
// text twice as large and a window of 320 pixels (1.4.4, 1.4.10).
func TestTextSpacingAndSize(t *testing.T) {
	w := newTown(t)
	tab := browser.New(t)
	styles := map[string]string{
		"text spacing": "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }",
		"double text":  "html { font-size: 200% !important }",
	}
	for name, path := range w.everywhere(t) {
		for what, css := range styles {
			tab.Viewport(320, 800)
			tab.Open(w.comments + path)
			browser.Eval[int](tab, fmt.Sprintf("(() => { const s = new CSSStyleSheet(); s.replaceSync(%q); document.adoptedStyleSheets = [s]; return 1 })()", css))
			cut := browser.Eval[[]string](tab, `[...document.querySelectorAll('main *, header *, footer *')].filter(e => e.clientWidth && !e.closest('.fg-trap, .skip, textarea, input') && getComputedStyle(e).overflow !== 'visible' && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)).map(e => e.tagName + '.' + e.className)`)
			if len(cut) > 0 {
				t.Errorf("%s with %s: words are cut off in %v", name, what, cut)
			}
			if wide := browser.Eval[[]string](tab, `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '.' + e.className)`); len(wide) > 0 {
				t.Errorf("%s with %s is wider than the window: %v", name, what, wide)
			}
		}
	}
}

// With forced colours nothing rests on a colour of ours: every control has a
// border or is underlined, marked passages are underlined, focus is seen.
func TestForcedColours(t *testing.T) {
	w := newTown(t)
	pages := w.everywhere(t)
	tab := browser.New(t)
	tab.Media(map[string]string{"forced-colors": "active"})
	for name, path := range pages {
		tab.Open(w.comments + path)
		if !browser.Eval[bool](tab, "matchMedia('(forced-colors: active)').matches") {
			t.Fatal("the browser forces no colours")
		}
		bare := browser.Eval[[]string](tab, `[...document.querySelectorAll('main button, main input:not([type=hidden]), main textarea')].filter(e => !e.closest('.fg-trap') && e.offsetParent).filter(e => {
			const c = getComputedStyle(e)
			return c.borderTopWidth === '0px' && !c.textDecorationLine.includes('underline') && !['checkbox', 'radio'].includes(e.type) }).map(e => e.className)`)
		if len(bare) > 0 {
			t.Errorf("%s: nothing but colour shows %v", name, bare)
		}
		faint := browser.Eval[[]string](tab, `[...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main textarea')].filter(e => !e.closest('.fg-trap') && e.offsetParent).filter(e => {
			e.focus({focusVisible: true})
			const c = getComputedStyle(e)
			return document.activeElement === e && (parseFloat(c.outlineWidth) < 2 || c.outlineStyle === 'none') }).map(e => e.tagName + '.' + e.className)`)
		if len(faint) > 0 {
			t.Errorf("%s: no ring of focus on %v", name, faint)
		}
		shot(tab, "forced-"+name)
	}
}

// The keyboard reaches everything in the order of reading, its place is always to
// be seen and never hidden, and nothing moves for who wants no motion.
func TestKeyboardPathThroughAnArticle(t *testing.T) {
	w := newTown(t)
	pages := w.everywhere(t)
	tab := browser.New(t)
	tab.Media(map[string]string{"prefers-reduced-motion": "reduce"})
	tab.Viewport(412, 850)
	tab.Open(w.comments + pages["article"])
	tab.WaitFor("customElements.get('freigabe-comments')")
	var stops []string
	last := -1.0
	for range 60 {
		tab.Press(kb.Tab)
		at := browser.Eval[[]any](tab, `(() => { const e = document.activeElement, r = e.getBoundingClientRect(), c = getComputedStyle(e)
			const seen = document.elementFromPoint(Math.min(innerWidth - 1, Math.max(0, r.left + r.width / 2)), Math.min(innerHeight - 1, Math.max(0, r.top + r.height / 2)))
			return [e === document.body ? '' : e.tagName + '.' + e.className, r.top + scrollY, parseFloat(c.outlineWidth) >= 2 && c.outlineStyle !== 'none', !!seen && (e.contains(seen) || seen.contains(e)), !!e.closest('.fg')] })()`)
		name := at[0].(string)
		if name == "" {
			break
		}
		stops = append(stops, name)
		if !at[2].(bool) {
			t.Errorf("no ring of focus on %s", name)
		}
		if !at[3].(bool) {
			t.Errorf("%s has the focus and is hidden", name)
		}
		if top := at[1].(float64); at[4].(bool) {
			if top < last-60 { // beside each other counts as one line
				t.Errorf("the focus jumps back from %.0f to %.0f at %s", last, top, name)
			}
			last = top
		}
	}
	path := strings.Join(stops, " ")
	for _, want := range []string{"fg-time", "fg-reply", "fg-report", "fg-react", "fg-area", "fg-input", "fg-draft", "fg-button"} {
		if !strings.Contains(path, want) {
			t.Errorf("the keyboard does not reach %s: %s", want, path)
		}
	}
	moving := browser.Eval[int](tab, "document.getAnimations().length + [...document.querySelectorAll('*')].filter(e => { const c = getComputedStyle(e); return c.scrollBehavior === 'smooth' || c.animationName !== 'none' || parseFloat(c.transitionDuration) > 0 }).length")
	if moving > 0 {
		t.Errorf("%d things move for who wants no motion", moving)
	}
}

// A thread in a language from right to left reads so, and the page prints without
// what cannot be used on paper.
func TestRightToLeftAndPrint(t *testing.T) {
	w := newTown(t)
	w.offer(`"helpful"`)
	for _, words := range []string{"זו תגובה ארוכה על הגשר. היא נקראת מימין לשמאל, גם כשיש בה מילה כמו Brücke באמצע.", "هذا تعليق طويل عن الجسر، يُقرأ من اليمين إلى اليسار."} {
		c := w.Post("", "דוד", words)
		w.Release(w.Anna, c.Comment)
	}
	tab := browser.New(t)
	tab.Open(w.comments + w.article())
	if got := browser.Eval[string](tab, "getComputedStyle(document.querySelector('.fg-text')).direction"); got != "rtl" {
		t.Errorf("a Hebrew comment is written %s", got)
	}
	browser.Eval[int](tab, "(document.documentElement.dir = 'rtl', 1)")
	for _, width := range []int64{1000, 320} {
		tab.Viewport(width, 900)
		sound(t, tab, "from right to left")
		shot(tab, fmt.Sprintf("rtl-%d", width))
	}
	browser.Eval[int](tab, "(document.documentElement.dir = 'ltr', 1)")
	receipt := w.submit("Mira", "Ein Gedanke für die Akten.")
	tab.Viewport(800, 1100)
	for name, path := range map[string]string{"article": w.article(), "receipt": receipt} {
		tab.Open(w.comments + path)
		tab.Print(true)
		for _, gone := range []string{"form .fg-button", ".fg-reply", ".fg-react", ".fg-report", "nav"} {
			if browser.Eval[bool](tab, fmt.Sprintf("[...document.querySelectorAll('%s')].some(e => e.offsetParent)", gone)) {
				t.Errorf("%s on paper has %s", name, gone)
			}
		}
		words := map[string]string{"article": "הגשר", "receipt": "Ein Gedanke für die Akten."}[name]
		if !strings.Contains(browser.Eval[string](tab, "document.body.innerText"), words) {
			t.Errorf("%s on paper lacks %q", name, words)
		}
		shot(tab, "print-"+name)
		tab.Print(false)
	}
}
