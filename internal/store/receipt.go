package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Receipt is what an author is told of a comment.
type Receipt struct {
	Comment   string
	Author    string
	Article   Article
	Site      Site
	Name      string
	Email     string
	Lang      string
	Notify    string
	Revision  int
	Text      string // the newest text
	Status    moderation.State
	Decision  *moderation.Decision // that set the status, once its hold has passed
	Deciding  bool                 // a decision is in its hold; some steps have to wait a few seconds
	Live      int                  // the revision that readers see, 0 for none
	LiveText  string
	Submitted time.Time
	Promise   Promise // for the newest text
	Erased    bool
	Proven    bool              // the author is known for certain
	Final     bool              // no appeal is possible any more
	Alone     bool              // a single person decides here: appeals wait for a second one
	Steps     []moderation.Step // that the author can take

	state moderation.State // by the record, whatever shows
}

// Receipt finds a comment by its receipt's token.
func (s *Store) Receipt(ctx context.Context, token string) (Receipt, error) {
	return s.receipt(ctx, "c.receipt_hash = $1", hashed(token))
}

// ReceiptOf gives a comment as its author may see it, for mails.
func (s *Store) ReceiptOf(ctx context.Context, comment string) (Receipt, error) {
	return s.receipt(ctx, "c.id = $1", comment)
}

// ReceiptToken gives the token of a comment's receipt link, for mails.
func (s *Store) ReceiptToken(ctx context.Context, comment string) (string, error) {
	secret, err := s.installationSecret(ctx, s.read)
	return receiptToken(secret, comment), err
}

func (s *Store) receipt(ctx context.Context, where string, arg any) (Receipt, error) {
	var r Receipt
	var articleID string
	var erased int
	var at int64
	var from, to sql.NullInt64
	err := one(ctx, s.read, "receipt", []any{&r.Promise.Waiting, &from, &to, &r.Comment, &r.Author, &articleID, &r.Name, &r.Email, &r.Lang, &r.Notify, &r.Revision, &r.Live, &r.Text, &at, &erased, &r.LiveText, &r.state, &r.Proven},
		`select coalesce(r.waiting_then, 0), r.wait_from, r.wait_to, c.id, c.author_id, c.article_id, c.author_name, coalesce(c.author_email, ''), c.lang, c.notify, r.number, coalesce(c.live_revision, 0), r.text, r.submitted_at,
		case when c.erased_at is null then 0 else 1 end, coalesce((select l.text from revisions l where l.comment_id = c.id and l.number = c.live_revision), ''), r.state, c.proven = 1
		from comments c join revisions r on r.comment_id = c.id and r.number = c.revision where `+where, arg)
	if err != nil {
		return r, err
	}
	r.Submitted, r.Erased, r.Promise.From, r.Promise.To = fromMicros(at), erased == 1, timeOf(from), timeOf(to)
	if r.Article, err = articleBy(ctx, s.read, "a.id = $1", articleID); err != nil {
		return r, err
	}
	if r.Site, err = site(ctx, s.read, r.Article.Site); err != nil {
		return r, err
	}
	return r, s.shown(ctx, &r)
}

// shown fills in what the record says, as far as it has taken effect.
func (s *Store) shown(ctx context.Context, r *Receipt) error {
	history, err := s.History(ctx, r.Comment)
	if err != nil {
		return err
	}
	now := s.Now()
	r.Status, r.Decision = moderation.Shown(history, r.Revision, now)
	for _, d := range moderation.InForce(history, r.Revision) {
		r.Deciding = r.Deciding || d.Held(now)
	}
	people, err := staffOf(ctx, s.read, r.Site.ID, r.Article.ID)
	if err != nil {
		return err
	}
	r.Alone = len(people.Deciders) < 2
	r.Final = r.Decision != nil && (r.Decision.Step == moderation.Uphold || now.Sub(r.Decision.At) > moderation.AppealWindow)
	for _, step := range []moderation.Step{moderation.Edit, moderation.Resubmit, moderation.Withdraw, moderation.Appeal} {
		possible := moderation.Possible(r.Status, step) || step == moderation.Withdraw && r.Live > 0
		if step == moderation.Appeal && r.state != r.Status {
			possible = false // it is being decided anew: the outcome comes without an appeal
		}
		if possible && !(step == moderation.Appeal && r.Final) && !r.Erased {
			r.Steps = append(r.Steps, step)
		}
	}
	return nil
}

// Can tells whether the author can take a step now.
func (r Receipt) Can(step moderation.Step) bool {
	for _, s := range r.Steps {
		if s == step {
			return true
		}
	}
	return false
}
