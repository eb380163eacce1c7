package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// doubled has a chief ask for a second opinion on the greatest share there is.
func (h *room) doubled(t *testing.T) {
	t.Helper()
	chief := h.surf(t, h.Chief)
	if status, _ := chief.post("/desk/second", url.Values{"site": {h.Site.ID}, "percent": {"20"}}); status != 303 {
		t.Fatalf("setting the share: %d", status)
	}
}

// decideUntilDrawn posts and decides comments until one is drawn for a second
// opinion, and gives it with its double once its hold has ended. At 20 percent the
// lot misses 200 in a row once in 10^19 runs.
func (h *room) decideUntilDrawn(t *testing.T, by store.Editor, step moderation.Step) (comment string, double *store.Double) {
	t.Helper()
	for i := range 200 {
		c := h.Post("", "Berta", fmt.Sprintf("Du Trottel, zum %d. Mal!", i)).Comment
		h.EndHold(h.Do(by, step, c))
		x, err := h.NextDouble(context.Background(), store.Claimant{Editor: h.Jonas.ID, Holder: "draw"}, store.Everywhere, nil, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if x != nil {
			if _, err := h.KeepDoubles(context.Background(), store.Claimant{Editor: h.Jonas.ID, Holder: "draw"}, nil, time.Minute); err != nil {
				t.Fatal(err)
			}
			return c, x
		}
	}
	t.Fatal("nothing was drawn")
	return "", nil
}

// lease asks as the triage screen does.
func (h *room) lease(t *testing.T, e store.Editor, keep string) []map[string]any {
	t.Helper()
	status, out := h.call(t, e, "POST", "/desk/lease", `{"n":10,"keep":[`+keep+`]}`)
	if status != 200 {
		t.Fatalf("lease: %d %v", status, out)
	}
	var items []map[string]any
	for _, x := range out["items"].([]any) {
		items = append(items, x.(map[string]any))
	}
	return items
}

// A second person judges blind what the first decided: it comes among what waits,
// carries no sign of the decision, and changes nothing about the comment.
func TestBlindDouble(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		c := h.Post("", "Berta", "Du Trottel!").Comment
		h.EndHold(h.Do(h.Anna, moderation.Reject, c))
		if got := h.lease(t, h.Jonas, ""); len(got) != 0 {
			t.Fatalf("switched off, something is given a second time: %v", got)
		}
		if status, _ := h.surf(t, h.Anna).post("/desk/second", url.Values{"percent": {"2"}}); status != 403 {
			t.Errorf("an editor sets the share: %d", status)
		}
		if status, _ := h.surf(t, h.Chief).post("/desk/second", url.Values{"percent": {"21"}}); status != 422 {
			t.Errorf("a share beyond the bound: %d", status)
		}
		h.doubled(t)
		comment, double := h.decideUntilDrawn(t, h.Anna, moderation.Reject)
		before := historyOf(t, h, comment)
		if got := h.lease(t, h.Anna, ""); len(got) != 0 {
			t.Errorf("whoever decided is asked again: %v", got)
		}
		got := h.lease(t, h.Jonas, "")
		if len(got) != 1 || got[0]["double"] != true || got[0]["id"] != double.ID {
			t.Fatalf("given: %v", got)
		}
		sheet := got[0]["html"].(string)
		for _, sign := range []string{comment, h.Anna.Name, h.Anna.ID, "Bitte ohne das Schimpfwort", "abgelehnt", "wahrscheinlich", "<mark", "meter", before[0].ID} {
			if strings.Contains(sheet, sign) {
				t.Errorf("the second person is shown %q", sign)
			}
		}
		if !strings.Contains(sheet, "Du Trottel") || !strings.Contains(sheet, "ändert daran nichts") {
			t.Errorf("the sheet lacks words: %s", sheet)
		}
		if other := h.lease(t, h.Chief, ""); len(other) != 0 {
			t.Errorf("two people are asked at once: %v", other)
		}
		h.judged(t, double.ID)
		if after := historyOf(t, h, comment); !reflect.DeepEqual(before, after) || len(h.Visible()) != 0 {
			t.Errorf("the judgement changed the comment: %v", after)
		}
		h.differs(t, comment)
		h.Whole()
	})
}

