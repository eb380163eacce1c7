package moderation

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Decision is one entry of a site's record: who took which step on which text,
// when, by which rule and with which reason. Entries are appended, never
// changed; each carries the hash of the one before it.
type Decision struct {
	ID        string
	Site      string
	Seq       int64 // position in the site's chain, from 1
	Comment   string
	Revision  int
	Step      Step
	From, To  State
	Actor     Actor
	Email     string // the editor's address, for the desk; not part of the hash
	Name      string // the editor's name, likewise
	At        time.Time
	HoldUntil time.Time // until then nothing follows and its editor can undo it; At where there is no hold
	Rule      Rule
	Reason    string
	Passages  []Passage
	Undoes    string // the decision that an undo takes back
	Bundle    string // the batch that it was part of, if any
	Policy    int    // version of the site's rules in force at submission
	ScoreSeen bool   // the editor saw the machine's scores
	Blind     bool   // drawn for blind control, and decided without the machine's word

	// Digests bind words without holding them, so that erasing the words leaves
	// the chain whole: each is the SHA-256 of a random salt and the words; the
	// reason's covers the marked passages, too.
	TextDigest       string
	ReasonDigest     string
	AssessmentDigest string

	Prev, Hash string
}

// Sum is the decision's hash: SHA-256 over the entry before it and each of its
// own fields with its length, so that no two entries share an encoding.
func (d Decision) Sum() string {
	fields := []string{
		d.Prev, d.ID, d.Site, strconv.FormatInt(d.Seq, 10), d.Comment, strconv.Itoa(d.Revision),
		string(d.Step), string(d.From), string(d.To), d.Actor.ID, string(d.Actor.Role),
		micros(d.At), micros(d.HoldUntil), string(d.Rule), d.Undoes, d.Bundle, strconv.Itoa(d.Policy),
		strconv.FormatBool(d.ScoreSeen), strconv.FormatBool(d.Blind),
		d.TextDigest, d.ReasonDigest, d.AssessmentDigest,
	}
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(strconv.Itoa(len(f)))
		b.WriteByte(':')
		b.WriteString(f)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

func micros(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// Digest binds words to a decision without holding them: hex SHA-256 of salt and words.
func Digest(salt, words string) string {
	sum := sha256.Sum256([]byte(salt + "\x00" + words))
	return hex.EncodeToString(sum[:])
}

// Statement is what ReasonDigest binds: the reason, and the marked passages where
// there are any.
func (d Decision) Statement() string {
	if len(d.Passages) == 0 {
		return d.Reason
	}
	b, err := json.Marshal(d.Passages)
	if err != nil {
		panic("unreachable: passages are plain data: " + err.Error())
	}
	return d.Reason + "\x00" + string(b)
}

// Held tells whether the decision can still be undone at the time given.
func (d Decision) Held(at time.Time) bool { return d.HoldUntil.After(at) }

// InForce is the part of a comment's history that counts: entries that an undo
// took back, and the undo itself, are left out, and so is whatever left the state
// as it was: marks, erasures, the edit of a released text.
// History is oldest first; revision 0 means all of them.
func InForce(history []Decision, revision int) []Decision {
	undone := map[string]bool{}
	for _, d := range history {
		if d.Step == Undo {
			undone[d.Undoes] = true
		}
	}
	var out []Decision
	for _, d := range history {
		if d.From == d.To || d.Step == Undo || undone[d.ID] || revision != 0 && d.Revision != revision {
			continue
		}
		out = append(out, d)
	}
	return out
}

// Shown is what the author of a revision is told at a moment: the state, and the
// decision that set it (nil while it waits). A decision still in its hold does
// not show, but a later one without a hold (a withdrawal, a removal) does at
// once; escalated reads as pending, and after a reconsideration the earlier
// decision stands until the new one. An upheld refusal keeps its rule and its
// passages; its reason is the answer to the appeal.
func Shown(history []Decision, revision int, at time.Time) (State, *Decision) {
	state, by := Pending, (*Decision)(nil)
	for _, d := range InForce(history, revision) {
		if d.Held(at) {
			continue
		}
		switch d.Step {
		case Escalate, Reconsider, Edit, Resubmit, Submit:
			continue
		case Appeal:
			state = Appealed
		case Uphold:
			if by != nil {
				d.Rule, d.Passages = by.Rule, by.Passages // what was upheld
			}
			state, by = d.To, &d
		default:
			state, by = d.To, &d
		}
	}
	return state, by
}
