package store_test

import (
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

func TestHoursOfTheDay(t *testing.T) {
	day := &store.Hours{From: "06:00", To: "21:00"}
	week := &store.Hours{From: "09:00", To: "17:00", Days: []int{1, 2, 3, 4, 5}, Zone: "Europe/Berlin"}
	for _, c := range []struct {
		hours    *store.Hours
		at, next string
		open     bool
	}{
		{day, "2026-11-25T05:00:00+01:00", "2026-11-25T06:00:00+01:00", false},
		{day, "2026-11-25T06:00:00+01:00", "2026-11-25T21:00:00+01:00", true},
		{day, "2026-11-25T20:59:59+01:00", "2026-11-25T21:00:00+01:00", true},
		{day, "2026-11-25T21:00:00+01:00", "2026-11-26T06:00:00+01:00", false},
		{day, "2026-03-28T22:00:00+01:00", "2026-03-29T06:00:00+02:00", false}, // the night on which summer begins
		{week, "2026-11-27T18:00:00+01:00", "2026-11-30T09:00:00+01:00", false},
		{&store.Hours{From: "21:00", To: "06:00"}, "2026-11-25T12:00:00+01:00", "", true},
		{&store.Hours{From: "x"}, "2026-11-25T12:00:00+01:00", "", true},
		{nil, "2026-11-25T12:00:00+01:00", "", true},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		open, next := c.hours.Takes(at)
		got := ""
		if !next.IsZero() {
			got = next.Format(time.RFC3339)
		}
		if open != c.open || got != c.next {
			t.Errorf("%v at %s: open %v until %q, want %v until %q", c.hours, c.at, open, got, c.open, c.next)
		}
	}
}
