package store

import (
	"context"
	"database/sql"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Kinds of a Notice.
const (
	Flagged = "flag"   // a reader's report in two clicks
	Illegal = "notice" // of illegal content (Regulation (EU) 2022/2065, Article 16)
)

// Notice is what a reader reports about a released comment.
type Notice struct {
	ID, Site, Article, Comment string
	Kind                       string
	Rule                       moderation.Rule // of a flag, may be empty
	Reason                     string
	Name, Email                string // of a notice's sender
	GoodFaith                  bool
	Sender                     Sender
}

// Report takes in a notice about a comment that readers can see; any other
// comment is NotFound, as an unknown one is. It answers with the notice's receipt
// token. The same sender's flag of the same comment counts once.
func (s *Store) Report(ctx context.Context, n Notice) (token string, err error) {
	n.ID, token = NewID(), NewSecret()
	err = s.write(ctx, func(tx *sql.Tx) error {
		err := one(ctx, tx, "comment", []any{&n.Site, &n.Article}, "select site_id, article_id from publications where comment_id = $1 and gone = ''", n.Comment)
		if err != nil {
			return err
		}
		var had int
		err = tx.QueryRowContext(ctx, "select count(*) from notices where comment_id = $1 and kind = 'flag' and $2 = 'flag' and sender_hash in ($3, $4) and decided_at is null",
			n.Comment, n.Kind, n.Sender.Now, n.Sender.Before).Scan(&had)
		if err != nil || had > 0 {
			return err
		}
		return all(ctx, tx,
			stmt(`insert into notices (id, site_id, article_id, comment_id, kind, rule, reason, name, email, good_faith, sender_hash, receipt_hash, created_at)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
				n.ID, n.Site, n.Article, n.Comment, n.Kind, string(n.Rule), n.Reason, n.Name, n.Email, flag(n.GoodFaith),
				optional(n.Sender.Now), hashed(token), micros(s.Now())),
			event(s, "queue", n.Site, n.Article, n.Comment))
	})
	return token, err
}

// Texts gives a comment's revisions, oldest first, for its author: the
// difference between what was refused and what waits now.
func (s *Store) Texts(ctx context.Context, comment string) (texts []string, err error) {
	err = each(ctx, s.read, func(r *sql.Rows) error {
		var text string
		err := r.Scan(&text)
		texts = append(texts, text)
		return err
	}, "select text from revisions where comment_id = $1 order by number", comment)
	return texts, err
}
