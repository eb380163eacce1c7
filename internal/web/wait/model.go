package wait

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

// The range. Two of three numbers follow from its purpose: at least 80 of 100
// releases inside, and no wider than it must be, so it aims at 85.
const (
	inside    = 0.85
	remembers = 1000 // past decisions, the newest
	neighbors = 150  // of these, with a like number waiting
	enough    = 30   // fewer say nothing
	beside    = 3.0  // added to what waited: even with nobody before them a comment waits until somebody looks
)

// defaultPace is the decisions of an editor in an hour where nothing is recorded:
// one in 18.5 seconds while reading, for two thirds of the time.
const defaultPace = 130

// Past is a decided comment as the model remembers it: how many waited at the
// site when it came in, and how many editor-hours later it was decided.
type Past struct {
	Waiting int
	Work    float64
}

// Model says how long a comment waits that comes in at a moment, from how many
// wait at the site then and from the desk's shifts. Its unit is the editor-hour
// for each comment that waited: a night has none, a second editor halves the
// time, and twice the queue takes twice as long. How much of that a desk really
// needs, in which order it reads and how often it is called away, is taken from
// the decisions of the past.
type Model struct {
	Desk *Desk
	past []point // by the number waiting
	pace float64
}

type point struct{ waiting, ratio float64 }

// NewModel learns from past decisions, of which the newest count.
func NewModel(desk *Desk, pace float64, past []Past) *Model {
	m := &Model{Desk: desk, pace: pace}
	if m.pace <= 0 {
		m.pace = defaultPace
	}
	for _, p := range past[max(0, len(past)-remembers):] {
		w := float64(p.Waiting)
		m.past = append(m.past, point{w, p.Work / (w + beside)})
	}
	slices.SortFunc(m.past, func(a, b point) int {
		return cmp.Or(cmp.Compare(a.waiting, b.waiting), cmp.Compare(a.ratio, b.ratio))
	})
	return m
}

// Known tells whether enough is recorded.
func (m *Model) Known() bool { return len(m.past) >= enough }

// Range is within which time a comment will probably be decided that comes in at
// a moment while so many wait at the site. It knows nothing else of the comment.
func (m *Model) Range(at time.Time, waiting int) (from, to time.Time) {
	if !m.Known() {
		return m.Desk.After(at, 0.2*float64(waiting)/m.pace), m.Desk.After(at, 3*float64(waiting+1)/m.pace+guess)
	}
	ratios := m.alike(float64(waiting))
	amount := float64(waiting) + beside
	low, high := quantile(ratios, (1-inside)/2)*amount, quantile(ratios, (1+inside)/2)*amount
	from, to = m.Desk.After(at, low), m.Desk.After(at, high)
	if to.Before(from.Add(time.Minute)) {
		to = from.Add(time.Minute)
	}
	return from, to
}

// guess is what a range allows for, in editor-hours, where nothing is recorded.
const guess = 4

// alike gives the ratios, in ascending order, of the past comments before which
// about as many waited.
func (m *Model) alike(waiting float64) []float64 {
	n := min(neighbors, len(m.past))
	at := sort.Search(len(m.past), func(i int) bool { return m.past[i].waiting >= waiting })
	low, high := at, at
	near := func(i int) float64 { return math.Abs(math.Log1p(m.past[i].waiting) - math.Log1p(waiting)) }
	for high-low < n {
		switch {
		case low == 0:
			high++
		case high == len(m.past), near(low-1) <= near(high):
			low--
		default:
			high++
		}
	}
	// All with the same number waiting count, not some of them.
	for low > 0 && m.past[low-1].waiting == m.past[low].waiting {
		low--
	}
	for high < len(m.past) && m.past[high].waiting == m.past[high-1].waiting {
		high++
	}
	ratios := make([]float64, 0, high-low)
	for _, p := range m.past[low:high] {
		ratios = append(ratios, p.ratio)
	}
	slices.Sort(ratios)
	return ratios
}

// quantile of values in ascending order, as the conformal prediction of one more
// value takes it: the place is found among one more than there are.
func quantile(sorted []float64, q float64) float64 {
	n := len(sorted)
	i := int(math.Ceil(q*float64(n+1))) - 1
	if q < 0.5 {
		i = int(math.Floor(q*float64(n+1))) - 1
	}
	return sorted[min(max(i, 0), n-1)]
}

// pastOf turns what the record knows into what the model remembers, oldest first.
func pastOf(desk *Desk, waited []store.Waited) []Past {
	var out []Past
	for _, w := range slices.Backward(waited) {
		if w.Then >= 0 {
			out = append(out, Past{w.Then, desk.Work(w.Submitted, w.Decided)})
		}
	}
	return out
}
