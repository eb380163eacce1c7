package desk

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"golang.org/x/net/html"
)

// seenOn gives the state that a page's form was made from.
func seenOn(t *testing.T, page *html.Node, action string) string {
	t.Helper()
	for _, form := range find(page, func(n *html.Node) bool { return n.Data == "form" && strings.HasPrefix(attr(n, "action"), action) }) {
		for _, in := range find(form, func(n *html.Node) bool { return attr(n, "name") == "seen" }) {
			return attr(in, "value")
		}
	}
	t.Fatalf("the form of %s does not say what it was made from", action)
	return ""
}

// sent posts a form and gives the page that answers.
func (b *surfer) sent(path string, form url.Values) (int, *html.Node) {
	b.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := b.do(r)
	return w.Code, checked(b.t, path, w.Body)
}

// Two people change the same page of settings: the second is told, and neither
// loses a word.
func TestSettingsAreNotOverwrittenUnseen(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		admin := h.add(t, "ada@blatt.example", moderation.Admin, "")
		ruth, ada := h.surf(t, h.Chief), h.surf(t, admin)
		const mine, theirs = "Bitte ohne das Schimpfwort, dann gern noch einmal.", "Das Wort geht nicht. Bitte schreiben Sie es anders."
		seen := seenOn(t, ruth.get("/desk/reasons"), "/desk/reasons")
		form := url.Values{"seen": {seen}, "reason.profanity": {theirs}}
		if status, _ := ada.post("/desk/reasons", form); status != 303 {
			t.Fatalf("the first: %d", status)
		}
		form.Set("reason.profanity", mine)
		form.Set("reason_du.aggression", "Schreib es bitte freundlicher, dann geht es.")
		status, page := ruth.sent("/desk/reasons", form)
		if text := words(page); status != 409 || !strings.Contains(text, "Inzwischen gespeichert: "+theirs) || !strings.Contains(text, "Jemand anders hat inzwischen Sätze gespeichert") {
			t.Fatalf("the second: %d %s", status, text)
		}
		kept := map[string]string{}
		for _, area := range find(page, func(n *html.Node) bool { return n.Data == "textarea" }) {
			kept[attr(area, "name")] = words(area)
		}
		if kept["reason.profanity"] != mine || kept["reason_du.aggression"] != "Schreib es bitte freundlicher, dann geht es." {
			t.Errorf("what was written is gone: %v", kept)
		}
		if s, err := h.Store.Site(context.Background(), h.Site.ID); err != nil || reasonsIn(s, "reasons")[moderation.Profanity] != theirs {
			t.Errorf("replaced unseen: %v", err)
		}
		form.Set("seen", seenOn(t, page, "/desk/reasons"))
		if status, _ := ruth.post("/desk/reasons", form); status != 303 {
			t.Errorf("knowing of it: %d", status)
		}
		h.othersStand(t, ruth, ada)
	})
}

// othersStand changes other parts of the settings, each from a page that was made
// before the other's change: both count.
func (h *room) othersStand(t *testing.T, ruth, ada *surfer) {
	t.Helper()
	forms := map[string]url.Values{
		"/desk/section": {"hints": {"1"}, "reaction": {"helpful"}}, "/desk/staffing": {"pace": {"120"}},
		"/desk/bundles/settings": {"on": {"1"}, "percent": {"97"}}, "/desk/second": {"percent": {"2,5"}},
	}
	pages := map[string]string{"/desk/bundles/settings": "/desk/bundles"}
	for path, form := range forms {
		form.Set("seen", seenOn(t, ruth.get(or(pages[path], path)), path))
		form.Set("site", h.Site.ID)
	}
	for path, form := range forms {
		if status, _ := ruth.post(path, form); status != 303 {
			t.Errorf("%s: %d", path, status)
		}
	}
	for path, form := range forms {
		want := 409
		if path == "/desk/bundles/settings" {
			want = 403 // bundles are for chiefs
		}
		if status, page := ada.sent(path, form); status != want || want == 409 && !strings.Contains(words(page), "inzwischen geändert") {
			t.Errorf("%s again, with the page of before: %d %s", path, status, words(page))
		}
	}
	s, err := h.Store.Site(context.Background(), h.Site.ID)
	if err != nil || s.Doubles().Percent != 2.5 || bundlesOf(s).Percent != 97 || s.NoHints || len(reasonsIn(s, "reasons")) != 1 {
		t.Errorf("%+v %v", s.Settings, err)
	}
}