// judged has people judge a double: who may not, and wrongly, and at last Jonas, who
// would have released it.
func (h *room) judged(t *testing.T, double string) {
	t.Helper()
	judge := func(e store.Editor, more string) int {
		status, out := h.call(t, e, "POST", "/api/v1/desk/batches", `{"decisions":[{"double":true,"id":"`+double+`",`+more+`}]}`)
		if status != 200 {
			t.Fatalf("batch: %d %v", status, out)
		}
		return int(out["results"].([]any)[0].(map[string]any)["code"].(float64))
	}
	for want, more := range map[int][]string{422: {`"step":"reject"`, `"step":"reject","rule":"nirgends"`, `"step":"escalate"`}} {
		for _, m := range more {
			if code := judge(h.Jonas, m); code != want {
				t.Errorf("%s: %d", m, code)
			}
		}
	}
	if code := judge(h.Anna, `"step":"approve"`); code != 404 {
		t.Errorf("the first person judges again: %d", code)
	}
	if code := judge(h.Chief, `"step":"approve"`); code != 409 {
		t.Errorf("somebody else takes it from the screen: %d", code)
	}
	for _, m := range []string{`"step":"approve"`, `"step":"approve"`, `"step":"undo"`, `"step":"approve"`} {
		if code := judge(h.Jonas, m); code != 200 {
			t.Errorf("%s: %d", m, code)
		}
	}
	if code := judge(h.Jonas, `"step":"reject","rule":"profanity"`); code != 409 {
		t.Errorf("a second judgement: %d", code)
	}
	h.Clock.Pass(10 * time.Second)
	if code := judge(h.Jonas, `"step":"undo"`); code != 409 {
		t.Errorf("taken back after its time: %d", code)
	}
}

// differs looks at the disagreement as chiefs and editors see it.
func (h *room) differs(t *testing.T, comment string) {
	t.Helper()
	chief, anna := h.surf(t, h.Chief), h.surf(t, h.Anna)
	page := chief.get("/desk/second")
	if text := words(page); !strings.Contains(text, "Erst abgelehnt: Schimpfwort, in der Gegenprobe freigegeben") || strings.Contains(text, "Jonas") || strings.Contains(text, "Anna") {
		t.Errorf("the list for chiefs: %s", text)
	}
	if text := words(anna.get("/desk/second")); strings.Contains(text, "in der Gegenprobe freigegeben") {
		t.Error("an editor sees the list")
	}
	found, err := h.Disagreements(context.Background(), store.Everywhere, time.Time{}, 10)
	if err != nil || len(found) != 1 || found[0].Comment != comment || found[0].Talked {
		t.Fatalf("%+v %v", found, err)
	}
	if elsewhere, err := h.Disagreements(context.Background(), store.AtSite("other"), time.Time{}, 10); err != nil || len(elsewhere) != 0 {
		t.Errorf("out of reach: %v %v", elsewhere, err)
	}
	if status, _ := anna.post("/desk/second", url.Values{"talked": {found[0].ID}}); status != 403 {
		t.Errorf("an editor marks it: %d", status)
	}
	if status, _ := chief.post("/desk/second", url.Values{"talked": {found[0].ID}}); status != 303 {
		t.Errorf("marking it as talked about: %d", status)
	}
	if found, err = h.Disagreements(context.Background(), store.Everywhere, time.Time{}, 10); err != nil || !found[0].Talked {
		t.Errorf("%+v %v", found, err)
	}
	h.Clock.Pass(time.Hour)
	for id, want := range map[string]string{"doubles": "Schimpfwort,1,1,0 % (0 % bis 98 %),zu wenige", "doublestime": "23. November 2026,1,0 % (0 % bis 98 %),zu wenige"} {
		table := chief.do(httptest.NewRequest("GET", "/desk/stats?days=7&csv="+id, nil)).Body.String()
		if !strings.Contains(table, want) || !strings.Contains(words(chief.get("/desk/stats?days=7")), "Gegenproben") {
			t.Errorf("%s: %s", id, table)
		}
	}
}

// While the decision can still be taken back there is no double of it, and once it
// was taken back there never is. Nor where it was changed, by whomever.
func TestNoDoubleWithinTheHold(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		h.doubled(t)
		who := store.Claimant{Editor: h.Jonas.ID, Holder: "x"}
		next := func() *store.Double {
			x, err := h.NextDouble(context.Background(), who, store.Everywhere, nil, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		for i := range 60 { // one in five is drawn
			c := h.Post("", "Berta", fmt.Sprintf("Ein Kommentar, der %d.", i)).Comment
			h.Do(h.Anna, moderation.Approve, c)
			if x := next(); x != nil {
				t.Fatalf("shown within the hold: %+v", x)
			}
			h.Do(h.Anna, moderation.Undo, c)
		}
		h.Clock.Pass(time.Minute)
		if x := next(); x != nil {
			t.Errorf("of a decision that was taken back: %+v", x)
		}
		comment, double := h.decideUntilDrawn(t, h.Anna, moderation.Reject)
		h.Do(h.Chief, moderation.Reconsider, comment)
		if x := next(); x != nil && x.ID == double.ID {
			t.Error("what is taken up again is given as a double")
		}
	})
}

