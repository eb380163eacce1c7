package wait

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

var nine2five = hoursOf(store.Site{Settings: store.Settings{Hours: &store.Hours{From: "09:00", To: "17:00", Days: []int{1, 2, 3, 4, 5}, Zone: "Europe/Berlin"}}})

func berlin(day, hour, minute int) time.Time { // November 2026; the 23rd is a Monday
	return time.Date(2026, 11, day, hour, minute, 0, 0, nine2five.zone)
}

func TestWaitsAreSpentInOpeningHours(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		open time.Duration
		want time.Time
	}{
		{berlin(23, 10, 0), time.Hour, berlin(23, 11, 0)},
		{berlin(23, 16, 30), time.Hour, berlin(24, 9, 30)},
		{berlin(23, 22, 0), 0, berlin(24, 9, 0)},
		{berlin(27, 16, 0), 2 * time.Hour, berlin(30, 10, 0)}, // over a weekend
		{berlin(23, 9, 0), 20 * time.Hour, berlin(25, 13, 0)},
	} {
		if got := nine2five.after(c.at, c.open); !got.Equal(c.want) {
			t.Errorf("%s and %s open: %s, want %s", c.at, c.open, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	now := berlin(23, 10, 2)
	for _, c := range []struct {
		r      Range
		de, en string
	}{
		{Range{From: berlin(23, 10, 5), To: berlin(23, 10, 41), Known: true}, "meist bis 10:45 Uhr", "usually by 10:45"},
		{Range{From: berlin(23, 10, 31), To: berlin(23, 13, 1), Known: true}, "meist zwischen 10:30 Uhr und 13:15 Uhr", "usually between 10:30 and 13:15"},
		{Range{From: berlin(23, 16, 0), To: berlin(24, 9, 10), Known: true}, "meist zwischen 16:00 Uhr und morgen, 09:30 Uhr", "usually between 16:00 and tomorrow, 09:30"},
		{Range{From: now, To: berlin(23, 22, 0)}, "spätestens wohl bis 22:00 Uhr; genauer wissen wir es noch nicht", "probably by 22:00 at the latest; we cannot say more exactly yet"},
		{Range{From: berlin(23, 9, 0), To: berlin(23, 10, 0), Known: true}, "Es dauert länger als erwartet. Ihr Kommentar ist nicht verloren.", "It is taking longer than expected. Your comment is not lost."},
	} {
		if got := c.r.Words("de", now); got != c.de {
			t.Errorf("German %q, want %q", got, c.de)
		}
		if got := c.r.Words("en", now); got != c.en {
			t.Errorf("English %q, want %q", got, c.en)
		}
	}
	closed := Range{From: berlin(24, 9, 5), To: berlin(24, 10, 0), Known: true, Opens: berlin(24, 9, 0)}
	if got := closed.Words("de", berlin(23, 22, 0)); got != "Die Redaktion prüft wieder ab morgen, 09:00 Uhr: meist zwischen morgen, 09:05 Uhr und 10:00 Uhr" {
		t.Errorf("at night: %q", got)
	}
}

func TestRangeComesFromTheRecord(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	e := &Estimator{Store: h.Store}
	first, err := e.Expected(t.Context(), h.Site, h.Now())
	if err != nil {
		t.Fatal(err)
	}
	if first.Known || first.To.Sub(first.From) < 6*time.Hour {
		t.Errorf("with an empty record the range is %v, which claims too much", first)
	}
	for i := range 20 {
		posted := h.Post("", "Mira", "Die Umleitung ist gut beschildert, Nummer "+string(rune('a'+i)))
		h.Clock.Pass(time.Duration(i+1) * time.Minute)
		h.Do(h.Anna, moderation.Approve, posted.Comment)
	}
	h.Clock.Pass(keep)
	r, err := e.Expected(t.Context(), h.Site, h.Now())
	if err != nil {
		t.Fatal(err)
	}
	from, to := r.From.Sub(h.Now()), r.To.Sub(h.Now())
	if !r.Known || from < time.Minute || from > 4*time.Minute || to < 17*time.Minute || to > 20*time.Minute {
		t.Errorf("waits of 1 to 20 minutes give %s to %s", from, to)
	}
}
