package desk

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
)

// atZoom says what hinders somebody who magnifies the page four times: words cut
// off at the side, bars that stay and leave less than half of the screen.
const atZoom = `(() => {
	const bad = [], wide = document.documentElement.scrollWidth;
	if (wide > innerWidth) bad.push('is ' + wide + ' wide');
	let bars = 0;
	for (const e of document.querySelectorAll('body *')) {
		const style = getComputedStyle(e), box = e.getBoundingClientRect();
		if ((style.position === 'fixed' || style.position === 'sticky') && box.height > 1 && !e.closest('dialog') && style.visibility !== 'hidden') bars += box.height;
		const clips = style.overflowX === 'hidden' || style.overflowX === 'clip';
		if (clips && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 2 && e.textContent.trim()) bad.push('cuts ' + e.tagName + '.' + e.className);
	}
	if (bars > innerHeight / 2) bad.push('bars take ' + Math.round(bars) + ' of ' + innerHeight);
	return bad;
})()`

// focused is a function that says what is wrong with where the keyboard is: out of
// sight, under a bar, or without a mark.
const focused = `window.lost = () => {
	const e = document.activeElement;
	if (!e || e === document.body) return '';
	const name = e.tagName + ' ' + (e.getAttribute('name') || e.textContent || '').trim().slice(0, 30), style = getComputedStyle(e);
	let box = [...e.getClientRects()].find(r => r.width > 0 && r.height > 0);
	if (!box) return name + ' is not shown';
	if (box.bottom <= 0 || box.top >= innerHeight) return name + ' is out of sight';
	const x = Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1);
	const from = Math.max(box.top, 0), to = Math.min(box.bottom, innerHeight);
	const free = [.1, .3, .5, .7, .9].some(part => {
		const at = document.elementFromPoint(x, from + (to - from) * part);
		return at && (at === e || e.contains(at) || at.contains(e) || at.closest('label') === e.closest('label') && e.closest('label'));
	});
	if (!free) return name + ' is covered';
	const parts = ['date', 'time'].includes(e.type); // the browser marks the part that is written
	if (style.outlineStyle === 'none' && style.boxShadow === 'none' && !parts) return name + ' has no mark of the focus';
	return '';
}`

// The whole desk at 400 % in a window of 1280 by 1024, which leaves 320 by 256:
// nothing is cut, bars leave room, and the keyboard is always in sight.
func TestDeskAtFourHundredPercent(t *testing.T) {
	h := sqliteRoom(t)
	ids, appealed := h.eventful(t)
	h.proved(t, 160)
	screens := h.screens(t, ids, appealed)
	delete(screens, "health") // for admins
	tab := browser.New(t)
	address := h.open(t)
	h.signIn(t, tab, address, "mia@blatt.example")
	tab.Zoom(1280, 1024, 4)
	for name, path := range screens {
		tab.Open(address + path)
		if strings.HasPrefix(name, "triage") {
			tab.WaitFor("document.querySelector('.foot') && document.querySelector('.window button, .stage .empty')")
		}
		tab.Do(evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true })"))
		for _, what := range browser.Eval[[]string](tab, atZoom) {
			t.Errorf("%s at 400 %%: %s", name, what)
		}
		if slices.Contains(walked, name) {
			h.walk(t, tab, name)
		}
		if dir := shots(t); dir != "" {
			tab.Screenshot(filepath.Join(dir, "desk-"+name+"-zoom400.png"))
		}
	}
}

// walked are the pages that the keyboard goes through: one of each kind.
var walked = []string{"triage", "lists", "comment", "guide-draft", "stats", "second", "people", "settings", "bundles"}

// visited is how many places of a page the keyboard visits.
const visited = 15

// walk goes through a page by the keyboard. The page itself looks at each place, as
// soon as the key is up.
func (h *room) walk(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	tab.Do(evaluate(focused + `;
		window.found = []; window.keys = 0; scrollTo(0, 0); document.activeElement?.blur();
		addEventListener('keyup', () => { keys++; const what = lost(); if (what) found.push(keys + ': ' + what) })`))
	tab.Press(strings.Repeat(kb.Tab, visited))
	for _, what := range browser.Eval[[]string](tab, "found") {
		t.Errorf("%s at 400 %%, place %s", name, what)
	}
	if n := browser.Eval[int](tab, "keys"); n < visited/2 {
		t.Errorf("%s: only %d keys came", name, n)
	}
}

