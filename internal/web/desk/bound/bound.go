// Package bound answers one question: between which scores may comments be
// released together, so that with a stated confidence at least the wished share
// of them is rightly released? docs/bundles.md explains the method and its limits.
//
// Both handles stand on a grid that was fixed before any decision was seen. Each
// range between two places is one hypothesis ("more than the allowed share of
// these would be refused"), tested by the exact binomial test; the whole family
// is tested jointly by a graph along which the level is handed on (graph.go). It
// is Learn then Test (Angelopoulos, Bates, Candès, Jordan, Lei, "Learn then Test:
// Calibrating Predictive Algorithms to Achieve Risk Control", arXiv:2110.01052)
// with the graph of Bretz, Maurer, Brannath and Posch (Statistics in Medicine 28,
// 2009, 586-604): the chance that any range is offered which does not deserve it
// is at most one minus the confidence, for all ranges together.
package bound

import "math"

// The grid of the handles, in hundredths of the score.
const (
	Step    = 5  // between two places
	Lowest  = 20 // place of the upper handle that is tested first
	Highest = 40 // beyond it the upper handle never goes
)

// Label is one blind decision: the frozen model's score in hundredths, and
// whether the comment was refused.
type Label struct {
	Score   int
	Refused bool
}

// Range is what is known of the comments between two places of the handles.
type Range struct {
	Lower, Upper int     // hundredths; scores from Lower up to, but without, Upper
	Labels       int     // blind decisions within it
	Wrong        int     // of these, refused
	Holds        bool    // may be offered
	Level        float64 // at which it is or was tested; 0: not its turn yet
	Missing      int     // further decisions without an error until it could hold; 0 where it holds
}

// Has reports whether a score in hundredths lies in the range.
func (r Range) Has(score int) bool { return score >= r.Lower && score < r.Upper }

// Ranges lists the family in the order of the upper handle, and for each of its
// places in the order of the lower one.
func Ranges() []Range {
	var out []Range
	for upper := Lowest; upper <= Highest; upper += Step {
		for lower := 0; lower < upper; lower += Step {
			out = append(out, Range{Lower: lower, Upper: upper})
		}
	}
	return out
}

// Test decides for each range whether at least the share wished is rightly
// released, jointly for all with the confidence given (both between 0 and 1).
func Test(labels []Label, wished, confidence float64) []Range {
	out := Ranges()
	var n, wrong [Highest/Step + 1]int // labels and errors below each place
	for _, l := range labels {
		for i := max(0, l.Score)/Step + 1; i < len(n); i++ {
			n[i]++
			if l.Refused {
				wrong[i]++
			}
		}
	}
	p := make([]float64, len(out))
	for i := range out {
		r := &out[i]
		r.Labels, r.Wrong = n[r.Upper/Step]-n[r.Lower/Step], wrong[r.Upper/Step]-wrong[r.Lower/Step]
		p[i] = 1
		if r.Labels > 0 {
			p[i] = cdf(r.Wrong, r.Labels, 1-wished)
		}
	}
	holds, levels := family(out).test(p, 1-confidence)
	for i := range out {
		r := &out[i]
		r.Holds, r.Level = holds[i], levels[i]
		if !r.Holds && r.Level > 0 {
			r.Missing = missing(r.Labels, r.Wrong, 1-wished, r.Level)
		}
	}
	return out
}

// Rejected tells whether the exact binomial test rejects "the share of errors is
// rate or more" at a level: the chance of so few errors would be at most level.
func Rejected(n, errors int, rate, level float64) bool {
	return n > 0 && cdf(errors, n, rate) <= level
}

// missing is how many further decisions without an error the test needs.
func missing(n, errors int, rate, level float64) int {
	low, high := 0, 1
	for !Rejected(n+high, errors, rate, level) {
		low, high = high, high*2
		if high > 1<<20 {
			return high
		}
	}
	for low+1 < high {
		middle := (low + high) / 2
		if Rejected(n+middle, errors, rate, level) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

// Interval is the two-sided interval of Clopper and Pearson for a share
// (C. J. Clopper, E. S. Pearson, Biometrika 26, 1934, 404-413).
func Interval(n, k int, confidence float64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	tail := (1 - confidence) / 2
	low, high = 0, 1
	if k > 0 {
		low = solve(func(p float64) bool { return 1-cdf(k-1, n, p) >= tail })
	}
	if k < n {
		high = solve(func(p float64) bool { return cdf(k, n, p) <= tail })
	}
	return low, high
}

// solve finds where a condition that grows true with p begins to hold.
func solve(holds func(float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if m := (low + high) / 2; holds(m) {
			high = m
		} else {
			low = m
		}
	}
	return high
}

// cdf is the chance of at most k errors in n, each with chance p.
func cdf(k, n int, p float64) float64 {
	switch {
	case k >= n || p <= 0:
		return 1
	case p >= 1:
		return 0
	}
	// The first term, and each next one from the one before.
	term := math.Exp(float64(n) * math.Log1p(-p))
	if term == 0 { // too small for a float: by logarithms
		return cdfLog(k, n, p)
	}
	sum, odds := term, p/(1-p)
	for i := 1; i <= k; i++ {
		term *= odds * float64(n-i+1) / float64(i)
		sum += term
	}
	return min(1, sum)
}

func cdfLog(k, n int, p float64) float64 {
	whole, _ := math.Lgamma(float64(n + 1))
	sum := 0.0
	for i := 0; i <= k; i++ {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(whole - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(1, sum)
}
