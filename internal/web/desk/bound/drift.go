package bound

import "math"

// Drift is what the watch over the blind decisions found.
type Drift struct {
	Alarm     bool    // now, or within the decisions given
	Since     int     // number of the newest decisions that count since the alarm
	Refusals  bool    // refusals came faster than the bound allows
	Scores    bool    // the scores are others than before
	Stability float64 // population stability index of the newest scores
}

// The watch. Sum is where the cumulated evidence raises the alarm; worse is the
// multiple of the allowed share of errors that it is made to notice. With two
// errors in a hundred allowed, three in eight decisions raise it, or four in
// thirty. Both were fixed by draws of invented decisions (drift_test.go).
const (
	sum    = 3.0
	worse  = 3.0
	newest = 100  // decisions whose scores are compared with those before
	moved  = 0.25 // of the stability index: the usual bound for "the population has changed"
)

// Watch looks through blind decisions, newest first, for a change that takes
// their ground from under the ranges that hold: a cumulative sum over the errors
// (E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954, 100-115) and
// the population stability index of the scores. After an alarm only what came
// later may count, so that the bound has to be earned anew.
func Watch(labels []Label, wished float64, ranges []Range) Drift {
	d := Drift{Since: len(labels)}
	allowed := 1 - wished
	hit := math.Log(worse)
	miss := math.Log((1 - worse*allowed) / (1 - allowed))
	evidence := 0.0
	for i := len(labels) - 1; i >= 0; i-- {
		switch l := labels[i]; {
		case !offered(ranges, l.Score):
			continue
		case l.Refused:
			evidence += hit
		default:
			evidence = max(0, evidence+miss)
		}
		if evidence >= sum {
			d.Alarm, d.Refusals, d.Since, evidence = true, true, i, 0
		}
	}
	if len(labels) >= 2*newest {
		d.Stability = stability(labels[newest:], labels[:newest])
		if d.Stability > moved {
			d.Alarm, d.Scores, d.Since = true, true, min(d.Since, newest)
		}
	}
	return d
}

func offered(ranges []Range, score int) bool {
	for _, r := range ranges {
		if r.Holds && r.Has(score) {
			return true
		}
	}
	return false
}

// stability is the population stability index over the grid's places.
func stability(before, now []Label) float64 {
	const bins = Highest/Step + 1
	share := func(labels []Label) (n [bins]float64) {
		for _, l := range labels {
			n[min(bins-1, l.Score/Step)] += 1 / float64(len(labels))
		}
		return n
	}
	p, q, out := share(before), share(now), 0.0
	for i := range p {
		x, y := max(p[i], 0.005), max(q[i], 0.005)
		out += (y - x) * math.Log(y/x)
	}
	return out
}

// Offered tests the ranges, watches over the decisions behind those that hold,
// and tests again on what came after an alarm. Labels are the newest first.
func Offered(labels []Label, wished, confidence float64) ([]Range, Drift) {
	ranges := Test(labels, wished, confidence)
	d := Watch(labels, wished, ranges)
	if d.Since < len(labels) {
		ranges = Test(labels[:d.Since], wished, confidence)
	}
	return ranges, d
}
