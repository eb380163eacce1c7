package desk

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// A round is for those who wish; a person sees their own answers and, once three
// have answered, what all said together, but nobody else's.
func TestCalibrationRounds(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		c := h.Post("", "Berta", "Du Trottel!").Comment
		chief := h.surf(t, h.Chief)
		settle := url.Values{"comment": {c}, "why": {"Ein Schimpfwort gegen eine Person."}}
		if status, _ := chief.post("/desk/cases", settle); status != 422 {
			t.Errorf("a case that waits: %d", status)
		}
		h.EndHold(h.Do(h.Anna, moderation.Reject, c))
		if status, _ := h.surf(t, h.Anna).post("/desk/cases", settle); status != 403 {
			t.Errorf("an editor settles cases: %d", status)
		}
		if status, _ := chief.post("/desk/cases", settle); status != 303 {
			t.Fatalf("keeping the case: %d", status)
		}
		cases, err := h.Cases(context.Background(), h.Site.ID)
		if err != nil || len(cases) != 1 || cases[0].Rule != moderation.Profanity {
			t.Fatalf("%+v %v", cases, err)
		}
		id := cases[0].ID
		if status, _ := chief.post("/desk/rounds", url.Values{"name": {"Leer"}}); status != 422 {
			t.Errorf("a round of nothing: %d", status)
		}
		chief.post("/desk/rounds", url.Values{"name": {"November"}, "case": {id}})
		rounds, err := h.Rounds(context.Background(), h.Site.ID)
		if err != nil || len(rounds) != 1 {
			t.Fatalf("%v %v", rounds, err)
		}
		at := "/desk/rounds/" + rounds[0].ID
		anna, jonas := h.surf(t, h.Anna), h.surf(t, h.Jonas)
		if page := words(anna.get(at)); !strings.Contains(page, "Du Trottel!") || strings.Contains(page, "Ein Schimpfwort gegen eine Person.") {
			t.Errorf("before the answer: %s", page)
		}
		for by, want := range map[moderation.Role]int{moderation.Auditor: 403, moderation.Admin: 403} {
			reader := h.surf(t, h.add(t, string(by)+"@blatt.example", by, ""))
			if status, _ := reader.post(at, url.Values{"case": {id}, "do": {"approve"}}); status != want {
				t.Errorf("a person of the role %s answers: %d", by, status)
			}
		}
		if status, _ := anna.post(at, url.Values{"case": {"unbekannt"}, "do": {"approve"}}); status != 404 {
			t.Errorf("a case of no round: %d", status)
		}
		if status, _ := anna.post(at, url.Values{"case": {id}, "do": {"reject"}}); status != 422 {
			t.Errorf("a refusal without a rule: %d", status)
		}
		if status, _ := anna.post(at, url.Values{"case": {id}, "do": {"approve"}}); status != 303 {
			t.Errorf("answering: %d", status)
		}
		if status, _ := anna.post(at, url.Values{"case": {id}, "do": {"reject:profanity"}}); status != 409 {
			t.Errorf("answering twice: %d", status)
		}
		page := words(anna.get(at))
		for _, want := range []string{"Ein Schimpfwort gegen eine Person.", "Ihre Antwort: freigegeben"} {
			if !strings.Contains(page, want) {
				t.Errorf("after the answer: no %q", want)
			}
		}
		jonas.post(at, url.Values{"case": {id}, "do": {"reject:profanity"}})
		page = words(jonas.get(at)) + words(chief.get(at)) + words(chief.get("/desk/rounds"))
		if strings.Contains(page, "Alle zusammen") || strings.Contains(page, "Ihre Antwort: freigegeben") || strings.Contains(page, "%") {
			t.Errorf("two answers are told: %s", page)
		}
		chief.post(at, url.Values{"case": {id}, "do": {"reject:profanity"}})
		if page = words(anna.get(at)); !strings.Contains(page, "Alle zusammen: abgelehnt: Schimpfwort 2, freigegeben 1") {
			t.Errorf("three answers: %s", page)
		}
		if page = words(chief.get("/desk/rounds")); !strings.Contains(page, "67 %") || strings.Contains(page, "Anna") {
			t.Errorf("agreement: %s", page)
		}
		for _, x := range []string{c} { // a round decides nothing
			if got := historyOf(t, h, x); len(got) != 1 {
				t.Errorf("on record: %v", got)
			}
		}
		chief.post(at+"/close", nil)
		late := h.add(t, "zoe@blatt.example", moderation.Editor, "")
		if status, _ := h.surf(t, late).post(at, url.Values{"case": {id}, "do": {"approve"}}); status != 409 {
			t.Errorf("answering a closed round: %d", status)
		}
	})
}

