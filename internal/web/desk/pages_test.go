package desk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/net/html"
)

// shown is the comment on the triage screen, "" for none.
func shown(doc *html.Node) string {
	items := find(doc, class("item"))
	if len(items) == 0 {
		return ""
	}
	return attr(items[0], "data-id")
}

func TestTriageWithoutScript(t *testing.T) {
	h := sqliteRoom(t)
	text := "Dieser Trottel hat <b>keine</b> Ahnung."
	c := h.Post("", "Rosi", text).Comment
	h.assessed(t, c, text, "Trottel", moderation.Profanity, 0.9)
	b := h.surf(t, h.Anna)
	page := b.get("/desk/")
	if shown(page) != c {
		t.Fatalf("the screen shows %q, want %s", shown(page), c)
	}
	if marks := find(page, func(n *html.Node) bool { return n.Data == "mark" }); len(marks) != 1 || words(marks[0]) != "Trottel2" {
		t.Errorf("marks: %v", marks)
	}
	if got := words(find(page, class("words"))[0]); got != "Dieser Trottel2 hat <b>keine</b> Ahnung." {
		t.Errorf("the text reads %q", got)
	}
	lines := find(find(page, class("rules"))[0], func(n *html.Node) bool { return n.Data == "li" })
	if len(lines) != 5 || !strings.Contains(words(lines[1]), "wahrscheinlich") || !strings.Contains(words(lines[4]), "nicht geprüft") || !strings.Contains(words(lines[4]), "kein Artikeltext") {
		t.Errorf("assessment: %q", words(find(page, class("rules"))[0]))
	}
	reasons := find(page, func(n *html.Node) bool { return attr(n, "name") == "reason.profanity" })
	if len(reasons) != 1 || !strings.Contains(words(reasons[0]), "„Trottel“") {
		t.Error("the reason does not quote the passage")
	}
	// One button rejects with the rule's whole reason.
	status, to := b.post("/desk/comments/"+c, url.Values{"do": {"reject:profanity"}, "revision": {"1"}, "next": {"/desk/?order=calm"}, "reason.profanity": {words(reasons[0])}})
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/desk/?") {
		t.Fatalf("rejecting: %d to %s", status, to)
	}
	page = b.get(to)
	done := find(page, class("done"))
	if len(done) != 1 || !strings.Contains(words(done[0]), "Abgelehnt: Rosi") || !strings.Contains(words(done[0]), "8 s") {
		t.Fatalf("after rejecting the page says %v", done)
	}
	d := historyOf(t, h, c)[0]
	if d.Rule != moderation.Profanity || !strings.Contains(d.Reason, "„Trottel“") || !d.ScoreSeen || len(d.Passages) != 1 {
		t.Errorf("on record: %+v", d)
	}
	if status, _ := b.post("/desk/comments/"+c, url.Values{"do": {"undo"}, "decision": {d.ID}, "revision": {"1"}}); status != 303 {
		t.Errorf("undo: %d", status)
	}
	if shown(b.get("/desk/")) != c {
		t.Error("after undo the comment does not wait again")
	}
}

// A rule beside the five without words of one's own gets the catalogue's sentence.
func TestEmptyReasonIsFilledIn(t *testing.T) {
	h := sqliteRoom(t)
	c := h.Post("", "Rosi", "Ein Zitat.").Comment
	if status, to := h.surf(t, h.Anna).post("/desk/comments/"+c, url.Values{"do": {"return"}, "rule": {"F4"}, "reason": {""}}); status != 303 {
		t.Fatalf("%d to %s", status, to)
	}
	if d := historyOf(t, h, c)[0]; d.Rule != "F4" || !strings.HasPrefix(d.Reason, "Ihr Kommentar zitiert") {
		t.Errorf("on record: %+v", d)
	}
}