// A double lies within reach of a section's editor or it does not exist.
func TestDoublesKeepToTheReach(t *testing.T) {
	h := sqliteRoom(t)
	h.doubled(t)
	_, double := h.decideUntilDrawn(t, h.Anna, moderation.Reject)
	elsewhere := store.Reach{{Site: h.Site.ID, Sections: []string{"Sport"}}}
	x, err := h.NextDouble(context.Background(), store.Claimant{Editor: h.Jonas.ID, Holder: "x"}, elsewhere, nil, time.Minute)
	if err != nil || x != nil {
		t.Errorf("of another section: %+v %v", x, err)
	}
	if _, err := h.DoubleFor(context.Background(), h.Jonas.ID, elsewhere, double.ID); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("by its id: %v", err)
	}
	auditor := h.add(t, "otto@blatt.example", moderation.Auditor, "")
	if got := h.lease(t, auditor, ""); len(got) != 0 {
		t.Errorf("an auditor is asked: %v", got)
	}
	if status, _ := h.surf(t, auditor).post("/desk/doubles/"+double.ID, url.Values{"do": {"approve"}}); status != 403 {
		t.Errorf("an auditor judges: %d", status)
	}
	jonas := h.surf(t, h.Jonas) // without a script it comes where nothing waits
	if page := words(jonas.get("/desk/")); !strings.Contains(page, "Gegenprobe.") {
		t.Fatalf("without a script: %s", page)
	}
	if status, to := jonas.post("/desk/doubles/"+double.ID, url.Values{"do": {"reject:profanity"}, "next": {"/desk/"}}); status != 303 || to != "/desk/?judged=1" {
		t.Errorf("judged: %d %s", status, to)
	}
}

func TestKappaOfPairs(t *testing.T) {
	yes, no := store.Opinion{Step: "approve"}, store.Opinion{Step: "reject", Rule: "profanity"}
	other := store.Opinion{Step: "reject", Rule: "aggression"}
	day := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	counts := []store.PairCount{
		{Day: day, First: yes, Second: yes, N: 50}, {Day: day, First: no, Second: no, N: 20},
		{Day: day, First: no, Second: other, N: 10}, {Day: day, First: yes, Second: no, N: 20},
	}
	if a := agreed(counts, anyRule); a.BothRelease != 50 || a.BothRefuse != 30 || a.SecondRefuses != 20 || a.FirstRefuses != 0 {
		t.Errorf("%+v", a)
	}
	a := agreed(counts, func(o store.Opinion) bool { return o.Rule == "profanity" })
	// 20 both, 10 the first alone, 20 the second alone, 50 neither: po .7, pe .3*.4+.7*.6 = .54
	if k, _, ok := kappa(a); !ok || k < 0.347 || k > 0.349 {
		t.Errorf("kappa %v of %+v", k, a)
	}
	if got := rulesNamed(counts); len(got) != 2 || got[0] != moderation.Profanity {
		t.Errorf("%v", got)
	}
	if w, m := spanOf(day, false), spanOf(day, true); w.Day() != 23 || m.Day() != 1 {
		t.Errorf("week of %s, month of %s", w, m)
	}
}

// On the screen with its keys: the double is judged like any other, says that it
// decides nothing, and can be taken back.
func TestDoubleOnTheScreen(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "mia@blatt.example", "Mia Sand", moderation.Editor)
	h.doubled(t)
	comment, double := h.decideUntilDrawn(t, h.Anna, moderation.Reject)
	h.fill(t, 2)
	tab := browser.New(t)
	h.signIn(t, tab, h.open(t), "mia@blatt.example")
	tab.WaitFor("document.querySelectorAll('.window button').length === 3")
	for range 3 {
		if screen(tab) == double.ID {
			break
		}
		at := screen(tab)
		tab.Press("j")
		tab.WaitFor(current + " !== '" + at + "'")
	}
	if screen(tab) != double.ID {
		t.Fatal("the double is not on the screen")
	}
	h.look(t, tab, "double")
	tab.Press("f")
	tab.WaitFor(current + " !== '" + double.ID + "' && document.querySelector('#triage').dataset.saved === '1'")
	if said := browser.Eval[string](tab, "document.querySelector('.foot').textContent"); !strings.Contains(said, "Gegenprobe notiert") || strings.Contains(said, "öffentlich in") {
		t.Errorf("the screen says %q", said)
	}
	tab.Press("z")
	tab.WaitFor(current + " === '" + double.ID + "' && document.querySelector('#triage').dataset.saved === '2'")
	tab.Press("3")
	tab.WaitFor(current + " !== '" + double.ID + "' && document.querySelector('#triage').dataset.saved === '3'")
	h.Clock.Pass(time.Minute)
	counts, err := h.JudgedPairs(context.Background(), store.Period{From: h.Now().Add(-time.Hour), To: h.Now()})
	if err != nil || len(counts) != 1 || counts[0].Second.Rule != moderation.Aggression || counts[0].First.Rule != moderation.Profanity {
		text, _ := json.Marshal(counts)
		t.Errorf("%s %v", text, err)
	}
	if d := historyOf(t, h, comment); len(d) != 1 {
		t.Errorf("decided: %v", d)
	}
}
