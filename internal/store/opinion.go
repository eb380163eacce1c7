package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Opinion is what the first of two readers would decide.
type Opinion struct {
	Step moderation.Step
	Rule moderation.Rule // of a refusal
}

// Pair is what two people made of one comment, one after the other: the first
// passed it on with an opinion, the second decided.
type Pair struct {
	Comment       string
	First, Second Opinion
	At            time.Time // of the second
}

// Agree tells whether both did the same: released, or refused for the same rule.
func (p Pair) Agree() bool { return p.First == p.Second }

// keepOpinion writes down what the first reader would do, in the transaction that
// passes the comment on.
func keepOpinion(ctx context.Context, tx *sql.Tx, req Request, d moderation.Decision) error {
	if req.Opinion == nil || d.Step != moderation.Escalate {
		return nil
	}
	return all(ctx, tx, stmt("insert into opinions (decision_id, site_id, comment_id, revision, step, rule, at) values ($1, $2, $3, $4, $5, $6, $7)",
		d.ID, d.Site, d.Comment, d.Revision, string(req.Opinion.Step), string(req.Opinion.Rule), micros(d.At)))
}

// OpinionOf gives the first reader's opinion behind a decision that passed a
// comment on, nil where none was given.
func (s *Store) OpinionOf(ctx context.Context, decision string) (*Opinion, error) {
	var o Opinion
	err := one(ctx, s.read, "opinion", []any{&o.Step, &o.Rule}, "select step, rule from opinions where decision_id = $1", decision)
	if moderation.KindOf(err) == moderation.NotFound {
		return nil, nil
	}
	return &o, err
}

// Pairs gives what two people made of the same comments since a moment, the latest
// first. Decisions that were undone do not count.
func (s *Store) Pairs(ctx context.Context, reach Reach, since time.Time, limit int) ([]Pair, error) {
	var out []Pair
	b := &clauses{args: []any{micros(since)}}
	within := reach.within(b, "c.site_id", "c.article_id")
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var p Pair
		var at int64
		err := r.Scan(&p.Comment, &p.First.Step, &p.First.Rule, &p.Second.Step, &p.Second.Rule, &at)
		p.At = fromMicros(at)
		out = append(out, p)
		return err
	}, `select o.comment_id, o.step, o.rule, d.step, d.rule, d.at from opinions o join comments c on c.id = o.comment_id
		join decisions f on f.id = o.decision_id
		join decisions d on d.comment_id = o.comment_id and d.revision = o.revision and d.seq > f.seq
		where `+within+` and o.at >= $1 and d.from_state = 'escalated' and d.step in ('approve', 'reject', 'return', 'decline')
		and not exists (select 1 from decisions u where u.comment_id = o.comment_id and u.undoes in (f.id, d.id))
		order by d.at desc, d.id limit `+b.arg(limit), b.args...)
	return out, err
}

// twoRules are the rules for which two people refuse.
func (s Settings) twoRules() []moderation.Rule {
	var out []moderation.Rule
	for _, t := range s.Two {
		out = append(out, t.Rule)
	}
	return out
}

// twoByRule tells whether a rule that needs two people shows in the text: the one
// named, or else the newest.
func twoByRule(ctx context.Context, q querier, c *caseFile, revision int) (bool, error) {
	if len(c.site.Two) == 0 {
		return false, nil
	}
	if revision == 0 {
		revision = c.newest
	}
	var text, assessment string
	err := one(ctx, q, "revision", []any{&text, &assessment}, "select text, assessment from revisions where comment_id = $1 and number = $2", c.id, revision)
	if err != nil {
		return false, err
	}
	a, err := decodeAssessment(assessment)
	for _, t := range c.site.Two {
		if err == nil && t.shows(text, a) {
			return true, nil
		}
	}
	return false, err
}

// NeedsTwo tells, for the desk to say so beforehand, whether a release of a text
// needs two people. What holds is found out again when it is decided.
func (s *Store) NeedsTwo(ctx context.Context, comment string, revision int) (bool, error) {
	c := &caseFile{id: comment}
	var siteID, answer string
	err := one(ctx, s.read, "comment", []any{&siteID, &c.article, &c.author, &c.newest, &answer},
		"select site_id, article_id, author_id, revision, coalesce(answer_of, '') from comments where id = $1", comment)
	if err != nil || answer != "" {
		return false, err
	}
	if c.site, err = site(ctx, s.read, siteID); err != nil {
		return false, err
	}
	return s.readByTwo(ctx, s.read, c, revision)
}
