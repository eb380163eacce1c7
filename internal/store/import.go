package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Imported is a comment that comes from another system.
type Imported struct {
	Key      string // names it there, for good
	Parent   string // key of the comment answered, "" for none
	Article  string // id here
	Name     string
	Email    string
	Text     string
	At       time.Time
	Approved bool // readers saw it there; otherwise it waits here
}

// ImportResult tells what became of a portion.
type ImportResult struct {
	Added, Released, Known int
}

// Import takes in a portion of comments in one short transaction. Comments that
// were imported before are left as they are. What readers saw elsewhere is
// released here by the editor named, whose decision it becomes: nothing is public
// without one. It keeps its old place in the thread, nobody is told, and no
// model learns from it. Parents must come before their answers.
func (s *Store) Import(ctx context.Context, site string, editor Editor, portion []Imported) (ImportResult, error) {
	var out ImportResult
	err := s.write(ctx, func(tx *sql.Tx) error {
		out = ImportResult{}
		secret, err := s.installationSecret(ctx, tx)
		if err != nil {
			return err
		}
		for _, in := range portion {
			if err := s.importOne(ctx, tx, secret, site, editor, in, &out); err != nil {
				return fmt.Errorf("import %s: %w", in.Key, err)
			}
		}
		return nil
	})
	return out, err
}

// importedID derives a comment's id from where it comes from: a second run finds
// what the first brought, and the id tells nobody anything.
func importedID(secret, site, key string) string {
	return base.EncodeToString(mac(secret, "import", site, key))[:20]
}

func (s *Store) importOne(ctx context.Context, tx *sql.Tx, secret, siteID string, editor Editor, in Imported, out *ImportResult) error {
	id, parent := importedID(secret, siteID, in.Key), ""
	var n int
	if err := tx.QueryRowContext(ctx, "select count(*) from comments where id = $1", id).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		out.Known++
		return nil
	}
	if in.Parent != "" {
		parent = importedID(secret, siteID, in.Parent)
		err := tx.QueryRowContext(ctx, "select count(*) from comments where id = $1 and article_id = $2", parent, in.Article).Scan(&n)
		if err != nil {
			return err
		}
		if n == 0 {
			parent = "" // what it answered was not brought along
		}
	}
	if err := s.insertImported(ctx, tx, secret, siteID, id, parent, in); err != nil {
		return err
	}
	out.Added++
	if !in.Approved {
		return nil
	}
	out.Released++
	return s.releaseImported(ctx, tx, id, editor, in)
}

func (s *Store) insertImported(ctx context.Context, tx *sql.Tx, secret, siteID, id, parent string, in Imported) error {
	author, rev, at := NewID(), newRevision(in.Text), micros(in.At)
	statements := []statement{
		stmt("insert into authors (id, site_id, kind, name, email, created_at) values ($1, $2, 'guest', $3, $4, $5)", author, siteID, in.Name, optional(in.Email), at),
		stmt(`insert into comments (id, site_id, article_id, parent_id, author_id, author_name, author_email, revision, receipt_hash, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9)`, id, siteID, in.Article, optional(parent), author, in.Name, optional(in.Email), hashed(receiptToken(secret, id)), at),
		stmt(`insert into revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, submitted_at, state_at)
			values ($1, 1, $2, $3, 'pending', $4, $5, $6, $7, $8, $8)`, id, siteID, in.Article, in.Text, strings.ToLower(in.Text), rev.salt, rev.digest, at),
	}
	if !in.Approved {
		statements = append(statements, jobFor("assess", revisionKey(id, 1), id, s.Now()), event(s, "queue", siteID, in.Article, id))
	}
	return all(ctx, tx, statements...)
}

func (s *Store) releaseImported(ctx context.Context, tx *sql.Tx, id string, editor Editor, in Imported) error {
	req := Request{Comment: id, Revision: 1, Step: moderation.Approve, Actor: editor.Actor()}
	c, err := s.loadCase(ctx, tx, req)
	if err != nil {
		return err
	}
	now, v := s.Now(), c.target(req)
	outcome, err := moderation.Apply(c.item(v), moderation.Action{Step: req.Step, Actor: req.Actor, At: now})
	if err != nil {
		return err
	}
	d, err := s.appendDecision(ctx, tx, c, v, req, outcome, now)
	if err != nil {
		return err
	}
	if err := s.setState(ctx, tx, c, v, outcome.To, d.ID, now); err != nil {
		return err
	}
	if err := s.insertPublication(ctx, tx, c, d, in.At.UTC().Truncate(time.Microsecond)); err != nil {
		return err
	}
	return all(ctx, tx,
		stmt("update comments set live_revision = 1 where id = $1", id),
		event(s, "thread", c.site.ID, c.article, id))
}
