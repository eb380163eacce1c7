package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
)

// Exported is one line of an export for people and other programs: an article or
// a comment. Times are UTC. "import freigabe" reads it again.
type Exported struct {
	Kind string `json:"kind"` // "article" or "comment"; of one person also "subscription"
	ID   string `json:"id"`
	Site string `json:"site"` // its name

	URL      string           `json:"url,omitempty"`
	Headline string           `json:"headline,omitempty"`
	Document *article.Article `json:"document,omitempty"`

	Article   string             `json:"article,omitempty"` // id
	Parent    string             `json:"parent,omitempty"`
	Name      string             `json:"name,omitempty"`
	Email     string             `json:"email,omitempty"`
	State     moderation.State   `json:"state,omitempty"`
	Public    bool               `json:"public,omitempty"` // readers see it
	At        *time.Time         `json:"at,omitempty"`
	FirstAt   *time.Time         `json:"first_published,omitempty"`
	Picked    bool               `json:"pick,omitempty"`
	Revisions []ExportedRevision `json:"revisions,omitempty"`
	Decisions []ExportedDecision `json:"decisions,omitempty"`
}

// ExportedRevision is one text of a comment.
type ExportedRevision struct {
	Number     int              `json:"number"`
	State      moderation.State `json:"state"`
	Text       string           `json:"text"`
	At         time.Time        `json:"at"`
	Assessment string           `json:"assessment,omitempty"`
}

// ExportedDecision is one entry of the record, as it concerns a comment.
type ExportedDecision struct {
	Step     moderation.Step `json:"step"`
	Revision int             `json:"revision"`
	By       string          `json:"by"` // role; the name is the newsroom's own affair
	At       time.Time       `json:"at"`
	Rule     moderation.Rule `json:"rule,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Hash     string          `json:"hash"`
}

// Export gives every article and comment of a site ("" for all) as they are at
// one moment, articles first, comments by age.
func (s *Store) Export(ctx context.Context, site string, put func(Exported) error) error {
	return s.exporting(ctx, func(tx *sql.Tx) error {
		err := each(ctx, tx, func(r *sql.Rows) error {
			x := Exported{Kind: "article"}
			a, err := scanArticle(func(dest ...any) error { return r.Scan(append(dest, &x.Site)...) })
			if err != nil {
				return err
			}
			x.ID, x.URL, x.Headline, x.Document = a.ID, a.Doc.URL, a.Doc.Headline, &a.Doc
			return put(x)
		}, "select "+articleFields+", x.name from articles a left join counts c on c.article_id = a.id join sites x on x.id = a.site_id where ($1 = '' or a.site_id = $1) order by a.created_at, a.id", site)
		if err != nil {
			return err
		}
		return exportComments(ctx, tx, put, "($1 = '' or c.site_id = $1)", site)
	})
}

// ExportAuthor gives all that is kept of one author's comments: of the one whose
// receipt's token or e-mail address is given. It is what a person may ask for
// (Regulation (EU) 2016/679, Article 15).
func (s *Store) ExportAuthor(ctx context.Context, key string, put func(Exported) error) error {
	return s.exporting(ctx, func(tx *sql.Tx) error {
		if strings.Contains(key, "@") {
			if err := exportSubscriptions(ctx, tx, put, key); err != nil {
				return err
			}
			return exportComments(ctx, tx, put, "lower(c.author_email) = lower($1)", key)
		}
		var author string
		if err := one(ctx, tx, "receipt", []any{&author}, "select author_id from comments where receipt_hash = $1", hashed(key)); err != nil {
			return err
		}
		return exportComments(ctx, tx, put, "c.author_id = $1", author)
	})
}

func (s *Store) exporting(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return classify(err)
	}
	return errors.Join(classify(do(tx)), ignoreDone(tx.Rollback()))
}

// exportPage is how many comments are read at once.
const exportPage = 500

func exportComments(ctx context.Context, tx *sql.Tx, put func(Exported) error, where string, arg any) error {
	after, afterID := int64(-1), ""
	for {
		var page []Exported
		err := each(ctx, tx, func(r *sql.Rows) error {
			x := Exported{Kind: "comment"}
			var at int64
			var first sql.NullInt64
			var live, picked int
			if err := r.Scan(&x.ID, &x.Site, &x.Article, &x.Parent, &x.Name, &x.Email, &x.State, &at, &live, &picked, &first); err != nil {
				return err
			}
			after, afterID = at, x.ID
			moment := fromMicros(at)
			x.At, x.Public, x.Picked = &moment, live > 0, picked == 1
			if first.Valid {
				moment := timeOf(first)
				x.FirstAt = &moment
			}
			page = append(page, x)
			return nil
		}, `select c.id, s.name, c.article_id, coalesce(c.parent_id, ''), c.author_name, coalesce(c.author_email, ''), r.state, c.created_at, coalesce(c.live_revision, 0), c.picked, p.first_at
			from comments c join sites s on s.id = c.site_id join revisions r on r.comment_id = c.id and r.number = c.revision
			left join publications p on p.comment_id = c.id
			where `+where+` and (c.created_at > $2 or c.created_at = $2 and c.id > $3) order by c.created_at, c.id limit $4`, arg, after, afterID, exportPage)
		if err != nil {
			return err
		}
		for i := range page {
			if err := exportHistory(ctx, tx, &page[i]); err != nil {
				return err
			}
			if err := put(page[i]); err != nil {
				return err
			}
		}
		if len(page) < exportPage {
			return nil
		}
	}
}

func exportHistory(ctx context.Context, tx *sql.Tx, x *Exported) error {
	err := each(ctx, tx, func(r *sql.Rows) error {
		var v ExportedRevision
		var at int64
		err := r.Scan(&v.Number, &v.State, &v.Text, &at, &v.Assessment)
		v.At = fromMicros(at)
		x.Revisions = append(x.Revisions, v)
		return err
	}, "select number, state, text, submitted_at, assessment from revisions where comment_id = $1 order by number", x.ID)
	if err != nil {
		return err
	}
	history, err := decisions(ctx, tx, "d.comment_id = $1 order by d.seq", x.ID)
	for _, d := range history {
		x.Decisions = append(x.Decisions, ExportedDecision{Step: d.Step, Revision: d.Revision, By: string(d.Actor.Role), At: d.At, Rule: d.Rule, Reason: d.Reason, Hash: d.Hash})
	}
	return err
}

// exportSubscriptions gives the digests that an address gets, each as a line with
// its kind in the headline's place.
func exportSubscriptions(ctx context.Context, tx *sql.Tx, put func(Exported) error, email string) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		x := Exported{Kind: "subscription"}
		var at int64
		if err := r.Scan(&x.ID, &x.Site, &x.Headline, &x.Article, &x.Email, &at); err != nil {
			return err
		}
		moment := fromMicros(at)
		x.At = &moment
		return put(x)
	}, "select d.id, s.name, d.kind, d.article_id, d.email, d.created_at from subscriptions d join sites s on s.id = d.site_id where d.email = lower($1) order by d.created_at", email)
}
