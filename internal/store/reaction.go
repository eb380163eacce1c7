package store

import (
	"context"
	"database/sql"
)

// Reactions are the counts of one comment, by kind. Kinds without any are left out.
type Reactions map[string]int

// React counts a sender's reaction to a released comment once, or takes it back,
// and gives the comment's counts. Who has reacted is known by the rotating hash of
// an address alone, so it is forgotten with the hash; a comment that readers do not
// see is NotFound.
func (s *Store) React(ctx context.Context, comment, kind string, sender Sender, on bool) (Reactions, error) {
	out := Reactions{}
	err := s.write(ctx, func(tx *sql.Tx) error {
		clear(out)
		var id string
		err := one(ctx, tx, "comment", []any{&id}, "select comment_id from publications where comment_id = $1 and gone = ''", comment)
		if err != nil {
			return err
		}
		change, err := s.react(ctx, tx, comment, kind, sender, on)
		if err != nil {
			return err
		}
		if change != 0 {
			_, err := exec(ctx, tx, `insert into reaction_counts (comment_id, kind, n) values ($1, $2, $3)
				on conflict (comment_id, kind) do update set n = reaction_counts.n + $3`, comment, kind, change)
			if err != nil {
				return err
			}
		}
		return each(ctx, tx, func(r *sql.Rows) error {
			var kind string
			var n int
			err := r.Scan(&kind, &n)
			out[kind] = n
			return err
		}, "select kind, n from reaction_counts where comment_id = $1 and n > 0", comment)
	})
	return out, err
}

// react writes or deletes the sender's row and tells by how much the count changes.
func (s *Store) react(ctx context.Context, tx *sql.Tx, comment, kind string, sender Sender, on bool) (int64, error) {
	if !on {
		n, err := exec(ctx, tx, "delete from reactions where comment_id = $1 and kind = $2 and sender_hash in ($3, $4)", comment, kind, sender.Now, sender.Before)
		return -n, err
	}
	return exec(ctx, tx, `insert into reactions (comment_id, kind, sender_hash, at)
		select cast($1 as text), cast($2 as text), cast($3 as text), cast($5 as bigint)
		where not exists (select 1 from reactions where comment_id = $1 and kind = $2 and sender_hash = $4)
		on conflict (comment_id, kind, sender_hash) do nothing`, comment, kind, sender.Now, sender.Before, micros(s.Now()))
}

// ReactionsTo gives the counts of those of the comments that readers see. Comments
// without a reaction are left out.
func (s *Store) ReactionsTo(ctx context.Context, comments []string) (map[string]Reactions, error) {
	out := map[string]Reactions{}
	if len(comments) == 0 {
		return out, nil
	}
	in, args := placeholders(comments, 1)
	err := each(ctx, s.public, func(r *sql.Rows) error {
		var id, kind string
		var n int
		if err := r.Scan(&id, &kind, &n); err != nil {
			return err
		}
		if out[id] == nil {
			out[id] = Reactions{}
		}
		out[id][kind] = n
		return nil
	}, "select c.comment_id, c.kind, c.n from reaction_counts c join publications p on p.comment_id = c.comment_id where p.gone = '' and c.n > 0 and c.comment_id in ("+in+")", args...)
	return out, err
}

// forgetReactions deletes who reacted, once the hashes mean nothing any more.
func (s *Store) forgetReactions() statement {
	return stmt("delete from reactions where at < $1", micros(s.Now().Add(-2*saltLife)))
}

// ReactionKinds are the kinds that a site can offer, in the order in which they
// stand. None says that a comment is bad: that is what reports are for.
var ReactionKinds = []string{"helpful", "agree", "thanks"}
