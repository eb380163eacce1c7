// Package wait estimates how long a comment will wait for its decision: an
// honest range from how long others waited, and from the desk's opening hours.
//
// It knows volume and hours and nothing else. What a comment says, who wrote it
// and how it scored never changes its range, so nobody can read their score from
// the time they are given.
package wait

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/store"
)

const (
	lookBack  = 14 * 24 * time.Hour // decisions that count
	sample    = 1000                // of the newest
	enough    = 10                  // fewer say nothing
	low, high = 0.10, 0.90          // quantiles of the range
	keep      = 30 * time.Second    // an estimate is read from the record that often
)

// The range given where too little is recorded: wide, to be true.
const (
	defaultFrom = 5 * time.Minute
	defaultTo   = 12 * time.Hour
)

// Range is when a comment will probably be decided.
type Range struct {
	From, To time.Time
	Known    bool      // it rests on recorded waits
	Opens    time.Time // the desk is closed now and opens then; zero: it is open
	Zone     *time.Location
}

// Estimator gives ranges for the sites of a store.
type Estimator struct {
	Store *store.Store

	mu    sync.Mutex
	known map[string]spans
}

// spans are the quantiles of recorded waits, read at a moment.
type spans struct {
	from, to time.Duration
	known    bool
	read     time.Time
}

// Expected gives the range for a comment submitted to a site at a moment. The
// recorded waits are spent in the desk's opening hours.
func (e *Estimator) Expected(ctx context.Context, site store.Site, at time.Time) (Range, error) {
	s, err := e.spans(ctx, site)
	if err != nil {
		return Range{}, fmt.Errorf("expected wait: %w", err)
	}
	h := hoursOf(site)
	r := Range{From: h.after(at, s.from), To: h.after(at, s.to), Known: s.known, Zone: h.zone}
	if opens := h.after(at, 0); opens.After(at) {
		r.Opens = opens
	}
	return r, nil
}

func (e *Estimator) spans(ctx context.Context, site store.Site) (spans, error) {
	now := e.Store.Now()
	e.mu.Lock()
	s, ok := e.known[site.ID]
	e.mu.Unlock()
	if ok && now.Sub(s.read) < keep && !now.Before(s.read) {
		return s, nil
	}
	waits, err := e.Store.Waits(ctx, site.ID, now.Add(-lookBack), sample)
	if err != nil {
		return spans{}, err
	}
	s = quantiles(waits, hoursOf(site))
	s.read = now
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known == nil {
		e.known = map[string]spans{}
	}
	e.known[site.ID] = s
	return s, nil
}

// quantiles gives the range of recorded waits. A wait over closing time counts
// as many hours as the desk is open within it on average, since the record does
// not say when it began.
func quantiles(waits []time.Duration, h hours) spans {
	if len(waits) < enough {
		return spans{from: defaultFrom, to: defaultTo}
	}
	sorted := slices.Clone(waits)
	slices.Sort(sorted)
	pick := func(q float64) time.Duration {
		d := sorted[int(q*float64(len(sorted)-1)+0.5)]
		if d > h.day() {
			d = h.day() + time.Duration(float64(d-h.day())*h.share())
		}
		return d
	}
	s := spans{from: pick(low), to: pick(high), known: true}
	if s.to < s.from+time.Minute {
		s.to = s.from + time.Minute
	}
	return s
}

// hours are the desk's opening hours, as minutes of a day.
type hours struct {
	from, to int
	days     [7]bool
	zone     *time.Location
	always   bool
}

func hoursOf(site store.Site) hours {
	h := hours{zone: locale.Berlin, always: true}
	set := site.Hours
	if set == nil {
		return h
	}
	if zone, err := time.LoadLocation(set.Zone); err == nil && set.Zone != "" {
		h.zone = zone
	}
	from, err1 := time.Parse("15:04", set.From)
	to, err2 := time.Parse("15:04", set.To)
	if err1 != nil || err2 != nil || !to.After(from) {
		return h // unreadable hours are none
	}
	h.always, h.from, h.to = false, from.Hour()*60+from.Minute(), to.Hour()*60+to.Minute()
	for _, d := range set.Days {
		h.days[((d%7)+7)%7] = true
	}
	if len(set.Days) == 0 {
		h.days = [7]bool{true, true, true, true, true, true, true}
	}
	return h
}

// day is how long the desk is open on a day.
func (h hours) day() time.Duration {
	if h.always {
		return 24 * time.Hour
	}
	return time.Duration(h.to-h.from) * time.Minute
}

// share is the part of a week in which the desk is open.
func (h hours) share() float64 {
	if h.always {
		return 1
	}
	n := 0
	for _, open := range h.days {
		if open {
			n++
		}
	}
	return float64(n) * h.day().Hours() / (7 * 24)
}

// after is the moment when the desk will have been open for so long since at.
func (h hours) after(at time.Time, open time.Duration) time.Time {
	if h.always {
		return at.Add(open)
	}
	at = at.In(h.zone)
	for range 400 { // days; a desk that never opens ends here
		y, m, d := at.Date()
		begin := time.Date(y, m, d, 0, h.from, 0, 0, h.zone)
		end := time.Date(y, m, d, 0, h.to, 0, 0, h.zone)
		if h.days[at.Weekday()] && at.Before(end) {
			if at.Before(begin) {
				at = begin
			}
			if left := end.Sub(at); open < left {
				return at.Add(open)
			}
			open -= end.Sub(at)
		}
		at = time.Date(y, m, d+1, 0, 0, 0, 0, h.zone)
	}
	return at
}
