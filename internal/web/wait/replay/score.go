package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/web/wait"
)

const (
	warmUp = 200  // arrivals that are only learned from
	aim    = 0.85 // what the range aims at, for the interval score
)

// ledger keeps how ranges turned out. The interval score is that of R. L. Winkler
// (Journal of the American Statistical Association 67, 1972, 187-191; Gneiting and
// Raftery 2007): the width, and for each hour outside 2/(1-aim) hours more.
type ledger struct {
	n, in  int
	score  float64 // hours
	widths []time.Duration
}

func (l *ledger) note(from, to, decided time.Time) {
	l.n++
	width := to.Sub(from)
	l.widths = append(l.widths, width)
	l.score += width.Hours()
	switch {
	case decided.Before(from):
		l.score += 2 / (1 - aim) * from.Sub(decided).Hours()
	case decided.After(to):
		l.score += 2 / (1 - aim) * decided.Sub(to).Hours()
	default:
		l.in++
	}
}

func (l *ledger) inside() float64 { return float64(l.in) / float64(max(1, l.n)) }
func (l *ledger) mean() float64   { return l.score / float64(max(1, l.n)) }

func (l *ledger) width() time.Duration {
	slices.Sort(l.widths)
	return l.widths[len(l.widths)/2].Round(time.Minute)
}

func (l *ledger) add(o ledger) {
	l.n, l.in, l.score, l.widths = l.n+o.n, l.in+o.in, l.score+o.score, append(l.widths, o.widths...)
}

// tally sets what was promised beside a constant range from the site's own past,
// and beside one that knows the shifts: so many editor-hours after submission.
type tally struct{ promised, constant, shifted ledger }

func (t *tally) add(o tally) {
	t.promised.add(o.promised)
	t.constant.add(o.constant)
	t.shifted.add(o.shifted)
}

// afresh is after how many decisions the model and the quantiles are made anew; a
// desk does so every half minute.
const afresh = 20

// replay lets the desk work and then goes through the arrivals once more: what is
// promised at each moment rests on decisions taken before it.
func replay(source []arrival, pace float64, seed uint64) tally {
	arrivals := slices.Clone(source)
	s := site()
	desk := wait.DeskOf(s)
	work(arrivals, desk, pace, rand.New(rand.NewPCG(seed, 5)))
	done := make([]int, len(arrivals)) // in the order of decision
	for i := range done {
		done[i] = i
	}
	slices.SortFunc(done, func(a, b int) int { return arrivals[a].decided.Compare(arrivals[b].decided) })
	waiting := make([]int, len(arrivals)) // at the site, when each came
	var past []wait.Past
	var waits, works []float64
	var t tally
	var model *wait.Model
	var low, high, lowWork, highWork float64
	next, made := 0, -afresh
	for i, a := range arrivals {
		for ; next < len(done) && arrivals[done[next]].decided.Before(a.at); next++ {
			d := arrivals[done[next]]
			p := wait.Past{Waiting: waiting[done[next]], Work: desk.Work(d.at, d.decided)}
			past, waits, works = append(past, p), append(waits, d.decided.Sub(d.at).Hours()), append(works, p.Work)
		}
		waiting[i] = i - next
		if i < warmUp || !a.released {
			continue
		}
		if next >= made+afresh {
			model, made = wait.NewModel(desk, pace, past), next
			low, high = constant(waits)
			lowWork, highWork = constant(works)
		}
		from, to := model.Range(a.at, waiting[i])
		t.promised.note(from, to, a.decided)
		t.constant.note(a.at.Add(hours(low)), a.at.Add(hours(high)), a.decided)
		t.shifted.note(desk.After(a.at, lowWork), desk.After(a.at, highWork), a.decided)
	}
	return t
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

// constant is the range that holds the wished share of all values so far.
func constant(values []float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return sorted[int(q*float64(len(sorted)-1)+0.5)] }
	return at((1 - aim) / 2), at((1 + aim) / 2)
}
