package desk

import (
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/store"
)

// usualPace is how many comments an editor decides in an hour where nothing is
// recorded yet: one in 18.5 seconds while reading, for two thirds of the time.
const usualPace = 130

// forecastHours is how far the forecast looks ahead.
const forecastHours = 12

// outlook is what readers have to expect who write in one of the next hours.
type outlook struct {
	Hour     time.Time
	Arrivals int
	Waits    []time.Duration // with 1, 2, … editors; beyond the forecast: -1
}

// arrivalsByHour gives the mean number of submissions in each hour of the week,
// in the desk's time zone, over the whole weeks that were looked at.
func arrivalsByHour(hours []store.HourCount, zone *time.Location, weeks float64) [7][24]float64 {
	var mean [7][24]float64
	for _, h := range hours {
		if h.Kind == "submitted" {
			at := h.Hour.In(zone)
			mean[at.Weekday()][at.Hour()] += float64(h.N) / weeks
		}
	}
	return mean
}

// pace is how many comments an editor decides in an hour: the median over the
// hours in which somebody decided at least a handful.
func pace(recorded []int) float64 {
	var busy []int
	for _, n := range recorded { // ascending
		if n >= 5 {
			busy = append(busy, n)
		}
	}
	if len(busy) < 10 {
		return usualPace
	}
	return float64(busy[len(busy)/2])
}

// forecast follows the queue over the next hours, first come, first served: what
// arrives as it did in the weeks before meets what so many editors decide while
// the desk is open. The wait is that of a comment submitted at an hour's end.
func forecast(backlog int, mean [7][24]float64, perEditor float64, open func(time.Time) bool, now time.Time, most int) []outlook {
	zone := locale.Berlin
	start := now.In(zone).Truncate(time.Hour)
	out := make([]outlook, forecastHours)
	for i := range out {
		at := start.Add(time.Duration(i) * time.Hour)
		out[i] = outlook{Hour: at, Arrivals: int(mean[at.Weekday()][at.Hour()] + 0.5)}
	}
	for editors := 1; editors <= most; editors++ {
		waiting := float64(backlog)
		capacity := float64(editors) * perEditor
		for i := range out {
			at := out[i].Hour
			waiting += mean[at.Weekday()][at.Hour()]
			if open(at) {
				waiting = max(0, waiting-capacity)
			}
			out[i].Waits = append(out[i].Waits, clears(waiting, capacity, at.Add(time.Hour), open))
		}
	}
	return out
}

// clears is how long a queue needs until its last comment is decided, from a
// moment; -1 where that is more than two days away.
func clears(waiting, capacity float64, from time.Time, open func(time.Time) bool) time.Duration {
	var took time.Duration
	for range 48 {
		if open(from.Add(took)) {
			if waiting <= capacity {
				return took + time.Duration(waiting/capacity*float64(time.Hour))
			}
			waiting -= capacity
		}
		took += time.Hour
	}
	return -1
}

// openAt tells whether a site's desk is open in an hour.
func openAt(h *store.Hours) func(time.Time) bool {
	return func(at time.Time) bool {
		if h == nil {
			return true
		}
		zone, err := time.LoadLocation(or(h.Zone, "Europe/Berlin"))
		if err != nil {
			zone = locale.Berlin
		}
		from, to := opening(h, at.In(zone), zone)
		return !at.Before(from) && at.Before(to)
	}
}
