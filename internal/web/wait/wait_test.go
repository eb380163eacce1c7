package wait

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"pgregory.net/rapid"
)

var nine2five = DeskOf(store.Site{Settings: store.Settings{Hours: &store.Hours{From: "09:00", To: "17:00", Days: []int{1, 2, 3, 4, 5}, Zone: "Europe/Berlin"}}})

func berlin(day, hour, minute int) time.Time { // November 2026; the 23rd is a Monday
	return time.Date(2026, 11, day, hour, minute, 0, 0, locale.Berlin)
}

func TestWorkIsDoneInShifts(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		work float64
		want time.Time
	}{
		{berlin(23, 10, 0), 1, berlin(23, 11, 0)},
		{berlin(23, 16, 30), 1, berlin(24, 9, 30)},
		{berlin(23, 22, 0), 0, berlin(24, 9, 0)},
		{berlin(27, 16, 0), 2, berlin(30, 10, 0)}, // over a weekend
		{berlin(23, 9, 0), 20, berlin(25, 13, 0)},
	} {
		got := nine2five.After(c.at, c.work)
		if !got.Equal(c.want) {
			t.Errorf("%s and %v hours: %s, want %s", c.at, c.work, got, c.want)
		}
		if w := nine2five.Work(c.at, c.want); w < c.work-1e-9 || w > c.work+1e-9 {
			t.Errorf("from %s to %s there are %v hours, want %v", c.at, c.want, w, c.work)
		}
	}
	shifts := desk(t, Staffing{Shifts: []Shift{{From: "22:00", To: "06:00", Editors: 1}, {Days: []int{1}, From: "05:00", To: "07:00", Editors: 2}}})
	if w := shifts.Work(berlin(22, 20, 0), berlin(23, 12, 0)); w != 8+4 {
		t.Errorf("a night and a double morning have %v editor-hours", w)
	}
	if n := shifts.Editors(berlin(23, 5, 30)); n != 3 {
		t.Errorf("three are there, not %d", n)
	}
	if got := shifts.Opens(berlin(23, 12, 0)); !got.Equal(berlin(23, 22, 0)) {
		t.Errorf("opens at %s", got)
	}
	helped := shifts.With(2, berlin(23, 5, 0), berlin(23, 13, 0))
	for hour, want := range map[int]int{4: 1, 5: 5, 6: 4, 12: 2, 13: 0} {
		if n := helped.Editors(berlin(23, hour, 0)); n != want {
			t.Errorf("with two more from 5 to 13 there are %d at %d o'clock, want %d", n, hour, want)
		}
	}
	never := desk(t, Staffing{Shifts: []Shift{{Days: []int{9}, From: "08:00", To: "09:00", Editors: 1}}})
	if got := never.After(berlin(23, 12, 0), 1); got.Before(berlin(23, 12, 0).AddDate(0, 0, reach)) {
		t.Errorf("a desk that never opens is done by %s", got)
	}
	summer := time.Date(2026, 10, 25, 0, 0, 0, 0, locale.Berlin) // 25 hours long
	if w := desk(t, Staffing{}).Work(summer, summer.AddDate(0, 0, 1)); w != 25 {
		t.Errorf("the day on which clocks go back has %v hours", w)
	}
}

func desk(t *testing.T, s Staffing) *Desk {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return DeskOf(store.Site{Settings: store.Settings{Extra: store.Extra{Part: text}}})
}

