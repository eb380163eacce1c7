package wait

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/store"
)

// Shift is when how many editors are at the desk, on some days of the week.
type Shift struct {
	Days    []int  `json:"days"`    // 0 is Sunday; empty: every day
	From    string `json:"from"`    // "06:00"
	To      string `json:"to"`      // "22:00"; before From: the next day
	Editors int    `json:"editors"` // beside those of other shifts
}

// Staffing is what a chief sets for a site's desk.
type Staffing struct {
	Shifts []Shift `json:"shifts,omitempty"`
	Pace   float64 `json:"pace,omitempty"` // decisions an hour of one editor; 0: as recorded
}

// Part is the name of the staffing among a site's settings.
const Part = "staffing"

// StaffingOf reads what is set for a site; nothing set, or nothing readable, is
// the zero value.
func StaffingOf(site store.Site) Staffing {
	var s Staffing
	if json.Unmarshal(site.Extra[Part], &s) != nil {
		return Staffing{}
	}
	return s
}

// Desk knows how many editors are at a site's desk at any time. Its unit of work
// is the editor-hour.
type Desk struct {
	Zone   *time.Location
	shifts []span
	always bool      // one editor, at all times: nothing else is known
	more   []stretch // editors beside the shifts, for a time
}

// span is a shift in minutes from the midnight with which its day begins.
type span struct {
	days     [7]bool
	from, to int // to is beyond 24*60 for a shift over midnight
	editors  int
}

// DeskOf gives the desk of a site: its shifts, or else one editor in its opening
// hours, or else one at all times.
func DeskOf(site store.Site) *Desk {
	d := &Desk{Zone: locale.Berlin}
	if h := site.Hours; h != nil && h.Zone != "" {
		if zone, err := time.LoadLocation(h.Zone); err == nil {
			d.Zone = zone
		}
	}
	for _, s := range StaffingOf(site).Shifts {
		d.add(s)
	}
	if h := site.Hours; len(d.shifts) == 0 && h != nil {
		d.add(Shift{h.Days, h.From, h.To, 1})
	}
	d.always = len(d.shifts) == 0
	return d
}

// add takes in a shift; one that nobody can read is none.
func (d *Desk) add(s Shift) {
	from, ok1 := minutes(s.From)
	to, ok2 := minutes(s.To)
	if !ok1 || !ok2 || from == to || s.Editors < 1 {
		return
	}
	if to < from {
		to += 24 * 60
	}
	p := span{from: from, to: to, editors: s.Editors}
	for i := range p.days {
		p.days[i] = len(s.Days) == 0 || slices.Contains(s.Days, i)
	}
	d.shifts = append(d.shifts, p)
}

// Valid tells whether a shift can be read.
func (s Shift) Valid() bool {
	from, ok1 := minutes(s.From)
	to, ok2 := minutes(s.To)
	return ok1 && ok2 && from != to && s.Editors >= 1 && s.Editors <= 200
}

// minutes reads "06:30"; "24:00" ends a day.
func minutes(clock string) (int, bool) {
	if clock == "24:00" {
		return 24 * 60, true
	}
	t, err := time.Parse("15:04", clock)
	return t.Hour()*60 + t.Minute(), err == nil
}

// With gives the same desk with further editors from one moment to another,
// whether or not somebody else is there then.
func (d *Desk) With(extra int, from, to time.Time) *Desk {
	out := *d
	out.more = append(slices.Clone(d.more), stretch{from, to, extra})
	return &out
}

// change is a moment at which the number of editors becomes another.
type change struct {
	at time.Time
	by int
}

// stretch is a time with the same number of editors.
type stretch struct {
	from, to time.Time
	editors  int
}

// day lists a local day's stretches, without a gap.
func (d *Desk) day(y int, m time.Month, dd int) []stretch {
	begin, end := time.Date(y, m, dd, 0, 0, 0, 0, d.Zone), time.Date(y, m, dd+1, 0, 0, 0, 0, d.Zone)
	var changes []change
	staff := func(from, to time.Time, editors int) {
		if from.Before(begin) {
			from = begin
		}
		if to.After(end) {
			to = end
		}
		if from.Before(to) {
			changes = append(changes, change{from, editors}, change{to, -editors})
		}
	}
	if d.always {
		staff(begin, end, 1)
	}
	for _, s := range d.shifts {
		for _, back := range []int{1, 0} { // a shift of the day before may reach into this one
			start := time.Date(y, m, dd-back, 12, 0, 0, 0, d.Zone)
			if s.days[start.Weekday()] {
				staff(time.Date(y, m, dd-back, 0, s.from, 0, 0, d.Zone), time.Date(y, m, dd-back, 0, s.to, 0, 0, d.Zone), s.editors)
			}
		}
	}
	for _, s := range d.more {
		staff(s.from, s.to, s.editors)
	}
	slices.SortFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	var out []stretch
	at, editors := begin, 0
	for _, c := range append(changes, change{end, 0}) {
		if at.Before(c.at) {
			out = append(out, stretch{at, c.at, editors})
			at = c.at
		}
		editors += c.by
	}
	return out
}

// reach is how far ahead anything is looked for: a desk that does not open within
// it counts as one that never does.
const reach = 60 // days

// Work is how many editor-hours the desk has between two moments, up to reach
// days after the first.
func (d *Desk) Work(from, to time.Time) float64 {
	work := 0.0
	d.walk(from, func(s stretch) bool {
		if s.to.After(to) {
			s.to = to
		}
		if s.from.Before(s.to) {
			work += s.to.Sub(s.from).Hours() * float64(s.editors)
		}
		return s.to.Before(to)
	})
	return work
}

// After is the moment when the desk will have had so many editor-hours since at;
// none means the moment when somebody is there.
func (d *Desk) After(at time.Time, work float64) time.Time {
	end := at.AddDate(0, 0, reach)
	d.walk(at, func(s stretch) bool {
		has := s.to.Sub(s.from).Hours() * float64(s.editors)
		if s.editors > 0 && work < has {
			end = s.from.Add(time.Duration(work / float64(s.editors) * float64(time.Hour)))
			return false
		}
		work -= has
		return true
	})
	return end
}

// Editors is how many are at the desk at a moment.
func (d *Desk) Editors(at time.Time) int {
	n := 0
	d.walk(at, func(s stretch) bool {
		n = s.editors
		return false
	})
	return n
}

// Opens is when somebody is at the desk again, where nobody is now; else at.
func (d *Desk) Opens(at time.Time) time.Time { return d.After(at, 0) }

// walk goes through the stretches from a moment on, until told to stop.
func (d *Desk) walk(at time.Time, visit func(stretch) bool) {
	at = at.In(d.Zone)
	y, m, dd := at.Date()
	for i := range reach {
		for _, s := range d.day(y, m, dd+i) {
			if !s.to.After(at) {
				continue
			}
			if s.from.Before(at) {
				s.from = at
			}
			if !visit(s) {
				return
			}
		}
	}
}