func TestBlindCommentsShowNothingOfTheMachine(t *testing.T) {
	h := sqliteRoom(t)
	all := 100.0
	set := h.Site.Settings
	set.BlindPercent = &all
	if err := h.SaveSettings(context.Background(), h.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	text := "Dieser Trottel hat keine Ahnung."
	c := h.Post("", "Rosi", text).Comment
	h.assessed(t, c, text, "Trottel", moderation.Profanity, 0.9)
	b := h.surf(t, h.Anna)
	for _, path := range []string{"/desk/", "/desk/comments/" + c, "/desk/queue"} {
		page := b.get(path)
		if n := len(find(page, func(n *html.Node) bool { return n.Data == "mark" || n.Data == "svg" || attr(n, "data-hostile") != "" })); n > 0 {
			t.Errorf("%s shows %d marks, bars or veils", path, n)
		}
		if s := words(page); strings.Contains(s, "wahrscheinlich") || strings.Contains(s, "„Trottel“") || !strings.Contains(s, "blind") {
			t.Errorf("%s tells what the machine thinks", path)
		}
	}
	r := httptest.NewRequest("GET", "/api/v1/desk/comments/"+c, nil)
	w := b.do(r)
	if strings.Contains(w.Body.String(), "0.9") || !strings.Contains(w.Body.String(), `"not_checked":"blind"`) {
		t.Errorf("the browser is told: %s", w.Body)
	}
	b.post("/desk/comments/"+c, url.Values{"do": {"approve"}, "blind": {"1"}})
	if d := historyOf(t, h, c)[0]; !d.Blind || d.ScoreSeen {
		t.Errorf("on record: %+v", d)
	}
	if page := b.get("/desk/comments/" + c); !strings.Contains(words(page), "wahrscheinlich") {
		t.Error("after the decision the assessment is not shown")
	}
	// A program was told the scores, so its decision is no blind one.
	other := h.Post("", "Emil", "Anders gesagt: Trottel.").Comment
	h.step(t, h.Anna, other, "approve", "")
	if d := historyOf(t, h, other)[0]; d.Blind || !d.ScoreSeen {
		t.Errorf("by key: %+v", d)
	}
}

func TestTwoScreensNeverShowTheSameNextComment(t *testing.T) {
	h := sqliteRoom(t)
	for _, name := range []string{"Rosi", "Emil", "Paul"} {
		h.Post("", name, "Ein Beitrag von "+name)
		h.Clock.Pass(1e9)
	}
	anna, jonas, again := h.surf(t, h.Anna), h.surf(t, h.Jonas), h.surf(t, h.Anna) // Anna sits at two browsers
	seen := map[string]bool{}
	for _, b := range []*surfer{anna, jonas, again} {
		c := shown(b.get("/desk/"))
		if c == "" || seen[c] {
			t.Errorf("a screen shows %q, which another has", c)
		}
		seen[c] = true
		if shown(b.get("/desk/")) != c {
			t.Error("a reload changes the comment on the screen")
		}
	}
	first := shown(anna.get("/desk/"))
	if page := jonas.get("/desk/comments/" + first); !strings.Contains(words(page), "Anna Kern liest gerade") {
		t.Error("opened by link, the comment does not say who has it")
	}
	if page := anna.get("/desk/comments/" + first); strings.Contains(words(page), "liest gerade") {
		t.Error("Anna is told that she has it herself")
	}
	// A claim never stands in the way of a decision, and ends by itself.
	if status, _ := jonas.post("/desk/comments/"+first, url.Values{"do": {"approve"}}); status != 303 {
		t.Errorf("deciding what Anna has on the screen: %d", status)
	}
	auditor := h.add(t, "revision@blatt.example", moderation.Auditor, "")
	if c := shown(h.surf(t, auditor).get("/desk/")); c != "" {
		t.Errorf("all are on screens, and yet the auditor's shows %s", c)
	}
	h.Clock.Pass(claimLife)
	if c := shown(h.surf(t, h.Chief).get("/desk/")); !seen[c] || c == first {
		t.Errorf("after the claims ended, the next is %q", c)
	}
}

func TestPuttingOff(t *testing.T) {
	h := sqliteRoom(t)
	first := h.Post("", "Rosi", "Eins.").Comment
	h.Clock.Pass(1e9)
	second := h.Post("", "Emil", "Zwei.").Comment
	b := h.surf(t, h.Anna)
	page := b.get("/desk/")
	_, to := b.post("/desk/later", url.Values{"comment": {shown(page)}, "next": {"/desk/?order=oldest"}})
	if got := shown(b.get(to)); shown(page) != first || got != second {
		t.Errorf("after putting %s off, %s comes", first, got)
	}
	_, to = b.post("/desk/later", url.Values{"comment": {second}, "next": {to}})
	if page := b.get(to); shown(page) != "" || !strings.Contains(words(page), "auf später") {
		t.Error("with all put off, the screen does not say so")
	}
}

func TestConflictPageNamesWhoDecided(t *testing.T) {
	h := sqliteRoom(t)
	c := h.Post("", "Rosi", "Ein guter Vorschlag.").Comment
	h.Do(h.Jonas, moderation.Approve, c)
	b := h.surf(t, h.Anna)
	r := httptest.NewRequest("POST", "/desk/comments/"+c, strings.NewReader("do=reject%3Aprofanity&revision=1"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := b.do(r)
	if page := checked(t, "conflict", w.Body); w.Code != 409 || !strings.Contains(words(page), "Jonas Behl") || !strings.Contains(words(page), "freigegeben") {
		t.Errorf("%d: %s", w.Code, words(page))
	}
}

func TestAppealAndEscalationScreens(t *testing.T) {
	h := sqliteRoom(t)
	posted := h.Post("", "Gerd", "Das sehe ich anders.")
	h.EndHold(h.Do(h.Anna, moderation.Reject, posted.Comment))
	if _, err := h.ByAuthor(moderation.Appeal, posted, "Das war kein Schimpfwort."); err != nil {
		t.Fatal(err)
	}
	if c := shown(h.surf(t, h.Anna).get("/desk/?state=appealed")); c != "" {
		t.Error("who decided is shown the appeal as next")
	}
	if page := h.surf(t, h.Anna).get("/desk/comments/" + posted.Comment); !strings.Contains(words(page), "Sie haben die erste Entscheidung getroffen") {
		t.Error("who decided is not told why somebody else has to")
	}
	page := h.surf(t, h.Chief).get("/desk/?state=appealed")
	if s := words(page); shown(page) != posted.Comment || !strings.Contains(s, "Das war kein Schimpfwort.") || !strings.Contains(s, "Anna Kern") || !strings.Contains(s, "Bitte ohne das Schimpfwort.") {
		t.Errorf("the appeal lacks something: %s", s)
	}
	if status, _ := h.surf(t, h.Chief).post("/desk/comments/"+posted.Comment, url.Values{"do": {"overturn"}, "answer": {"Sie haben recht."}}); status != 303 {
		t.Errorf("overturn: %d", status)
	}
	e := h.Post("", "Emil", "Schwierig.").Comment
	b := h.surf(t, h.Anna)
	if status, _ := b.post("/desk/comments/"+e, url.Values{"do": {"escalate"}, "why": {"Namen?"}}); status != 303 {
		t.Fatalf("escalate: %d", status)
	}
	h.Clock.Pass(h.Site.Hold())
	if c := shown(b.get("/desk/?state=escalated")); c != "" {
		t.Error("who asked for a second opinion gets the comment back")
	}
	if page := h.surf(t, h.Jonas).get("/desk/?state=escalated"); shown(page) != e || !strings.Contains(words(page), "Namen?") {
		t.Error("the second reader does not see why")
	}
}

func TestASingleDecidingPersonIsWarned(t *testing.T) {
	h := sqliteRoom(t)
	for _, e := range []store.Editor{h.Anna, h.Jonas} {
		if page := h.surf(t, e).get("/desk/"); strings.Contains(words(page), "nur eine Person") {
			t.Error("a desk of three is warned")
		}
	}
	one := sqliteRoomAlone(t)
	c := one.Post("", "Rosi", "Eins.").Comment
	page := one.surf(t, one.Anna).get("/desk/")
	if !strings.Contains(words(page), "entscheidet nur eine Person") {
		t.Error("a single person is not warned")
	}
	if n := find(page, func(n *html.Node) bool { return attr(n, "value") == "escalate" }); len(n) > 0 || shown(page) != c {
		t.Error("a single person is offered a second opinion")
	}
}

func TestListsAndArticles(t *testing.T) {
	h := sqliteRoom(t)
	c := h.Post("", "Rosi", "Die Brücke ist alt.").Comment
	gone := h.Post("", "Emil", "Weg damit.").Comment
	h.EndHold(h.Do(h.Jonas, moderation.Reject, gone))
	b := h.surf(t, h.Anna)
	rows := func(path string) int {
		return len(find(find(b.get(path), class("list"))[0], func(n *html.Node) bool { return n.Data == "li" }))
	}
	for path, want := range map[string]int{"/desk/queue": 1, "/desk/queue?state=rejected": 1, "/desk/queue?q=br%C3%BCcke": 1, "/desk/queue?article=" + h.Article.ID: 1} {
		if got := rows(path); got != want {
			t.Errorf("%s lists %d, want %d", path, got, want)
		}
	}
	h.assessed(t, c, "Die Brücke ist alt.", "alt", moderation.Profanity, 0.9)
	if list := words(find(b.get("/desk/queue"), class("list"))[0]); !strings.Contains(list, "Schimpfwort: wahrscheinlich") || strings.Contains(list, "Werbe-Link: ") {
		t.Errorf("the row says of the rules: %q", list)
	}
	if page := b.get("/desk/queue?q=nirgends"); !strings.Contains(words(page), "Nichts gefunden") {
		t.Error("an empty search does not say so")
	}
	table := find(b.get("/desk/articles"), func(n *html.Node) bool { return n.Data == "tbody" })[0]
	if got := words(table); !strings.HasPrefix(got, "Die Brücke wird saniert 1 ") || !strings.Contains(got, "zu wenige") {
		t.Errorf("articles: %s", got)
	}
	status, to := b.post("/desk/articles/"+h.Article.ID, url.Values{"closed": {"1"}, "count": {"50"}, "closes": {"2026-12-01T18:00"}, "watch": {"Amann\n\n Behl "}})
	if status != 303 {
		t.Fatalf("saving an article: %d", status)
	}
	b.get(to)
	a, err := h.Store.Article(context.Background(), h.Article.ID)
	if err != nil || !a.Closed || a.CloseCount != 50 || len(a.Watchlist) != 2 || a.Closes.Format("15:04") != "17:00" {
		t.Errorf("article: %+v %v", a, err)
	}
	for _, path := range []string{"/desk/help", "/desk/settings", "/desk/articles/" + h.Article.ID, "/desk/comments/" + c, "/desk/comments/" + gone, "/desk/?lang=en", "/desk/help?lang=en", "/desk/comments/" + gone + "?lang=en"} {
		b.get(path)
	}
}

func TestTakingInAnArticle(t *testing.T) {
	h := sqliteRoom(t)
	b := h.surf(t, h.Anna)
	text := "Der Markt bekommt ein Dach\n\nNach langem Streit ist die Finanzierung sicher.\n\nDer Marktplatz wird überdacht. Das hat der Rat am Montag beschlossen. Die Arbeiten beginnen im Frühjahr und dauern bis in den Herbst.\n\nGegner des Vorhabens wollen klagen. Sie halten den Bau für zu teuer und die Folgekosten für ungeklärt.\n"
	status, to := b.post("/desk/articles", url.Values{"text": {text}})
	if status != 303 {
		t.Fatalf("taking in a text: %d", status)
	}
	if page := b.get(to); !strings.Contains(words(page), "Der Markt bekommt ein Dach") {
		t.Error("the new article is not in the list")
	}
	r := httptest.NewRequest("POST", "/desk/articles", strings.NewReader(url.Values{"text": {" "}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := b.do(r)
	if page := checked(t, "wrong article", w.Body); w.Code != 422 || len(find(page, class("wrong"))) != 1 {
		t.Errorf("an empty text: %d", w.Code)
	}
	auditor := h.add(t, "revision@blatt.example", moderation.Auditor, "")
	if status, _ := h.surf(t, auditor).post("/desk/articles", url.Values{"text": {text}}); status != 403 {
		t.Errorf("an auditor takes in an article: %d", status)
	}
}

func TestOwnKeys(t *testing.T) {
	h := sqliteRoom(t)
	b := h.surf(t, h.Anna)
	form := url.Values{"keys": {"1"}}
	for _, k := range usualKeys {
		form.Set("key."+k[0], strings.ToUpper(k[1]))
	}
	form.Set("key.approve", "X")
	if status, _ := b.post("/desk/settings", form); status != 303 {
		t.Fatalf("saving keys: %d", status)
	}
	e, err := h.Editor(context.Background(), h.Anna.ID)
	var p Prefs
	if err := json.Unmarshal(e.Prefs, &p); err != nil || len(p.Keys) != 1 || p.Keys["approve"] != "x" {
		t.Errorf("settings: %s %v", e.Prefs, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	form.Set("key.approve", "1")
	if status, _ := b.post("/desk/settings", form); status != 422 {
		t.Errorf("a key for two actions: %d", status)
	}
}