func TestWords(t *testing.T) {
	now := berlin(23, 10, 2)
	for _, c := range []struct {
		r      Range
		de, en string
	}{
		{Range{From: berlin(23, 10, 5), To: berlin(23, 10, 41), Known: true}, "meist bis 10:45 Uhr", "usually by 10:45"},
		{Range{From: berlin(23, 10, 31), To: berlin(23, 13, 1), Known: true}, "meist zwischen 10:30 Uhr und 13:15 Uhr", "usually between 10:30 and 13:15"},
		{Range{From: berlin(23, 16, 0), To: berlin(24, 9, 10), Known: true, Resumes: berlin(24, 8, 0)},
			"meist zwischen 16:00 Uhr und morgen, 09:30 Uhr; dazwischen ist niemand da, weiter ab morgen, 08:00 Uhr",
			"usually between 16:00 and tomorrow, 09:30; nobody is there in between, the desk goes on from tomorrow, 08:00"},
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

func TestARangeSaysWhenTheDeskIsClosed(t *testing.T) {
	late := nine2five.during(Range{From: berlin(23, 16, 30), To: berlin(24, 10, 0), Known: true}, berlin(23, 16, 0))
	if !late.Resumes.Equal(berlin(24, 9, 0)) || !late.Opens.IsZero() {
		t.Errorf("over a night: %+v", late)
	}
	weekend := nine2five.during(Range{From: berlin(27, 16, 30), To: berlin(30, 10, 0), Known: true}, berlin(27, 16, 0))
	if !weekend.Resumes.Equal(berlin(30, 9, 0)) {
		t.Errorf("over a weekend: %+v", weekend)
	}
	soon := nine2five.during(Range{From: berlin(23, 10, 30), To: berlin(23, 11, 0), Known: true}, berlin(23, 10, 0))
	if !soon.Resumes.IsZero() || !soon.Opens.IsZero() {
		t.Errorf("within a shift: %+v", soon)
	}
	night := nine2five.during(Range{From: berlin(24, 9, 30), To: berlin(24, 10, 0), Known: true}, berlin(23, 22, 0))
	if !night.Opens.Equal(berlin(24, 9, 0)) {
		t.Errorf("at night: %+v", night)
	}
}

// A desk that reads in order with a scattering pace: of what is promised, about
// 85 of 100 come true, for short queues and for long ones.
func TestTheRangeHoldsWhatItAimsAt(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 3))
	draw := func() Past {
		waiting := random.IntN(200)
		return Past{waiting, (float64(waiting)*(0.7+0.6*random.Float64()) + 5*random.Float64()) / 40}
	}
	var past []Past
	for range 1000 {
		past = append(past, draw())
	}
	m := NewModel(nine2five, 40, past)
	var in, n [2]int
	for range 4000 {
		p := draw()
		from, to := m.Range(berlin(23, 9, 0), p.Waiting)
		decided := nine2five.After(berlin(23, 9, 0), p.Work)
		long := 0
		if p.Waiting > 50 {
			long = 1
		}
		n[long]++
		if !decided.Before(from) && !decided.After(to) {
			in[long]++
		}
	}
	for i := range in {
		if share := float64(in[i]) / float64(n[i]); share < 0.80 || share > 0.92 {
			t.Errorf("kind of queue %d: %.3f of %d inside", i, share, n[i])
		}
	}
	if m := NewModel(nine2five, 40, past[:enough-1]); m.Known() {
		t.Error("too few decisions make a known model")
	}
}

