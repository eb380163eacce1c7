package moderation

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/table.golden anew")

// The golden table holds the outcome of every step in every state by every role.
// A new state, step or role fails here until each of its cells is decided.
func TestEveryStateStepAndRole(t *testing.T) {
	var b bytes.Buffer
	for _, from := range States {
		for _, step := range Steps {
			for _, role := range Roles {
				fmt.Fprintf(&b, "%-10s %-10s %-7s %s\n", name(from), step, role, cell(from, step, role))
			}
		}
	}
	file := "testdata/table.golden"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Fatalf("the table differs from %s; read the difference, then run the test with -update", file)
	}
}

func name(s State) string {
	if s == None {
		return "-"
	}
	return string(s)
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// cell is the outcome with a past that suits the state: decided a minute ago,
// out of its hold, by somebody other than the one who acts now.
func cell(from State, step Step, role Role) string {
	it := Item{Comment: "c", Revision: 1, Newest: 1, State: from, Author: "author", History: past(from), Rules: Rules,
		Staff: Staff{Deciders: []string{"other", "me"}, Chiefs: []string{"other", "me"}}}
	a := Action{Step: step, Actor: Actor{"me", role}, Rule: Profanity, Reason: "capacity", Text: "Neuer Text.", At: noon, Hold: 8 * time.Second}
	if role == Author {
		a.Actor.ID = "author"
	}
	out, err := Apply(it, a)
	if err != nil {
		return err.Error()
	}
	s := name(out.To)
	if out.NewRevision {
		s += " (new revision; the old one is " + string(out.Old) + ")"
	}
	if out.HoldUntil.After(noon) {
		s += ", hold"
	}
	for _, f := range out.Then {
		s += ", " + string(f)
	}
	return s
}

func past(state State) []Decision {
	step := map[State]Step{Escalated: Escalate, Approved: Approve, Rejected: Reject, Returned: Return, Declined: Decline, Removed: Remove, Withdrawn: Withdraw}[state]
	d := Decision{ID: "d1", Comment: "c", Revision: 1, Step: step, From: Pending, To: state, Actor: Actor{"other", Editor}, At: noon.Add(-time.Minute), HoldUntil: noon.Add(-52 * time.Second)}
	switch state {
	case None, Pending, Superseded:
		return nil
	case Appealed:
		d.Step, d.To = Reject, Rejected
		return []Decision{d, {ID: "d2", Comment: "c", Revision: 1, Step: Appeal, From: Rejected, To: Appealed, Actor: Actor{"author", Author}, At: noon.Add(-30 * time.Second), HoldUntil: noon.Add(-30 * time.Second)}}
	}
	return []Decision{d}
}
