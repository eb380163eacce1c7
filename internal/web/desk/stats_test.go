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
	if k, deviation, ok := kappa(store.Agreement{BothRelease: 20, BothRefuse: 15, FirstRefuses: 5, SecondRefuses: 10}); math.Abs(k-0.40) > 1e-9 || math.Abs(deviation-0.1296) > 1e-4 || !ok {
		t.Errorf("kappa is %v with %v", k, deviation)
	}
	if _, _, ok := kappa(store.Agreement{BothRelease: 30}); ok {
		t.Error("kappa of verdicts that are all the same")
	}
}