// promised submits a comment as the readers' pages do.
func promised(t testing.TB, h *storetest.House, e *Estimator, text string) store.Submitted {
	t.Helper()
	p, err := e.Promise(t.Context(), h.Site)
	if err != nil {
		t.Fatal(err)
	}
	s, err := h.Submit(t.Context(), store.Submission{Article: h.Article.ID, Name: "Mira", Text: text, Sender: store.Sender{Now: text, Before: text}, Promise: p})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (e *Estimator) of(t testing.TB, token string) Range {
	t.Helper()
	rec, err := e.Store.Receipt(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.For(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRangeComesFromTheRecord(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	e := &Estimator{Store: h.Store}
	if first := e.of(t, promised(t, h, e, "Der erste Kommentar.").Token); first.Known || first.To.Sub(h.Now()) < 2*time.Hour {
		t.Errorf("with an empty record the range is %v, which claims too much", first)
	}
	for i := range 40 {
		posted := promised(t, h, e, fmt.Sprintf("Die Umleitung ist gut beschildert, Nummer %d.", i))
		h.Clock.Pass(time.Duration(i%20+1) * time.Minute)
		h.Do(h.Anna, moderation.Approve, posted.Comment)
	}
	h.Clock.Pass(keep)
	posted := promised(t, h, e, "Und noch einer.")
	r := e.of(t, posted.Token)
	from, to := r.From.Sub(h.Now()), r.To.Sub(h.Now())
	if !r.Known || from < time.Minute || from > 4*time.Minute || to < 17*time.Minute || to > 21*time.Minute {
		t.Errorf("waits of 1 to 20 minutes give %s to %s", from, to)
	}
	h.Clock.Pass(3 * time.Hour)
	if later := e.of(t, posted.Token); !later.From.Equal(r.From) || !later.To.Equal(r.To) {
		t.Errorf("the promise moved from %v to %v", r, later)
	}
}

// Whatever is written, however it scores, whatever flags it has and whatever
// stands before it: two authors at the same moment are promised the same.
func TestTheRangeKnowsNothingOfTheComment(t *testing.T) {
	house := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	e := &Estimator{Store: house.Store}
	for i := range 40 { // enough to learn from
		posted := promised(t, house, e, fmt.Sprintf("Zum Lernen, Nummer %d.", i))
		house.Clock.Pass(time.Duration(i%9+1) * time.Minute)
		house.Do(house.Anna, moderation.Approve, posted.Comment)
	}
	number := 0
	rapid.Check(t, func(rt *rapid.T) {
		house.Clock.Pass(time.Duration(rapid.IntRange(1, 300).Draw(rt, "minutes")) * time.Minute)
		var seen []Range
		for _, kind := range rapid.Permutation([]string{"calm", "hostile", "flagged", "unchecked"}).Draw(rt, "order") {
			number++
			posted := promised(t, house, e, fmt.Sprintf("%s: %s %d", kind, rapid.String().Draw(rt, "text"), number))
			score := map[string]float64{"calm": 0.01, "hostile": 0.99, "flagged": 0.5}[kind]
			a := moderation.NotChecked("test")
			if kind != "unchecked" {
				a.Refuse = &score
			}
			if kind == "flagged" {
				a.Flags = []moderation.Flag{{Kind: "threat"}}
			}
			if err := house.SaveAssessment(t.Context(), posted.Comment, 1, a); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, e.of(t, posted.Token))
		}
		for _, r := range seen[1:] {
			if !r.From.Equal(seen[0].From) || !r.To.Equal(seen[0].To) || !r.Known {
				rt.Fatalf("ranges differ: %v", seen)
			}
		}
	})
}

func TestForecast(t *testing.T) {
	m := NewModel(desk(t, Staffing{Shifts: []Shift{{From: "08:00", To: "22:00", Editors: 1}}}), 100, nil)
	var counts []store.HourCount
	for day := range 28 { // 100 an hour, day and night
		for h := range 24 {
			counts = append(counts, store.HourCount{Hour: berlin(23, h, 0).AddDate(0, 0, -day-1), Kind: "submitted", N: 100})
		}
	}
	a := ArrivalsOf(counts, locale.Berlin, berlin(23, 0, 0))
	if n := a.Mean(berlin(23, 13, 0)); n != 100 {
		t.Errorf("%v come in an hour", n)
	}
	few := []store.HourCount{{Hour: berlin(22, 20, 0), Kind: "submitted", N: 60}, {Hour: berlin(22, 22, 0), Kind: "submitted", N: 6}}
	if b := ArrivalsOf(few, locale.Berlin, berlin(23, 0, 0)); b.Mean(berlin(23, 20, 0)) != 60 || b.Mean(berlin(23, 21, 0)) != 0 || b.Mean(berlin(23, 12, 0)) != 0 {
		t.Errorf("from one evening: %v", b)
	}
	now := berlin(23, 13, 0)
	alone, two := m.Forecast(now, 100, a, 12, 0), m.Forecast(now, 100, a, 12, 1)
	// One person keeps up with what comes and never gets rid of the hundred.
	if w := alone[5].Usual; w < 40*time.Minute || w > 90*time.Minute {
		t.Errorf("alone, readers wait %s", w)
	}
	if w := two[5].Usual; w > 5*time.Minute {
		t.Errorf("with one more, readers wait %s", w)
	}
	if alone[5].Long < alone[5].Usual {
		t.Errorf("%+v", alone[5])
	}
	if night := alone[10]; night.Hour.Hour() != 23 || night.Usual < 8*time.Hour || night.Editors != 0 { // until 8 o'clock
		t.Errorf("at night: %+v", night)
	}
	if night := two[10]; night.Usual > time.Hour || night.Editors != 1 { // somebody who stays on
		t.Errorf("at night, with one more: %+v", night)
	}
	if again := m.Forecast(now, 100, a, 12, 0); again[3] != alone[3] {
		t.Error("the same question has two answers")
	}
	if p := paceOf([]int{1, 2, 30, 40, 50}); p != defaultPace {
		t.Errorf("five hours make a pace of %v", p)
	}
}
