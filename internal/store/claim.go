package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
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

// Standing is where a comment stands now, and who put it there.
type Standing struct {
	ID       string
	Revision int // the newest
	State    moderation.State
	Editor   string          // name of who took the decision in force, "" for none
	Step     moderation.Step // of that decision
	Blind    bool            // drawn for blind control
}

// Standings tells where comments stand; unknown ones are left out.
func (s *Store) Standings(ctx context.Context, comments []string) ([]Standing, error) {
	if len(comments) == 0 {
		return nil, nil
	}
	in, args := placeholders(comments, 1)
	var out []Standing
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var x Standing
		err := r.Scan(&x.ID, &x.Revision, &x.State, &x.Editor, &x.Step, &x.Blind)
		out = append(out, x)
		return err
	}, `select c.id, c.revision, r.state, coalesce(e.name, ''), coalesce(d.step, ''), r.blind = 1 from comments c
		join revisions r on r.comment_id = c.id and r.number = c.revision
		left join decisions d on d.id = r.decision_id left join editors e on e.id = d.actor_id where c.id in (`+in+")", args...)
	return out, err
}

// Present says that somebody has comments of an article on the screen.
type Present struct {
	Article string
	Editor  string // id
	Name    string
}

// Presence tells who is at which article within reach.
func (s *Store) Presence(ctx context.Context, reach Reach) ([]Present, error) {
	var out []Present
	b := &clauses{args: []any{micros(s.Now())}}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var x Present
		err := r.Scan(&x.Article, &x.Editor, &x.Name)
		out = append(out, x)
		return err
	}, `select distinct c.article_id, e.id, e.name from claims k join comments c on c.id = k.comment_id join editors e on e.id = k.editor_id
		where k.until > $1 and `+reach.within(b, "c.site_id", "c.article_id")+" order by e.name, c.article_id", b.args...)
	return out, err
}
