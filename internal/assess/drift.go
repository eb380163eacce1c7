package assess

import "math"

// Drift compares a week with the weeks before it.
type Drift struct {
	Considered int      `json:"considered"` // comments of the week
	Unseen     float64  `json:"unseen"`     // share of word features the base never saw, this week
	Before     float64  `json:"before"`     // the same in the weeks before
	UnseenZ    float64  `json:"unseen_z"`   // the difference in standard deviations
	Stability  float64  `json:"stability"`  // population stability index of the scores; above 0.25 the comments have changed
	Decided    int      `json:"decided"`    // comments with a calibrated score, decided
	Expected   float64  `json:"expected"`   // refusals among them, by the scores
	Refused    int      `json:"refused"`    // and by the editors
	RefusalZ   float64  `json:"refusal_z"`  // the difference in standard deviations
	Alarm      bool     `json:"alarm"`
	Alarms     []string `json:"alarms,omitempty"` // which of the above, by the keys "unseen", "scores", "refusals"
}

// Week is what a week's comments showed. The first two are of all comments (scores
// of those that the base can judge), by a model that stays the same, so that a
// newer model is not taken for a change of the comments; the other two are
// parallel, of those that were decided.
type Week struct {
	Scores   []float64 // "would be refused" by the base
	Unseen   []float64 // share of features that the base never saw
	Expected []float64 // the site's calibrated score at submission
	Refused  []bool    // what was decided
}

// leastWeek is how many comments a week needs to be compared.
const leastWeek = 50

// Bounds of the alarm: three standard deviations, and for the unseen features a
// difference that matters besides: with many comments the smallest one shows.
const (
	alarmZ      = 3
	alarmUnseen = 1.2  // times what it was
	alarmStable = 0.25 // the usual bound of a population stability index
	leastSpread = 0.02 // of the unseen share among comments, where all are alike
)

// Watch compares a week with the weeks before.
func Watch(before, now Week) Drift {
	d := Drift{Considered: len(now.Unseen)}
	if len(now.Scores) >= leastWeek && len(before.Scores) >= leastWeek {
		d.Stability = stability(before.Scores, now.Scores)
		d.raise("scores", d.Stability > alarmStable)
	}
	if len(now.Unseen) >= leastWeek && len(before.Unseen) >= leastWeek {
		var spread float64
		d.Before, spread = meanDeviation(before.Unseen)
		d.Unseen, _ = meanDeviation(now.Unseen)
		d.UnseenZ = (d.Unseen - d.Before) / (max(spread, leastSpread) / math.Sqrt(float64(len(now.Unseen))))
		d.raise("unseen", d.UnseenZ > alarmZ && d.Unseen > alarmUnseen*d.Before)
	}
	if d.Decided = len(now.Expected); d.Decided >= leastWeek {
		d.surprise(now)
		d.raise("refusals", math.Abs(d.RefusalZ) > alarmZ)
	}
	return d
}

func (d *Drift) raise(name string, on bool) {
	if on {
		d.Alarm, d.Alarms = true, append(d.Alarms, name)
	}
}

// surprise is how far the refusals are from what the scores foresaw.
func (d *Drift) surprise(w Week) {
	var variance float64
	for i, p := range w.Expected {
		d.Expected += p
		variance += p * (1 - p)
		if w.Refused[i] {
			d.Refused++
		}
	}
	if variance > 0 {
		d.RefusalZ = (float64(d.Refused) - d.Expected) / math.Sqrt(variance)
	}
}

// stability is the population stability index over ten bins.
func stability(a, b []float64) float64 {
	share := func(x []float64) (n [10]float64) {
		for _, v := range x {
			n[max(0, min(int(v*10), 9))] += 1 / float64(len(x))
		}
		return n
	}
	p, q, sum := share(a), share(b), 0.0
	for i := range p {
		x, y := max(p[i], 1e-3), max(q[i], 1e-3)
		sum += (y - x) * math.Log(y/x)
	}
	return sum
}

func meanDeviation(x []float64) (mean, deviation float64) {
	if len(x) == 0 {
		return 0, 0
	}
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		deviation += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, math.Sqrt(deviation)
}

// Unseen is the share of a text's word features that the base never saw.
func (m *Model) Unseen(text string) float64 {
	a := analyses.Get().(*analysis)
	defer analyses.Put(a)
	a.features(text, m.base.Neutral)
	m.base.Weigh(&a.vector, &a.weighted)
	return float64(a.weighted.Unseen)
}
