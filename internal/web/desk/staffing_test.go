package desk

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/web/wait"
)

// A chief plans shifts; the forecast follows them at once, and says what one more
// person would bring.
func TestStaffing(t *testing.T) {
	h := sqliteRoom(t)
	for i := range 90 { // two an hour, all waiting: the desk is behind
		h.Post("", "Leser", fmt.Sprintf("Zur Brücke, Nummer %d.", i))
		if i%2 == 1 {
			h.Clock.Pass(time.Hour)
		}
	}
	if status, _ := h.surf(t, h.Anna).post("/desk/staffing", url.Values{"pace": {"10"}}); status != 403 {
		t.Errorf("an editor sets the pace: %d", status)
	}
	if w := h.surf(t, h.Anna).do(httptest.NewRequest("GET", "/desk/staffing", nil)); w.Code != 403 {
		t.Errorf("an editor sees the forecast: %d", w.Code)
	}
	b := h.surf(t, h.Chief)
	before := words(b.get("/desk/staffing"))
	form := url.Values{"pace": {"10"}, "days": {"all", "weekend"}, "from": {"00:00", ""}, "to": {"24:00", ""}, "editors": {"1", "1"}}
	if status, _ := b.post("/desk/staffing", form); status != 303 {
		t.Fatalf("saving: %d", status)
	}
	site, err := h.Store.Site(t.Context(), h.Site.ID)
	if err != nil {
		t.Fatal(err)
	}
	if set := wait.StaffingOf(site); len(set.Shifts) != 1 || set.Pace != 10 || set.Shifts[0].Editors != 1 {
		t.Errorf("kept: %+v", set)
	}
	page := words(b.get("/desk/staffing"))
	if page == before || !strings.Contains(page, "10 Entscheidungen je Person und Stunde und 90 Kommentaren") || !strings.Contains(page, "Mit einer Person mehr von jetzt an meist: ") {
		t.Errorf("the forecast reads: %s", page)
	}
	w := b.do(httptest.NewRequest("GET", "/desk/staffing?csv=1", nil))
	if rows := strings.Split(strings.TrimSpace(w.Body.String()), "\n"); len(rows) != 1+forecastHours {
		t.Errorf("as CSV: %s", w.Body)
	}
	for _, bad := range []url.Values{{"pace": {"0"}}, {"pace": {"x"}}, {"from": {"08:00"}, "to": {"08:00"}, "editors": {"1"}}, {"from": {"08:00"}, "to": {"9"}, "editors": {"1"}}, {"from": {"08:00"}, "to": {"09:00"}}} {
		if status, _ := b.post("/desk/staffing", bad); status != 422 {
			t.Errorf("%v: %d", bad, status)
		}
	}
}

// Two people who judged the same text are compared; after an appeal there is no kappa.
func TestJudgesAndPeriods(t *testing.T) {
	h := sqliteRoom(t)
	for i := range 24 {
		c := h.Post("", "Leser", fmt.Sprintf("Erst abgelehnt, Nummer %d.", i)).Comment
		first, second := moderation.Reject, moderation.Reject
		if i%3 == 0 {
			second = moderation.Approve
		}
		h.EndHold(h.Do(h.Anna, first, c))
		h.Do(h.Jonas, moderation.Reconsider, c)
		h.Clock.Pass(time.Minute)
		h.Do(h.Jonas, second, c)
	}
	posted := h.Post("", "Gerd", "Das sehe ich anders.")
	h.EndHold(h.Do(h.Anna, moderation.Reject, posted.Comment))
	if _, err := h.ByAuthor(moderation.Appeal, posted, "Das war kein Schimpfwort."); err != nil {
		t.Fatal(err)
	}
	h.Do(h.Chief, moderation.Overturn, posted.Comment)
	b := h.surf(t, h.Chief)
	csv := b.do(httptest.NewRequest("GET", "/desk/stats?csv=judges", nil)).Body.String()
	for _, want := range []string{"Beide lehnten ab,16,0", "Nur die erste lehnte ab,8,1", "Gleiches Urteil,67 % (45 % bis 84 %),0 % (0 % bis 98 %)"} {
		if !strings.Contains(csv, want) {
			t.Errorf("the table of judges lacks %q:\n%s", want, csv)
		}
	}
	if s := b.do(httptest.NewRequest("GET", "/desk/stats?csv=appeals", nil)).Body.String(); !strings.Contains(s, "100 % (2 % bis 100 %)") {
		t.Errorf("appeals: %s", s)
	}
	for query, want := range map[string]int{"days=7": 200, "site=" + h.Site.ID: 200, "site=x": 404, "from=2026-11-01&to=2026-11-30": 200, "from=2026-11-30&to=2026-11-01": 422, "from=gestern": 422, "from=1999-01-01&to=2026-11-01": 422} {
		if w := b.do(httptest.NewRequest("GET", "/desk/stats?"+query, nil)); w.Code != want {
			t.Errorf("%s: %d, want %d", query, w.Code, want)
		}
	}
	if s := words(b.get("/desk/stats?from=2026-10-01&to=2026-10-31")); !strings.Contains(s, "Eingegangen0") {
		t.Error("a month before anything came in is not empty")
	}
}
