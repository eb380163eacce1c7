package moderation

// Move is a row of the table: from a state, by a step, to a state.
type Move struct {
	From  State
	Step  Step
	To    State // Before where the step leads back to an earlier state
	Who   []Role
	Needs []Need      // what the step must bring along, checked before the state
	If    []Condition // what must hold beyond state and role
	Then  []FollowUp  // what follows, written in the same transaction
	Hold  bool        // it can be undone for a while, and nothing follows until then
}

// Before stands for "the state that the record names": where an undo or an
// upheld appeal leads back to.
const Before State = "before"

// Need is an input without which a step is refused as invalid.
type Need string

// The needs.
const (
	NeedRule     Need = "rule"     // one of the site's rules
	NeedReason   Need = "reason"   // a reason in words, for the author
	NeedNeutral  Need = "neutral"  // the reason "capacity" or "closed"
	NeedText     Need = "text"     // a new text
	NeedArgument Need = "argument" // why the author objects
)

// FollowUp is work that a step sets off. It is written as a job in the step's
// own transaction and runs when the hold has passed.
type FollowUp string

// The follow-ups.
const (
	Assess     FollowUp = "assess"      // score the new revision
	Publish    FollowUp = "publish"     // write the publication
	TakeDown   FollowUp = "take down"   // delete the publication, at once
	TellAuthor FollowUp = "tell author" // receipt page and mail
	TellParent FollowUp = "tell parent" // the parent's author, if subscribed; after publication
	EndOpen    FollowUp = "end open"    // every other revision is superseded
	Learn      FollowUp = "learn"       // the decision trains the site's model
)

// Condition is a named question about the comment and the person.
type Condition struct {
	Name string
	ok   func(Item, Action) error
}

var (
	deciders = []Role{Editor, Chief}
	writer   = []Role{Author}
	machine  = []Role{System}

	ruling = []Need{NeedRule, NeedReason}
)

// Moves is the life of a comment, whole. docs/states.md is generated from it.
var Moves = []Move{
	{None, Submit, Pending, writer, []Need{NeedText}, nil, []FollowUp{Assess}, false},

	{Pending, Approve, Approved, deciders, nil, []Condition{notOwn, twoReaders}, []FollowUp{Publish, TellAuthor, TellParent, Learn}, true},
	{Pending, Reject, Rejected, deciders, ruling, []Condition{notOwn, twoForRule}, []FollowUp{TellAuthor, Learn}, true},
	{Pending, Return, Returned, deciders, ruling, []Condition{notOwn, twoForRule}, []FollowUp{TellAuthor, Learn}, true},
	{Pending, Decline, Declined, deciders, []Need{NeedNeutral}, []Condition{notOwn}, []FollowUp{TellAuthor}, true},
	{Pending, Escalate, Escalated, deciders, nil, []Condition{notOwn, notAlone}, nil, true},
	{Pending, Edit, Pending, writer, []Need{NeedText}, nil, []FollowUp{Assess}, false},

	{Escalated, Approve, Approved, deciders, nil, []Condition{notOwn, anotherThanEscalated}, []FollowUp{Publish, TellAuthor, TellParent, Learn}, true},
	{Escalated, Reject, Rejected, deciders, ruling, []Condition{notOwn, anotherThanEscalated}, []FollowUp{TellAuthor, Learn}, true},
	{Escalated, Return, Returned, deciders, ruling, []Condition{notOwn, anotherThanEscalated}, []FollowUp{TellAuthor, Learn}, true},
	{Escalated, Decline, Declined, deciders, []Need{NeedNeutral}, []Condition{notOwn, anotherThanEscalated}, []FollowUp{TellAuthor}, true},
	{Escalated, Edit, Pending, writer, []Need{NeedText}, nil, []FollowUp{Assess}, false},

	{Returned, Resubmit, Pending, writer, []Need{NeedText}, nil, []FollowUp{Assess}, false},

	{Rejected, Appeal, Appealed, writer, []Need{NeedArgument}, []Condition{firstAppeal, withinSixMonths}, nil, false},
	{Removed, Appeal, Appealed, writer, []Need{NeedArgument}, []Condition{firstAppeal, withinSixMonths}, nil, false},
	{Appealed, Uphold, Before, deciders, []Need{NeedReason}, []Condition{notOwn, freshEyes}, []FollowUp{TellAuthor}, true},
	{Appealed, Overturn, Approved, deciders, []Need{NeedReason}, []Condition{notOwn, freshEyes}, []FollowUp{Publish, TellAuthor, TellParent, Learn}, true},

	{Approved, Edit, Approved, writer, []Need{NeedText}, []Condition{editable}, []FollowUp{Assess}, false},
	{Approved, Remove, Removed, deciders, ruling, []Condition{notOwn}, []FollowUp{TakeDown, EndOpen, TellAuthor, Learn}, false},
	{Removed, Restore, Approved, deciders, nil, []Condition{notOwn, anotherThanRemoved}, []FollowUp{Publish, TellAuthor}, true},
	{Approved, Supersede, Superseded, machine, nil, nil, nil, false},

	{Rejected, Reconsider, Pending, deciders, nil, []Condition{notOwn, noNewerText}, nil, true},
	{Returned, Reconsider, Pending, deciders, nil, []Condition{notOwn, noNewerText}, nil, true},
	{Declined, Reconsider, Pending, deciders, nil, []Condition{notOwn, noNewerText}, nil, true},

	{Pending, Undo, Before, deciders, nil, []Condition{ownAndHeld}, nil, false},
	{Escalated, Undo, Before, deciders, nil, []Condition{ownAndHeld}, nil, false},
	{Approved, Undo, Before, deciders, nil, []Condition{ownAndHeld}, nil, false},
	{Rejected, Undo, Before, deciders, nil, []Condition{ownAndHeld}, nil, false},
	{Returned, Undo, Before, deciders, nil, []Condition{ownAndHeld}, nil, false},
	{Declined, Undo, Before, deciders, nil, []Condition{ownAndHeld}, nil, false},
	{Removed, Undo, Before, deciders, nil, []Condition{ownAndHeld}, nil, false},

	{Pending, Withdraw, Withdrawn, writer, nil, nil, []FollowUp{TakeDown, EndOpen}, false},
	{Escalated, Withdraw, Withdrawn, writer, nil, nil, []FollowUp{TakeDown, EndOpen}, false},
	{Returned, Withdraw, Withdrawn, writer, nil, nil, []FollowUp{TakeDown, EndOpen}, false},
	{Approved, Withdraw, Withdrawn, writer, nil, nil, []FollowUp{TakeDown, EndOpen}, false},

	{Approved, Pick, Approved, deciders, nil, nil, nil, false},
	{Approved, Unpick, Approved, deciders, nil, nil, nil, false},
}

// find gives the row for a state and a step.
func find(from State, step Step) (Move, bool) {
	for _, m := range Moves {
		if m.From == from && m.Step == step {
			return m, true
		}
	}
	return Move{}, false
}

// needs gives what a step must bring, whatever the state, and who may take it.
func needs(step Step) (needs []Need, who []Role, known bool) {
	for _, m := range Moves {
		if m.Step == step {
			return m.Needs, m.Who, true
		}
	}
	return nil, nil, false
}

// Possible tells whether the table has a row for a state and a step.
func Possible(from State, step Step) bool {
	_, ok := find(from, step)
	return ok
}
