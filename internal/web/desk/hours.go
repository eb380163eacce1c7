package desk

import (
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/store"
)

// defaultLimit is after how many opening hours a comment comes first in every order.
const defaultLimit = 12

// overdueBefore gives the moment such that a comment submitted before it has
// waited for at least limit of the site's opening hours by now. A site without
// opening hours is always open.
func overdueBefore(h *store.Hours, limit time.Duration, now time.Time) time.Time {
	if h == nil {
		return now.Add(-limit)
	}
	zone, err := time.LoadLocation(or(h.Zone, "Europe/Berlin"))
	if err != nil {
		zone = locale.Berlin // an unknown zone: better about right than never overdue
	}
	left := limit
	day := now.In(zone)
	for range 60 { // two months back, where a desk opens but for some minutes
		from, to := opening(h, day, zone)
		end := to
		if end.After(now) {
			end = now
		}
		if open := end.Sub(from); open > 0 {
			if open >= left {
				return end.Add(-left)
			}
			left -= open
		}
		day = time.Date(day.Year(), day.Month(), day.Day()-1, 12, 0, 0, 0, zone)
	}
	return day
}

// opening gives when the desk opens and closes on a day; twice the same moment
// where it stays closed.
func opening(h *store.Hours, day time.Time, zone *time.Location) (from, to time.Time) {
	at := func(clock string, otherwise int) time.Time {
		t, err := time.Parse("15:04", clock)
		if err != nil {
			return time.Date(day.Year(), day.Month(), day.Day(), otherwise, 0, 0, 0, zone)
		}
		return time.Date(day.Year(), day.Month(), day.Day(), t.Hour(), t.Minute(), 0, 0, zone)
	}
	from, to = at(h.From, 0), at(h.To, 24)
	if len(h.Days) > 0 && !slices.Contains(h.Days, int(day.Weekday())) || to.Before(from) {
		return from, from
	}
	return from, to
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}
