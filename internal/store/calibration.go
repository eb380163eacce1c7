package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Case is a settled case: a comment whose decision stands, with the reasoning.
type Case struct {
	ID, Site, Comment string
	Revision          int
	Opinion           // how it was settled
	Why               string
	Created           time.Time
	Retired           bool

	Text, Article, Headline string // as they are now; the text is "" once erased
}

// Round is a calibration round: settled cases that those who wish decide again.
type Round struct {
	ID, Site, Name string
	Cases          []string // ids, in their order
	Created        time.Time
	Closed         time.Time // zero: open
}

// Answer is what one person would decide in a case of a round.
type Answer struct {
	Case string
	Opinion
	At time.Time
}

// AddCase keeps a settled case.
func (s *Store) AddCase(ctx context.Context, editor string, c Case) error {
	switch {
	case c.Step != moderation.Approve && c.Step != moderation.Reject, c.Step == moderation.Reject && c.Rule == "":
		return moderation.BadField("step", "error.case_outcome")
	case c.Why == "":
		return moderation.BadField("why", "error.case_why")
	}
	if c.Step == moderation.Approve {
		c.Rule = ""
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx, stmt("insert into cases (id, site_id, comment_id, revision, step, rule, why, editor_id, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			NewID(), c.Site, c.Comment, c.Revision, string(c.Step), string(c.Rule), c.Why, editor, micros(s.Now())))
	})
}

// RetireCase takes a case out of coming rounds, since its time has passed.
func (s *Store) RetireCase(ctx context.Context, site, id string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update cases set retired_at = $3 where id = $1 and site_id = $2 and retired_at is null", id, site, micros(s.Now()))
		if err == nil && n == 0 {
			return moderation.Missing("case")
		}
		return err
	})
}

// Cases lists the settled cases of a site, newest first.
func (s *Store) Cases(ctx context.Context, site string) ([]Case, error) {
	var out []Case
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var c Case
		var at int64
		err := r.Scan(&c.ID, &c.Site, &c.Comment, &c.Revision, &c.Step, &c.Rule, &c.Why, &at, &c.Retired, &c.Text, &c.Article, &c.Headline)
		c.Created = fromMicros(at)
		out = append(out, c)
		return err
	}, `select c.id, c.site_id, c.comment_id, c.revision, c.step, c.rule, c.why, c.created_at, c.retired_at is not null, r.text, r.article_id, a.headline
		from cases c join revisions r on r.comment_id = c.comment_id and r.number = c.revision join articles a on a.id = r.article_id
		where c.site_id = $1 order by c.created_at desc, c.id limit 500`, site)
	return out, err
}

// AddRound opens a round.
func (s *Store) AddRound(ctx context.Context, editor string, r Round) (Round, error) {
	if len(r.Cases) == 0 {
		return r, moderation.BadField("case", "error.round_empty")
	}
	list, err := json.Marshal(r.Cases)
	if err != nil {
		return r, fmt.Errorf("encode cases: %w", err)
	}
	r.ID, r.Created = NewID(), s.Now()
	return r, s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx, stmt("insert into rounds (id, site_id, name, cases, editor_id, created_at) values ($1, $2, $3, $4, $5, $6)",
			r.ID, r.Site, r.Name, string(list), editor, micros(r.Created)))
	})
}

// CloseRound ends a round: no more answers.
func (s *Store) CloseRound(ctx context.Context, id string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "update rounds set closed_at = $2 where id = $1 and closed_at is null", id, micros(s.Now()))
		return err
	})
}

const roundColumns = "select id, site_id, name, cases, created_at, closed_at from rounds"

func scanRound(scan func(...any) error) (Round, error) {
	var r Round
	var list string
	var at int64
	var closed sql.NullInt64
	if err := scan(&r.ID, &r.Site, &r.Name, &list, &at, &closed); err != nil {
		return r, err
	}
	r.Created, r.Closed = fromMicros(at), timeOf(closed)
	if err := json.Unmarshal([]byte(list), &r.Cases); err != nil {
		return r, fmt.Errorf("cases of round %s: %w", r.ID, err)
	}
	return r, nil
}

// Round gives one round.
func (s *Store) Round(ctx context.Context, id string) (Round, error) {
	return scanRound(func(dest ...any) error { return one(ctx, s.read, "round", dest, roundColumns+" where id = $1", id) })
}

// Rounds lists the rounds of a site, newest first.
func (s *Store) Rounds(ctx context.Context, site string) ([]Round, error) {
	return rowsOf(ctx, s.read, scanRound, roundColumns+" where site_id = $1 order by created_at desc, id limit 100", site)
}

// AddAnswer keeps a person's answer, once: nobody corrects it after reading how the
// case was settled.
func (s *Store) AddAnswer(ctx context.Context, round, editor string, a Answer) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, `insert into answers (round_id, case_id, editor_id, step, rule, at)
			select $1, $2, $3, $4, $5, $6 where exists (select 1 from rounds where id = $1 and closed_at is null) on conflict do nothing`,
			round, a.Case, editor, string(a.Step), string(a.Rule), micros(s.Now()))
		if err == nil && n == 0 {
			return &moderation.Error{Kind: moderation.Conflict, Key: "error.round_answered"}
		}
		return err
	})
}

// OwnAnswers gives a person's own answers in a round, by case.
func (s *Store) OwnAnswers(ctx context.Context, round, editor string) (map[string]Answer, error) {
	out := map[string]Answer{}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var a Answer
		var at int64
		err := r.Scan(&a.Case, &a.Step, &a.Rule, &at)
		a.At = fromMicros(at)
		out[a.Case] = a
		return err
	}, "select case_id, step, rule, at from answers where round_id = $1 and editor_id = $2", round, editor)
	return out, err
}

// Tally is how often one answer was given in a case of a round. Who gave it is
// never read.
type Tally struct {
	Round, Case string
	Opinion
	N int
}

// Tallies counts the answers of all rounds of a site.
func (s *Store) Tallies(ctx context.Context, site string) ([]Tally, error) {
	var out []Tally
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var t Tally
		err := r.Scan(&t.Round, &t.Case, &t.Step, &t.Rule, &t.N)
		out = append(out, t)
		return err
	}, `select a.round_id, a.case_id, a.step, a.rule, count(*) from answers a join rounds r on r.id = a.round_id
		where r.site_id = $1 group by a.round_id, a.case_id, a.step, a.rule order by count(*) desc, a.step, a.rule`, site)
	return out, err
}
