package desk

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/wait"
)

const (
	forecastHours = 12 // ahead
	recordedWeeks = 4  // of arrivals
	mostShifts    = 8
)

// staffingPage is what staffing.html shows: how long readers will wait in the next
// hours, with the shifts as planned and with one more editor, and the shifts.
type staffingPage struct {
	Frame
	Site    store.Site
	Sites   []store.Site
	Sets    bool   // this person may set the shifts
	Answer  string // the question in one sentence
	Table   statTable
	Note    string
	Set     wait.Staffing
	Shifts  []wait.Shift // with empty ones to fill in
	Choices []days
	Saved   bool
}

// days is a choice of the days of a shift.
type days struct {
	Key  string // in the form and, as desk.staffing.days.KEY, in words
	Days []int
}

var dayChoices = []days{
	{"all", nil}, {"work", []int{1, 2, 3, 4, 5}}, {"weekend", []int{0, 6}},
	{"1", []int{1}}, {"2", []int{2}}, {"3", []int{3}}, {"4", []int{4}}, {"5", []int{5}}, {"6", []int{6}}, {"0", []int{0}},
}

// DaysOf is the key of a shift's days.
func (p staffingPage) DaysOf(s wait.Shift) string {
	for _, c := range dayChoices {
		if len(c.Days) == len(s.Days) && (len(s.Days) == 0 || c.Days[0] == s.Days[0]) {
			return c.Key
		}
	}
	return "all"
}

func (d *Desk) staffingPage(w http.ResponseWriter, r *http.Request) error {
	if err := seesStats(r); err != nil {
		return err
	}
	f, err := d.frame(r, "stats", "desk.staffing.title")
	if err != nil {
		return err
	}
	p := staffingPage{Frame: f, Sets: f.Me.Role == moderation.Chief || f.Me.Role == moderation.Admin, Choices: dayChoices, Saved: r.URL.Query().Has("saved")}
	if p.Site, p.Sites, err = d.chosenSite(r); err != nil {
		return err
	}
	p.Set = wait.StaffingOf(p.Site)
	p.Shifts = p.Set.Shifts
	for len(p.Shifts) < min(mostShifts, len(p.Set.Shifts)+2) {
		p.Shifts = append(p.Shifts, wait.Shift{})
	}
	if err := d.forecast(r, &p); err != nil {
		return err
	}
	if r.URL.Query().Get("csv") != "" {
		return writeCSV(w, p.Table)
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/staffing.html", p)
}

// forecast fills in the table, the chart and the sentence.
func (d *Desk) forecast(r *http.Request, p *staffingPage) error {
	ctx := r.Context()
	hours, err := d.store.Hours(ctx, store.Period{Site: p.Site.ID, From: p.Now.Add(-recordedWeeks * 7 * 24 * time.Hour).Truncate(time.Hour), To: p.Now.Truncate(time.Hour)})
	if err != nil {
		return err
	}
	model, waiting, err := d.estimator.Model(ctx, p.Site)
	if err != nil {
		return err
	}
	arrivals := wait.ArrivalsOf(hours, model.Desk.Zone, p.Now.Truncate(time.Hour))
	planned := model.Forecast(p.Now, waiting, arrivals, forecastHours, 0)
	more := model.Forecast(p.Now, waiting, arrivals, forecastHours, 1)
	p.Note = p.T("desk.staffing.note", "pace", p.N(int(model.Pace()+0.5)), "waiting", p.N(waiting))
	p.Answer = p.answer(planned, more)
	p.Table = outlookTable(p.Frame, planned, more)
	return nil
}

// answer says how long somebody waits who writes this evening; in the morning, at
// the end of what is looked at; once the evening has come, at the end of this hour.
func (p *staffingPage) answer(planned, more []wait.Outlook) string {
	i := len(planned) - 1
	if h := planned[0].Hour.Hour(); h < 6 || h > 19 {
		i = 0
	}
	for j, o := range planned {
		if o.Hour.Hour() == 19 { // its end is 20 o'clock
			i = j
		}
	}
	at := planned[i].Hour.Add(time.Hour)
	return p.T("desk.staffing.answer", "time", locale.T(p.Lang, "reader.wait.clock", "time", at.Format("15:04")), "usual", p.wait(planned[i].Usual), "long", p.wait(planned[i].Long), "more", p.wait(more[i].Usual))
}

func outlookTable(f Frame, planned, more []wait.Outlook) statTable {
	t := statTable{ID: "outlook", Title: f.T("desk.stats.outlook"),
		Head: []string{f.T("desk.stats.hour"), f.T("desk.stats.expected"), f.T("desk.staffing.editors"), f.T("desk.staffing.usual"), f.T("desk.staffing.long"), f.T("desk.staffing.more")}}
	t.Legend = []string{f.T("desk.staffing.usual"), f.T("desk.staffing.more")}
	tall := time.Hour
	for _, o := range planned {
		tall = max(tall, o.Usual)
	}
	t.Top = f.wait(tall)
	for i, o := range planned {
		t.Rows = append(t.Rows, []string{o.Hour.Format("15:04"), strconv.Itoa(int(o.Arrivals + 0.5)), strconv.Itoa(o.Editors), f.wait(o.Usual), f.wait(o.Long), f.wait(more[i].Usual)})
		t.Chart = append(t.Chart, column{o.Hour.Format("15"), 50 * i, tallness(o.Usual.Hours(), tall.Hours()), tallness(more[i].Usual.Hours(), tall.Hours())})
	}
	return t
}

// wait writes a forecast wait.
func (f Frame) wait(w time.Duration) string {
	switch {
	case w > 7*24*time.Hour:
		return f.T("desk.stats.long")
	case w < time.Minute:
		return f.T("desk.stats.atonce")
	}
	return locale.Span(f.Lang, w)
}

// saveStaffing keeps a site's shifts and pace; chiefs and admins may set them.
func (d *Desk) saveStaffing(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, _, err := d.chosenSite(r)
	if err != nil {
		return err
	}
	set, err := staffingForm(r.PostForm)
	if err != nil {
		return err
	}
	return d.saveExtra(w, r, site, wait.Part, set, "/desk/staffing?saved&site="+url.QueryEscape(site.ID))
}

// staffingForm reads the form; a row without times is none.
func staffingForm(form url.Values) (wait.Staffing, error) {
	set := wait.Staffing{}
	if pace := form.Get("pace"); pace != "" {
		n, err := strconv.Atoi(pace)
		if err != nil || n < 1 || n > 1000 {
			return set, moderation.BadField("pace", "error.pace")
		}
		set.Pace = float64(n)
	}
	for i := range min(mostShifts, len(form["from"])) {
		s := wait.Shift{From: form["from"][i], To: nth(form["to"], i), Editors: atoi(nth(form["editors"], i))}
		if s.From == "" && s.To == "" {
			continue
		}
		for _, c := range dayChoices {
			if c.Key == nth(form["days"], i) {
				s.Days = c.Days
			}
		}
		if !s.Valid() {
			return set, moderation.BadField("from", "error.shift")
		}
		set.Shifts = append(set.Shifts, s)
	}
	return set, nil
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}
