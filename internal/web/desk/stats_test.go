package desk

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"golang.org/x/net/html"
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

// Somebody who works for two of three sites sees the figures of both together or
// of one of them, and none of the third, on the page as in every table of it.
func TestStatisticsOfSeveralSites(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		ctx := context.Background()
		sites := map[string]string{"blatt": h.Site.ID}
		for i, name := range []string{"blatt", "bote", "kurier"} {
			at := h.Article.ID
			if name != "blatt" {
				s, err := h.AddSite(ctx, store.Site{Name: name, Origin: "https://" + name + ".example"})
				if err != nil {
					t.Fatal(err)
				}
				a, err := h.AddArticle(ctx, store.Article{Site: s.ID, Doc: article.Article{Headline: "Aus " + name, Boxes: []string{}}}, nil)
				if err != nil {
					t.Fatal(err)
				}
				sites[name], at = s.ID, a.ID
			}
			for n := range []int{3, 5, 9}[i] {
				if _, err := h.Submit(ctx, store.Submission{Article: at, Name: "Rosi", Text: fmt.Sprintf("Zu %s, %d", name, n)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		e, err := h.AddEditor(ctx, store.Editor{Email: "zwei@blatt.example", Name: "Zwei Welten", Role: moderation.Chief, Reach: store.Reach{{Site: sites["blatt"]}, {Site: sites["bote"]}}, Password: "-"})
		if err != nil {
			t.Fatal(err)
		}
		b := h.surf(t, e)
		h.Clock.Pass(time.Minute)
		for query, want := range map[string]string{"": "Eingegangen8", "site=" + sites["bote"]: "Eingegangen5", "days=7&site=" + sites["blatt"]: "Eingegangen3"} {
			page := b.get("/desk/stats?" + query)
			if text := words(page); !strings.Contains(text, want) || strings.Contains(text, "kurier") || !strings.Contains(text, "Warteschlange"+strings.TrimPrefix(want, "Eingegangen")) {
				t.Errorf("%q lacks %q: %s", query, want, text)
			}
			chosen := find(page, func(n *html.Node) bool { return n.Data == "option" && attr(n, "value") != "" })
			if len(chosen) != 2 {
				t.Errorf("%q offers %d sites", query, len(chosen))
			}
		}
		for _, s := range statistics {
			if w := b.do(httptest.NewRequest("GET", "/desk/stats?csv="+s.id+"&site="+sites["kurier"], nil)); w.Code != 404 {
				t.Errorf("the table %s of a third site: %d", s.id, w.Code)
			}
			if w := b.do(httptest.NewRequest("GET", "/desk/stats?csv="+s.id, nil)); w.Code != 200 || strings.Contains(w.Body.String(), "kurier") {
				t.Errorf("the table %s: %d %s", s.id, w.Code, w.Body)
			}
		}
		if w := b.do(httptest.NewRequest("GET", "/desk/stats?csv=ages", nil)); !strings.Contains(w.Body.String(), ",8\n") {
			t.Errorf("ages: %s", w.Body)
		}
	})
}
