package wait

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

// Arrivals is how many comments come in: the mean of each hour of the week, and
// how much more or less than that whole days brought.
type Arrivals struct {
	mean [7][24]float64
	days []float64 // what past days had, as a multiple of what their hours have on average
}

// ArrivalsOf reads arrivals from submissions counted by the hour, from the first
// one recorded up to a moment. An hour of the week that has not come round yet
// takes the mean of that hour on other days.
func ArrivalsOf(hours []store.HourCount, zone *time.Location, to time.Time) Arrivals {
	from := to
	for _, h := range hours {
		if h.Kind == "submitted" && h.Hour.Before(from) {
			from = h.Hour
		}
	}
	var sum, seen [7][24]float64
	days := map[string]float64{}
	for at := from; at.Before(to); at = at.Add(time.Hour) {
		local := at.In(zone)
		seen[local.Weekday()][local.Hour()]++
		days[local.Format(time.DateOnly)] += 0 // a day without a comment is a day
	}
	for _, h := range hours {
		if at := h.Hour.In(zone); h.Kind == "submitted" && h.Hour.Before(to) {
			sum[at.Weekday()][at.Hour()] += float64(h.N)
			days[at.Format(time.DateOnly)] += float64(h.N)
		}
	}
	a := Arrivals{mean: means(sum, seen)}
	for day, n := range days {
		at, err := time.Parse(time.DateOnly, day)
		whole := 0.0
		for _, m := range a.mean[at.Weekday()] {
			whole += m
		}
		if err == nil && whole > 0 {
			a.days = append(a.days, n/whole)
		}
	}
	slices.Sort(a.days) // maps have no order, the forecast must
	return a
}

// means divides by how often each hour of the week was seen.
func means(sum, seen [7][24]float64) (mean [7][24]float64) {
	for h := range 24 {
		n, times := 0.0, 0.0
		for d := range 7 {
			n, times = n+sum[d][h], times+seen[d][h]
		}
		for d := range 7 {
			switch {
			case seen[d][h] > 0:
				mean[d][h] = sum[d][h] / seen[d][h]
			case times > 0:
				mean[d][h] = n / times
			}
		}
	}
	return mean
}

// Mean is how many come in an hour on average.
func (a Arrivals) Mean(at time.Time) float64 { return a.mean[at.Weekday()][at.Hour()] }

// Outlook is what readers have to expect who write at the end of an hour.
type Outlook struct {
	Hour     time.Time // its beginning, in the desk's zone
	Arrivals float64   // on average
	Editors  int       // planned, at its end
	Usual    time.Duration
	Long     time.Duration // nine of ten wait no longer
}

const (
	evenings = 300 // simulated
	quarter  = 15 * time.Minute
)

// Forecast plays the next hours many times over, first come, first served: each
// time the day is as busy as one of the recorded days, the hours bring what chance
// gives, and the desk decides as its shifts and its pace allow. Extra editors sit
// beside the shifts in all of these hours, at night too.
func (m *Model) Forecast(now time.Time, waiting int, a Arrivals, hours, extra int) []Outlook {
	start := now.In(m.Desk.Zone).Truncate(time.Hour)
	desk := m.Desk.With(extra, start, start.Add(time.Duration(hours)*time.Hour))
	random := rand.New(rand.NewPCG(uint64(start.Unix()), uint64(hours)))
	waits := make([][]time.Duration, hours)
	out := make([]Outlook, hours)
	capacity := make([]float64, 4*hours) // decisions of each quarter
	for i := range out {
		at := start.Add(time.Duration(i) * time.Hour)
		out[i] = Outlook{Hour: at, Arrivals: a.Mean(at), Editors: desk.Editors(at.Add(time.Hour - time.Minute))}
		for q := range 4 {
			from := at.Add(time.Duration(q) * quarter)
			capacity[4*i+q] = desk.Work(from, from.Add(quarter)) * m.pace
		}
	}
	ends := map[[2]int]time.Duration{} // what is looked up many times
	for range evenings {
		busy, queue := 1.0, float64(waiting)
		if len(a.days) > 0 {
			busy = a.days[random.IntN(len(a.days))]
		}
		for i := range out {
			for q := range 4 {
				if out[i].Hour.Add(time.Duration(q+1) * quarter).After(now) {
					queue = max(0, queue+poisson(random, busy*out[i].Arrivals/4)-poisson(random, capacity[4*i+q]))
				}
			}
			key := [2]int{i, int(queue)}
			if _, known := ends[key]; !known {
				end := out[i].Hour.Add(time.Hour)
				ends[key] = desk.After(end, queue/m.pace).Sub(end)
			}
			waits[i] = append(waits[i], ends[key])
		}
	}
	for i := range out {
		slices.Sort(waits[i])
		out[i].Usual, out[i].Long = waits[i][evenings/2], waits[i][evenings*9/10]
	}
	return out
}

// poisson draws a number of events; for many it takes the normal distribution.
func poisson(random *rand.Rand, mean float64) float64 {
	if mean > 50 {
		return max(0, math.Round(mean+random.NormFloat64()*math.Sqrt(mean)))
	}
	limit, n := math.Exp(-mean), 0.0
	for p := random.Float64(); p > limit; p *= random.Float64() {
		n++
	}
	return n
}

// Pace is the decisions of one editor in an hour that the model reckons with.
func (m *Model) Pace() float64 { return m.pace }
