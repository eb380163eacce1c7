package assess

import (
	"math"

	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/moderation"
)

// CalibrationWindow is how many of a rule's last decisions the calibration rests
// on.
const CalibrationWindow = 2000

// leastCalibrated is how many decisions of each kind a calibration needs.
const leastCalibrated = 20

// Calibrated returns the site with its probabilities fitted to its own last
// decisions of a rule (newest last), each with the score that it had when it was
// submitted: Platt's two parameters, at the site's own share of refusals. With
// too few decisions the site is returned as it is.
func (s *Site) Calibrated(rule moderation.Rule, checked []Checked) *Site {
	slot, ok := slotOf[rule]
	if !ok {
		return s
	}
	if len(checked) > CalibrationWindow {
		checked = checked[len(checked)-CalibrationWindow:]
	}
	h := s.delta.Heads[slot]
	points := make([]learn.Point, len(checked))
	refused := 0
	for i, c := range checked {
		// The score was calibrated by the old parameters: take them off again.
		z := (logit(c.Score) - float64(h.Shift)) / max(float64(h.Slope), 1e-3)
		points[i] = learn.Point{Z: z, Label: c.Refused, Weight: 1}
		if c.Refused {
			refused++
		}
	}
	if refused < leastCalibrated || len(checked)-refused < leastCalibrated {
		return s
	}
	n := &Site{m: s.m, delta: s.delta.Clone(), position: s.position}
	slope, shift := learn.Platt(points)
	n.delta.Heads[slot].Slope, n.delta.Heads[slot].Shift = float32(slope), float32(shift)
	return n
}

// Evaluation is how well a site's model foresees decisions it has not learned.
type Evaluation struct {
	Rows, Refused int
	AUC, LogLoss  float64
}

// Evaluate measures a site on held-out decisions.
func (s *Site) Evaluate(held []Decision) Evaluation {
	var e Evaluation
	var p []float64
	var y []bool
	for i := range held {
		if held[i].Outcome == NotSelected {
			continue
		}
		got := s.Assess(held[i].Input).Refuse
		if got == nil {
			continue
		}
		refused := held[i].Outcome == Refused
		p, y = append(p, *got), append(y, refused)
		q := min(max(*got, 1e-6), 1-1e-6)
		if refused {
			e.Refused++
			e.LogLoss -= math.Log(q)
		} else {
			e.LogLoss -= math.Log(1 - q)
		}
	}
	e.Rows = len(p)
	e.AUC = learn.AUC(p, y)
	e.LogLoss /= float64(max(e.Rows, 1))
	return e
}

// leastJudged is how many held-out decisions, and how many refusals among them,
// a comparison of two models needs.
const leastJudged, leastRefused = 100, 10

// Worse reports that this model must be rolled back to the old one: over enough
// held-out decisions it orders them clearly worse, beyond what chance explains.
func (e Evaluation) Worse(old Evaluation) bool {
	if e.Rows < leastJudged || e.Refused < leastRefused || e.Rows-e.Refused < leastRefused || math.IsNaN(old.AUC) {
		return false
	}
	return e.AUC < old.AUC-max(0.01, e.deviation())
}

// deviation is the standard error of the AUC (Hanley and McNeil 1982).
func (e Evaluation) deviation() float64 {
	a, p, n := e.AUC, float64(e.Refused), float64(e.Rows-e.Refused)
	q1, q2 := a/(2-a), 2*a*a/(1+a)
	return math.Sqrt(max(0, (a*(1-a)+(p-1)*(q1-a*a)+(n-1)*(q2-a*a))/(p*n)))
}

// Drift compares a week with the weeks before it.
type Drift struct {
	Unseen     float64 // share of word features the base never saw, this week
	UnseenZ    float64 // the same in standard deviations from before
	Stability  float64 // population stability index of the scores; above 0.25 the comments have changed
	RefusalZ   float64 // refused against expected by the scores, in standard deviations
	Alarm      bool
	Alarms     []string // which of the above, by the keys "unseen", "scores", "refusals"
	Considered int
}

// Week is what one week's comments showed.
type Week struct {
	Scores  []float64 // "would be refused" at submission
	Refused []bool    // what was decided, parallel to Scores
	Unseen  []float64 // share of unseen features, by comment
}

// leastWeek is how many comments a week needs to be compared.
const leastWeek = 50

// Watch compares a week with the weeks before; it raises an alarm at three
// standard deviations, or where the scores' distribution has moved.
func Watch(before, now Week) Drift {
	d := Drift{Considered: len(now.Scores)}
	if len(now.Scores) < leastWeek || len(before.Scores) < leastWeek {
		return d
	}
	d.Stability = stability(before.Scores, now.Scores)
	d.RefusalZ = surprise(now)
	m, s := meanDeviation(before.Unseen)
	d.Unseen, _ = meanDeviation(now.Unseen)
	if s > 0 {
		d.UnseenZ = (d.Unseen - m) / (s / math.Sqrt(float64(len(now.Unseen))))
	}
	for _, a := range []struct {
		name string
		on   bool
	}{{"unseen", d.UnseenZ > 3}, {"scores", d.Stability > 0.25}, {"refusals", math.Abs(d.RefusalZ) > 3}} {
		if a.on {
			d.Alarm, d.Alarms = true, append(d.Alarms, a.name)
		}
	}
	return d
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

// surprise is how far the refusals are from what the scores foresaw.
func surprise(w Week) float64 {
	var want, variance, got float64
	for i, p := range w.Scores {
		want += p
		variance += p * (1 - p)
		if i < len(w.Refused) && w.Refused[i] {
			got++
		}
	}
	if variance == 0 {
		return 0
	}
	return (got - want) / math.Sqrt(variance)
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
