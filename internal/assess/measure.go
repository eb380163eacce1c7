package assess

import (
	"errors"

	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/moderation"
)

// Measured is how well a model does on labelled rows of one rule.
type Measured struct {
	Rule, Version  string
	Rows, Positive int
	MacroF1, AUC   float64 // AUC is NaN where one label is missing
	Brier, ECE     float64
	Bands          []Band
}

// Measure scores labelled rows with a model and compares. A rule is measured by
// the model's own head where it has one, else by the whole assessment.
func Measure(m *Model, rows []Row) ([]Measured, error) {
	var out []Measured
	for _, name := range headsOf(rows) {
		var scores []float64
		var labels []bool
		for i := range rows {
			if rows[i].head() != name {
				continue
			}
			p, ok := m.headScore(name, rows[i].Text)
			if !ok {
				continue
			}
			scores, labels = append(scores, p), append(labels, rows[i].Label)
		}
		if len(scores) == 0 {
			return nil, errors.New("measure " + name + ": no row could be checked for it")
		}
		out = append(out, compare(name, m.version, scores, labels, m.cut(name)))
	}
	return out, nil
}

func compare(name, version string, scores []float64, labels []bool, cut float64) Measured {
	h := Measured{Rule: name, Version: version, Rows: len(scores)}
	checked := make([]Checked, len(scores))
	for i := range scores {
		checked[i] = Checked{scores[i], labels[i]}
		if labels[i] {
			h.Positive++
		}
	}
	h.MacroF1, h.AUC = learn.MacroF1(scores, labels, cut), learn.AUC(scores, labels)
	h.Brier, h.ECE = learn.Calibration(scores, labels)
	h.Bands = Bands(DefaultCuts, checked)
	return h
}

// headScore is the probability of the model's own head for a text, or of the
// whole assessment where the model has no such head.
func (m *Model) headScore(name, text string) (float64, bool) {
	if h := m.base.Head(name); h >= 0 {
		a := analyses.Get().(*analysis)
		defer analyses.Put(a)
		a.features(text, m.base.Neutral)
		m.base.Weigh(&a.vector, &a.weighted)
		m.base.Predict(&a.vector, &a.weighted, a.logits[:len(m.base.Heads)])
		return m.base.Heads[h].Probability(a.logits[h]), true
	}
	got := m.Assess(Input{Text: text})
	if name == Refuse {
		if got.Refuse == nil {
			return 0, false
		}
		return *got.Refuse, true
	}
	s := got.Rules[moderation.Rule(name)]
	if s.Value == nil {
		return 0, false
	}
	return *s.Value, true
}

// cut is the probability from which on a head says "breach" when it must choose.
func (m *Model) cut(name string) float64 {
	if h := m.base.Head(name); h >= 0 {
		return float64(m.base.Heads[h].Cut)
	}
	return 0.5
}
