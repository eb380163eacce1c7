package desk

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
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
	ID     string
	Title  string
	Note   string
	Head   []string
	Rows   [][]string
	Chart  []column
	Top    string   // what a bar of full height stands for
	Legend []string // of the bars, where there are two
}

// column is a column of a chart: one or two bars beside each other.
type column struct {
	Label string
	X     int
	First bar2 // the accent's bar
	Other bar2
}

// bar2 is a bar from the ground up, in the chart's units.
type bar2 struct{ Y, H float64 }

// statsPage is what stats.html shows.
type statsPage struct {
	Frame
	Sites    []store.Site
	Site     string // "": all
	Days     int    // 0: from and to were given
	Choices  []int
	From, To string // dates, for the form
	Facts    [][2]string
	Tables   []statTable
	Query    string // the period and the site, for links
}

// fewest is below how many cases a share is not shown: it would say nothing, and
// might name a person.
const fewest = 20

// periods are the lengths offered, in days.
var periods = []int{1, 7, 28, 90, 365}

// longest bounds a period given by two dates.
const longest = 2 * 366 * 24 * time.Hour

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
	p := statsPage{Frame: f, Choices: periods}
	if p.Sites, err = d.sites(r.Context(), web.WhoOf(r)); err != nil {
		return err
	}
	about, err := p.period(r)
	if err != nil {
		return err
	}
	if id := r.URL.Query().Get("csv"); id != "" {
		return d.sendCSV(w, r, f, about, id)
	}
	if p.Facts, err = d.facts(r.Context(), f, about); err != nil {
		return err
	}
	for _, s := range statistics {
		t, err := s.table(d, r.Context(), f, about)
		if err != nil {
			return err
		}
		p.Tables = append(p.Tables, t)
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/stats.html", p)
}

// period reads what the address asks about: a site of those served, and the days
// up to now or from one date to another, in the desk's time zone.
func (p *statsPage) period(r *http.Request) (store.Period, error) {
	q := r.URL.Query()
	about := store.Period{To: p.Now.Add(time.Second)}
	site, err := statsSite(r, p.Sites)
	if err != nil {
		return about, err
	}
	p.Site, about.Site = site, site
	keep := url.Values{}
	if p.Site != "" {
		keep.Set("site", p.Site)
	}
	if q.Get("from") != "" || q.Get("to") != "" {
		from, err1 := time.ParseInLocation(time.DateOnly, q.Get("from"), locale.Berlin)
		to, err2 := time.ParseInLocation(time.DateOnly, q.Get("to"), locale.Berlin)
		about.From, about.To = from, to.AddDate(0, 0, 1)
		if err1 != nil || err2 != nil || !about.From.Before(about.To) || about.To.Sub(about.From) > longest {
			return about, moderation.BadField("from", "error.period")
		}
		keep.Set("from", q.Get("from"))
		keep.Set("to", q.Get("to"))
	} else {
		if p.Days = atoi(q.Get("days")); !slices.Contains(periods, p.Days) {
			p.Days = 28
		}
		about.From = p.Now.Add(-time.Duration(p.Days) * 24 * time.Hour).Truncate(time.Hour)
		keep.Set("days", strconv.Itoa(p.Days))
	}
	p.From, p.To = about.From.In(locale.Berlin).Format(time.DateOnly), about.To.Add(-time.Second).In(locale.Berlin).Format(time.DateOnly)
	p.Query = keep.Encode()
	return about, nil
}

// statsSite is the site that the figures are about: "" for all, where a person
// serves all; of several, the one that the address names, or the first.
func statsSite(r *http.Request, sites []store.Site) (string, error) {
	want := r.URL.Query().Get("site")
	if want == "" && web.WhoOf(r).Reach() == nil {
		return "", nil
	}
	for _, s := range sites {
		if s.ID == want || want == "" {
			return s.ID, nil
		}
	}
	return "", moderation.Missing("site")
}

// With is the address of the same page with another length of the period.
func (p statsPage) With(days int) string {
	q := url.Values{"days": {strconv.Itoa(days)}}
	if p.Site != "" {
		q.Set("site", p.Site)
	}
	return "?" + q.Encode()
}

