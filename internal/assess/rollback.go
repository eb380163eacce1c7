package assess

import (
	"math"

	"github.com/freigabe/freigabe/internal/assess/learn"
)

// Evaluation is how well a site's model foresees decisions it has not learned.
type Evaluation struct {
	Rows    int     `json:"rows"`
	Refused int     `json:"refused"`
	AUC     float64 `json:"auc"` // one half where one kind is missing
	LogLoss float64 `json:"log_loss"`
}

// Evaluate measures a site on held-out decisions.
func (s *Site) Evaluate(held []Decision) Evaluation {
	scores := make([]*float64, len(held))
	for i := range held {
		scores[i] = s.Assess(held[i].Input).Refuse
	}
	return evaluate(held, scores)
}

// evaluate compares scores of "would be refused" with decisions; those without a
// score, or that say nothing about rules, are left out.
func evaluate(held []Decision, scores []*float64) Evaluation {
	var e Evaluation
	var p []float64
	var y []bool
	for i := range held {
		if held[i].Outcome == NotSelected || scores[i] == nil {
			continue
		}
		refused := held[i].Outcome == Refused
		p, y = append(p, *scores[i]), append(y, refused)
		q := min(max(*scores[i], 1e-6), 1-1e-6)
		if refused {
			e.Refused++
			e.LogLoss -= math.Log(q)
		} else {
			e.LogLoss -= math.Log(1 - q)
		}
	}
	e.Rows = len(p)
	if e.AUC = learn.AUC(p, y); math.IsNaN(e.AUC) {
		e.AUC = 0.5
	}
	e.LogLoss /= float64(max(e.Rows, 1))
	return e
}

// leastJudged is how many held-out decisions, and how many refusals among them,
// a comparison of two models needs.
const leastJudged, leastRefused = 100, 10

// Worse reports that this model must be rolled back to the old one: over enough
// held-out decisions it orders them clearly worse, beyond what chance explains.
func (e Evaluation) Worse(old Evaluation) bool {
	if e.Rows < leastJudged || e.Refused < leastRefused || e.Rows-e.Refused < leastRefused {
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
