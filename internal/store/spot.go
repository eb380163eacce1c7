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

func queueOrder(order string) (string, error) {
	switch order {
	case "", "oldest":
		return "r.submitted_at, r.comment_id", nil
	case "newest":
		return "r.submitted_at desc, r.comment_id desc", nil
	case "calm", "hot":
		return scoreKeys[order] + ", r.submitted_at, r.comment_id", nil
	}
	return "", moderation.BadField("order", "error.order")
}

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

// bound is the condition that a comment stands after the place, or else not after
// it: rows are compared as a whole, so that the index is entered there.
func (p spot) bound(b *clauses, order string, until bool) string {
	sign := map[bool]string{false: " > ", true: " <= "}[until]
	if order == "newest" {
		sign = map[bool]string{false: " < ", true: " >= "}[until]
	}
	if key := scoreKeys[order]; key != "" {
		return "(" + key + ", r.submitted_at, r.comment_id)" + sign + "(" + b.arg(p.score) + ", " + b.arg(p.at) + ", " + b.arg(p.id) + ")"
	}
	return "(r.submitted_at, r.comment_id)" + sign + "(" + b.arg(p.at) + ", " + b.arg(p.id) + ")"
}

// cursor is a place as clients pass it on.
func (p spot) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %s", strconv.FormatFloat(p.score, 'g', -1, 64), p.at, p.id))
}

// after adds the condition of the filter's cursor, where it has one.
func (f QueueFilter) after(b *clauses) error {
	if f.Cursor == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(f.Cursor)
	parts := strings.Fields(string(raw))
	if err != nil || len(parts) != 3 {
		return moderation.BadField("cursor", "error.cursor")
	}
	score, err1 := strconv.ParseFloat(parts[0], 64)
	at, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil {
		return moderation.BadField("cursor", "error.cursor")
	}
	b.add(spot{score, at, parts[2]}.bound(b, f.Order, false))
	return nil
}