// Deciding by keys at 400 %: the words of the next comment are in sight.
func TestTriageAtFourHundredPercent(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	h.fill(t, 5)
	tab := browser.New(t)
	h.signIn(t, tab, h.open(t), "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length === 5")
	tab.Zoom(1280, 1024, 4)
	for i := range 3 {
		before := screen(tab)
		tab.Press("f")
		tab.WaitFor(current + " !== '" + before + "' && " + current + " !== ''")
		if what := browser.Eval[string](tab, "("+strings.TrimPrefix(focused, "window.lost = ")+")()"); what != "" {
			t.Errorf("comment %d: %s", i, what)
		}
	}
	tab.WaitFor("document.querySelector('#triage').dataset.saved === '3'")
	reach := browser.Eval[string](tab, `(() => {
		const words = document.querySelector('.item .words');
		words.scrollIntoView({ block: 'center' });
		const box = words.getBoundingClientRect(), at = document.elementFromPoint(box.left + 5, Math.min(innerHeight - 2, Math.max(2, box.top + 10)));
		return at && words.contains(at) ? '' : 'the words are covered by ' + (at && at.className)
	})()`)
	if reach != "" {
		t.Error(reach)
	}
	if n := browser.Eval[int](tab, "document.documentElement.scrollWidth"); n > 320 {
		t.Errorf("%d pixels wide", n)
	}
	if dir := shots(t); dir != "" {
		tab.Screenshot(filepath.Join(dir, "desk-triage-decided-zoom400.png"))
	}
}

// A browser that is killed with comments on its screen gives nothing back; when the
// time of its claims is over the other one gets them.
func TestAKilledBrowsersClaimsReturn(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	h.member(t, "ole@blatt.example", "Ole Brandt", moderation.Editor)
	ids := h.fill(t, 3)
	hers, cut := h.line(t)
	mia, kill := browser.Alone(t)
	h.signIn(t, mia, hers, "mia@blatt.example")
	mia.WaitFor("document.querySelectorAll('.window button').length === 3")
	ole := browser.New(t)
	h.signIn(t, ole, h.open(t), "ole@blatt.example")
	ole.WaitFor("document.querySelector('.stage .empty') && document.querySelector('.foot').textContent.includes('●')")
	mia.Errors()
	kill()
	cut() // a browser's other processes go on for a moment, and would claim what comes next
	next := h.Post("", "Neue Leserin", "Ganz frisch eingereicht.").Comment
	ole.WaitFor("document.querySelectorAll('.window button').length === 1 && " + current + " === '" + next + "'")
	held, err := h.Presence(t.Context(), nil)
	if err != nil || len(held) != 2 {
		t.Fatalf("after the kill %+v are there, %v", held, err)
	}
	h.Clock.Pass(claimLife)
	h.Post("", "Noch eine", "Auch frisch.") // news, upon which the screen asks for more
	ole.WaitFor("document.querySelectorAll('.window button').length === 5")
	for range 5 {
		at := screen(ole)
		ole.Press("f")
		ole.WaitFor(current + " !== '" + at + "'")
	}
	ole.WaitFor("document.querySelector('#triage').dataset.saved === '5'")
	for _, id := range ids {
		if d := historyOf(t, h, id); len(d) != 1 || d[0].Step != moderation.Approve {
			t.Errorf("%s: %v", id, d)
		}
	}
}

// seen tells whether the first lines of the comment that is shown are in sight: in
// the window, and not under one of the bars that stay.
const seen = `(() => {
	const text = document.querySelector('.item .words'), box = text.getBoundingClientRect(), end = box.top + Math.min(box.height, 60);
	if (box.top < 0 || end > innerHeight) return 'from ' + box.top + ' to ' + end + ' of ' + innerHeight;
	for (let y = box.top + 2; y < end; y += 8) {
		const at = document.elementFromPoint(box.left + 20, y);
		if (at && at !== text && !text.contains(at) && !at.contains(text)) return 'covered by ' + at.tagName + '.' + at.className + ' at ' + y;
	}
	return '';
})()`

// On a small screen the first lines of each comment are in sight as soon as it is
// shown: the bar of decisions does not lie over them.
func TestFirstLinesAreSeen(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	h.fill(t, 6)
	tab := browser.New(t)
	tab.Viewport(320, 640)
	h.signIn(t, tab, h.open(t), "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length === 6")
	for _, size := range [][2]int64{{320, 640}, {320, 568}, {375, 667}, {768, 500}, {1280, 800}} {
		tab.Viewport(size[0], size[1])
		before := screen(tab)
		tab.Press("f")
		tab.WaitFor(current + " !== '" + before + "' && " + current + " !== ''")
		if what := browser.Eval[string](tab, seen); what != "" {
			t.Errorf("at %d by %d the comment's first lines are not seen: %s", size[0], size[1], what)
		}
	}
}
