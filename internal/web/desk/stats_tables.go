package desk

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/desk/bound"
)

// statistic is a table of the statistics by the name of its CSV.
type statistic struct {
	id    string
	table func(*Desk, context.Context, Frame, store.Period) (statTable, error)
}

// statistics are all tables, in the order of the page.
var statistics = []statistic{
	{"hours", (*Desk).byHour}, {"waits", (*Desk).waitsByHour}, {"ages", (*Desk).queueAges}, {"rules", (*Desk).byRule},
	{"sections", shares("section")}, {"articles", shares("article")}, {"refusalhours", (*Desk).refusalHours},
	{"agreement", (*Desk).agreement}, {"judges", (*Desk).judges}, {"appeals", (*Desk).appealTable}, {"bundles", (*Desk).bundleTable}, {"fairness", (*Desk).fairness},
}

// byHour shows submissions and decisions by hour of the day.
func (d *Desk) byHour(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	var in, out [24]int
	hours, err := d.store.Hours(ctx, about)
	for _, h := range hours {
		at := h.Hour.In(locale.Berlin).Hour()
		if h.Kind == "submitted" {
			in[at] += h.N
		} else {
			out[at] += h.N
		}
	}
	t := statTable{ID: "hours", Title: f.T("desk.stats.byHour"), Head: []string{f.T("desk.stats.hour"), f.T("desk.stats.in"), f.T("desk.stats.decided")}}
	t.Legend = t.Head[1:]
	most := max(1, slices.Max(in[:]), slices.Max(out[:]))
	tall := float64(most)
	t.Top = f.N(most)
	for h := range 24 {
		t.Rows = append(t.Rows, []string{strconv.Itoa(h), strconv.Itoa(in[h]), strconv.Itoa(out[h])})
		t.Chart = append(t.Chart, column{strconv.Itoa(h), 25 * h, tallness(float64(in[h]), tall), tallness(float64(out[h]), tall)})
	}
	return t, err
}

// waitsByHour shows median and 95th percentile of the waits by the hour in which
// the comments came in.
func (d *Desk) waitsByHour(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "waits", Title: f.T("desk.stats.waits"), Note: f.T("desk.stats.waits.note", "n", f.N(mostWaits)),
		Head: []string{f.T("desk.stats.hour"), f.T("desk.stats.number"), f.T("desk.stats.median"), f.T("desk.stats.p95")}}
	t.Legend = t.Head[2:]
	waited, err := d.store.Waited(ctx, about, mostWaits)
	if err != nil || len(waited) == 0 {
		return t, err
	}
	var by [24][]store.Waited
	for _, w := range waited {
		h := w.Submitted.In(locale.Berlin).Hour()
		by[h] = append(by[h], w)
	}
	var median, p95 [24]time.Duration
	for h, list := range by {
		if len(list) > 0 {
			median[h], p95[h] = quantiles(list)
		}
	}
	longest := slices.Max(p95[:])
	tall := longest.Hours()
	t.Top = locale.Span(f.Lang, longest)
	for h, list := range by {
		if len(list) == 0 {
			t.Rows = append(t.Rows, []string{strconv.Itoa(h), "0", "–", "–"})
		} else {
			t.Rows = append(t.Rows, []string{strconv.Itoa(h), strconv.Itoa(len(list)), locale.Span(f.Lang, median[h]), locale.Span(f.Lang, p95[h])})
		}
		t.Chart = append(t.Chart, column{strconv.Itoa(h), 25 * h, tallness(median[h].Hours(), tall), tallness(p95[h].Hours(), tall)})
	}
	return t, nil
}

// ages are the bounds of the queue's table of ages.
var ages = []time.Duration{time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour, 3 * 24 * time.Hour}

// queueAges shows how old what waits now is.
func (d *Desk) queueAges(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "ages", Title: f.T("desk.stats.ages"), Head: []string{f.T("desk.stats.age"), f.T("desk.stats.number")}}
	counts, err := d.store.QueueAges(ctx, about.Site, ages)
	if err != nil {
		return t, err
	}
	most := max(1, slices.Max(counts))
	tall := float64(most)
	t.Top = f.N(most)
	for i, n := range counts {
		name, short := f.T("desk.stats.older", "span", locale.Span(f.Lang, ages[len(ages)-1])), ">"
		if i < len(ages) {
			name, short = f.T("desk.stats.younger", "span", locale.Span(f.Lang, ages[i])), "< "+strconv.Itoa(int(ages[i].Hours()))+" h"
		}
		t.Rows = append(t.Rows, []string{name, strconv.Itoa(n)})
		t.Chart = append(t.Chart, column{Label: short, X: 60 * i, First: tallness(float64(n), tall)})
	}
	return t, nil
}

