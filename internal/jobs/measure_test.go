package jobs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// Each measure but a note is told with its reason, its end and the way to object;
// so are the answer to an objection and the end before its time.
func TestAuthorsAreToldOfMeasures(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := context.Background()
		box := &mail.Catcher{Clock: h.Clock.Now}
		p := &jobs.Postman{Store: h.Store, Sender: box, Public: "https://k.example"}
		posted, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Karin", Email: "karin@post.example", Text: "Guten Tag.",
			Sender: store.Sender{Now: "k", Before: "k"}, Proof: store.Proof{Kind: "account", Subject: "u1"}})
		if err != nil {
			t.Fatal(err)
		}
		rec, err := h.Receipt(ctx, posted.Token)
		if err != nil {
			t.Fatal(err)
		}
		add := func(kind, reason string, days int) store.Measure {
			t.Helper()
			m := store.Measure{Author: rec.Author, Kind: kind, Reason: reason, Editor: h.Anna.ID}
			if days > 0 {
				m.Until = h.Now().Add(time.Duration(days) * 24 * time.Hour)
			}
			m, err := h.AddMeasure(ctx, m)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		post := func() string {
			t.Helper()
			before := len(box.Messages())
			list, err := h.ClaimJobs(ctx, []string{"measure"}, 10, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			for _, j := range list {
				if err := p.TellMeasure(ctx, j); err != nil {
					t.Fatal(err)
				}
			}
			all := box.Messages()
			if len(all) == before {
				return ""
			}
			return all[0].Subject + "\n" + all[0].Text
		}
		add(store.MeasureNote, "Schreibt sonst freundlich.", 0)
		if got := post(); got != "" {
			t.Errorf("a note is told: %s", got)
		}
		for _, tt := range []struct {
			kind, want string
			days       int
		}{{store.MeasureWarning, "Verwarnung", 0}, {store.MeasureSecond, "Zwei Personen prüfen", 30}, {store.MeasureSuspend, "Pause", 7}, {store.MeasureBan, "Dauerhafte Sperre", 0}} {
			add(tt.kind, "Grund für "+tt.kind, tt.days)
			got := post()
			for _, want := range []string{tt.want, "Grund für " + tt.kind, "https://k.example/receipts/", "widersprechen"} {
				if !strings.Contains(got, want) {
					t.Errorf("%s: no %q in %s", tt.kind, want, got)
				}
			}
			if strings.Contains(got, "Ende:") != (tt.days > 0) {
				t.Errorf("%s: %s", tt.kind, got)
			}
		}
		m := add(store.MeasureWarning, "Noch einmal.", 0)
		post()
		if err := h.Object(ctx, rec.Author, m.ID, "Das war ich nicht."); err != nil {
			t.Fatal(err)
		}
		if err := h.Object(ctx, rec.Author, m.ID, "Wirklich nicht."); err == nil {
			t.Error("a second objection")
		}
		if err := h.AnswerObjection(ctx, m.ID, h.Anna.ID, true, "Doch."); err == nil {
			t.Error("whoever took the measure answers the objection")
		}
		if err := h.AnswerObjection(ctx, m.ID, h.Jonas.ID, true, "Sie haben recht."); err != nil {
			t.Fatal(err)
		}
		if got := post(); !strings.Contains(got, "Sie haben recht.") || !strings.Contains(got, "Die Maßnahme ist aufgehoben.") {
			t.Errorf("the answer: %s", got)
		}
	})
}
