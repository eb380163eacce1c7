package store

import "time"

// clockTime is how hours of the day are written.
const clockTime = "15:04"

// Takes tells whether a moment lies in the hours, and when that changes next;
// zero: never. Hours that nobody can read, and none at all, never end.
func (h *Hours) Takes(at time.Time) (open bool, next time.Time) {
	if h == nil {
		return true, time.Time{}
	}
	from, err1 := time.Parse(clockTime, h.From)
	to, err2 := time.Parse(clockTime, h.To)
	if err1 != nil || err2 != nil || !to.After(from) {
		return true, time.Time{}
	}
	name := h.Zone
	if name == "" {
		name = "Europe/Berlin"
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC
	}
	at = at.In(zone)
	for day := range 8 {
		on := func(clock time.Time) time.Time {
			return time.Date(at.Year(), at.Month(), at.Day()+day, clock.Hour(), clock.Minute(), 0, 0, zone)
		}
		begin, end := on(from), on(to)
		switch {
		case !h.on(begin.Weekday()) || !at.Before(end):
		case at.Before(begin):
			return false, begin
		default:
			return true, end
		}
	}
	return false, time.Time{}
}

// on tells whether the hours hold on a day of the week.
func (h *Hours) on(day time.Weekday) bool {
	for _, d := range h.Days {
		if d == int(day) {
			return true
		}
	}
	return len(h.Days) == 0
}
