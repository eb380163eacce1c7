package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
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
	return rowsOf(ctx, s.read, scanSaid, "select "+saidColumns+" where c.parent_id = $1 and c.live_revision is not null order by c.created_at limit $2", comment, limit)
}

// ArticleLoad is what waits and what was decided at one article.
type ArticleLoad struct {
	Article
	Waiting            int // pending and escalated
	Oldest             time.Time
	Approved, Rejected int
}

// oldestWaiting is how many of the longest waiting comments name the articles
// that ArticleLoads puts on top.
const oldestWaiting = 2000

// ArticleLoads gives the load of articles within reach: those of the
// comments that wait the longest, the longest wait on top, then the newest. It
// counts up to CountMost each.
func (s *Store) ArticleLoads(ctx context.Context, reach Reach, limit int) ([]ArticleLoad, error) {
	ids, err := s.loaded(ctx, reach, limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var out []ArticleLoad
	in, args := list(ids, 1)
	query := "select " + articleFields + ", " + countOf("'pending', 'escalated'") + ", " + oldestOf("pending") + ", " + oldestOf("escalated") + ", " +
		countOf("'approved'") + ", " + countOf("'rejected', 'removed', 'appealed'") + " from articles a left join counts c on c.article_id = a.id where a.id in (" + in + ")"
	err = each(ctx, s.read, func(r *sql.Rows) error {
		var l ArticleLoad
		var pending, escalated sql.NullInt64
		var err error
		l.Article, err = scanArticle(func(dest ...any) error {
			return r.Scan(append(dest, &l.Waiting, &pending, &escalated, &l.Approved, &l.Rejected)...)
		})
		l.Oldest = earlier(timeOf(pending), timeOf(escalated))
		out = append(out, l)
		return err
	}, query, args...)
	slices.SortFunc(out, func(a, b ArticleLoad) int {
		if a.Oldest.IsZero() != b.Oldest.IsZero() {
			return cmp.Compare(flag(a.Oldest.IsZero()), flag(b.Oldest.IsZero()))
		}
		return cmp.Or(a.Oldest.Compare(b.Oldest), b.Created.Compare(a.Created), strings.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), limit)], err
}

// loaded names the articles whose comments wait the longest, and the newest.
func (s *Store) loaded(ctx context.Context, reach Reach, limit int) ([]string, error) {
	b, newest := &clauses{args: []any{limit, oldestWaiting}}, &clauses{args: []any{limit}}
	waiting := func(state string) string {
		return "select article_id, submitted_at from (select article_id, submitted_at from revisions where state = '" + state + "' and " + reach.within(b, "site_id", "article_id") +
			" order by submitted_at, comment_id limit $2) " + state
	}
	var ids []string
	collect := func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}
	err := each(ctx, s.read, collect, "select article_id from ("+waiting("pending")+" union all "+waiting("escalated")+") w group by article_id order by min(submitted_at), article_id limit $1", b.args...)
	if err == nil {
		err = each(ctx, s.read, collect, "select id from articles where "+reach.within(newest, "site_id", "id")+" order by created_at desc limit $1", newest.args...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// countOf counts an article's revisions in some states.
func countOf(states string) string {
	return fmt.Sprintf("(select count(*) from (select 1 from revisions r where r.article_id = a.id and r.state in (%s) limit %d) counted)", states, CountMost)
}

// oldestOf is since when an article's oldest revision in a state waits.
func oldestOf(state string) string {
	return "(select min(r.submitted_at) from revisions r where r.article_id = a.id and r.state = '" + state + "')"
}

// earlier is the earlier of two times, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
