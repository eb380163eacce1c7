package assess

import (
	"math/rand/v2"
	"sort"

	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/moderation"
)

// The sliding window that calibration and bands rest on: a third of a site's
// decisions, the latest ones, within bounds.
const (
	CalibrationWindow = 2000
	// leastCalibrated is how many decisions of each kind a calibration needs.
	leastCalibrated = 20
)

// Report says how well a model that was trained afresh can be expected to do. It
// was measured by a model of the same make that knew only the decisions before
// those it was measured on.
type Report struct {
	Decisions int                   `json:"decisions"` // learned from
	Held      int                   `json:"held"`      // the latest ones, of which calibration and bands come
	Before    Evaluation            `json:"before"`    // scores that were shown at the time
	After     Evaluation            `json:"after"`     // the retrained model on the same decisions
	Heads     map[string]HeadReport `json:"heads"`     // by rule, and "refuse"
}

// HeadReport is a rule's part. Calibration and cuts come from one half of the
// window, everything measured from the other. Decisions that refused a comment
// for another rule say nothing of this one and are left out.
type HeadReport struct {
	Rows       int     `json:"rows"`
	Positive   int     `json:"positive"`
	Calibrated bool    `json:"calibrated"`
	Slope      float64 `json:"slope"`
	Shift      float64 `json:"shift"` // the correction to the site's own share included
	Brier      float64 `json:"brier"`
	ECE        float64 `json:"ece"` // expected calibration error
	Bins       []Bin   `json:"bins"`
	Cuts       Cuts    `json:"cuts"`
	Own        bool    `json:"own"` // the cuts are this site's, not the default
	Bands      []Band  `json:"bands"`
}

// Bin is a point of the calibration chart: comments with neighbouring scores.
type Bin struct {
	Score   float64 `json:"score"` // their mean
	Rows    int     `json:"rows"`
	Refused int     `json:"refused"`
}

// CutsOf gives the bounds of a rule's bands; the default where nothing is known.
func (r Report) CutsOf(head string) Cuts {
	if h, ok := r.Heads[head]; ok && h.Cuts != (Cuts{}) {
		return h.Cuts
	}
	return DefaultCuts
}

// Trained is a site's model trained afresh.
type Trained struct {
	Site   *Site
	Report Report
	Worse  bool // than what was shown at the time: the old model stays
}

// judgedMost is how many of the latest decisions a retrained model is tried on.
const judgedMost = 200

// Train learns all decisions from the start, as Retrain does, calibrates the
// result and measures what to expect of it. Shown are the scores of "would be
// refused" that the decisions' comments had at submission, nil where there was
// none. All of it is a function of the arguments: nothing is drawn by lot. Pause is
// called every few tens of microseconds, for work that must give way; nil: never.
func (m *Model) Train(ds []Decision, shown []*float64, pause func()) Trained {
	n := len(ds)
	judged := min(judgedMost, n/3)
	held := min(CalibrationWindow, max(judged, n/3))
	course := m.course(ds, pause)
	trial := course.retrain(n - judged)
	out := Trained{Report: Report{Decisions: n, Held: held, Heads: map[string]HeadReport{}}}
	out.Report.Before, out.Report.After = course.compared(trial, ds[n-judged:], shown[n-judged:])
	if out.Worse = out.Report.After.Worse(out.Report.Before); out.Worse {
		return out
	}
	out.Site = course.retrain(n)
	if held > judged {
		trial = course.retrain(n - held)
	}
	points := course.points(trial, ds[n-held:])
	for slot, name := range slotNames {
		taught := trial.delta.Heads[slot].Taught() && out.Site.delta.Heads[slot].Taught()
		h := headReport(points[slot], taught)
		out.Report.Heads[name] = h
		if h.Calibrated {
			out.Site.delta.Heads[slot].Slope, out.Site.delta.Heads[slot].Shift = float32(h.Slope), float32(h.Shift)
		}
	}
	return out
}

