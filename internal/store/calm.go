package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// Unfit is the frozen score of a text that never enters a bundle: it has a flag,
// or the frozen model could not judge it.
const Unfit = -1

// Calm is what the frozen model says of a revision: hundredths of the score from
// 0 to 100, or Unfit.
type Calm struct {
	Comment  string
	Revision int
	Score    int
	Model    string // version of the frozen model
}

// Uncalmed is a waiting text without a score by the frozen model in use.
type Uncalmed struct {
	Comment  string
	Revision int
	Text     string
	Flagged  bool // by its assessment
}

// Uncalmed lists waiting texts of a site that were assessed but have no score by
// this version of the frozen model, at most limit.
func (s *Store) Uncalmed(ctx context.Context, site, model string, limit int) ([]Uncalmed, error) {
	var out []Uncalmed
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var u Uncalmed
		var assessment string
		if err := r.Scan(&u.Comment, &u.Revision, &u.Text, &assessment); err != nil {
			return err
		}
		a, err := decodeAssessment(assessment)
		u.Flagged = len(a.Flags) > 0
		out = append(out, u)
		return err
	}, uncalmedQuery, site, model, limit)
	return out, err
}

// uncalmedQuery asks for versions before and after the one in use, since an index
// cannot be read for what is not equal.
const uncalmedQuery = `select * from (select comment_id, number, text, assessment from revisions where site_id = $1 and state = 'pending' and calm_model < $2 and assessment <> '' limit $3) older
	union all select * from (select comment_id, number, text, assessment from revisions where site_id = $1 and state = 'pending' and calm_model > $2 and assessment <> '' limit $3) newer limit $3`

// SaveCalm keeps scores of the frozen model for texts of a site. Where a text has
// moved on meanwhile its score is harmless.
func (s *Store) SaveCalm(ctx context.Context, site string, scores []Calm) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		for _, c := range scores {
			if err := all(ctx, tx, c.statement()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.gatherSometimes(ctx, site, "", len(scores))
}

// statement keeps the score; without a model that gave one nothing changes.
func (c Calm) statement() statement {
	return stmt("update revisions set calm = $3, calm_model = $4 where comment_id = $1 and number = $2 and $4 <> ''", c.Comment, c.Revision, c.Score, c.Model)
}

// CalmWaiting is a waiting comment with its frozen score.
type CalmWaiting struct {
	ID        string
	Revision  int
	Name      string // of the author
	Headline  string // of the article
	Text      string
	Submitted time.Time
	Score     int // hundredths
}

// Calmly lists the oldest waiting comments of a site with a frozen score from
// lower up to, but without, upper, at most limit. What two people always read, by
// its author, its article or a rule that shows, is left out.
func (s *Store) Calmly(ctx context.Context, site, model string, lower, upper, limit int) ([]CalmWaiting, error) {
	of, err := s.Site(ctx, site)
	if err != nil {
		return nil, err
	}
	var out []CalmWaiting
	err = each(ctx, s.read, func(r *sql.Rows) error {
		var c CalmWaiting
		var at int64
		var assessment string
		if err := r.Scan(&c.ID, &c.Revision, &c.Name, &c.Headline, &c.Text, &at, &c.Score, &assessment); err != nil {
			return err
		}
		a, err := decodeAssessment(assessment)
		c.Submitted = fromMicros(at)
		if !slices.ContainsFunc(of.Two, func(t TwoRule) bool { return t.shows(c.Text, a) }) {
			out = append(out, c)
		}
		return err
	}, s.d.fill(calmlyQuery), site, model, lower, upper, limit, micros(s.Now()))
	return out, err
}

const calmlyQuery = `select r.comment_id, r.number, c.author_name, a.headline, r.text, r.submitted_at, r.calm, r.assessment
	from revisions r{{calm}} cross join comments c cross join articles a
	where c.id = r.comment_id and a.id = r.article_id and ` + inBundle + ` and r.calm >= $3 and r.calm < $4 and a.settings not like '%"two_reads":true%'
	and not exists (select 1 from measures m where m.author_id = c.author_id and m.kind = 'second' and m.lifted_at is null and (m.until is null or m.until > $6))
	order by r.submitted_at, r.comment_id limit $5`
