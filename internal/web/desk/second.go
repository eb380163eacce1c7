package desk

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// needsTwo tells whether a decision was refused only because a second person has
// to read the comment.
func needsTwo(err error) bool {
	e, ok := errors.AsType[*moderation.Error](err)
	return ok && (e.Key == "error.two_reads" || e.Key == "error.two_rule")
}

// passOn gives the comment to a second reader, with what the first would have
// decided. The state table has the word on this step, too.
func (d *Desk) passOn(r *http.Request, req store.Request) (store.Result, error) {
	req.Opinion = &store.Opinion{Step: req.Step, Rule: req.Rule}
	if req.Step == moderation.Return {
		req.Opinion.Step = moderation.Reject // with a hint, but not as it stands
	}
	req.Step, req.Rule, req.Passages = moderation.Escalate, "", nil
	return d.store.Apply(r.Context(), req)
}

// opinionOf reads an opinion as forms send it; nil for none.
func opinionOf(would string) *store.Opinion {
	step, rule, _ := strings.Cut(would, ":")
	o := &store.Opinion{Step: moderation.Step(step), Rule: moderation.Rule(rule)}
	if o.Step == moderation.Approve && rule == "" || o.Step == moderation.Reject && slices.Contains(moderation.Rules, o.Rule) {
		return o
	}
	return nil
}

// secondSpan is how far back two readers' opinions are compared.
const secondSpan = 90 * 24 * time.Hour

// mostDiffer is how many disagreements are listed.
const mostDiffer = 50

// secondShown is what second.html shows: where two readers agreed, by the first
// one's word, and where not. It names no person.
type secondShown struct {
	Frame
	Lines  []secondLine
	Differ []store.Pair
	All    int

	Shares []doubleShare      // of blind doubles, by site; for chiefs
	Blind  []store.JudgedPair // blind doubles judged differently; for chiefs
	Saved  bool
}

type secondLine struct {
	store.Opinion
	N, Same int
}

// Percent is the share of agreement.
func (l secondLine) Percent() int { return (200*l.Same + l.N) / (2 * l.N) }

// secondPage shows how often two readers agree.
func (d *Desk) secondPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "rounds", "second.title")
	if err != nil {
		return err
	}
	pairs, err := d.store.Pairs(r.Context(), web.WhoOf(r).Reach(), f.Now.Add(-secondSpan), 2000)
	if err != nil {
		return err
	}
	p := secondShown{Frame: f, All: len(pairs), Saved: r.URL.Query().Has("saved")}
	if f.Me.Role != moderation.Editor {
		if p.Shares, err = d.doubleShares(r, f); err != nil {
			return err
		}
		if p.Blind, err = d.store.Disagreements(r.Context(), f.Reach, f.Now.Add(-secondSpan), mostDiffer); err != nil {
			return err
		}
	}
	for _, x := range pairs {
		if x.Second.Step == moderation.Return {
			x.Second.Step = moderation.Reject // not as it stands, by either
		}
		i := slices.IndexFunc(p.Lines, func(l secondLine) bool { return l.Opinion == x.First })
		if i < 0 {
			i, p.Lines = len(p.Lines), append(p.Lines, secondLine{Opinion: x.First})
		}
		p.Lines[i].N++
		if x.Agree() {
			p.Lines[i].Same++
		} else if len(p.Differ) < mostDiffer {
			p.Differ = append(p.Differ, x)
		}
	}
	slices.SortFunc(p.Lines, func(a, b secondLine) int { return cmp.Compare(b.N, a.N) })
	return d.srv.Page(w, r, http.StatusOK, "desk/second.html", p)
}

// Word names an opinion: released, or refused for a rule.
func (f Frame) Word(o store.Opinion) string {
	if o.Rule == "" {
		return f.Step(o.Step)
	}
	return f.Step(o.Step) + ": " + f.Rule(o.Rule)
}
