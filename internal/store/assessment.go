package store

import (
	"context"
	"database/sql"

	"github.com/freigabe/freigabe/internal/moderation"
)

// ToAssess is what the assessors need to know of a revision.
type ToAssess struct {
	Comment  string
	Revision int
	Author   string // opaque id
	Text     string
	Article  Article
	Site     Site
	Parent   string   // text of the released parent, as it is now
	Answers  int      // its revision
	Thread   []string // newest released texts of the thread, newest last
	Record   *Record  // nil unless the author is proven
	State    moderation.State
}

// Unassessed gives what is needed to assess a revision.
func (s *Store) Unassessed(ctx context.Context, comment string, number int) (ToAssess, error) {
	t := ToAssess{Comment: comment, Revision: number}
	var articleID, parent string
	var proven int
	err := one(ctx, s.read, "comment", []any{&t.Text, &t.State, &articleID, &parent, &t.Author, &proven},
		`select r.text, r.state, r.article_id, coalesce(c.parent_id, ''), c.author_id, c.proven from revisions r join comments c on c.id = r.comment_id
		where r.comment_id = $1 and r.number = $2`, comment, number)
	if err != nil {
		return t, err
	}
	if t.Article, err = articleBy(ctx, s.read, "a.id = $1", articleID); err != nil {
		return t, err
	}
	if t.Site, err = site(ctx, s.read, t.Article.Site); err != nil {
		return t, err
	}
	if proven == 1 {
		rec, err := s.RecordOf(ctx, t.Author)
		if err != nil {
			return t, err
		}
		t.Record = &rec
	}
	return t, s.surroundings(ctx, &t, articleID, parent)
}

// surroundings reads the parent and the newest twenty released texts.
func (s *Store) surroundings(ctx context.Context, t *ToAssess, articleID, parent string) error {
	if parent != "" {
		err := s.read.QueryRowContext(ctx, "select text, revision from publications where comment_id = $1 and gone = ''", parent).Scan(&t.Parent, &t.Answers)
		if err != nil && err != sql.ErrNoRows {
			return classify(err)
		}
	}
	return each(ctx, s.read, func(r *sql.Rows) error {
		var text string
		err := r.Scan(&text)
		t.Thread = append([]string{text}, t.Thread...)
		return err
	}, "select text from publications where article_id = $1 and gone = '' order by path desc limit 20", articleID)
}

// SaveAssessment keeps what the machine says of a revision. The first assessment
// of a text stays: the record's digests rest on it. It decides nothing.
func (s *Store) SaveAssessment(ctx context.Context, comment string, number int, a moderation.Assessment) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		text, salt, siteID, articleID := a.Encode(), "", "", ""
		err := one(ctx, tx, "comment", []any{&salt, &siteID, &articleID}, "select salt, site_id, article_id from revisions where comment_id = $1 and number = $2", comment, number)
		if err != nil {
			return err
		}
		n, err := exec(ctx, tx, `update revisions set assessment = $3, assessment_digest = $4, refuse = $5, top_rule = $6
			where comment_id = $1 and number = $2 and assessment = '' and state <> 'superseded'`,
			comment, number, text, moderation.Digest(salt, text), maybe(a.Refuse), string(topRule(a)))
		if err != nil || n == 0 {
			return err
		}
		return all(ctx, tx, event(s, "queue", siteID, articleID, comment))
	})
}

// topRule is the rule that the assessor calls likeliest; where it names none, the
// one that scored highest, if any reached one half.
func topRule(a moderation.Assessment) moderation.Rule {
	if a.Likely != "" {
		return a.Likely
	}
	best, rule := 0.5, moderation.Rule("")
	for _, r := range moderation.Rules {
		if v := a.Rules[r].Value; v != nil && *v >= best {
			best, rule = *v, r
		}
	}
	return rule
}
