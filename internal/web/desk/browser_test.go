package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

const password = "fünf nasse Esel"

// open serves a room and signs a person in with the keyboard.
func (h *room) open(t *testing.T) (address string) {
	t.Helper()
	address, _ = h.line(t)
	return address
}

// line serves the room on an address of its own, until cut takes it away.
func (h *room) line(t *testing.T) (address string, cut func()) {
	t.Helper()
	server := httptest.NewServer(h.srv)
	cut = sync.OnceFunc(func() {
		server.CloseClientConnections() // screens listen for events until the end
		server.Close()
	})
	t.Cleanup(cut)
	return server.URL, cut
}

func (h *room) signIn(t *testing.T, tab *browser.Tab, address, email string) {
	t.Helper()
	tab.Open(address + "/desk/")
	tab.Do(clickOn("[name=email]"))
	tab.Press(email + kb.Tab + password + kb.Enter)
	tab.WaitFor("document.querySelector('#triage .foot')")
}

// member adds a person who can sign in.
func (h *room) member(t *testing.T, email, name string, role moderation.Role) store.Editor {
	t.Helper()
	hash, err := HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	e, err := h.AddEditor(context.Background(), store.Editor{Email: email, Name: name, Role: role, Password: hash})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// fill submits comments that wait, calm and hostile ones in turn, and gives their ids.
func (h *room) fill(t *testing.T, n int) []string {
	t.Helper()
	var ids []string
	for i := range n {
		text, passage, rule, score := "Die Sperrung trifft vor allem die Pendler. Eine Ersatzspur würde helfen.", "Ersatzspur", moderation.Digression, 0.1
		if i%3 == 1 {
			text, passage, rule, score = "Diese Trottel im Rat haben doch alle die Hand aufgehalten.", "Trottel", moderation.Profanity, 0.92
		}
		text = fmt.Sprintf("%s (%d)", text, i)
		c := h.Post("", fmt.Sprintf("Leserin %02d", i), text).Comment
		h.assessed(t, c, text, passage, rule, score)
		h.Clock.Pass(time.Second)
		ids = append(ids, c)
	}
	return ids
}

// current is the comment on the screen.
const current = "(document.querySelector('#triage .item')?.dataset.id || '')"

func screen(tab *browser.Tab) string { return browser.Eval[string](tab, current) }

// Thirty decisions by keys: none is lost, each brings the next comment, and all are
// on record. The next key comes as soon as the next comment is there, which no person
// can do; FREIGABE_KEY_PAUSE is how long a person takes at the least (make bench: 250ms).
func TestThirtyDecisionsByKeys(t *testing.T) {
	pause, _ := time.ParseDuration(os.Getenv("FREIGABE_KEY_PAUSE")) // none without it
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	ids := h.fill(t, 34)
	tab := browser.New(t)
	h.signIn(t, tab, h.open(t), "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length >= 10")
	keys := []string{"f", "2", "f", "5", "f", "d"}
	tab.Do(measureKeys)
	seen := map[string]bool{}
	start := time.Now()
	for i := range 30 {
		before := screen(tab)
		if before == "" || seen[before] {
			t.Fatalf("decision %d: the screen shows %q again", i, before)
		}
		seen[before] = true
		time.Sleep(pause)
		tab.Press(keys[i%len(keys)])
		tab.WaitFor(current + " !== '" + before + "' && " + current + " !== ''")
	}
	took := time.Since(start)
	tab.WaitFor("document.querySelector('#triage').dataset.saved === '30'")
	if took > 90*time.Second {
		t.Errorf("30 decisions took %s", took)
	}
	lag := browser.Eval[[]float64](tab, "lags.sort((a, b) => a - b)")
	if len(lag) != 30 {
		t.Fatalf("%d keys were measured", len(lag))
	}
	t.Logf("30 decisions in %s; key to next comment painted: p50 %.1f ms, p95 %.1f ms, worst %.1f ms", took.Round(time.Millisecond), lag[15], lag[28], lag[29])
	decided := 0
	for _, id := range ids {
		history := historyOf(t, h, id)
		decided += len(history)
		if len(history) > 1 {
			t.Errorf("%s was decided %d times", id, len(history))
		}
		for _, d := range history {
			if d.Step == moderation.Reject && (d.Rule == "" || d.Reason == "") {
				t.Errorf("a refusal without rule or reason: %+v", d)
			}
		}
	}
	if decided != 30 {
		t.Errorf("%d decisions on record, want 30", decided)
	}
}

func TestUndoByKeyTakesTheCommentBack(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	h.fill(t, 4)
	tab := browser.New(t)
	h.signIn(t, tab, h.open(t), "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length === 4")
	first := screen(tab)
	tab.Press("f")
	tab.WaitFor(current + " !== '" + first + "'")
	tab.WaitFor("document.querySelector('#triage').dataset.saved === '1'")
	tab.Press("z")
	tab.WaitFor(current + " === '" + first + "' && document.querySelector('#triage').dataset.saved === '2'")
	if d := historyOf(t, h, first); len(d) != 2 || d[1].Step != moderation.Undo {
		t.Errorf("on record: %v", d)
	}
	// Taken back before it was sent, a decision leaves no trace at all.
	tab.Do(evaluate("for (const key of '2z') document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))"))
	tab.WaitFor(current + " === '" + first + "'")
	tab.Press("f")
	tab.WaitFor("document.querySelector('#triage').dataset.saved === '3'")
	if d := historyOf(t, h, first); len(d) != 3 || d[2].Step != moderation.Approve {
		t.Errorf("on record: %v", d)
	}
}

func TestTwoBrowsersShareTheQueue(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	h.member(t, "ole@blatt.example", "Ole Brandt", moderation.Editor)
	h.fill(t, 24)
	address := h.open(t)
	mia, ole := browser.New(t), browser.New(t)
	h.signIn(t, mia, address, "mia@blatt.example")
	mia.WaitFor("document.querySelectorAll('.window button').length === 10")
	h.signIn(t, ole, address, "ole@blatt.example")
	ole.WaitFor("document.querySelectorAll('.window button').length === 10")
	another := mia.Another() // the same session in a second tab
	another.Open(address + "/desk/")
	another.WaitFor("document.querySelectorAll('.window button').length > 0")
	seen := map[string]string{}
	for i := range 4 {
		for name, tab := range map[string]*browser.Tab{"mia": mia, "ole": ole, "mia's second tab": another} {
			id := screen(tab)
			if id == "" {
				continue
			}
			if other := seen[id]; other != "" {
				t.Fatalf("round %d: %s and %s were given the same comment", i, other, name)
			}
			seen[id] = name
			tab.Press("f")
			tab.WaitFor(current + " !== '" + id + "'")
		}
	}
	if len(seen) < 10 {
		t.Errorf("only %d comments were seen", len(seen))
	}
	ole.WaitFor("document.querySelector('.foot').textContent.includes('Mia Sand')")
}

func TestSomebodyElseDecidesWhatIsOnTheScreen(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	h.fill(t, 3)
	tab := browser.New(t)
	h.signIn(t, tab, h.open(t), "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length === 3")
	tab.WaitFor("document.querySelector('.foot').textContent.includes('●')")
	first := screen(tab)
	h.Do(h.Jonas, moderation.Approve, first)
	tab.WaitFor(current + " !== '" + first + "'")
	tab.WaitFor("document.querySelector('.foot [role=status]').textContent.includes('Jonas Behl')")
	h.Post("", "Neue Leserin", "Ganz frisch eingereicht.")
	tab.WaitFor("document.querySelectorAll('.window button').length === 3")
}

func TestOfflineDecisionsAreKeptAndSent(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	h.fill(t, 6)
	tab := browser.New(t)
	h.signIn(t, tab, h.open(t), "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length === 6")
	tab.Offline(true)
	for range 3 {
		before := screen(tab)
		tab.Press("f")
		tab.WaitFor(current + " !== '" + before + "'")
	}
	tab.WaitFor("document.querySelector('[data-offline]')?.textContent.includes('3')")
	tab.Offline(false)
	tab.WaitFor("document.querySelector('#triage').dataset.saved === '3' && !document.querySelector('[data-offline]')")
	tab.Errors() // the failed requests
}

func TestKeysRestWhereTheyShould(t *testing.T) {
	h := sqliteRoom(t)
	e := h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	ids := h.fill(t, 3)
	tab := browser.New(t)
	address := h.open(t)
	h.signIn(t, tab, address, "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length === 3")
	browser.Get(tab, keyDown("m", "KeyM")) // a note: from here letters are words
	tab.WaitFor("document.activeElement.name === 'note'")
	tab.Press("f12ez")
	if got := browser.Eval[string](tab, "document.activeElement.value"); got != "f12ez" {
		t.Errorf("the note reads %q", got)
	}
	tab.Press(kb.Escape + "?")
	tab.WaitFor("document.querySelector('dialog[open]')")
	if found := tab.Violations(); len(found) > 0 {
		t.Errorf("help sheet: %v", found)
	}
	tab.Press("f" + kb.Escape)
	tab.WaitFor("!document.querySelector('dialog')")
	if screen(tab) != ids[0] {
		t.Error("a key in a note or in the help decided")
	}
	if err := h.SavePrefs(context.Background(), e.ID, []byte(`{"keys_off":true}`)); err != nil {
		t.Fatal(err)
	}
	tab.Open(address + "/desk/")
	tab.WaitFor("document.querySelectorAll('.window button').length === 3")
	tab.Press("f")
	tab.Press("1")
	if browser.Eval[int](tab, "document.querySelectorAll('.item kbd').length") != 0 || screen(tab) != ids[0] {
		t.Error("switched off, keys still act or show")
	}
	if err := h.SavePrefs(context.Background(), e.ID, []byte(`{"keys":{"approve":"x"}}`)); err != nil {
		t.Fatal(err)
	}
	tab.Open(address + "/desk/")
	tab.WaitFor("document.querySelectorAll('.window button').length === 3")
	tab.Press("f")
	tab.Press("x")
	tab.WaitFor("document.querySelector('#triage').dataset.saved === '1'")
	for _, id := range ids {
		for _, d := range historyOf(t, h, id) {
			if d.Step != moderation.Approve || id != ids[0] {
				t.Errorf("decided: %v", d)
			}
		}
	}
}

func TestHostileTextsCanBeVeiled(t *testing.T) {
	h := sqliteRoom(t)
	e := h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	if err := h.SavePrefs(context.Background(), e.ID, []byte(`{"blur":true,"order":"hot"}`)); err != nil {
		t.Fatal(err)
	}
	h.fill(t, 3)
	tab := browser.New(t)
	h.signIn(t, tab, h.open(t), "mia@blatt.example")
	tab.WaitFor("document.querySelector('.veil.on .words[aria-hidden=true]')")
	first := screen(tab)
	tab.Press("f") // nobody decides on what they cannot see
	tab.Press(" ")
	tab.WaitFor("!document.querySelector('.veil.on')")
	if screen(tab) != first {
		t.Error("a veiled text was decided")
	}
	tab.WaitFor("document.querySelector('.foot').textContent.includes('heute: 1')")
}

// shots is where screenshots go; none are made without it.
func shots(t *testing.T) string {
	dir := os.Getenv("FREIGABE_SHOTS")
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// eventful gives the room a chief and something for each of its pages: comments
// that wait, a refusal that is appealed, and a released comment that is reported.
func (h *room) eventful(t *testing.T) (ids []string, appealed string) {
	t.Helper()
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Chief)
	ids = h.fill(t, 8)
	posted := h.Post("", "Gerd", "Das sehe ich anders, und zwar ganz entschieden.")
	h.EndHold(h.Do(h.Anna, moderation.Reject, posted.Comment))
	if _, err := h.ByAuthor(moderation.Appeal, posted, "Das war kein Schimpfwort."); err != nil {
		t.Fatal(err)
	}
	h.Release(h.Anna, ids[7])
	h.reported(t, ids[7])
	return ids, posted.Comment
}

// Every page of the desk, light and dark and narrow: no defect that a machine
// can find, nothing wider than a small screen.
func TestPagesAreAccessible(t *testing.T) {
	h := sqliteRoom(t)
	ids, appealed := h.eventful(t)
	h.Post(ids[7], "Doris", "Da stimme ich zu.")
	karin, err := h.postAs("u1", "Ich kenne die Brücke seit meiner Kindheit.")
	if err != nil {
		t.Fatal(err)
	}
	known, err := h.Receipt(context.Background(), karin.Token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.AddMeasure(context.Background(), store.Measure{Author: known.Author, Kind: "warning", Reason: "Zweimal sehr scharf im Ton.", Editor: h.Anna.ID}); err != nil {
		t.Fatal(err)
	}
	h.proved(t, 160)
	screens := h.screens(t, ids, appealed)
	screens["author"], screens["comment-proven"] = "/desk/authors/"+known.Author, "/desk/comments/"+karin.Comment
	tab := browser.New(t)
	address := h.open(t)
	tab.Open(address + "/desk/login")
	h.look(t, tab, "login")
	h.signIn(t, tab, address, "mia@blatt.example")
	lena := h.add(t, "lena@blatt.example", moderation.Editor, h.Site.ID)
	entry, err := h.ResetEntry(context.Background(), store.Editor{}, lena.ID, store.Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	screens["person"], screens["entry"] = "/desk/people/"+lena.ID, "/desk/entry/"+entry
	delete(screens, "health") // for admins; TestHealthIsAccessible looks at it
	for name, path := range screens {
		tab.Open(address + path)
		if strings.HasPrefix(name, "triage") {
			tab.WaitFor("document.querySelector('.foot')")
		}
		if name == "notices" {
			tab.Do(clickOn("main summary")) // the form to answer
			tab.WaitFor("document.querySelector('main details[open] form')")
		}
		if name == "triage-filtered" {
			tab.Do(evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })"))
		}
		h.look(t, tab, name)
	}
}

func (h *room) screens(t *testing.T, ids []string, appealed string) map[string]string {
	t.Helper()
	chief := h.surf(t, h.Chief)
	chief.post("/desk/guide/draft", url.Values{"profanity.policy": {"Schimpfworte gegen Personen."}, "profanity.fine": {"So ein Mist!"}, "profanity.breach": {"Du Trottel!"}, "L1.on": {"1"}})
	chief.post("/desk/guide/switch", url.Values{"version": {"1"}})
	chief.post("/desk/guide/draft", url.Values{"profanity.words": {"trottel"}, "profanity.two": {"likely"}, "L1.on": {"1"}, "remark": {"Zu zweit bei Schimpfworten"}})
	chief.post("/desk/filters", url.Values{"name": {"Beobachtete Begriffe"}, "query": {"flag=watchlist"}, "shared": {"1"}})
	chief.post("/desk/cases", url.Values{"comment": {ids[7]}, "why": {"Scharf, aber zur Sache."}})
	cases, err := h.Cases(context.Background(), h.Site.ID)
	if err != nil || len(cases) != 1 {
		t.Fatalf("cases: %v, %v", cases, err)
	}
	round, err := h.AddRound(context.Background(), h.Chief.ID, store.Round{Site: h.Site.ID, Name: "November", Cases: []string{cases[0].ID}})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"triage": "/desk/", "triage-appeal": "/desk/?state=appealed", "triage-empty": "/desk/?state=escalated", "triage-filtered": "/desk/?rule=profanity",
		"lists": "/desk/queue", "lists-search": "/desk/queue?q=pendler&state=any", "comment": "/desk/comments/" + ids[1], "comment-released": "/desk/comments/" + ids[7], "comment-appeal": "/desk/comments/" + appealed,
		"articles": "/desk/articles", "article": "/desk/articles/" + h.Article.ID, "settings": "/desk/settings", "help": "/desk/help", "health": "/desk/health",
		"bundles": "/desk/bundles", "staffing": "/desk/staffing", "section": "/desk/section", "stats": "/desk/stats", "reasons": "/desk/reasons", "notices": "/desk/notices", "similar": "/desk/similar/" + ids[0], "error": "/desk/comments/unbekannt",
		"guide": "/desk/guide", "guide-draft": "/desk/guide/draft", "guide-trial": "/desk/guide/trial", "second": "/desk/second",
		"people": "/desk/people", "person": "/desk/people/" + h.Anna.ID, "account": "/desk/account", "readers": "/desk/readers", "model": "/desk/model", "rounds": "/desk/rounds", "round": "/desk/rounds/" + round.ID,
	}
}

// unseen are routes of the desk that answer with no page of their own, and those
// whose pages other tests look at.
var unseen = map[string]string{
	"GET /desk": "leads to /desk/", "GET /desk/events": "events, not a page", "GET /desk/login": "looked at before signing in",
	"GET /desk/oidc": "leads to the publisher's sign-on", "GET /desk/oidc/callback": "leads on from there", "GET /desk/entry/{token}": "added by the test itself, which makes a link",
	"GET /desk/bundles/{id}": "looked at by the tests of bundles", "GET /desk/authors/{id}": "added by the test itself, which makes a proven author",
}

// No page of the desk escapes the look at all pages.
func TestEveryDeskPageIsLookedAt(t *testing.T) {
	h := sqliteRoom(t)
	ids := h.fill(t, 8)
	h.Release(h.Anna, ids[7])
	mux := http.NewServeMux()
	routes := map[string]bool{}
	for _, r := range Routes(h.srv, Options{}) {
		if strings.HasPrefix(r.Pattern, "GET /desk") {
			mux.HandleFunc(r.Pattern, func(http.ResponseWriter, *http.Request) {})
			routes[r.Pattern] = unseen[r.Pattern] != ""
		}
	}
	for _, path := range h.screens(t, ids, ids[0]) {
		_, pattern := mux.Handler(httptest.NewRequest("GET", path, nil))
		routes[pattern] = true
	}
	for pattern, looked := range routes {
		if !looked {
			t.Errorf("%s: no test looks at this page for defects, in both themes and on a small screen; add it to screens", pattern)
		}
	}
	for pattern := range unseen {
		if _, there := routes[pattern]; !there {
			t.Errorf("%s is no route of the desk any more", pattern)
		}
	}
}

func (h *room) look(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	dir := shots(t)
	for _, dark := range []bool{false, true} {
		tab.Dark(dark)
		for _, v := range tab.Violations() {
			t.Errorf("%s (dark %v): %s", name, dark, v)
		}
		if dir != "" {
			tab.Screenshot(filepath.Join(dir, fmt.Sprintf("desk-%s-%s.png", name, map[bool]string{false: "light", true: "dark"}[dark])))
		}
	}
	tab.Dark(false)
	tab.Viewport(320, 700)
	if wide := browser.Eval[int](tab, "document.documentElement.scrollWidth"); wide > 320 {
		t.Errorf("%s is %d pixels wide on a screen of 320", name, wide)
	}
	if dir != "" {
		tab.Screenshot(filepath.Join(dir, "desk-"+name+"-320.png"))
	}
	tab.Viewport(1280, 900)
}