// compared evaluates the scores shown at the time and a trial model on the same decisions.
func (c *course) compared(trial *Site, held []Decision, shown []*float64) (before, after Evaluation) {
	scores := make([]*float64, len(held))
	both := append([]*float64{}, shown...)
	for i := range held {
		c.pause()
		if scores[i] = trial.Assess(held[i].Input).Refuse; scores[i] == nil || shown[i] == nil {
			scores[i], both[i] = nil, nil
		}
	}
	return evaluate(held, both), evaluate(held, scores)
}

// points gives, for each head, the log-odds of decisions with what they say of it.
func (c *course) points(s *Site, held []Decision) (out [6][]learn.Point) {
	for i := range held {
		c.pause()
		d := &held[i]
		if d.Outcome == NotSelected {
			continue
		}
		a := s.Assess(d.Input)
		for slot, name := range slotNames {
			v := a.Refuse
			if name != Refuse {
				v = a.Rules[ruleOf(slot)].Value
			}
			if v == nil || name != Refuse && d.Outcome == Refused && d.Rule != ruleOf(slot) {
				continue
			}
			out[slot] = append(out[slot], learn.Point{Z: logit(*v), Label: d.Outcome == Refused, Weight: 1})
		}
	}
	return out
}

func headReport(points []learn.Point, taught bool) HeadReport {
	h := HeadReport{Rows: len(points), Slope: 1, Cuts: DefaultCuts}
	var fit, measure []learn.Point
	lot := rand.New(rand.NewPCG(1, 1)) // always the same: every other decision might follow somebody's habit
	for _, p := range points {
		if p.Label {
			h.Positive++
		}
		if lot.Uint64()&1 == 0 {
			fit = append(fit, p)
		} else {
			measure = append(measure, p)
		}
	}
	share := float64(h.Positive) / float64(max(h.Rows, 1))
	if taught && enough(fit) {
		h.Calibrated = true
		h.Slope, h.Shift = learn.Platt(learn.Balanced(fit))
		h.Shift = learn.Prior(h.Shift, 0.5, share)
		h.Cuts = DefaultCuts.at(share)
	}
	h.Cuts, h.Own = setCuts(h.checked(fit), h.Cuts, share)
	h.Own = h.Own || h.Calibrated
	h.measure(h.checked(measure))
	return h
}

func enough(points []learn.Point) bool {
	positive := 0
	for _, p := range points {
		if p.Label {
			positive++
		}
	}
	return positive >= leastCalibrated && len(points)-positive >= leastCalibrated
}

// checked turns log-odds into the scores that the calibrated model gives.
func (h *HeadReport) checked(points []learn.Point) []Checked {
	out := make([]Checked, len(points))
	for i, p := range points {
		out[i] = Checked{sigmoid(h.Slope*p.Z + h.Shift), p.Label}
	}
	return out
}

// chartBins is how many points the calibration chart has at most.
const chartBins, leastBin = 10, 10

func (h *HeadReport) measure(checked []Checked) {
	h.Bands = Bands(h.Cuts, checked)
	if len(checked) == 0 {
		return
	}
	sort.SliceStable(checked, func(i, j int) bool { return checked[i].Score < checked[j].Score })
	scores, labels := make([]float64, len(checked)), make([]bool, len(checked))
	for i, c := range checked {
		scores[i], labels[i] = c.Score, c.Refused
	}
	h.Brier, h.ECE = learn.Calibration(scores, labels)
	bins := max(1, min(chartBins, len(checked)/leastBin))
	for b := range bins {
		var bin Bin
		for _, c := range checked[b*len(checked)/bins : (b+1)*len(checked)/bins] {
			bin.Rows++
			bin.Score += c.Score
			if c.Refused {
				bin.Refused++
			}
		}
		bin.Score /= float64(max(bin.Rows, 1))
		h.Bins = append(h.Bins, bin)
	}
}

// ruleOf is the rule of a slot other than "refuse".
func ruleOf(slot int) moderation.Rule { return moderation.Rule(slotNames[slot]) }