func (d *Desk) byRule(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "rules", Title: f.T("desk.stats.byRule"), Head: []string{f.T("desk.decide.rule"), f.T("desk.articles.rejected")}}
	list, err := d.store.RefusalsBy(ctx, "rule", about)
	tall := 1
	for _, x := range list {
		tall = max(tall, x.Decided)
	}
	t.Top = f.N(tall)
	for i, x := range list {
		t.Rows = append(t.Rows, []string{f.Rule(moderation.Rule(x.Name)), strconv.Itoa(x.Decided)})
		if i < 20 {
			label := x.Name
			if n := number(moderation.Rule(x.Name)); n > 0 {
				label = strconv.Itoa(n)
			}
			t.Chart = append(t.Chart, column{Label: label, X: 30 * i, First: tallness(float64(x.Decided), float64(tall))})
		}
	}
	return t, err
}

// shares makes the table of refusals by section or article.
func shares(what string) func(*Desk, context.Context, Frame, store.Period) (statTable, error) {
	return func(d *Desk, ctx context.Context, f Frame, about store.Period) (statTable, error) {
		name := f.T(map[string]string{"section": "desk.stats.section", "article": "desk.articles.article"}[what])
		t := statTable{ID: what + "s", Title: f.T("desk.stats.by", "what", name), Head: []string{name, f.T("desk.stats.decided"), f.T("desk.articles.rejected"), f.T("desk.articles.share")}}
		list, err := d.store.RefusalsBy(ctx, what, about)
		for _, x := range list {
			t.Rows = append(t.Rows, []string{or(x.Name, "–"), strconv.Itoa(x.Decided), strconv.Itoa(x.Refused), percent(f, x.Refused, x.Decided)})
		}
		return t, err
	}
}

// refusalHours shows the share of refusals by the hour of the decision.
func (d *Desk) refusalHours(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "refusalhours", Title: f.T("desk.stats.by", "what", f.T("desk.stats.hour")),
		Head: []string{f.T("desk.stats.hour"), f.T("desk.stats.decided"), f.T("desk.articles.rejected"), f.T("desk.articles.share")}}
	list, err := d.store.RefusalsBy(ctx, "hour", about)
	if err != nil || len(list) == 0 {
		return t, err
	}
	var decided, refused [24]int
	t.Top = percent(f, fewest, fewest)
	for _, x := range list {
		at := time.Unix(int64(atoi(x.Name))*3600, 0).In(locale.Berlin).Hour()
		decided[at] += x.Decided
		refused[at] += x.Refused
	}
	for h := range 24 {
		share := 0.0
		if decided[h] >= fewest {
			share = float64(refused[h]) / float64(decided[h])
		}
		t.Rows = append(t.Rows, []string{strconv.Itoa(h), strconv.Itoa(decided[h]), strconv.Itoa(refused[h]), percent(f, refused[h], decided[h])})
		t.Chart = append(t.Chart, column{Label: strconv.Itoa(h), X: 25 * h, First: tallness(share, 1)})
	}
	return t, nil
}

// agreement compares the machine with blind decisions.
func (d *Desk) agreement(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "agreement", Title: f.T("desk.stats.agreement"), Note: f.T("desk.stats.agreement.note"), Head: []string{"", f.T("desk.stats.machine.release"), f.T("desk.stats.machine.refuse")}}
	a, err := d.store.Blindly(ctx, about, 0.5)
	if err != nil {
		return t, err
	}
	t.Rows = [][]string{
		{f.T("desk.stats.desk.release"), strconv.Itoa(a.BothRelease), strconv.Itoa(a.FirstRefuses)},
		{f.T("desk.stats.desk.refuse"), strconv.Itoa(a.SecondRefuses), strconv.Itoa(a.BothRefuse)},
		{"κ", kappaWords(f, a), ""},
	}
	return t, nil
}

