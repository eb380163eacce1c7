package desk

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
)

// offered prepares a room in which twelve calm comments may be released together,
// one of them an answer to another, and signs an editor in.
func offered(t *testing.T) (h *room, tab *browser.Tab, address string, ids []string) {
	h = sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Chief)
	h.proved(t, 175)
	for i := range 12 {
		ids = append(ids, h.Post("", fmt.Sprintf("Leserin %02d", i), calmText(6000+i)).Comment)
	}
	h.scored(t)
	tab = browser.New(t)
	address = h.open(t)
	h.signIn(t, tab, address, "mia@blatt.example")
	return h, tab, address, ids
}

// The whole way of a bundle by the keyboard alone: move a handle, make the bundle
// without one comment, read the sample, release, take back.
func TestBundleByKeyboard(t *testing.T) {
	h, tab, address, ids := offered(t)
	tab.Open(address + "/desk/bundles")
	tab.WaitFor("document.querySelector('#range [name=upper]').value === '40'")
	handle := "document.querySelector('#range .handle.upper').getAttribute('x1')"
	tab.Do(evaluate("document.querySelector('#range [type=range][name=upper]').focus()"))
	tab.Press(kb.ArrowLeft)
	tab.WaitFor(handle + " === '210' && document.querySelector('#between').textContent.includes('35')")
	tab.Press(kb.ArrowRight + kb.ArrowRight + kb.ArrowRight) // beyond the grid there is nothing
	tab.WaitFor(handle + " === '240'")
	tab.Do(evaluate("document.querySelector('#range [type=range][name=lower]').focus()"))
	tab.Press(kb.ArrowRight)
	tab.WaitFor("document.querySelector('#range [type=number][name=lower]').value === '5' && document.querySelector('#verdict').textContent.includes('fehlen')")
	tab.Press(kb.ArrowLeft)
	tab.WaitFor("document.querySelector('#verdict').textContent === 'trägt'")
	if n := browser.Eval[int](tab, "document.querySelectorAll('[name=comment]:checked').length"); n != 12 {
		t.Fatalf("%d of 12 are checked", n)
	}
	first := browser.Eval[string](tab, "document.querySelector('[name=comment]').value")
	tab.Do(evaluate("document.querySelector('[name=comment]').focus()"))
	tab.Press(" ")
	tab.WaitFor("document.querySelectorAll('[name=comment]:checked').length === 11")
	tab.Do(evaluate("document.querySelector('form[action=\"/desk/bundles\"] button').focus()"))
	tab.Press(kb.Enter)
	for range sampleSize {
		tab.WaitFor("document.querySelector('[value=pass]')")
		seen := screenOf(tab)
		tab.Do(evaluate("document.querySelector('[value=pass]').focus()"))
		tab.Press(kb.Enter)
		tab.WaitFor("!document.querySelector('.item') || document.querySelector('.item').dataset.id !== '" + seen + "'")
	}
	tab.WaitFor("document.querySelector('[value=release]')")
	tab.Do(evaluate("document.querySelector('[value=release]').focus()"))
	tab.Press(kb.Enter)
	tab.WaitFor("document.querySelector('[value=undo]')")
	tab.Do(evaluate("document.querySelector('[value=undo]').focus()"))
	tab.Press(kb.Enter)
	tab.WaitFor("document.querySelector('[role=status]')?.textContent.includes('0 Kommentare') && !document.querySelector('[value=undo]')")
	h.nothingCameOf(t, ids, first)
}

func screenOf(tab *browser.Tab) string {
	return browser.Eval[string](tab, "document.querySelector('.item')?.dataset.id || ''")
}

// nothingCameOf checks that after an undo within the hold nobody saw or heard
// anything, and that all comments wait; one was never in the bundle.
func (h *room) nothingCameOf(t *testing.T, ids []string, never string) {
	t.Helper()
	h.Clock.Pass(h.Site.BundleHold())
	if h.publishAll(t); len(h.Visible()) != 0 {
		t.Errorf("%d are public after the undo", len(h.Visible()))
	}
	told, err := h.ClaimJobs(context.Background(), []string{"tell", "tell-parent"}, 500, 1e9)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range told {
		if d, err := h.Decision(context.Background(), j.Key); err == nil && d.Bundle != "" {
			t.Errorf("somebody is told of %+v", d)
		}
	}
	for _, id := range ids {
		want := 2 // released and taken back
		if id == never {
			want = 0
		}
		if d := historyOf(t, h, id); len(d) != want {
			t.Errorf("%s: %v", id, d)
		}
	}
	h.Whole()
}

// With the mouse, to the end and back: released, public, recalled with its answers
// left under placeholders.
func TestBundleByMouseAndRecall(t *testing.T) {
	h, tab, address, ids := offered(t)
	tab.Open(address + "/desk/bundles?lower=0&upper=20")
	tab.Do(clickOn("form[action='/desk/bundles'] button"))
	for i := range sampleSize {
		tab.WaitFor("document.querySelector('[value=pass]')")
		if i == 0 {
			h.look(t, tab, "bundle-sample")
		}
		seen := screenOf(tab)
		tab.Do(clickOn("[value=pass]"))
		tab.WaitFor("!document.querySelector('.item') || document.querySelector('.item').dataset.id !== '" + seen + "'")
	}
	h.look(t, tab, "bundle-ready")
	tab.Do(clickOn("[value=release]"))
	tab.WaitFor("document.querySelector('[value=undo]')")
	h.look(t, tab, "bundle-released")
	h.Clock.Pass(h.Site.BundleHold())
	if n := h.publishAll(t); n != len(ids) {
		t.Fatalf("%d of %d are public", n, len(ids))
	}
	reply := h.Post(ids[0], "Doris", "Da stimme ich zu.").Comment
	h.Release(h.Jonas, reply)
	tab.Do(evaluate("location.reload()"))
	tab.WaitFor("document.querySelector('main summary') && !document.querySelector('[value=undo]')")
	tab.Do(clickOn("main summary"))
	tab.WaitFor("document.querySelector('main details[open] select')")
	tab.Do(evaluate("document.querySelector('[name=rule]').value = 'digression'"))
	h.look(t, tab, "bundle-recall")
	tab.Do(clickOn("[value=recall]"))
	tab.WaitFor("document.querySelector('[role=status]')?.textContent.includes('0 Kommentare')")
	shown := 0
	for _, text := range h.Visible() {
		if text != "" {
			shown++
		}
	}
	if n := len(h.Visible()); shown != 1 || n != len(ids)+1 {
		t.Errorf("%d of %d places are still to be read, want the answer alone", shown, n)
	}
}

// The pages of bundles, statistics and staffing in light, dark and narrow.
func TestBundlesAndFiguresAreAccessible(t *testing.T) {
	h, tab, address, ids := offered(t)
	for _, id := range ids[:3] {
		h.Do(h.Anna, moderation.Reject, id)
	}
	for name, path := range map[string]string{
		"bundles-offered": "/desk/bundles", "bundles-narrower": "/desk/bundles?lower=10&upper=20", "statistics": "/desk/stats?days=1", "staffing": "/desk/staffing",
	} {
		tab.Open(address + path)
		h.look(t, tab, name)
	}
	tab.Open(address + "/desk/bundles") // as left by a chief who switches them off
	tab.Do(clickOn("[name=on]"))
	tab.Do(clickOn("form[action='/desk/bundles/settings'] button"))
	tab.WaitFor("document.body.textContent.includes('ausgeschaltet')")
	h.look(t, tab, "bundles-off")
}
