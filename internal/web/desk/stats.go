package desk

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// statTable is one table of the statistics; some have a chart as well.
type statTable struct {
	ID    string
	Title string
	Note  string
	Head  []string
	Rows  [][]string
	Chart []column
}

// column is a column of a chart: one or two bars beside each other.
type column struct {
	Label string
	X     int
	First span // the accent's bar
	Other span
}

// span is a bar from the ground up, in the chart's units.
type span struct{ Y, H float64 }

// statsPage is what stats.html shows.
type statsPage struct {
	Frame
	Days   int
	Facts  [][2]string
	Tables []statTable
}

// fewest is below how many cases a share is not shown: it would say nothing, and
// might name a person.
const fewest = 20

// seesStats tells who sees statistics: chiefs, admins and auditors.
func seesStats(r *http.Request) error {
	if web.WhoOf(r).Editor.Role == moderation.Editor {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	return nil
}

func (d *Desk) statsPage(w http.ResponseWriter, r *http.Request) error {
	if err := seesStats(r); err != nil {
		return err
	}
	f, err := d.frame(r, "stats", "desk.stats.title")
	if err != nil {
		return err
	}
	p := statsPage{Frame: f, Days: 28}
	if atoi(r.URL.Query().Get("days")) == 7 {
		p.Days = 7
	}
	p.Facts, p.Tables, err = d.statistics(r, f, p.Days)
	if err != nil {
		return err
	}
	if id := r.URL.Query().Get("csv"); id != "" {
		return sendCSV(w, p.Tables, id)
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/stats.html", p)
}

// sendCSV answers with one table.
func sendCSV(w http.ResponseWriter, tables []statTable, id string) error {
	i := slices.IndexFunc(tables, func(t statTable) bool { return t.ID == id })
	if i < 0 {
		return moderation.Missing("page")
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	if err := out.WriteAll(append([][]string{tables[i].Head}, tables[i].Rows...)); err != nil {
		return fmt.Errorf("write table %s: %w", id, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="freigabe-`+id+`.csv"`)
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(b.Bytes())
	return err
}

// statistics gathers all figures of the last days.
func (d *Desk) statistics(r *http.Request, f Frame, days int) ([][2]string, []statTable, error) {
	ctx := r.Context()
	site, err := d.statsSite(r)
	if err != nil {
		return nil, nil, err
	}
	since := f.Now.Add(-time.Duration(days) * 24 * time.Hour).Truncate(time.Hour)
	hours, err := d.store.Hours(ctx, site, since)
	if err != nil {
		return nil, nil, err
	}
	facts, err := d.facts(ctx, f, site, since, hours)
	if err != nil {
		return nil, nil, err
	}
	tables := []statTable{byHour(f, hours)}
	for _, make := range []func(context.Context, Frame, string, time.Time) (statTable, error){
		d.byRule, d.bySection, d.byArticle, d.agreement, d.appealTable, d.fairness, d.outlookTable,
	} {
		t, err := make(ctx, f, site, since)
		if err != nil {
			return nil, nil, err
		}
		tables = append(tables, t)
	}
	return facts, tables, nil
}

// statsSite is the site that the figures are about: "" for all, where a person
// serves all; of several, the one that the address names, or the first.
func (d *Desk) statsSite(r *http.Request) (string, error) {
	reach := web.WhoOf(r).Reach()
	if reach == nil && r.FormValue("site") == "" {
		return "", nil
	}
	site, _, err := d.chosenSite(r)
	return site.ID, err
}

// facts are the single figures on top.
func (d *Desk) facts(ctx context.Context, f Frame, site string, since time.Time, hours []store.HourCount) ([][2]string, error) {
	in, decided := 0, 0
	for _, h := range hours {
		if h.Kind == "submitted" {
			in += h.N
		} else {
			decided += h.N
		}
	}
	oldest, err := d.store.OldestWaiting(ctx, site)
	if err != nil {
		return nil, err
	}
	facts := [][2]string{{f.T("desk.stats.in"), f.N(in)}, {f.T("desk.stats.decided"), f.N(decided)}, {f.T("desk.nav.queue"), f.Waiting("pending")}}
	if !oldest.IsZero() {
		facts = append(facts, [2]string{f.T("desk.articles.oldest"), f.Span(oldest)})
	}
	var waits []time.Duration
	sites, err := d.store.Sites(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range sites {
		if site != "" && s.ID != site {
			continue
		}
		some, err := d.store.Waits(ctx, s.ID, since, 20_000)
		if err != nil {
			return nil, err
		}
		waits = append(waits, some...)
	}
	if len(waits) == 0 {
		return facts, nil
	}
	slices.Sort(waits)
	at := func(q float64) string {
		return locale.Span(f.Lang, waits[min(len(waits)-1, int(q*float64(len(waits))))])
	}
	return append(facts, [2]string{f.T("desk.stats.median"), at(0.5)}, [2]string{f.T("desk.stats.p95"), at(0.95)}), nil
}

// byHour shows submissions and decisions by hour of the day.
func byHour(f Frame, hours []store.HourCount) statTable {
	var in, out [24]int
	for _, h := range hours {
		at := h.Hour.In(locale.Berlin).Hour()
		if h.Kind == "submitted" {
			in[at] += h.N
		} else {
			out[at] += h.N
		}
	}
	t := statTable{ID: "hours", Title: f.T("desk.stats.byHour"), Head: []string{f.T("desk.stats.hour"), f.T("desk.stats.in"), f.T("desk.stats.decided")}}
	tall := max(1, slices.Max(in[:]), slices.Max(out[:]))
	for h := range 24 {
		t.Rows = append(t.Rows, []string{strconv.Itoa(h), strconv.Itoa(in[h]), strconv.Itoa(out[h])})
		t.Chart = append(t.Chart, column{Label: strconv.Itoa(h), X: 25 * h, First: tallness(in[h], tall), Other: tallness(out[h], tall)})
	}
	return t
}

func tallness(n, tall int) span {
	h := 100 * float64(n) / float64(tall)
	return span{100 - h, h}
}

// percent writes a share, or that there are too few cases for one.
func percent(f Frame, part, whole int) string {
	if whole < fewest {
		return f.T("desk.stats.few")
	}
	return strconv.Itoa(int(100*float64(part)/float64(whole)+0.5)) + " %"
}

func (d *Desk) byRule(ctx context.Context, f Frame, site string, since time.Time) (statTable, error) {
	t := statTable{ID: "rules", Title: f.T("desk.stats.byRule"), Head: []string{f.T("desk.decide.rule"), f.T("desk.articles.rejected")}}
	list, err := d.store.RefusalsBy(ctx, "rule", site, since)
	tall := 1
	for _, x := range list {
		tall = max(tall, x.Decided)
	}
	for i, x := range list {
		t.Rows = append(t.Rows, []string{f.Rule(moderation.Rule(x.Name)), strconv.Itoa(x.Decided)})
		if i < 20 {
			label := x.Name
			if n := number(moderation.Rule(x.Name)); n > 0 {
				label = strconv.Itoa(n)
			}
			t.Chart = append(t.Chart, column{Label: label, X: 30 * i, First: tallness(x.Decided, tall)})
		}
	}
	return t, err
}

func (d *Desk) bySection(ctx context.Context, f Frame, site string, since time.Time) (statTable, error) {
	return d.shares(ctx, f, site, since, "section", f.T("desk.stats.section"))
}

func (d *Desk) byArticle(ctx context.Context, f Frame, site string, since time.Time) (statTable, error) {
	return d.shares(ctx, f, site, since, "article", f.T("desk.articles.article"))
}

func (d *Desk) shares(ctx context.Context, f Frame, site string, since time.Time, what, name string) (statTable, error) {
	t := statTable{ID: what + "s", Title: f.T("desk.stats.by", "what", name), Head: []string{name, f.T("desk.stats.decided"), f.T("desk.articles.rejected"), f.T("desk.articles.share")}}
	list, err := d.store.RefusalsBy(ctx, what, site, since)
	for _, x := range list {
		t.Rows = append(t.Rows, []string{or(x.Name, "–"), strconv.Itoa(x.Decided), strconv.Itoa(x.Refused), percent(f, x.Refused, x.Decided)})
	}
	return t, err
}

// agreement compares the machine with blind decisions, with Cohen's kappa: the
// agreement beyond what chance alone would give (J. Cohen, 1960).
func (d *Desk) agreement(ctx context.Context, f Frame, site string, since time.Time) (statTable, error) {
	t := statTable{ID: "agreement", Title: f.T("desk.stats.agreement"), Note: f.T("desk.stats.agreement.note"), Head: []string{"", f.T("desk.stats.machine.release"), f.T("desk.stats.machine.refuse")}}
	a, err := d.store.Blindly(ctx, site, since, 0.5)
	if err != nil {
		return t, err
	}
	t.Rows = [][]string{
		{f.T("desk.stats.desk.release"), strconv.Itoa(a.BothRelease), strconv.Itoa(a.MachineRefuses)},
		{f.T("desk.stats.desk.refuse"), strconv.Itoa(a.DeskRefuses), strconv.Itoa(a.BothRefuse)},
	}
	if n := a.BothRelease + a.BothRefuse + a.MachineRefuses + a.DeskRefuses; n >= fewest {
		t.Rows = append(t.Rows, []string{"κ", strconv.FormatFloat(kappa(a), 'f', 2, 64), ""})
	} else {
		t.Note += " " + f.T("desk.stats.small")
	}
	return t, nil
}

func kappa(a store.Agreement) float64 {
	n := float64(a.BothRelease + a.BothRefuse + a.MachineRefuses + a.DeskRefuses)
	same := float64(a.BothRelease+a.BothRefuse) / n
	deskRefuses, machineRefuses := float64(a.BothRefuse+a.DeskRefuses)/n, float64(a.BothRefuse+a.MachineRefuses)/n
	chance := deskRefuses*machineRefuses + (1-deskRefuses)*(1-machineRefuses)
	if chance == 1 {
		return 1 // both always say the same one thing
	}
	return (same - chance) / (1 - chance)
}

func (d *Desk) appealTable(ctx context.Context, f Frame, site string, since time.Time) (statTable, error) {
	t := statTable{ID: "appeals", Title: f.T("desk.stats.outcomes"), Head: []string{f.T("desk.log.what"), f.T("desk.stats.number")}}
	appeals, bundles, err := d.store.Outcomes(ctx, site, since)
	for _, step := range []moderation.Step{moderation.Appeal, moderation.Uphold, moderation.Overturn} {
		t.Rows = append(t.Rows, []string{f.Step(step), strconv.Itoa(appeals[step])})
	}
	for _, step := range []moderation.Step{moderation.Approve, moderation.Undo, moderation.Remove} {
		t.Rows = append(t.Rows, []string{f.T("desk.batch.title") + ": " + f.Step(step), strconv.Itoa(bundles[step])})
	}
	return t, err
}

// outlookTable answers: how long will readers wait in the next hours, and with
// one more editor?
func (d *Desk) outlookTable(ctx context.Context, f Frame, site string, _ time.Time) (statTable, error) {
	const weeks, most = 4, 4
	since := f.Now.Add(-weeks * 7 * 24 * time.Hour).Truncate(time.Hour)
	t := statTable{ID: "outlook", Title: f.T("desk.stats.outlook"), Head: []string{f.T("desk.stats.hour"), f.T("desk.stats.expected")}}
	hours, err := d.store.Hours(ctx, site, since)
	if err != nil {
		return t, err
	}
	recorded, err := d.store.Pace(ctx, site, since)
	if err != nil {
		return t, err
	}
	var open *store.Hours
	if site != "" {
		s, err := d.store.Site(ctx, site)
		if err != nil {
			return t, err
		}
		open = s.Hours
	}
	rate := pace(recorded)
	t.Note = f.T("desk.stats.outlook.note", "pace", f.N(int(rate)))
	for n := 1; n <= most; n++ {
		t.Head = append(t.Head, f.Count("desk.stats.editors", n))
	}
	for _, o := range forecast(f.Waits["pending"], arrivalsByHour(hours, locale.Berlin, weeks), rate, openAt(open), f.Now, most) {
		row := []string{o.Hour.Format("15:04"), strconv.Itoa(o.Arrivals)}
		for _, w := range o.Waits {
			row = append(row, f.wait(w))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func (f Frame) wait(w time.Duration) string {
	switch {
	case w < 0:
		return f.T("desk.stats.long")
	case w < time.Minute:
		return f.T("desk.stats.atonce")
	}
	return locale.Span(f.Lang, w)
}
