package assess

import (
	"sort"

	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/assess/vocab"
)

// Named returns the groups of people that a text names, each once, sorted.
func Named(text string) []string {
	a := analyses.Get().(*analysis)
	defer analyses.Put(a)
	a.read(text, "de")
	seen := map[string]bool{}
	var out []string
	for i := range a.reader.Words {
		w := a.reader.Words[i]
		if name := vocab.Groups[w.Group]; w.Has(vocab.Group) && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

// GroupRate is how often comments that name a group were refused.
type GroupRate struct {
	Group           string
	Named, Refused  int
	Rate, Low, High float64 // with the Wilson interval at 95 %
	Apart           bool    // the interval does not hold the rate of all comments
}

// Told is a decided text.
type Told struct {
	Text    string
	Refused bool
}

// RefusalRates reports the refusal rate by group named, most named first, and
// which of them differ from all comments' beyond chance. A difference is a reason
// to look, not a proof: some groups are named in harsher debates.
func RefusalRates(ds []Told) []GroupRate {
	by := map[string]*GroupRate{}
	all, refused := 0, 0
	for i := range ds {
		all++
		bad := ds[i].Refused
		if bad {
			refused++
		}
		for _, g := range Named(ds[i].Text) {
			r := by[g]
			if r == nil {
				r = &GroupRate{Group: g}
				by[g] = r
			}
			r.Named++
			if bad {
				r.Refused++
			}
		}
	}
	out := make([]GroupRate, 0, len(by))
	for _, r := range by {
		r.Rate = float64(r.Refused) / float64(r.Named)
		r.Low, r.High = learn.Wilson(r.Refused, r.Named)
		whole := float64(refused) / float64(max(all, 1))
		r.Apart = whole < r.Low || whole > r.High
		out = append(out, *r)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Named != out[j].Named {
			return out[i].Named > out[j].Named
		}
		return out[i].Group < out[j].Group
	})
	return out
}

// Accuracy is what blind decisions say of one rule's score, each share with its
// Wilson interval at 95 %.
type Accuracy struct {
	Rows, Positive              int
	Accuracy, Precision, Recall Portion
}

// Portion is a share of some, with its Wilson interval at 95 %.
type Portion struct {
	Part, Whole      int
	Share, Low, High float64
}

// NewPortion measures a share; of none it is unknown: 0, between 0 and 1.
func NewPortion(part, whole int) Portion {
	p := Portion{Part: part, Whole: whole}
	if whole > 0 {
		p.Share = float64(part) / float64(whole)
	}
	p.Low, p.High = learn.Wilson(part, whole)
	return p
}

// Judged is one blind decision: whether the machine said "breach", and whether the
// comment was refused for the rule in question.
type Judged struct{ Said, Refused bool }

// Judge measures a rule over blind decisions.
func Judge(blind []Judged) Accuracy {
	var tp, fp, fn, tn int
	for _, c := range blind {
		switch {
		case c.Said && c.Refused:
			tp++
		case c.Said:
			fp++
		case c.Refused:
			fn++
		default:
			tn++
		}
	}
	return Accuracy{Rows: len(blind), Positive: tp + fn,
		Accuracy: NewPortion(tp+tn, len(blind)), Precision: NewPortion(tp, tp+fp), Recall: NewPortion(tp, tp+fn)}
}