// judges compares two editors who judged the same text. Where the author
// appealed, the first had always refused: there is no agreement beyond chance to
// be had, only how often the second upheld it.
func (d *Desk) judges(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "judges", Title: f.T("desk.stats.judges"), Note: f.T("desk.stats.judges.note"), Head: []string{"", f.T("desk.stats.judges.again"), f.T("desk.stats.judges.appeal")}}
	found, err := d.store.JudgedTwice(ctx, about)
	if err != nil {
		return t, err
	}
	again, appeal := found[store.JudgedAgain], found[store.JudgedAppeal]
	for _, row := range []struct {
		key  string
		a, b int
	}{
		{"bothrelease", again.BothRelease, appeal.BothRelease}, {"bothrefuse", again.BothRefuse, appeal.BothRefuse},
		{"first", again.FirstRefuses, appeal.FirstRefuses}, {"second", again.SecondRefuses, appeal.SecondRefuses},
	} {
		t.Rows = append(t.Rows, []string{f.T("desk.stats.judges." + row.key), strconv.Itoa(row.a), strconv.Itoa(row.b)})
	}
	t.Rows = append(t.Rows,
		[]string{"κ", kappaWords(f, again), f.T("desk.stats.judges.nokappa")},
		[]string{f.T("desk.stats.judges.same"), shareWords(f, again.BothRelease+again.BothRefuse, again.N()), shareWords(f, appeal.BothRefuse, appeal.N())})
	return t, nil
}

// shareWords writes a share with its interval (Clopper and Pearson, 95 %).
func shareWords(f Frame, part, whole int) string {
	if whole == 0 {
		return f.T("desk.stats.none")
	}
	low, high := bound.Interval(whole, part, confidence)
	return f.T("desk.stats.interval", "value", wholePercent(float64(part)/float64(whole)), "low", wholePercent(low), "high", wholePercent(high))
}

func wholePercent(share float64) string { return strconv.Itoa(int(100*share+0.5)) + " %" }

// kappaWords writes Cohen's kappa with its interval, or that it cannot be said.
func kappaWords(f Frame, a store.Agreement) string {
	switch k, deviation, ok := kappa(a); {
	case a.N() == 0:
		return f.T("desk.stats.none")
	case a.N() < fewest:
		return f.T("desk.stats.few")
	case !ok:
		return f.T("desk.stats.onesided")
	default:
		two := func(x float64) string { return strconv.FormatFloat(min(1, max(-1, x)), 'f', 2, 64) }
		return f.T("desk.stats.interval", "value", two(k), "low", two(k-1.96*deviation), "high", two(k+1.96*deviation))
	}
}

// kappa is the agreement beyond what chance alone would give, with its standard
// error (J. Cohen, "A coefficient of agreement for nominal scales", Educational
// and Psychological Measurement 20, 1960, 37-46). It is not defined where both
// always say the same one thing.
func kappa(a store.Agreement) (k, deviation float64, ok bool) {
	n := float64(a.N())
	same := float64(a.BothRelease+a.BothRefuse) / n
	first, second := float64(a.BothRefuse+a.FirstRefuses)/n, float64(a.BothRefuse+a.SecondRefuses)/n
	chance := first*second + (1-first)*(1-second)
	if n == 0 || chance == 1 {
		return 0, 0, false
	}
	return (same - chance) / (1 - chance), math.Sqrt(same*(1-same)/n) / (1 - chance), true
}

func (d *Desk) appealTable(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "appeals", Title: f.T("desk.stats.outcomes"), Head: []string{f.T("desk.log.what"), f.T("desk.stats.number")}}
	appeals, err := d.store.Outcomes(ctx, about)
	for _, step := range []moderation.Step{moderation.Appeal, moderation.Uphold, moderation.Overturn} {
		t.Rows = append(t.Rows, []string{f.Step(step), strconv.Itoa(appeals[step])})
	}
	over := appeals[moderation.Overturn]
	t.Rows = append(t.Rows, []string{f.T("desk.stats.appeals"), shareWords(f, over, over+appeals[moderation.Uphold])})
	return t, err
}

// bundleTable shows how bundles turned out.
func (d *Desk) bundleTable(ctx context.Context, f Frame, about store.Period) (statTable, error) {
	t := statTable{ID: "bundles", Title: f.T("desk.batch.title"), Head: []string{f.T("desk.log.what"), f.T("desk.stats.number")}}
	q, err := d.store.BundleQuality(ctx, about)
	t.Rows = [][]string{
		{f.T("desk.stats.bundles.made"), strconv.Itoa(q.Made)}, {f.T("desk.stats.bundles.withdrawn"), strconv.Itoa(q.Withdrawn)},
		{f.T("desk.stats.bundles.released"), strconv.Itoa(q.Released)}, {f.T("desk.stats.bundles.comments"), strconv.Itoa(q.Comments)},
		{f.T("desk.stats.bundles.removed"), strconv.Itoa(q.Removed)}, {f.T("desk.articles.share"), shareWords(f, q.Removed, q.Comments)},
	}
	return t, err
}
