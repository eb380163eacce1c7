package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

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

	Created, Decided time.Time // Decided is zero while it waits
	By               string    // id of the editor who answered
	Outcome, Answer  string
}

// Outcomes of a notice.
const (
	NoticeKept    = "kept"    // the comment stays
	NoticeRemoved = "removed" // it was taken down
)

// Report takes in a notice about a comment that readers can see; any other
// comment is NotFound, as an unknown one is. It answers with the notice's receipt
// token. The same sender's flag of the same comment counts once.
func (s *Store) Report(ctx context.Context, n Notice) (token string, err error) {
	n.ID = NewID()
	err = s.write(ctx, func(tx *sql.Tx) error {
		secret, err := s.installationSecret(ctx, tx)
		if err != nil {
			return err
		}
		token = noticeToken(secret, n.ID)
		err = one(ctx, tx, "comment", []any{&n.Site, &n.Article}, "select site_id, article_id from publications where comment_id = $1 and gone = ''", n.Comment)
		if err != nil {
			return err
		}
		var had int
		err = tx.QueryRowContext(ctx, "select count(*) from notices where comment_id = $1 and kind = 'flag' and $2 = 'flag' and sender_hash in ($3, $4) and decided_at is null",
			n.Comment, n.Kind, n.Sender.Now, n.Sender.Before).Scan(&had)
		if err != nil || had > 0 {
			return err
		}
		err = all(ctx, tx,
			stmt(`insert into notices (id, site_id, article_id, comment_id, kind, rule, reason, name, email, good_faith, sender_hash, receipt_hash, created_at)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
				n.ID, n.Site, n.Article, n.Comment, n.Kind, string(n.Rule), n.Reason, n.Name, n.Email, flag(n.GoodFaith),
				optional(n.Sender.Now), hashed(token), micros(s.Now())),
			event(s, "queue", n.Site, n.Article, n.Comment))
		if err != nil || n.Email == "" {
			return err
		}
		return all(ctx, tx, jobFor("notice", n.ID+"/received", "", s.Now()))
	})
	return token, err
}

func noticeToken(secret, id string) string {
	return base.EncodeToString(mac(secret, "notice", id))[:32]
}

const noticeColumns = `id, site_id, article_id, comment_id, kind, rule, reason, name, email, good_faith, created_at, decided_at, coalesce(decided_by, ''), outcome, answer from notices`

func scanNotice(scan func(...any) error) (Notice, error) {
	var n Notice
	var faith int
	var created int64
	var decided sql.NullInt64
	err := scan(&n.ID, &n.Site, &n.Article, &n.Comment, &n.Kind, &n.Rule, &n.Reason, &n.Name, &n.Email, &faith, &created, &decided, &n.By, &n.Outcome, &n.Answer)
	n.GoodFaith, n.Created, n.Decided = faith == 1, fromMicros(created), timeOf(decided)
	return n, err
}

// Notice gives one notice.
func (s *Store) Notice(ctx context.Context, id string) (Notice, error) {
	return scanNotice(func(dest ...any) error {
		return one(ctx, s.read, "notice", dest, "select "+noticeColumns+" where id = $1", id)
	})
}

// NoticeByToken finds a notice by its receipt's token.
func (s *Store) NoticeByToken(ctx context.Context, token string) (Notice, error) {
	return scanNotice(func(dest ...any) error {
		return one(ctx, s.read, "notice", dest, "select "+noticeColumns+" where receipt_hash = $1", hashed(token))
	})
}

// NoticeToken gives the token of a notice's receipt, for mails.
func (s *Store) NoticeToken(ctx context.Context, id string) (string, error) {
	secret, err := s.installationSecret(ctx, s.read)
	return noticeToken(secret, id), err
}

// OpenNotices lists the notices within reach that wait for an answer, oldest
// first; kind "" is both kinds.
func (s *Store) OpenNotices(ctx context.Context, reach Reach, kind string, limit int) ([]Notice, error) {
	var out []Notice
	b := &clauses{args: []any{kind, limit}}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		n, err := scanNotice(r.Scan)
		out = append(out, n)
		return err
	}, "select "+noticeColumns+" where decided_at is null and ($1 = '' or kind = $1) and "+reach.within(b, "site_id", "article_id")+" order by created_at, id limit $2", b.args...)
	return out, err
}

// CountNotices counts the notices of both kinds within reach that wait for an
// answer, up to CountMost. It names the sites even where all are meant: so the
// index of the open ones serves, however many were ever answered.
func (s *Store) CountNotices(ctx context.Context, reach Reach) (n int, err error) {
	b := &clauses{args: []any{CountMost}}
	err = s.read.QueryRowContext(ctx, `select count(*) from (select 1 from notices
		where site_id in (select id from sites) and decided_at is null and `+reach.within(b, "site_id", "article_id")+" limit $1) counted", b.args...).Scan(&n)
	return n, classify(err)
}

// AnswerNotice closes a notice with an outcome and, for one of illegal content,
// an answer with reasons to its sender. Taking the comment down is a step of its
// own. A notice that is answered already is a Conflict.
func (s *Store) AnswerNotice(ctx context.Context, id, editor, outcome, answer string) error {
	n, err := s.Notice(ctx, id)
	switch {
	case err != nil:
		return err
	case outcome != NoticeKept && outcome != NoticeRemoved:
		return moderation.BadField("outcome", "error.outcome")
	case n.Kind == Illegal && strings.TrimSpace(answer) == "":
		return moderation.BadField("answer", "error.answer_needed")
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		done, err := exec(ctx, tx, "update notices set decided_at = $2, decided_by = $3, outcome = $4, answer = $5 where id = $1 and decided_at is null",
			id, micros(s.Now()), editor, outcome, answer)
		if err != nil {
			return err
		}
		if done == 0 {
			return &moderation.Error{Kind: moderation.Conflict, Key: "error.conflict"}
		}
		if err := all(ctx, tx, event(s, "queue", n.Site, n.Article, n.Comment)); err != nil || n.Email == "" {
			return err
		}
		return all(ctx, tx, jobFor("notice", id+"/decided", "", s.Now()))
	})
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
