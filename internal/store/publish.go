package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Publish makes a released revision public, at the end of its decision's hold.
// It does so only if that decision is still the one in force for the revision;
// otherwise, and when repeated, it does nothing.
func (s *Store) Publish(ctx context.Context, decision string) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		found, err := decisions(ctx, tx, "d.id = $1", decision)
		if err != nil || len(found) == 0 {
			return err
		}
		return s.publish(ctx, tx, found[0])
	})
	if err != nil {
		return fmt.Errorf("publish by decision %s: %w", decision, err)
	}
	return nil
}

func (s *Store) publish(ctx context.Context, tx *sql.Tx, d moderation.Decision) error {
	now := s.Now()
	c, err := s.loadCase(ctx, tx, Request{Comment: d.Comment})
	if err != nil {
		return err
	}
	v := c.numbered(d.Revision)
	if v.state != moderation.Approved || v.decID != d.ID || d.Held(now) {
		return nil
	}
	if d.Revision < c.live {
		return s.supersede(ctx, tx, c, v, now) // a newer text of it is public already
	}
	for _, older := range c.revisions {
		if older.number < v.number && older.state == moderation.Approved {
			if err := s.supersede(ctx, tx, c, older, now); err != nil {
				return err
			}
		}
	}
	came, err := s.putPublication(ctx, tx, c, d, now)
	if err != nil {
		return err
	}
	return all(ctx, tx,
		stmt("update comments set live_revision = $2 where id = $1", c.id, d.Revision),
		tell(s, Event{Topic: "thread", Site: c.site.ID, Article: c.article, Comment: c.id, Adds: came}))
}

func (c *caseFile) numbered(n int) revision {
	for _, v := range c.revisions {
		if v.number == n {
			return v
		}
	}
	return revision{}
}

func (s *Store) supersede(ctx context.Context, tx *sql.Tx, c *caseFile, v revision, at time.Time) error {
	o, err := moderation.Apply(c.item(v), moderation.Action{Step: moderation.Supersede, Actor: moderation.Actor{Role: moderation.System}, At: at})
	if err != nil {
		return err
	}
	return s.setState(ctx, tx, c, v, o.To, v.decID, at)
}

// place is where a comment stands in its thread.
type place struct {
	path, root string
	parent     string
	depth      int
	flat       bool
	firstAt    time.Time
}

// putPublication shows a comment to readers; came says that there was nothing of it
// before.
func (s *Store) putPublication(ctx context.Context, tx *sql.Tx, c *caseFile, d moderation.Decision, now time.Time) (came bool, err error) {
	var gone, by string
	err = tx.QueryRowContext(ctx, "select gone, decision_id from publications where comment_id = $1", c.id).Scan(&gone, &by)
	switch {
	case err == sql.ErrNoRows:
		return true, s.insertPublication(ctx, tx, c, d, now)
	case err != nil:
		return false, err
	case gone == "" && by == d.ID:
		return false, nil // the job ran twice
	}
	_, err = exec(ctx, tx, `update publications set revision = $2, decision_id = $3, published_at = $4, gone = '', gone_rule = '', edited = $5,
		author_name = c.author_name, picked = c.picked, text = r.text from comments c, revisions r
		where publications.comment_id = $1 and c.id = $1 and r.comment_id = $1 and r.number = $2`,
		c.id, d.Revision, d.ID, micros(now), flag(d.Revision > 1))
	if err != nil || gone == "" {
		return false, err
	}
	return false, count(ctx, tx, c.article, 1)
}

