package desk

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
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
