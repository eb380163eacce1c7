package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Released is a comment as readers see it. Everything in it comes from the table
// of publications.
type Released struct {
	ID        string
	Article   string
	Site      string
	Parent    string // the comment answered; "" for a thread's first
	ReplyTo   string // name of the one answered, where the thread is flattened
	Depth     int
	Revision  int
	Name      string
	Staff     bool // an answer of the newsroom
	Text      string
	Lang      string
	First     time.Time // first publication: its place in the thread
	Published time.Time // of this text
	Edited    bool
	Picked    bool
	Gone      string // "", "removed" or "withdrawn": a placeholder above replies
	GoneRule  moderation.Rule
	Replies   int // released direct replies
}

// Sort is an order of a thread.
type Sort string

// The orders: threads by age, their replies always oldest first below them;
// picks alone, newest first.
const (
	Oldest Sort = "oldest"
	Newest Sort = "newest"
	Picks  Sort = "picks"
)

const releasedColumns = `p.comment_id, p.article_id, p.site_id, coalesce(p.parent_id, ''), case when p.flat = 1 then coalesce(above.author_name, '') else '' end,
	p.depth, p.revision, p.author_name, p.staff, p.text, p.lang, p.first_at, p.published_at, p.edited, p.picked, p.gone, p.gone_rule,
	(select count(*) from publications r where r.parent_id = p.comment_id and r.gone = ''), p.root, p.path
	from publications p left join publications above on above.comment_id = p.parent_id and p.flat = 1`

func scanReleased(scan func(...any) error, root, path *string) (Released, error) {
	var c Released
	var staff, edited, picked int
	var first, published int64
	err := scan(&c.ID, &c.Article, &c.Site, &c.Parent, &c.ReplyTo, &c.Depth, &c.Revision, &c.Name, &staff, &c.Text, &c.Lang,
		&first, &published, &edited, &picked, &c.Gone, &c.GoneRule, &c.Replies, root, path)
	c.Staff, c.Edited, c.Picked = staff == 1, edited == 1, picked == 1
	c.First, c.Published = fromMicros(first), fromMicros(published)
	return c, err
}

// Thread gives a page of what readers see of an article, and the cursor of the
// next page, "" at the end. A cursor that was not made here is Invalid.
func (s *Store) Thread(ctx context.Context, article string, sort Sort, limit int, cursor string) ([]Released, string, error) {
	root, path, err := parseCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	query := "select " + releasedColumns + " where p.article_id = $1 and "
	args := []any{article}
	switch {
	case sort == Picks && cursor == "":
		query += "p.picked = 1 order by p.path desc limit $2"
	case sort == Picks:
		query, args = query+"p.picked = 1 and p.path < $3 order by p.path desc limit $2", append(args, limit+1, path)
	case sort == Newest && cursor == "":
		query += "1 = 1 order by p.root desc, p.path limit $2"
	case sort == Newest:
		query, args = query+"(p.root < $3 or p.root = $3 and p.path > $4) and p.root <= $3 order by p.root desc, p.path limit $2", append(args, limit+1, root, path)
	case cursor == "":
		query += "1 = 1 order by p.path limit $2"
	default:
		query, args = query+"p.path > $3 order by p.path limit $2", append(args, limit+1, path)
	}
	if cursor == "" {
		args = append(args, limit+1)
	}
	return s.releasedPage(ctx, limit, query, args)
}

func (s *Store) releasedPage(ctx context.Context, limit int, query string, args []any) ([]Released, string, error) {
	var out []Released
	var roots, paths []string
	err := each(ctx, s.public, func(r *sql.Rows) error {
		var root, path string
		c, err := scanReleased(r.Scan, &root, &path)
		out, roots, paths = append(out, c), append(roots, root), append(paths, path)
		return err
	}, query, args...)
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	return out[:limit], cursorAt(roots[limit-1], paths[limit-1]), nil
}

func parseCursor(cursor string) (root, path string, err error) {
	if cursor == "" {
		return "", "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	root, path, ok := strings.Cut(string(b), "\n")
	if err != nil || !ok || len(b) > 4096 {
		return "", "", moderation.BadField("cursor", "error.cursor")
	}
	return root, path, nil
}

// Released gives one comment as readers see it. An unreleased one, a removed one
// and an unknown one are the same: not found.
func (s *Store) Released(ctx context.Context, id string) (Released, error) {
	var root, path string
	return scanReleased(func(dest ...any) error {
		return one(ctx, s.public, "comment", dest, "select "+releasedColumns+" where p.comment_id = $1 and p.gone = ''", id)
	}, &root, &path)
}

// Before counts what stands before a comment in its thread, to find its page.
func (s *Store) Before(ctx context.Context, id string, sort Sort) (int, error) {
	query := `select count(*) from publications p, publications me where me.comment_id = $1 and p.article_id = me.article_id and `
	if sort == Newest {
		query += "(p.root > me.root or p.root = me.root and p.path < me.path)"
	} else {
		query += "p.path < me.path"
	}
	var n int
	err := s.public.QueryRowContext(ctx, query, id).Scan(&n)
	return n, classify(err)
}

// Only narrows Recent to some comments.
type Only string

// What Recent can be narrowed to: the editors' picks, and their answers.
const (
	All         Only = ""
	OnlyPicks   Only = "picks"
	OnlyAnswers Only = "answers"
)

// Recent gives the newest released comments of a site or, where article is
// given, of an article, all or only some.
func (s *Store) Recent(ctx context.Context, site, article string, only Only, limit int) ([]Released, error) {
	of, arg := ofSite("p.site_id", site), site
	if article != "" {
		of, arg = "p.article_id = $1", article
	}
	switch only {
	case OnlyPicks:
		of += " and p.picked = 1"
	case OnlyAnswers:
		of += " and p.staff = 1"
	}
	out, _, err := s.releasedPage(ctx, limit, "select "+releasedColumns+" where p.gone = '' and "+of+" order by p.published_at desc, p.comment_id limit $2", []any{arg, limit})
	return out, err
}

// Counts gives the number of released comments of each article that exists.
func (s *Store) Counts(ctx context.Context, articles []string) (map[string]int, error) {
	out := make(map[string]int, len(articles))
	if len(articles) == 0 {
		return out, nil
	}
	in, args := placeholders(articles, 1)
	err := each(ctx, s.public, func(r *sql.Rows) error {
		var id string
		var n int
		err := r.Scan(&id, &n)
		out[id] = n
		return err
	}, "select a.id, coalesce(c.comments, 0) from articles a left join counts c on c.article_id = a.id where a.id in ("+in+")", args...)
	return out, err
}

// PageWith gives the cursor of the page, of so many comments each, on which a
// released comment of an article stands; "" is the first page.
func (s *Store) PageWith(ctx context.Context, article, id string, sort Sort, limit int) (string, error) {
	c, err := s.Released(ctx, id)
	if err == nil && c.Article != article {
		err = moderation.Missing("comment")
	}
	if err != nil {
		return "", err
	}
	before, err := s.Before(ctx, id, sort)
	if err != nil || before < limit {
		return "", err
	}
	order := "path"
	if sort == Newest {
		order = "root desc, path"
	}
	var root, path string
	err = one(ctx, s.public, "comment", []any{&root, &path},
		"select root, path from publications where article_id = $1 order by "+order+" limit 1 offset $2", article, before/limit*limit-1)
	return cursorAt(root, path), err
}

func cursorAt(root, path string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(root + "\n" + path))
}
