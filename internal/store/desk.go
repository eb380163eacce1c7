package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Said is a comment as its neighbours' dossier shows it.
type Said struct {
	ID    string
	Name  string
	Text  string
	State moderation.State
	At    time.Time
}

const saidColumns = `c.id, c.author_name, r.text, r.state, r.submitted_at from comments c
	join revisions r on r.comment_id = c.id and r.number = coalesce(c.live_revision, c.revision)`

func scanSaid(scan func(...any) error) (Said, error) {
	var x Said
	var at int64
	err := scan(&x.ID, &x.Name, &x.Text, &x.State, &at)
	x.At = fromMicros(at)
	return x, err
}

// Said gives one comment: the text that readers see, or else the newest.
func (s *Store) Said(ctx context.Context, comment string) (Said, error) {
	return scanSaid(func(dest ...any) error {
		return one(ctx, s.read, "comment", dest, "select "+saidColumns+" where c.id = $1", comment)
	})
}

// Replies gives the released replies to a comment, oldest first.
func (s *Store) Replies(ctx context.Context, comment string, limit int) ([]Said, error) {
	var out []Said
	err := each(ctx, s.read, func(r *sql.Rows) error {
		x, err := scanSaid(r.Scan)
		out = append(out, x)
		return err
	}, "select "+saidColumns+" where c.parent_id = $1 and c.live_revision is not null order by c.created_at limit $2", comment, limit)
	return out, err
}

// ArticleLoad is what waits and what was decided at one article.
type ArticleLoad struct {
	Article
	Waiting            int // pending and escalated
	Oldest             time.Time
	Approved, Rejected int
}

// ArticleLoads gives the load of the newest articles within reach, those with
// comments waiting first, the longest wait on top.
func (s *Store) ArticleLoads(ctx context.Context, reach Reach, limit int) ([]ArticleLoad, error) {
	var out []ArticleLoad
	b := &clauses{args: []any{limit}}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var l ArticleLoad
		var oldest sql.NullInt64
		var err error
		l.Article, err = scanArticle(func(dest ...any) error {
			return r.Scan(append(dest, &l.Waiting, &oldest, &l.Approved, &l.Rejected)...)
		})
		l.Oldest = timeOf(oldest)
		out = append(out, l)
		return err
	}, `select `+articleFields+`, coalesce(w.waiting, 0), w.oldest, coalesce(w.approved, 0), coalesce(w.rejected, 0)
		from articles a left join counts c on c.article_id = a.id
		left join (select article_id, sum(case when state in ('pending', 'escalated') then 1 else 0 end) as waiting,
			min(case when state in ('pending', 'escalated') then submitted_at end) as oldest,
			sum(case when state = 'approved' then 1 else 0 end) as approved,
			sum(case when state in ('rejected', 'removed', 'appealed') then 1 else 0 end) as rejected
			from revisions where `+reach.within(b, "site_id", "article_id")+` group by article_id) w on w.article_id = a.id
		where `+reach.within(b, "a.site_id", "a.id")+`
		order by case when coalesce(w.waiting, 0) > 0 then 0 else 1 end, w.oldest, a.created_at desc, a.id limit $1`, b.args...)
	return out, err
}