// Changes of different parts at once both count, however they meet.
func TestSettingsChangedAtOnce(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			wg.Go(func() {
				err := h.ChangeSettings(context.Background(), h.Site.ID, func(set *store.Settings) error {
					return put(set, map[string]any{name: name})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s, err := h.Store.Site(context.Background(), h.Site.ID)
		if err != nil || len(s.Extra) != 8 || string(s.Extra["h"]) != `"h"` {
			text, _ := json.Marshal(s.Extra)
			t.Errorf("%s %v", text, err)
		}
	})
}

// Two chiefs write the guide's draft: the second is told, keeps their words, and the
// rule that the first added stays.
func TestDraftsAreNotOverwrittenUnseen(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		admin := h.add(t, "ada@blatt.example", moderation.Admin, "")
		ruth, ada := h.surf(t, h.Chief), h.surf(t, admin)
		seen := seenOn(t, ruth.get("/desk/guide/draft"), "/desk/guide/draft")
		form := url.Values{"seen": {seen}, "L1.on": {"1"}, "profanity.policy": {"Schimpfworte gegen Personen."},
			"new.name": {"Dialekt"}, "new.sentence": {"Bitte schreiben Sie so, dass alle Sie verstehen."}, "new.du": {"Schreib bitte so, dass alle dich verstehen."}}
		if status, _ := ada.post("/desk/guide/draft", form); status != 303 {
			t.Fatalf("the first: %d", status)
		}
		second := url.Values{"seen": {seen}, "L1.on": {"1"}, "profanity.policy": {"Schimpfworte überhaupt."}}
		status, page := ruth.sent("/desk/guide/draft", second)
		if text := words(page); status != 409 || !strings.Contains(text, "Jemand anders hat den Leitfaden inzwischen geändert") || !strings.Contains(text, "Schimpfworte überhaupt.") {
			t.Fatalf("the second: %d %s", status, text)
		}
		var du string
		for _, area := range find(page, func(n *html.Node) bool { return attr(n, "name") == "dialekt.du" }) {
			du = words(area)
		}
		if du != "Schreib bitte so, dass alle dich verstehen." {
			t.Errorf("the other's rule: %q", du)
		}
		if g, err := h.Guides(context.Background(), h.Site.ID); err != nil || len(g) != 1 || g[0].Rule("profanity").Policy != "Schimpfworte gegen Personen." {
			t.Errorf("replaced unseen: %+v %v", g, err)
		}
	})
}

// A rule of the site's own speaks to its readers as the site does.
func TestOwnRuleInBothFormsOfAddress(t *testing.T) {
	h := sqliteRoom(t)
	chief := h.surf(t, h.Chief)
	form := url.Values{"L1.on": {"1"}, "new.name": {"Dialekt"}, "new.sentence": {"Bitte schreiben Sie so, dass alle „{passage}“ verstehen."}, "new.du": {"zu kurz"}}
	if status, _ := chief.post("/desk/guide/draft", form); status != 422 {
		t.Errorf("a sentence that says too little: %d", status)
	}
	form.Set("new.du", "Schreib bitte so, dass alle „{passage}“ verstehen.")
	chief.post("/desk/guide/draft", form)
	if status, _ := chief.post("/desk/guide/switch", url.Values{"version": {"1"}}); status != 303 {
		t.Fatalf("switched on: %d", status)
	}
	for informal, want := range map[bool]string{false: "Bitte schreiben Sie so, dass alle „moin“ verstehen.", true: "Schreib bitte so, dass alle „moin“ verstehen."} {
		err := h.ChangeSettings(context.Background(), h.Site.ID, func(set *store.Settings) error {
			set.Informal = informal
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		s, err := h.Store.Site(context.Background(), h.Site.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := reasonFor(s, "dialekt", "moin"); got != want {
			t.Errorf("informal %v: %q", informal, got)
		}
		if got := reasonFor(s, "dialekt", ""); strings.Contains(got, "{") || informal != strings.Contains(got, "Schreib bitte") {
			t.Errorf("without a passage: %q", got)
		}
	}
	if page := words(chief.get("/desk/comments/" + h.Post("", "Berta", "Moin, moin.").Comment)); !strings.Contains(page, "Dialekt") {
		t.Error("the rule cannot be chosen")
	}
}
