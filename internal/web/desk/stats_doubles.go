package desk

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// doubles shows how far two people agree who judged the same text without knowing
// of each other: on releasing at all, and rule by rule.
func (d *Desk) doubles(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "doubles", Title: f.T("double.stats"), Note: f.T("double.stats.note", "n", f.N(fewest)),
		Head: []string{f.T("desk.decide.rule"), f.T("double.stats.pairs"), f.T("double.stats.named"), f.T("desk.stats.judges.same"), "κ"}}
	counts, err := d.store.JudgedPairs(ctx, about)
	if err != nil || len(counts) == 0 {
		return t, err
	}
	line := func(name string, a store.Agreement) {
		either := a.N() - a.BothRelease
		t.Rows = append(t.Rows, []string{name, strconv.Itoa(a.N()), strconv.Itoa(either), shareWords(f, a.BothRelease+a.BothRefuse, a.N()), kappaWords(f, a)})
	}
	line(f.T("double.stats.release"), agreed(counts, anyRule))
	line(f.T("double.stats.blind"), agreed(slices.DeleteFunc(slices.Clone(counts), func(c store.PairCount) bool { return !c.Blind }), anyRule))
	for _, rule := range rulesNamed(counts) {
		line(f.Rule(rule), agreed(counts, func(o store.Opinion) bool { return o.Rule == rule }))
	}
	return t, nil
}

// anyRule tells whether an opinion refuses, for whatever rule.
func anyRule(o store.Opinion) bool { return o.Step != moderation.Approve }

// agreed makes the table of two judges about one question: does an opinion refuse?
func agreed(counts []store.PairCount, refuses func(store.Opinion) bool) store.Agreement {
	var a store.Agreement
	for _, c := range counts {
		switch first, second := refuses(c.First), refuses(c.Second); {
		case first && second:
			a.BothRefuse += c.N
		case first:
			a.FirstRefuses += c.N
		case second:
			a.SecondRefuses += c.N
		default:
			a.BothRelease += c.N
		}
	}
	return a
}

// rulesNamed are the rules that somebody named, the five first.
func rulesNamed(counts []store.PairCount) []moderation.Rule {
	named := map[moderation.Rule]bool{}
	for _, c := range counts {
		named[c.First.Rule], named[c.Second.Rule] = true, true
	}
	delete(named, "")
	var out []moderation.Rule
	for _, r := range moderation.Rules {
		if named[r] {
			out = append(out, r)
			delete(named, r)
		}
	}
	var others []moderation.Rule
	for r := range named {
		others = append(others, r)
	}
	slices.Sort(others)
	return append(out, others...)
}

// weeksMost is up to how long a period is shown by weeks; a longer one by months.
const weeksMost = 120 * 24 * time.Hour

// doublesOverTime shows the same over time, by week or month.
func (d *Desk) doublesOverTime(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "doublestime", Title: f.T("double.stats.time"),
		Head: []string{f.T("double.stats.from"), f.T("double.stats.pairs"), f.T("desk.stats.judges.same"), "κ"}}
	counts, err := d.store.JudgedPairs(ctx, about)
	if err != nil || len(counts) == 0 {
		return t, err
	}
	by := map[time.Time][]store.PairCount{}
	for _, c := range counts {
		begun := spanOf(c.Day, about.To.Sub(about.From) > weeksMost)
		by[begun] = append(by[begun], c)
	}
	begins := make([]time.Time, 0, len(by))
	for begun := range by {
		begins = append(begins, begun)
	}
	slices.SortFunc(begins, time.Time.Compare)
	for i, begun := range begins {
		a := agreed(by[begun], anyRule)
		same := a.BothRelease + a.BothRefuse
		t.Rows = append(t.Rows, []string{locale.Date(f.Lang, begun), strconv.Itoa(a.N()), shareWords(f, same, a.N()), kappaWords(f, a)})
		t.Chart = append(t.Chart, column{Label: begun.Format("2.1."), X: 30 * i, First: tallness(float64(same)/float64(a.N()), 1)})
	}
	if len(t.Chart) > 20 {
		t.Chart = t.Chart[len(t.Chart)-20:]
		for i := range t.Chart {
			t.Chart[i].X = 30 * i
		}
	}
	return t, nil
}

// spanOf is the first day of the week, or of the month, that a day lies in. Days
// are those of UTC, at noon, so that they are the same date in Berlin.
func spanOf(day time.Time, month bool) time.Time {
	day = day.UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
	if month {
		return day.AddDate(0, 0, 1-day.Day())
	}
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}
