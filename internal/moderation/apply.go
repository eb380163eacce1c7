package moderation

import (
	"slices"
	"strings"
	"time"
)

// AppealWindow is how long after a refusal its author may appeal (Regulation
// (EU) 2022/2065, Article 20(1): at least six months).
const AppealWindow = 183 * 24 * time.Hour

// Item is what Apply needs to know of a comment.
type Item struct {
	Comment  string
	Revision int        // the revision acted on
	Newest   int        // the comment's newest revision that is not superseded
	State    State      // of Revision
	History  []Decision // of the whole comment, oldest first
	Author   string     // opaque id of its author
	Writer   string     // the editor who wrote it, as a reader or as an answer; "" for readers
	Answer   bool       // an editor's answer: its writer's own decision releases it
	TwoReads bool       // article, author or a rule that shows in the text: always read by two people
	TwoRules []Rule     // rules for which two people refuse
	Staff    Staff
	Rules    []Rule // the rules that the site's pack knows
}

// Staff is who can decide at the comment's site.
type Staff struct {
	Deciders []string // ids of editors and chiefs
	Chiefs   []string
}

// Action is a step that someone wants to take.
type Action struct {
	Step   Step
	Actor  Actor
	Rule   Rule
	Reason string // for the author: reason, hint, neutral cause, answer to an appeal; an author's argument
	Text   string // a new revision's text
	At     time.Time
	Hold   time.Duration
}

// Outcome is what Apply decided: the new state and what must be written with it.
type Outcome struct {
	From, To    State
	NewRevision bool       // the step brings a new revision, which starts as pending
	Old         State      // what becomes of the revision that a new one follows
	HoldUntil   time.Time  // follow-ups wait until then
	Then        []FollowUp // in the table's order
	Undoes      *Decision  // the decision that is taken back
	Repeat      *Decision  // the same person took the same decision already: nothing to do
}

// Apply is the only code that derives a state. It answers with an Outcome, or
// with an *Error: Forbidden for the wrong role or person, Invalid for missing
// input, Conflict where the state does not allow the step.
func Apply(it Item, a Action) (Outcome, error) {
	required, who, known := needs(a.Step)
	if !known {
		return Outcome{}, BadField("step", "error.step_unknown")
	}
	if !slices.Contains(who, a.Actor.Role) {
		return Outcome{}, refuse("error.role")
	}
	for _, n := range required {
		if err := n.check(it, a); err != nil {
			return Outcome{}, err
		}
	}
	move, ok := find(it.State, a.Step)
	if !ok {
		return conflictOrRepeat(it, a)
	}
	for _, c := range move.If {
		if err := c.ok(it, a); err != nil {
			return Outcome{}, err
		}
	}
	return outcome(it, a, move), nil
}

func outcome(it Item, a Action, m Move) Outcome {
	out := Outcome{From: it.State, To: m.To, HoldUntil: a.At, Then: m.Then}
	if m.Hold {
		out.HoldUntil = a.At.Add(a.Hold)
	}
	switch {
	case a.Step == Undo:
		last := lastOf(it)
		out.Undoes, out.To = last, last.From
		if it.Revision < it.Newest && (last.From == Pending || last.From == Escalated) {
			out.To = Superseded // the author has sent a newer text meanwhile
		}
	case m.To == Before:
		out.To = lastOf(it).From
	case a.Step == Edit || a.Step == Resubmit:
		out.NewRevision, out.Old, out.To = true, Superseded, Pending
		if it.State == Approved {
			out.Old = Approved
		}
	}
	return out
}

// lastOf is the decision in force that set the revision's state.
func lastOf(it Item) *Decision {
	in := InForce(it.History, it.Revision)
	if len(in) == 0 {
		return nil
	}
	return &in[len(in)-1]
}

// conflictOrRepeat answers a step that the state does not allow. The same
// decision by the same person is not a conflict: the answer may have been lost.
func conflictOrRepeat(it Item, a Action) (Outcome, error) {
	last := lastOf(it)
	if last == nil {
		last = newest(it.History)
	}
	if last != nil && last.Step == a.Step && last.Actor.ID == a.Actor.ID && last.Rule == a.Rule &&
		last.Actor.Role != Author && last.Revision == it.Revision {
		return Outcome{From: it.State, To: it.State, Repeat: last}, nil
	}
	return Outcome{}, &Error{Kind: Conflict, Key: "error.conflict", Decision: last}
}

func newest(history []Decision) *Decision {
	in := InForce(history, 0)
	if len(in) == 0 {
		return nil
	}
	return &in[len(in)-1]
}

func (n Need) check(it Item, a Action) error {
	reason := strings.TrimSpace(a.Reason)
	switch n {
	case NeedRule:
		if !slices.Contains(it.Rules, a.Rule) {
			return BadField("rule", "error.rule_needed")
		}
	case NeedReason:
		if reason == "" {
			return BadField("reason", "error.reason_needed")
		}
	case NeedNeutral:
		if reason != "capacity" && reason != "closed" {
			return BadField("reason", "error.neutral_needed")
		}
	case NeedText:
		if strings.TrimSpace(a.Text) == "" {
			return BadField("text", "error.text_needed")
		}
	case NeedArgument:
		if reason == "" {
			return BadField("text", "error.argument_needed")
		}
	}
	return nil
}
