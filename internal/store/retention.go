package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// eraseBatch bounds how many comments one transaction erases.
const eraseBatch = 100

// Expired counts what a run of Expire erased.
type Expired struct {
	Texts, Emails, Senders int64
}

// Expire erases what the sites' retention periods no longer allow to keep:
// withdrawn and refused texts, e-mail addresses, hashes of senders' addresses,
// salts, ended sessions, old events.
func (s *Store) Expire(ctx context.Context) (Expired, error) {
	var out Expired
	sites, err := s.Sites(ctx)
	if err != nil {
		return out, err
	}
	for _, st := range sites {
		if err := errors.Join(s.expireSite(ctx, st, &out), s.Gather(ctx, st.ID)); err != nil {
			return out, err
		}
	}
	now := s.Now()
	err = s.write(ctx, func(tx *sql.Tx) error {
		var err error
		out.Senders, err = exec(ctx, tx, "update comments set sender_hash = null where sender_hash is not null and created_at < $1", micros(now.Add(-2*saltLife)))
		if err != nil {
			return err
		}
		return all(ctx, tx,
			stmt("update notices set sender_hash = null where sender_hash is not null and created_at < $1", micros(now.Add(-2*saltLife))),
			s.forgetReactions(),
			s.forgetUnconfirmed(),
			stmt("delete from salts where day < $1", now.UnixNano()/int64(saltLife)-1),
			stmt("delete from repeats where at < $1", micros(now.Add(-repeatWindow))),
			stmt("delete from claims where until < $1", micros(now)),
			stmt("delete from sessions where expires_at < $1", micros(now)))
	})
	return out, errors.Join(err, s.trimOutbox(ctx))
}

func (s *Store) expireSite(ctx context.Context, st Site, out *Expired) error {
	now := s.Now()
	periods := []struct {
		states []string
		before time.Time
	}{
		{[]string{"withdrawn"}, now.Add(-st.keepGone())},
		{[]string{"rejected", "returned", "declined", "removed"}, now.Add(-st.keepRefused())},
	}
	for _, p := range periods {
		for {
			n, err := s.eraseOlder(ctx, st.ID, p.states, p.before)
			out.Texts += n
			if err != nil {
				return err
			}
			if n < eraseBatch {
				break
			}
		}
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		before := micros(now.Add(-st.keepEmail()))
		n, err := exec(ctx, tx, "update comments set author_email = null, notify = '' where site_id = $1 and author_email is not null and created_at < $2", st.ID, before)
		out.Emails += n
		if err != nil {
			return err
		}
		_, err = exec(ctx, tx, "update notices set name = '', email = '' where site_id = $1 and email <> '' and decided_at < $2", st.ID, before)
		if err != nil {
			return err
		}
		_, err = exec(ctx, tx, "update authors set email = null where site_id = $1 and kind in ('guest', 'email') and email is not null and created_at < $2", st.ID, before)
		return err
	})
}

// eraseOlder empties the words of comments whose newest revision ended in one of
// the states before a moment.
func (s *Store) eraseOlder(ctx context.Context, siteID string, states []string, before time.Time) (int64, error) {
	var n int64
	err := s.write(ctx, func(tx *sql.Tx) error {
		in, args := placeholders(states, 3)
		var ids []string
		err := each(ctx, tx, func(r *sql.Rows) error {
			var id string
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		}, `select c.id from revisions r join comments c on c.id = r.comment_id and c.revision = r.number
			where r.site_id = $1 and r.state_at < $2 and r.state in (`+in+`) and c.erased_at is null and c.live_revision is null limit 100`,
			append([]any{siteID, micros(before)}, args...)...)
		for _, id := range ids {
			if err == nil {
				err = s.erase(ctx, tx, id)
			}
		}
		n = int64(len(ids))
		return err
	})
	return n, err
}

// Erase empties the words and the salts of a comment that readers no longer see,
// and appends the erasure to the record, which stays verifiable.
func (s *Store) Erase(ctx context.Context, comment string) error {
	return s.write(ctx, func(tx *sql.Tx) error { return s.erase(ctx, tx, comment) })
}

func (s *Store) erase(ctx context.Context, tx *sql.Tx, comment string) error {
	c, err := s.loadCase(ctx, tx, Request{Comment: comment})
	if err != nil {
		return err
	}
	if c.live != 0 || slices.ContainsFunc(c.revisions, func(v revision) bool { return v.state == moderation.Approved }) {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.still_public"}
	}
	v, now := c.numbered(c.newest), s.Now()
	d := moderation.Decision{
		ID: NewID(), Site: c.site.ID, Comment: c.id, Revision: v.number, Step: moderation.Erase, From: v.state, To: v.state,
		Actor: moderation.Actor{Role: moderation.System}, At: now, HoldUntil: now, Policy: c.policy, TextDigest: v.digest, AssessmentDigest: v.assessmentDigest,
	}
	salt := NewSecret()
	d.ReasonDigest = moderation.Digest(salt, "")
	if err := s.chain(ctx, tx, &d, salt); err != nil {
		return err
	}
	return all(ctx, tx,
		stmt("update revisions set text = '', folded = '', salt = '', assessment = '' where comment_id = $1", comment),
		stmt("update decisions set reason = '', reason_salt = '', passages = '' where comment_id = $1 and step <> 'erase'", comment),
		stmt("update comments set author_name = '', author_email = null, sender_hash = null, notify = '', erased_at = $2 where id = $1", comment, micros(now)),
		stmt("update authors set name = '', email = null where kind = 'guest' and id = $1", c.author),
		stmt("delete from notes where comment_id = $1", comment),
		stmt("delete from observed where comment_id = $1", comment),
		event(s, "queue", c.site.ID, c.article, comment))
}