// sendCSV answers with one table.
func (d *Desk) sendCSV(w http.ResponseWriter, r *http.Request, f Frame, about store.Period, id string) error {
	i := slices.IndexFunc(statistics, func(s statistic) bool { return s.id == id })
	if i < 0 {
		return moderation.Missing("page")
	}
	t, err := statistics[i].table(d, r.Context(), f, about)
	if err != nil {
		return err
	}
	return writeCSV(w, t)
}

// writeCSV writes a table; cells that a spreadsheet would take for a formula are
// marked as text.
func writeCSV(w http.ResponseWriter, t statTable) error {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		safe := slices.Clone(row)
		for i, cell := range safe {
			if cell != "" && (cell[0] == '=' || cell[0] == '+' || cell[0] == '@' || cell[0] == '\t' || cell[0] == '-' && len(cell) > 1) {
				safe[i] = "'" + cell
			}
		}
		if err := out.Write(safe); err != nil {
			return fmt.Errorf("write table %s: %w", t.ID, err)
		}
	}
	out.Flush()
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="freigabe-`+t.ID+`.csv"`)
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(b.Bytes())
	return err
}

// mostWaits is of how many decisions, the newest, waiting times are taken.
const mostWaits = 50_000

// facts are the single figures on top.
func (d *Desk) facts(ctx context.Context, f Frame, about store.Period) ([][2]string, error) {
	hours, err := d.store.Hours(ctx, about)
	if err != nil {
		return nil, err
	}
	in, decided := 0, 0
	for _, h := range hours {
		if h.Kind == "submitted" {
			in += h.N
		} else {
			decided += h.N
		}
	}
	waiting, err := d.waits(ctx, store.AtSite(about.Site))
	if err != nil {
		return nil, err
	}
	f.Waits = waiting
	facts := [][2]string{{f.T("desk.stats.in"), f.N(in)}, {f.T("desk.stats.decided"), f.N(decided)}, {f.T("desk.nav.queue"), f.Waiting("pending")}}
	oldest, err := d.store.OldestWaiting(ctx, about.Site)
	if err != nil {
		return nil, err
	}
	if !oldest.IsZero() {
		facts = append(facts, [2]string{f.T("desk.articles.oldest"), f.Span(oldest)})
	}
	waited, err := d.store.Waited(ctx, about, mostWaits)
	if err != nil || len(waited) == 0 {
		return facts, err
	}
	median, p95 := quantiles(waited)
	facts = append(facts, [2]string{f.T("desk.stats.median"), locale.Span(f.Lang, median)}, [2]string{f.T("desk.stats.p95"), locale.Span(f.Lang, p95)})
	if kept, of := keptPromises(waited); of > 0 {
		facts = append(facts, [2]string{f.T("desk.stats.kept"), percent(f, kept, of)})
	}
	return facts, nil
}

// quantiles gives the median and the 95th percentile of waiting times.
func quantiles(waited []store.Waited) (median, p95 time.Duration) {
	waits := make([]time.Duration, len(waited))
	for i, w := range waited {
		waits[i] = w.Decided.Sub(w.Submitted)
	}
	slices.Sort(waits)
	at := func(q float64) time.Duration { return waits[min(len(waits)-1, int(q*float64(len(waits))))] }
	return at(0.5), at(0.95)
}

// keptPromises counts the releases of which the author was promised a range, and
// those that came within it.
func keptPromises(waited []store.Waited) (kept, of int) {
	for _, w := range waited {
		if w.From.IsZero() || !w.Released {
			continue
		}
		of++
		if !w.Decided.Before(w.From) && !w.Decided.After(w.To) {
			kept++
		}
	}
	return kept, of
}

func tallness(n, tall float64) bar2 {
	h := 100 * n / max(tall, 1e-9)
	return bar2{100 - h, h}
}

// percent writes a share, or that there are too few cases for one.
func percent(f Frame, part, whole int) string {
	if whole < fewest {
		return f.T("desk.stats.few")
	}
	return strconv.Itoa(int(100*float64(part)/float64(whole)+0.5)) + " %"
}
