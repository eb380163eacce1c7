package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/web/wait"
)

// seat is a place at the desk: the first is taken whenever somebody is there, the
// second when two are.
type seat struct {
	number int
	free   time.Time
	worked time.Duration // since the last break
	absent map[string]bool
}

// work lets the desk decide all arrivals and notes when.
func work(arrivals []arrival, desk *wait.Desk, pace float64, random *rand.Rand) {
	most := 0
	for h := range 7 * 24 {
		most = max(most, desk.Editors(arrivals[0].at.Add(time.Duration(h)*time.Hour)))
	}
	seats := make([]*seat, most)
	for i := range seats {
		seats[i] = &seat{number: i, free: arrivals[0].at, absent: map[string]bool{}}
	}
	var waiting []int
	come := 0
	for left := len(arrivals); left > 0; {
		s := slices.MinFunc(seats, func(a, b *seat) int { return a.free.Compare(b.free) })
		now := s.free
		for come < len(arrivals) && !arrivals[come].at.After(now) {
			waiting = append(waiting, come)
			come++
		}
		switch {
		case !s.present(desk, now, random):
			s.free = now.Add(5 * time.Minute)
		case s.worked >= time.Hour:
			s.free, s.worked = now.Add(pause), 0
		case len(waiting) == 0 && come < len(arrivals):
			s.free = now.Add(time.Duration(random.ExpFloat64() * float64(lookIn)))
			if next := arrivals[come].at; s.free.Before(next.Add(-time.Hour)) {
				s.free = next.Add(-time.Hour) // nothing happens until then
			}
		default:
			i := 0
			if random.Float64() > oldestFirst {
				i = random.IntN(len(waiting))
			}
			took := time.Duration(math.Exp(random.NormFloat64()*scatter-scatter*scatter/2) / pace * float64(time.Hour))
			s.free, s.worked = now.Add(took), s.worked+took
			arrivals[waiting[i]].decided = s.free
			waiting = slices.Delete(waiting, i, i+1)
			left--
		}
	}
}

// present tells whether somebody sits there; a shift that fails does so whole.
func (s *seat) present(desk *wait.Desk, now time.Time, random *rand.Rand) bool {
	if desk.Editors(now) <= s.number {
		return false
	}
	local := now.In(desk.Zone)
	shift := local.Format(time.DateOnly)
	if local.Hour() >= 14 {
		shift += " late"
	}
	gone, known := s.absent[shift]
	if !known {
		gone = random.Float64() < failing
		s.absent[shift] = gone
	}
	return !gone
}
