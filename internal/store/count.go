package store

import (
	"context"
	"errors"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// countPatience bounds how long counting one view may take. A filter that no index
// serves would otherwise read all that waits.
const countPatience = 150 * time.Millisecond

// CountView counts what a view of the queue holds, up to CountMost; ok is false
// where that would take too long to be worth it.
func (s *Store) CountView(ctx context.Context, f QueueFilter) (n int, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	var q sought
	if f.Text != "" {
		if q, err = s.seek(ctx, f.Text); err != nil {
			return 0, false, slow(ctx, err)
		}
	}
	b := &clauses{}
	if f.Text != "" {
		s.search(b, q)
	}
	switch f.State {
	case Any:
		b.add("r.state not in ('superseded', 'withdrawn')")
	case moderation.Pending, "":
		b.add("r.state = 'pending'")
	default:
		b.and("r.state = ", string(f.State))
	}
	b.andIf(f.Site != "", "r.site_id = ", f.Site)
	b.add(f.Reach.within(b, "r.site_id", "r.article_id"))
	b.andIf(f.Article != "", "r.article_id = ", f.Article)
	f.narrow(b)
	err = s.read.QueryRowContext(ctx, "select count(*) from (select 1 from revisions r join comments c on c.id = r.comment_id join articles a on a.id = r.article_id where "+
		b.where()+" limit "+b.arg(CountMost)+") counted", b.args...).Scan(&n)
	return n, err == nil, slow(ctx, err)
}

// slow is no error where the time was up.
func slow(ctx context.Context, err error) error {
	if err == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil
	}
	return classify(err)
}
