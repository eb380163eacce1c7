package store

import (
	"context"
	"database/sql"
	"time"
)

// Claimant is who takes a comment onto the screen: a person in one browser. The
// same person in a second browser is another claimant.
type Claimant struct {
	Editor string
	Holder string // names the browser; opaque
}

// claimOne claims a comment unless another claimant has it.
const claimOne = `insert into claims (comment_id, editor_id, until, holder) values ($1, $2, $4, $5)
	on conflict (comment_id) do update set editor_id = excluded.editor_id, until = excluded.until, holder = excluded.holder
	where claims.until <= $3 or claims.editor_id = $2 and claims.holder = $5`

// Claim takes comments onto a screen for some time, in the order given, at most
// n of them. Those that another claimant has are passed over. It answers with
// the ids it got. A claim never stands in the way of a decision.
func (s *Store) Claim(ctx context.Context, who Claimant, comments []string, n int, life time.Duration) ([]string, error) {
	var mine []string
	now := s.Now()
	err := s.write(ctx, func(tx *sql.Tx) error {
		mine = nil
		for _, id := range comments {
			if len(mine) == n {
				break
			}
			got, err := exec(ctx, tx, claimOne, id, who.Editor, micros(now), micros(now.Add(life)), who.Holder)
			if err != nil {
				return err
			}
			if got == 1 {
				mine = append(mine, id)
			}
		}
		return nil
	})
	return mine, err
}

// Unclaim gives back all that a claimant has on the screen, but for the comments to keep.
func (s *Store) Unclaim(ctx context.Context, who Claimant, keep ...string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		query, args := "delete from claims where editor_id = $1 and holder = $2", []any{who.Editor, who.Holder}
		if len(keep) > 0 {
			in, ids := placeholders(keep, 3)
			query, args = query+" and comment_id not in ("+in+")", append(args, ids...)
		}
		_, err := exec(ctx, tx, query, args...)
		return err
	})
}
