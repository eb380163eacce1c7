package moderation

import "slices"

var (
	// notOwn: nobody decides a comment that they wrote as a reader.
	notOwn = Condition{"not their own comment", func(it Item, a Action) error {
		if it.Writer == a.Actor.ID && !it.Answer {
			return refuse("error.own_comment")
		}
		return nil
	}}

	// notAlone: a second pair of eyes needs a second person.
	notAlone = Condition{"a second person decides here", func(it Item, a Action) error {
		if len(it.Staff.Deciders) < 2 {
			return refuse("error.alone")
		}
		return nil
	}}

	// twoReaders: where two people always read, the first one passes it on. Refusing
	// or returning needs no second person, unless the rule says so: nothing becomes
	// public by it.
	twoReaders = Condition{"passed to a second person first, where article, author or rule always need two", func(it Item, a Action) error {
		if it.TwoReads && len(it.Staff.Deciders) > 1 {
			return &Error{Kind: Conflict, Key: "error.two_reads"}
		}
		return nil
	}}

	// twoForRule: for some rules a refusal, too, is the word of two people.
	twoForRule = Condition{"passed to a second person first, where the rule always needs two", func(it Item, a Action) error {
		if slices.Contains(it.TwoRules, a.Rule) && len(it.Staff.Deciders) > 1 && !it.Answer {
			return &Error{Kind: Conflict, Key: "error.two_rule"}
		}
		return nil
	}}

	anotherThanEscalated = Condition{"another person than the one who escalated", func(it Item, a Action) error {
		if last := lastOf(it); last != nil && last.Actor.ID == a.Actor.ID {
			return refuse("error.own_escalation")
		}
		return nil
	}}

	// anotherThanRemoved: a person who decides alone may restore, as nobody else could.
	anotherThanRemoved = Condition{"another person than the one who removed it, unless alone", func(it Item, a Action) error {
		last := lastOf(it)
		if last != nil && last.Actor.ID == a.Actor.ID && len(it.Staff.Deciders) > 1 {
			return refuse("error.own_removal")
		}
		return nil
	}}

	// editable: while a restoration or an overturned refusal can still be undone,
	// its author does not know of it, and a text taken down takes no edit.
	editable = Condition{"not while a renewed release is in its hold", func(it Item, a Action) error {
		last := lastOf(it)
		if last != nil && last.Held(a.At) && last.From != Pending && last.From != Escalated {
			return &Error{Kind: Conflict, Key: "error.conflict"}
		}
		return nil
	}}

	noNewerText = Condition{"no newer text of the author waits", func(it Item, a Action) error {
		if it.Revision < it.Newest {
			return &Error{Kind: Conflict, Key: "error.newer_text"}
		}
		return nil
	}}

	firstAppeal = Condition{"no appeal against this decision yet", func(it Item, a Action) error {
		if last := lastOf(it); last == nil || last.Step == Uphold {
			return &Error{Kind: Conflict, Key: "error.appeal_final", Decision: last}
		}
		return nil
	}}

	withinSixMonths = Condition{"within six months, once the decision has taken effect", func(it Item, a Action) error {
		last := lastOf(it)
		if last.Held(a.At) {
			return &Error{Kind: Conflict, Key: "error.conflict"}
		}
		if a.At.Sub(last.At) > AppealWindow {
			return &Error{Kind: Conflict, Key: "error.appeal_late", Decision: last}
		}
		return nil
	}}

	// freshEyes: an appeal is decided by a chief who did not take part in the
	// decision; where every chief did, by another editor.
	freshEyes = Condition{"a chief who did not decide it; another editor where every chief did", func(it Item, a Action) error {
		took := tookPart(it)
		if took[a.Actor.ID] {
			return refuse("error.own_decision")
		}
		free := slices.ContainsFunc(it.Staff.Chiefs, func(id string) bool { return !took[id] })
		if a.Actor.Role != Chief && free {
			return refuse("error.chief_needed")
		}
		return nil
	}}

	ownAndHeld = Condition{"its own editor, until the hold ends", func(it Item, a Action) error {
		last := lastOf(it)
		switch {
		case last == nil || last.Actor.Role == Author || last.Actor.Role == System:
			return &Error{Kind: Conflict, Key: "error.nothing_to_undo"}
		case last.Actor.ID != a.Actor.ID:
			return &Error{Kind: Conflict, Key: "error.undo_other", Decision: last}
		case !last.Held(a.At):
			return &Error{Kind: Conflict, Key: "error.undo_late", Decision: last}
		}
		return nil
	}}
)

// tookPart names who decided the refusal that is appealed against.
func tookPart(it Item) map[string]bool {
	took := map[string]bool{}
	in := InForce(it.History, it.Revision)
	for i := len(in) - 1; i >= 0; i-- {
		if s := in[i].Step; s == Reject || s == Remove {
			took[in[i].Actor.ID] = true
			break
		}
	}
	return took
}
