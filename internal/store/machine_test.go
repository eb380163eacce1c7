package store_test

import (
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// An alarm keeps its beginning, is told once when it begins and once when it ends,
// and belongs to its site alone.
func TestDriftAlarmBeginsAndEnds(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		look := func(alarms ...string) store.Drift {
			t.Helper()
			if err := h.SaveDrift(ctx, store.Drift{Site: h.Site.ID, Alarms: alarms, Report: `{"considered":60}`}, "base+7"); err != nil {
				t.Fatal(err)
			}
			h.Clock.Pass(time.Hour)
			d, err := h.DriftAlarm(ctx, h.Site.ID)
			if err != nil || len(d.Alarms) != len(alarms) {
				t.Fatalf("%+v %v", d, err)
			}
			return d
		}
		if d, err := h.DriftAlarm(ctx, h.Site.ID); err != nil || d.Alarm() || !d.At.IsZero() {
			t.Fatalf("before the first look: %+v %v", d, err)
		}
		if look().Alarm() {
			t.Fatal("an alarm without a cause")
		}
		began := h.Clock.Now()
		head, err := h.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if d := look("unseen"); !d.Alarm() || !d.Since.Equal(began) {
			t.Fatalf("%+v, began %s", d, began)
		}
		if d := look("unseen", "scores"); !d.Since.Equal(began) || !d.At.After(began) {
			t.Fatalf("the alarm forgot its beginning: %+v", d)
		}
		other, err := h.AddSite(ctx, store.Site{Name: "woche", Origin: "https://woche.example"})
		if err != nil {
			t.Fatal(err)
		}
		for site, want := range map[string]int{"": 1, h.Site.ID: 1, other.ID: 0} {
			if got, err := h.DriftAlarms(ctx, site); err != nil || len(got) != want {
				t.Errorf("alarms of %q: %v %v", site, got, err)
			}
		}
		if look().Alarm() {
			t.Fatal("the alarm does not end")
		}
		log, err := h.MachineLog(ctx, h.Site.ID, 10)
		if err != nil || len(log) != 2 || log[0].Kind != store.LogDriftOver || log[1].Kind != store.LogDrift || log[1].Version != "base+7" {
			t.Fatalf("log: %+v %v", log, err)
		}
		events, _, err := h.Events(ctx, head)
		told := 0
		for _, e := range events {
			if e.Topic == "drift" && e.Site == h.Site.ID {
				told++
			}
		}
		if err != nil || told != 2 {
			t.Fatalf("told %d times: %v %v", told, events, err)
		}
	})
}

// How a scorer does is kept with the moment since when it has been so.
func TestScorerState(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		note := func(cause string) store.ScorerState {
			t.Helper()
			if err := h.NoteScorer(ctx, h.Site.ID, cause); err != nil {
				t.Fatal(err)
			}
			x, err := h.ScorerState(ctx, h.Site.ID)
			if err != nil || x.Cause != cause || !x.At.Equal(h.Clock.Now()) {
				t.Fatalf("%+v %v", x, err)
			}
			h.Clock.Pass(time.Minute)
			return x
		}
		if x, err := h.ScorerState(ctx, h.Site.ID); err != nil || !x.At.IsZero() {
			t.Fatalf("never asked: %+v %v", x, err)
		}
		note("")
		failed := note("late").Since
		if x := note("late"); !x.Since.Equal(failed) {
			t.Fatalf("failing since %s, not %s", x.Since, failed)
		}
		if x := note(""); !x.Since.After(failed) {
			t.Fatalf("it answers since %s", x.Since)
		}
	})
}
