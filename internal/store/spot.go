package store

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
)

// refuseKey orders by the sixth head. A text not checked counts as unclear, and
// so does one drawn for blind control: its place must tell nothing.
const refuseKey = "(case when r.blind = 1 then 0.5 else coalesce(r.refuse, 0.5) end)"

// scoreKeys are what the orders by score begin with, as their indexes do.
var scoreKeys = map[string]string{"calm": refuseKey, "hot": "(-" + refuseKey + ")"}

// orders are what a queue can be put in.
var orders = []string{"", "oldest", "newest", "calm", "hot"}

// spot is where a comment stands in an order of the queue.
type spot struct {
	score float64 // what the order by score begins with; else nothing
	at    int64
	id    string
}

func spotOf(w Waiting, order string) spot {
	return spot{placeByScore(w, order), micros(w.Submitted), w.ID}
}

// placeByScore is what refuseKey gives for a comment, turned round for the hot order.
func placeByScore(w Waiting, order string) float64 {
	score := 0.5
	if w.Refuse != nil && !w.Blind {
		score = *w.Refuse
	}
	if order == "hot" {
		return -score
	}
	return score
}

// compare puts two places into an order.
func (p spot) compare(q spot, order string) int {
	if order == "newest" {
		p, q = q, p
	}
	by := 0
	if scoreKeys[order] != "" {
		by = cmp.Compare(p.score, q.score)
	}
	return cmp.Or(by, cmp.Compare(p.at, q.at), strings.Compare(p.id, q.id))
}

// beyond is the condition that a comment stands after the spot, or with until not
// after it, whatever its score. Rows are compared as a whole, so that the index is
// entered there.
func (p spot) beyond(b *clauses, order string, until bool) string {
	sign := map[bool]string{false: " > ", true: " <= "}[until]
	if order == "newest" {
		sign = map[bool]string{false: " < ", true: " >= "}[until]
	}
	return "(r.submitted_at, r.comment_id)" + sign + "(" + b.arg(p.at) + ", " + b.arg(p.id) + ")"
}

// span is a part of an order that an index gives from one end to the other.
type span struct {
	key          string // what the order by score begins with
	score        string // how that compares
	first, last  *spot  // the score compares with theirs
	after, until *spot  // the bounds among comments of one score
}

// spans cuts what stands after one spot and up to another in an order; nil stands
// for the ends of the order. Comments of the same score are a part of their own:
// SQLite enters an index below an expression only where this equals something.
func spans(order string, after, until *spot) []span {
	key := scoreKeys[order]
	if key == "" {
		return []span{{after: after, until: until}}
	}
	if after != nil && until != nil && after.score == until.score {
		return []span{{key: key, score: " = ", first: after, after: after, until: until}}
	}
	var out []span
	if after != nil {
		out = append(out, span{key: key, score: " = ", first: after, after: after})
	}
	out = append(out, span{key: key, score: " > ", first: after, last: until})
	if until != nil {
		out = append(out, span{key: key, score: " = ", first: until, until: until})
	}
	return out
}

// narrow adds the part's conditions and gives how to sort.
func (p span) narrow(b *clauses, order string) string {
	if p.first != nil {
		b.and(p.key+p.score, p.first.score)
	}
	if p.last != nil {
		b.and(p.key+" < ", p.last.score)
	}
	if p.after != nil {
		b.add(p.after.beyond(b, order, false))
	}
	if p.until != nil {
		b.add(p.until.beyond(b, order, true))
	}
	switch {
	case order == "newest":
		return " order by r.submitted_at desc, r.comment_id desc"
	case p.key == "" || p.score == " = ":
		return " order by r.submitted_at, r.comment_id"
	}
	return " order by " + p.key + ", r.submitted_at, r.comment_id"
}

// cursor is a place as clients pass it on.
func (p spot) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %s", strconv.FormatFloat(p.score, 'g', -1, 64), p.at, p.id))
}

// after is the spot that the filter's cursor names; nil without one.
func (f QueueFilter) after() (*spot, error) {
	if f.Cursor == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(f.Cursor)
	parts := strings.Fields(string(raw))
	if err != nil || len(parts) != 3 {
		return nil, moderation.BadField("cursor", "error.cursor")
	}
	score, err1 := strconv.ParseFloat(parts[0], 64)
	at, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return nil, moderation.BadField("cursor", "error.cursor")
	}
	return &spot{score, at, parts[2]}, nil
}
