package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/freigabe/freigabe/internal/moderation"
)

const decisionColumns = `d.id, d.site_id, d.seq, d.comment_id, d.revision, d.step, d.from_state, d.to_state, d.actor_id, d.actor_role, d.at, d.hold_until,
	d.rule, d.reason, d.passages, d.undoes, d.bundle, d.policy, d.score_seen, d.blind, d.text_digest, d.reason_digest, d.assessment_digest, d.prev, d.hash,
	coalesce(e.email, ''), coalesce(e.name, '') from decisions d left join editors e on e.id = d.actor_id`

func scanDecision(scan func(...any) error, more ...any) (moderation.Decision, error) {
	var d moderation.Decision
	var at, hold int64
	var passages string
	var seen, blind int
	dest := []any{&d.ID, &d.Site, &d.Seq, &d.Comment, &d.Revision, &d.Step, &d.From, &d.To, &d.Actor.ID, &d.Actor.Role, &at, &hold,
		&d.Rule, &d.Reason, &passages, &d.Undoes, &d.Bundle, &d.Policy, &seen, &blind, &d.TextDigest, &d.ReasonDigest, &d.AssessmentDigest, &d.Prev, &d.Hash,
		&d.Email, &d.Name}
	if err := scan(append(dest, more...)...); err != nil {
		return d, err
	}
	d.At, d.HoldUntil, d.ScoreSeen, d.Blind = fromMicros(at), fromMicros(hold), seen == 1, blind == 1
	if passages != "" {
		if err := json.Unmarshal([]byte(passages), &d.Passages); err != nil {
			return d, fmt.Errorf("passages of decision %s: %w", d.ID, err)
		}
	}
	return d, nil
}

// decisions reads entries of the record; where holds the condition and order.
func decisions(ctx context.Context, q querier, where string, args ...any) ([]moderation.Decision, error) {
	return rowsOf(ctx, q, func(scan func(...any) error) (moderation.Decision, error) { return scanDecision(scan) }, "select "+decisionColumns+" where "+where, args...)
}

// Decision gives one entry of the record.
func (s *Store) Decision(ctx context.Context, id string) (moderation.Decision, error) {
	found, err := decisions(ctx, s.read, "d.id = $1", id)
	if err == nil && len(found) == 0 {
		return moderation.Decision{}, moderation.Missing("decision")
	}
	if err != nil {
		return moderation.Decision{}, err
	}
	return found[0], nil
}

// History gives a comment's whole record, oldest first.
func (s *Store) History(ctx context.Context, comment string) ([]moderation.Decision, error) {
	return decisions(ctx, s.read, "d.comment_id = $1 order by d.seq", comment)
}
