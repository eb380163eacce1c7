package moderation

import (
	"strings"
	"testing"
	"time"
)

func decided(step Step, from, to State, who string, ago time.Duration) Decision {
	at := noon.Add(-ago)
	return Decision{ID: string(step) + who, Comment: "c", Revision: 1, Step: step, From: from, To: to, Actor: Actor{who, Editor}, At: at, HoldUntil: at.Add(8 * time.Second)}
}

func try(it Item, step Step, who string, role Role) (Outcome, error) {
	it.Revision, it.Rules = 1, Rules
	if it.Newest == 0 {
		it.Newest = 1
	}
	return Apply(it, Action{Step: step, Actor: Actor{who, role}, Rule: Aggression, Reason: "closed", Text: "neu", At: noon, Hold: 8 * time.Second})
}

var three = Staff{Deciders: []string{"anna", "jonas", "ruth"}, Chiefs: []string{"ruth"}}

func TestConditions(t *testing.T) {
	escalated := Item{State: Escalated, Staff: three, History: []Decision{decided(Escalate, Pending, Escalated, "anna", time.Hour)}}
	removed := Item{State: Removed, Staff: three, History: []Decision{decided(Approve, Pending, Approved, "jonas", 2*time.Hour), decided(Remove, Approved, Removed, "anna", time.Hour)}}
	alone := removed
	alone.Staff = Staff{Deciders: []string{"anna"}}
	appealed := Item{State: Appealed, Staff: three, History: []Decision{decided(Reject, Pending, Rejected, "ruth", time.Hour), decided(Appeal, Rejected, Appealed, "author", time.Minute)}}
	byAnna := Item{State: Appealed, Staff: three, History: []Decision{decided(Reject, Pending, Rejected, "anna", time.Hour), decided(Appeal, Rejected, Appealed, "author", time.Minute)}}
	upheld := Item{State: Rejected, Staff: three, History: append(byAnna.History[:2:2], decided(Uphold, Appealed, Rejected, "ruth", 30*time.Second))}
	held := Item{State: Approved, Staff: three, History: []Decision{decided(Approve, Pending, Approved, "anna", 2*time.Second)}}
	old := Item{State: Rejected, Staff: three, History: []Decision{decided(Reject, Pending, Rejected, "anna", 184*24*time.Hour)}}
	tests := []struct {
		name string
		it   Item
		step Step
		who  string
		role Role
		want string // state, or part of the error
	}{
		{"who escalated does not decide", escalated, Approve, "anna", Editor, "own_escalation"},
		{"another does", escalated, Approve, "jonas", Editor, "approved"},
		{"nobody escalates alone", Item{State: Pending, Staff: Staff{Deciders: []string{"anna"}}}, Escalate, "anna", Editor, "error.alone"},
		{"who removed does not restore", removed, Restore, "anna", Editor, "own_removal"},
		{"another restores", removed, Restore, "jonas", Editor, "approved"},
		{"alone one restores", alone, Restore, "anna", Editor, "approved"},
		{"the chief does not judge her own decision", appealed, Uphold, "ruth", Chief, "own_decision"},
		{"an editor does where the only chief decided", appealed, Uphold, "anna", Editor, "rejected"},
		{"otherwise a chief has to", byAnna, Overturn, "jonas", Editor, "chief_needed"},
		{"and can", byAnna, Overturn, "ruth", Chief, "approved"},
		{"an appeal comes once", upheld, Appeal, "author", Author, "appeal_final"},
		{"and within six months", old, Appeal, "author", Author, "appeal_late"},
		{"undo in the hold", held, Undo, "anna", Editor, "pending"},
		{"undo only by its editor", held, Undo, "jonas", Editor, "undo_other"},
		{"nobody decides what they wrote", Item{State: Pending, Staff: three, Writer: "anna"}, Approve, "anna", Editor, "own_comment"},
		{"but an answer of the newsroom", Item{State: Pending, Staff: three, Writer: "anna", Answer: true}, Approve, "anna", Editor, "approved"},
		{"undo of an overtaken text", Item{State: Approved, Newest: 2, Staff: three, History: held.History}, Undo, "anna", Editor, "superseded"},
		{"likewise where it was escalated", Item{State: Approved, Newest: 2, Staff: three, History: []Decision{escalated.History[0], decided(Approve, Escalated, Approved, "jonas", 2*time.Second)}}, Undo, "jonas", Editor, "superseded"},
		{"an edit in the hold of a release", held, Edit, "author", Author, "pending"},
		{"no edit in the hold of a restoration", Item{State: Approved, Staff: three, History: append(removed.History[:2:2], decided(Restore, Removed, Approved, "jonas", 2*time.Second))}, Edit, "author", Author, "error.conflict"},
		{"no reconsideration of an overtaken text", Item{State: Rejected, Newest: 2, Staff: three, History: old.History}, Reconsider, "anna", Editor, "newer_text"},
		{"auditors only read", Item{State: Pending, Staff: three}, Approve, "x", Auditor, "error.role"},
	}
	for _, tt := range tests {
		out, err := try(tt.it, tt.step, tt.who, tt.role)
		got := string(out.To)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestTheSameDecisionTwiceIsOne(t *testing.T) {
	it := Item{State: Rejected, Staff: three, History: []Decision{decided(Reject, Pending, Rejected, "anna", time.Hour)}}
	it.History[0].Rule = Aggression
	if out, err := try(it, Reject, "anna", Editor); err != nil || out.Repeat == nil {
		t.Fatalf("repeated by herself: %v", err)
	}
	if _, err := try(it, Reject, "jonas", Editor); KindOf(err) != Conflict {
		t.Fatalf("repeated by another: %v", err)
	}
}

func TestNeedsComeBeforeState(t *testing.T) {
	for _, step := range []Step{Reject, Return, Remove, Uphold, Overturn, Decline, Edit, Appeal} {
		role := Chief
		if step == Edit || step == Appeal {
			role = Author
		}
		_, err := Apply(Item{State: Pending, Revision: 1, Newest: 1, Staff: three, Rules: Rules}, Action{Step: step, Actor: Actor{"ruth", role}, Rule: "unknown", At: noon})
		if KindOf(err) != Invalid {
			t.Errorf("%s with nothing: %v", step, err)
		}
	}
}

func TestShownKeepsTheEarlierDecision(t *testing.T) {
	h := []Decision{decided(Reject, Pending, Rejected, "anna", time.Hour), decided(Reconsider, Rejected, Pending, "jonas", time.Minute)}
	if s, d := Shown(h, 1, noon); s != Rejected || d == nil {
		t.Fatalf("while reconsidered it shows %s", s)
	}
	h = append(h, decided(Approve, Pending, Approved, "jonas", 3*time.Second))
	if s, _ := Shown(h, 1, noon); s != Rejected {
		t.Fatalf("in the hold it shows %s", s)
	}
	if s, _ := Shown(h, 1, noon.Add(10*time.Second)); s != Approved {
		t.Fatalf("after the hold it shows %s", s)
	}
}

func TestSumCoversEveryField(t *testing.T) {
	d := decided(Reject, Pending, Rejected, "anna", time.Hour)
	sums := map[string]bool{d.Sum(): true}
	changes := []func(*Decision){
		func(d *Decision) { d.Prev = "x" }, func(d *Decision) { d.ID = "x" }, func(d *Decision) { d.Site = "x" }, func(d *Decision) { d.Seq++ },
		func(d *Decision) { d.Comment = "x" }, func(d *Decision) { d.Revision++ }, func(d *Decision) { d.Step = "x" }, func(d *Decision) { d.From = "x" },
		func(d *Decision) { d.To = "x" }, func(d *Decision) { d.Actor.ID = "x" }, func(d *Decision) { d.Actor.Role = "x" },
		func(d *Decision) { d.At = d.At.Add(time.Microsecond) }, func(d *Decision) { d.HoldUntil = d.HoldUntil.Add(time.Microsecond) },
		func(d *Decision) { d.Rule = "x" }, func(d *Decision) { d.Undoes = "x" }, func(d *Decision) { d.Bundle = "x" }, func(d *Decision) { d.Policy++ },
		func(d *Decision) { d.ScoreSeen = true }, func(d *Decision) { d.Blind = true }, func(d *Decision) { d.TextDigest = "x" },
		func(d *Decision) { d.ReasonDigest = "x" }, func(d *Decision) { d.AssessmentDigest = "x" },
	}
	for i, change := range changes {
		c := d
		change(&c)
		if sums[c.Sum()] {
			t.Errorf("change %d leaves the sum as it was", i)
		}
		sums[c.Sum()] = true
	}
}

func TestCleanText(t *testing.T) {
	tests := []struct{ in, want, key string }{
		{"Eins.\r\n\r\n\r\n\r\nZwei.", "Eins.\n\nZwei.", ""},
		{"a\u202Eb\u2066c\x07d", "abcd", ""},
		{"<script>alert(1)</script>", "<script>alert(1)</script>", ""},
		{" \n\t ", "", "error.text_needed"},
		{"\u200b\u200d", "", "error.text_needed"},
		{"a\x00b", "", "error.text_broken"},
		{"a\xffb", "", "error.text_broken"},
		{strings.Repeat("ä", 1501), "", "error.text_long"},
		{strings.Repeat("x", 1<<20), "", "error.text_long"},
		{strings.Repeat("ä", 1500), strings.Repeat("ä", 1500), ""},
	}
	for _, tt := range tests {
		got, err := CleanText("text", tt.in, 1500)
		key := ""
		if e, ok := err.(*Error); ok {
			key = e.Key
		}
		if got != tt.want || key != tt.key {
			t.Errorf("CleanText(%.20q) = %.20q, %s; want %.20q, %s", tt.in, got, key, tt.want, tt.key)
		}
	}
}