func (s *Store) insertPublication(ctx context.Context, tx *sql.Tx, c *caseFile, d moderation.Decision, now time.Time) error {
	p, err := s.placeOf(ctx, tx, c, now)
	if err != nil {
		return err
	}
	_, err = exec(ctx, tx, `insert into publications (article_id, path, root, comment_id, site_id, parent_id, flat, depth, revision, author_name, staff, text, lang,
			first_at, published_at, edited, picked, decision_id)
		select c.article_id, cast($2 as text), cast($3 as text), c.id, c.site_id, cast($4 as text), cast($5 as integer), cast($6 as integer), r.number, c.author_name, case when c.answer_of is null then 0 else 1 end, r.text, c.lang,
			cast($7 as bigint), cast($7 as bigint), cast($8 as integer), c.picked, cast($9 as text) from comments c join revisions r on r.comment_id = c.id and r.number = $10 where c.id = $1`,
		c.id, p.path, p.root, optional(p.parent), flag(p.flat), p.depth, micros(now), flag(d.Revision > 1), d.ID, d.Revision)
	if err != nil {
		return err
	}
	return count(ctx, tx, c.article, 1)
}

// placeOf finds a comment's place: a segment of the path per level, each the
// time of first publication and the id, so that the order of paths is the order
// of reading. Below the site's depth a reply stands beside the one it answers.
func (s *Store) placeOf(ctx context.Context, tx *sql.Tx, c *caseFile, now time.Time) (place, error) {
	own := fmt.Sprintf("%016x%s", now.UnixMicro(), c.id)
	p := place{path: own, root: own, firstAt: now}
	if c.parent == "" {
		return p, nil
	}
	var above string
	var depth int
	err := tx.QueryRowContext(ctx, "select path, depth from publications where comment_id = $1", c.parent).Scan(&above, &depth)
	if err == sql.ErrNoRows {
		return p, nil // what it answered is gone without a trace
	}
	if err != nil {
		return p, err
	}
	p.parent, p.depth = c.parent, depth+1
	if limit := c.site.ReplyDepth(); p.depth > limit {
		p.flat, p.depth = true, limit
		above = above[:strings.LastIndexByte(above, '/')]
	}
	p.path = above + "/" + own
	p.root, _, _ = strings.Cut(p.path, "/")
	return p, nil
}

func count(ctx context.Context, tx *sql.Tx, article string, by int) error {
	_, err := exec(ctx, tx, `insert into counts (article_id, comments) values ($1, $2)
		on conflict (article_id) do update set comments = counts.comments + $2`, article, by)
	return err
}

// takeDown ends what readers see of a comment, within the step's transaction. A
// removed comment leaves a placeholder that names the rule; a withdrawn one
// leaves one only where released replies hang on it.
func (s *Store) takeDown(ctx context.Context, tx *sql.Tx, c *caseFile, d moderation.Decision) error {
	if _, err := exec(ctx, tx, "update comments set live_revision = null where id = $1", c.id); err != nil {
		return err
	}
	kind := string(d.To)
	n, err := exec(ctx, tx, `update publications set gone = $2, gone_rule = $3, author_name = '', text = '', picked = 0, edited = 0, published_at = $4
		where comment_id = $1 and gone = ''`, c.id, kind, string(d.Rule), micros(d.At))
	if err != nil || n == 0 {
		return err
	}
	if kind == string(moderation.Withdrawn) {
		_, err := exec(ctx, tx, "delete from publications where comment_id = $1 and not exists (select 1 from publications r where r.parent_id = $1)", c.id)
		if err != nil {
			return err
		}
	}
	if err := count(ctx, tx, c.article, -1); err != nil {
		return err
	}
	return all(ctx, tx, event(s, "thread", c.site.ID, c.article, c.id))
}

// mark sets or takes the editors' pick of a released comment.
func (s *Store) mark(ctx context.Context, tx *sql.Tx, c *caseFile, picked bool) error {
	var at time.Time
	if picked {
		at = s.Now()
	}
	return all(ctx, tx,
		stmt("update comments set picked = $2 where id = $1", c.id, flag(picked)),
		stmt("update publications set picked = $2, picked_at = $3 where comment_id = $1 and gone = ''", c.id, flag(picked), optionalTime(at)),
		event(s, "thread", c.site.ID, c.article, c.id))
}
