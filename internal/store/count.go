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
	if f.State == "" {
		f.State = moderation.Pending
	}
	q := soughtIn(f.Text)
	if f.Text != "" {
		if len(q.words) == 0 {
			return 0, true, nil
		}
		q.few, err = s.few(ctx, q.words)
		if exact := len(q.words) == 1 || s.d.name == "postgres"; err != nil || q.few == nil || !exact {
			return 0, false, slow(ctx, err)
		}
	}
	b := &clauses{}
	s.conditions(b, f, q)
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