func TestSavedFilters(t *testing.T) {
	h := sqliteRoom(t)
	anna, jonas, chief := h.surf(t, h.Anna), h.surf(t, h.Jonas), h.surf(t, h.Chief)
	keep := func(b *surfer, name, query, shared string) int {
		status, _ := b.post("/desk/filters", url.Values{"name": {name}, "query": {query}, "shared": {shared}, "next": {"/desk/"}})
		return status
	}
	if s := keep(anna, "Drohungen", "flag=threat&order=oldest&evil=1", "1"); s != 303 {
		t.Fatal(s)
	}
	if s := keep(chief, "Brücke", "q=br%C3%BCcke&order=hot", "1"); s != 303 {
		t.Fatal(s)
	}
	if s := keep(anna, "", "flag=threat", ""); s != 422 {
		t.Errorf("without a name: %d", s)
	}
	if page := words(jonas.get("/desk/")); strings.Contains(page, "Drohungen") && strings.Contains(page, "Gemerkt: Drohungen") || !strings.Contains(page, "Brücke") {
		t.Error("the shared view is missing")
	}
	own, err := h.Filters(context.Background(), h.Anna.ID, store.AtSite(h.Site.ID))
	if err != nil || len(own) != 2 || own[1].Query != "flag=threat&order=oldest" || own[1].Shared {
		t.Fatalf("%+v %v", own, err)
	}
	if status, _ := anna.post("/desk/filters", url.Values{"drop": {own[0].ID}}); status != 404 {
		t.Errorf("an editor drops a shared view: %d", status)
	}
	if status, _ := jonas.post("/desk/filters", url.Values{"drop": {own[1].ID}}); status != 404 {
		t.Errorf("somebody else's view: %d", status)
	}
	if status, _ := anna.post("/desk/filters", url.Values{"drop": {own[1].ID}}); status != 303 {
		t.Error("dropping one's own")
	}
}

func TestAgreementNeedsThree(t *testing.T) {
	cases := []store.Case{{ID: "x", Opinion: store.Opinion{Step: "reject", Rule: "profanity"}}, {ID: "y", Opinion: store.Opinion{Step: "approve"}}}
	rounds := []store.Round{{ID: "2", Name: "neu", Cases: []string{"x"}}, {ID: "1", Name: "alt", Cases: []string{"x", "y"}}}
	tallies := []store.Tally{
		{Round: "1", Case: "x", Opinion: cases[0].Opinion, N: 2}, {Round: "1", Case: "x", Opinion: cases[1].Opinion, N: 2},
		{Round: "1", Case: "y", Opinion: cases[1].Opinion, N: 2},
		{Round: "2", Case: "x", Opinion: cases[0].Opinion, N: 3},
	}
	names, rows := agreement(rounds, cases, tallies)
	if len(names) != 2 || names[0] != "alt" || len(rows) != 1 || rows[0].Percent[0] != 50 || rows[0].Percent[1] != 100 {
		t.Errorf("%v %+v", names, rows)
	}
}

// A kept view says how many comments it holds, of those within reach, and says it
// anew without a reload.
func TestKeptViewsCount(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		h.fill(t, 7) // every third is hostile: two of seven
		chief := h.surf(t, h.Chief)
		for name, query := range map[string]string{"Schimpfworte": "rule=profanity", "Pendler": "q=pendler", "Erledigt": "state=approved&q=pendler"} {
			if status, _ := chief.post("/desk/filters", url.Values{"name": {name}, "query": {query}, "shared": {"1"}}); status != 303 {
				t.Fatal(status)
			}
		}
		views := func(e store.Editor) string {
			page := h.surf(t, e).get("/desk/queue")
			return words(find(page, class("views"))[0])
		}
		holds := func(want string) {
			t.Helper()
			got := views(h.Anna)
			for try := 0; got != want && try < 20; try++ { // on a busy machine one may not be counted in time
				h.Clock.Pass(viewsFor)
				got = views(h.Anna)
			}
			if got != want {
				t.Errorf("the views hold %q, want %q", got, want)
			}
		}
		holds("AlleErledigt 0Pendler 5Schimpfworte 2")
		list, _, err := h.Queue(context.Background(), store.QueueFilter{Text: "pendler"})
		if err != nil || len(list) != 5 {
			t.Fatalf("%d %v", len(list), err)
		}
		h.Do(h.Jonas, moderation.Approve, list[0].ID)
		h.Clock.Pass(viewsFor)
		holds("AlleErledigt 1Pendler 4Schimpfworte 2")
		if n := h.news(t, h.surf(t, h.Anna)); n.Waits["pending"] != 6 || len(n.Waits) < 7 {
			t.Errorf("told to the screen: %v", n.Waits)
		}
		saved, err := h.Filters(context.Background(), h.Chief.ID, store.Everywhere)
		if err != nil {
			t.Fatal(err)
		}
		elsewhere, err := h.AddSite(context.Background(), store.Site{Name: "bote", Origin: "https://bote.example"})
		if err != nil {
			t.Fatal(err)
		}
		other := h.surf(t, h.add(t, "olga@bote.example", moderation.Chief, elsewhere.ID))
		if status, _ := other.post("/desk/filters", url.Values{"drop": {saved[0].ID}}); status != 404 {
			t.Errorf("a chief of another site drops it: %d", status)
		}
	})
}
