// Package bound answers one question: up to which score may comments be released
// together, so that with a stated confidence at least the wished share of them is
// rightly released? docs/bundles.md explains the method and its limits.
//
// It is the fixed-sequence form of Learn then Test (Angelopoulos, Bates, Candès,
// Jordan, Lei: "Learn then Test: Calibrating Predictive Algorithms to Achieve Risk
// Control", arXiv:2110.01052, section 3.2): the handles are tested in an order
// fixed beforehand, each by the exact binomial test, until the first one fails.
// So all handles that passed hold jointly with the full confidence; nothing is
// paid for looking at several.
package bound

import "math"

// Grid are the places of the handle, in hundredths of the score, in the order in
// which they are tested. It was fixed before any decision was seen.
var Grid = []int{20, 25, 30, 35, 40}

// Label is one blind decision: the frozen model's score, and whether it was refused.
type Label struct {
	Score   float64
	Refused bool
}

// Handle is what is known of one place of the handle.
type Handle struct {
	Upper       int // hundredths
	Labels      int // blind decisions below it
	Wrong       int // of these, refused
	Holds       bool
	Low, High   float64 // two-sided interval of the share wrongly released (Clopper and Pearson)
	Missing     int     // further decisions without an error until it could hold; 0 where it holds
	Unreachable bool    // the handle before it does not hold
}

// Test decides for each place of the handle whether at least the share wished is
// rightly released, jointly with the confidence given (both between 0 and 1).
func Test(labels []Label, wished, confidence float64) []Handle {
	out := make([]Handle, 0, len(Grid))
	open := true
	for _, upper := range Grid {
		h := Handle{Upper: upper}
		for _, l := range labels {
			if below(l.Score, upper) {
				h.Labels++
				if l.Refused {
					h.Wrong++
				}
			}
		}
		passes := Rejected(h.Labels, h.Wrong, 1-wished, 1-confidence)
		h.Holds, h.Unreachable = open && passes, !open
		h.Low, h.High = Interval(h.Labels, h.Wrong, confidence)
		if !passes {
			h.Missing = missing(h.Labels, h.Wrong, 1-wished, 1-confidence)
		}
		open = open && passes
		out = append(out, h)
	}
	return out
}

// Below tells whether a score lies in the bundle of a handle.
func Below(score float64, upper int) bool { return below(score, upper) }

func below(score float64, upper int) bool { return score*100 < float64(upper) }

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

// Interval is the two-sided interval of Clopper and Pearson for a share.
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
	whole, _ := math.Lgamma(float64(n + 1))
	sum := 0.0
	for i := 0; i <= k; i++ {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(whole - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(1, sum)
}
