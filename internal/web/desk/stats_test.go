package desk

import (
	"encoding/csv"
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

func TestStatistics(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		for i := range 25 {
			c := h.Post("", fmt.Sprintf("Leser %d", i), fmt.Sprintf("Viele Frauen pendeln, Nummer %d.", i)).Comment
			h.Clock.Pass(10 * time.Minute)
			step := moderation.Approve
			if i%5 == 0 {
				step = moderation.Reject
			}
			h.Do(h.Anna, step, c)
		}
		undone := h.Post("", "Emil", "Noch einer.").Comment
		h.Do(h.Anna, moderation.Reject, undone)
		h.Do(h.Anna, moderation.Undo, undone)
		b := h.surf(t, h.Chief)
		page := words(b.get("/desk/stats"))
		for _, want := range []string{"Eingegangen26", "Entschieden25", "Mittlere Wartezeit10 Minuten", "Schimpfwort5", "Frauen25520 %9–39 %"} {
			if !strings.Contains(page, want) {
				t.Errorf("the statistics lack %q", want)
			}
		}
		w := b.do(httptest.NewRequest("GET", "/desk/stats?csv=rules", nil))
		rows, err := csv.NewReader(w.Body).ReadAll()
		if err != nil || len(rows) != 2 || rows[1][0] != "Schimpfwort" || rows[1][1] != "5" {
			t.Errorf("as CSV: %v %v", rows, err)
		}
		w = b.do(httptest.NewRequest("GET", "/desk/stats?csv=fairness", nil))
		if rows, err = csv.NewReader(w.Body).ReadAll(); err != nil || len(rows) != 2 || rows[1][0] != "Frauen" || rows[1][2] != "5" || rows[1][4] != "9–39 %" {
			t.Errorf("fairness as CSV: %v %v", rows, err)
		}
		if w := h.surf(t, h.Anna).do(httptest.NewRequest("GET", "/desk/stats", nil)); w.Code != 403 {
			t.Errorf("an editor opens the statistics: %d", w.Code)
		}
	})
}

func TestKappa(t *testing.T) {
	// The example of the textbooks: 20 and 15 agree of 50, kappa is 0.40.
	if k := kappa(store.Agreement{BothRelease: 20, BothRefuse: 15, MachineRefuses: 5, DeskRefuses: 10}); math.Abs(k-0.40) > 1e-9 {
		t.Errorf("kappa is %v", k)
	}
}

func TestForecast(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) // 13:00 in Berlin, a Monday
	var mean [7][24]float64
	for h := range 24 {
		mean[1][h] = 100
	}
	always := func(time.Time) bool { return true }
	got := forecast(100, mean, 100, always, now, 2)
	// One person keeps the backlog of an hour; two clear it within the second hour.
	if w := got[5].Waits; w[0] != time.Hour || w[1] != 0 {
		t.Errorf("with one and two editors readers wait %v", w)
	}
	if w := got[0].Waits; w[0] != time.Hour || w[1] != 0 {
		t.Errorf("in the first hour: %v", w)
	}
	closed := func(at time.Time) bool { return at.Hour() < 15 }
	if w := forecast(0, mean, 200, closed, now, 1)[3].Waits[0]; w < 7*time.Hour || w > 10*time.Hour {
		t.Errorf("over the night readers wait %s", w)
	}
	if w := clears(1000, 1, now, func(time.Time) bool { return false }); w != -1 {
		t.Errorf("a desk that never opens clears its queue in %s", w)
	}
	if p := pace([]int{1, 2, 30, 40, 50}); p != usualPace {
		t.Errorf("five hours make a pace of %v", p)
	}
}
