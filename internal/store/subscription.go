package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/base32"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Subscription is the wish for a digest by mail, once a day.
type Subscription struct {
	ID        string
	Site      string
	Kind      string // ThreadDigest or PicksDigest
	Article   string // of a ThreadDigest
	Email     string
	Lang      string
	Confirmed time.Time // zero: the mailed link was not followed yet
	ToldUntil time.Time // what was published before is told
}

// The kinds of digests.
const (
	ThreadDigest = "thread" // the new comments of an article
	PicksDigest  = "picks"  // the editors' picks of a site
)

// unconfirmedFor is how long a wish that nobody confirmed is kept, and how long
// the link that confirms it works.
const unconfirmedFor = 7 * 24 * time.Hour

// Subscribe keeps the wish for a digest and plans the mail that asks to confirm
// it. What it answers does not tell whether the address is
// known: a wish that is confirmed already stays as it is and brings no mail.
func (s *Store) Subscribe(ctx context.Context, in Subscription) error {
	if in.Kind != ThreadDigest && in.Kind != PicksDigest {
		return moderation.BadField("kind", "error.digest_kind")
	}
	email, now := strings.ToLower(in.Email), micros(s.Now())
	return s.write(ctx, func(tx *sql.Tx) error {
		var id string
		var confirmed int
		err := tx.QueryRowContext(ctx, `insert into subscriptions (id, site_id, kind, article_id, email, lang, told_until, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $7)
			on conflict (site_id, kind, article_id, email) do update set lang = excluded.lang
			returning id, case when confirmed_at is null then 0 else 1 end`,
			NewID(), in.Site, in.Kind, in.Article, email, in.Lang, now).Scan(&id, &confirmed)
		if err != nil || confirmed == 1 {
			return err
		}
		return s.ask(ctx, tx, email, jobFor("digest-confirm", id, "", s.Now()))
	})
}

// askedPerHour bounds the mails to an address that anybody may have typed in: a
// stranger's box must not be flooded.
const askedPerHour = 5

// ask plans the job of a mail to an address that somebody typed in, unless it had
// too many of them within the hour.
func (s *Store) ask(ctx context.Context, tx *sql.Tx, email string, job statement) error {
	secret, err := s.installationSecret(ctx, tx)
	if err != nil {
		return err
	}
	now := s.Now()
	for slot := range askedPerHour {
		mark := base32.StdEncoding.EncodeToString(mac(secret, "asked", strings.ToLower(email), strconv.FormatInt(now.Unix()/3600, 10), strconv.Itoa(slot)))
		n, err := exec(ctx, tx, "insert into repeats (key, comment_id, at) values ($1, '', $2) on conflict (key) do nothing", mark, micros(now.Add(time.Hour)))
		if err != nil {
			return err
		}
		if n == 1 {
			return all(ctx, tx, job)
		}
	}
	return nil
}

const subscriptionColumns = "select id, site_id, kind, article_id, email, lang, coalesce(confirmed_at, 0), told_until from subscriptions"

func scanSubscription(scan func(...any) error) (Subscription, error) {
	var x Subscription
	var confirmed, told int64
	err := scan(&x.ID, &x.Site, &x.Kind, &x.Article, &x.Email, &x.Lang, &confirmed, &told)
	if confirmed > 0 {
		x.Confirmed = fromMicros(confirmed)
	}
	x.ToldUntil = fromMicros(told)
	return x, err
}

// Subscription gives one by its id.
func (s *Store) Subscription(ctx context.Context, id string) (Subscription, error) {
	return scanSubscription(func(dest ...any) error {
		return one(ctx, s.read, "subscription", dest, subscriptionColumns+" where id = $1", id)
	})
}

// DigestToken gives the token of the links in a digest that confirm or end it.
func (s *Store) DigestToken(ctx context.Context, id string) (string, error) {
	secret, err := s.installationSecret(ctx, s.read)
	return id + "-" + digestMac(secret, id), err
}

func digestMac(secret, id string) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac(secret, "digest", id))[:26]
}

// ByDigestToken gives the subscription of a link; one that was ended is NotFound
// like one that never was.
func (s *Store) ByDigestToken(ctx context.Context, token string) (Subscription, error) {
	id, sum, _ := strings.Cut(token, "-")
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return Subscription{}, err
	}
	if !hmac.Equal([]byte(sum), []byte(digestMac(secret, id))) {
		return Subscription{}, moderation.Missing("link")
	}
	return s.Subscription(ctx, id)
}

// ConfirmDigest begins a digest: it tells of what is published from now on.
func (s *Store) ConfirmDigest(ctx context.Context, id string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "update subscriptions set confirmed_at = $2, told_until = $2 where id = $1 and confirmed_at is null", id, micros(s.Now()))
		return err
	})
}

// EndDigest forgets a subscription and its address.
func (s *Store) EndDigest(ctx context.Context, id string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "delete from subscriptions where id = $1", id)
		return err
	})
}

func (s *Store) forgetUnconfirmed() statement {
	return stmt("delete from subscriptions where confirmed_at is null and created_at < $1", micros(s.Now().Add(-unconfirmedFor)))
}

// digestBatch is how many digests one transaction plans.
const digestBatch = 200

// PlanDigests plans the mails that tell of what was published until a moment, one
// for each confirmed subscription that was not told so far; it gives their number.
func (s *Store) PlanDigests(ctx context.Context, until time.Time) (int, error) {
	total := 0
	for {
		n := 0
		err := s.write(ctx, func(tx *sql.Tx) error {
			var due []Subscription
			err := each(ctx, tx, func(r *sql.Rows) error {
				x, err := scanSubscription(r.Scan)
				due = append(due, x)
				return err
			}, subscriptionColumns+" where told_until < $1 and confirmed_at is not null order by told_until, id limit $2", micros(until), digestBatch)
			for _, x := range due {
				if err == nil {
					err = all(ctx, tx, jobFor("digest", digestKey(x, until), "", s.Now()),
						stmt("update subscriptions set told_until = $2 where id = $1", x.ID, micros(until)))
				}
			}
			n = len(due)
			return err
		})
		total += n
		if err != nil || n < digestBatch {
			return total, err
		}
	}
}

func digestKey(x Subscription, until time.Time) string {
	return fmt.Sprintf("%s/%d/%d", x.ID, micros(x.ToldUntil), micros(until))
}

// Digest is what a digest's job tells: the comments released between two moments
// that readers still see, at most limit of them, and how many there are in all.
type Digest struct {
	Subscription
	Since, Until time.Time
	Comments     []Released
	Total        int
}

// DigestOf gives what the job of a key tells; it is NotFound where the
// subscription ended meanwhile.
func (s *Store) DigestOf(ctx context.Context, key string, limit int) (Digest, error) {
	var from, until int64
	id, span, _ := strings.Cut(key, "/")
	if _, err := fmt.Sscanf(span, "%d/%d", &from, &until); err != nil {
		return Digest{}, fmt.Errorf("job key of a digest without its span")
	}
	x, err := s.Subscription(ctx, id)
	if err != nil {
		return Digest{}, err
	}
	d := Digest{Subscription: x, Since: fromMicros(from), Until: fromMicros(until)}
	where, args := "p.gone = '' and p.article_id = $1 and p.first_at > $2 and p.first_at <= $3", []any{x.Article, from, until}
	order := "p.first_at"
	if x.Kind == PicksDigest {
		order = "coalesce(p.picked_at, p.first_at)"
		where, args = "p.gone = '' and p.picked = 1 and p.site_id = $1 and "+order+" > $2 and "+order+" <= $3", []any{x.Site, from, until}
	}
	if err := s.public.QueryRowContext(ctx, "select count(*) from publications p where "+where, args...).Scan(&d.Total); err != nil {
		return d, classify(err)
	}
	d.Comments, _, err = s.releasedPage(ctx, limit, "select "+releasedColumns+" where "+where+" order by "+order+" limit $4", append(args, limit))
	return d, err
}

// MuteThread ends all news of an article's thread to the author of one of its
// comments: news of answers to any of the author's comments there, and the
// thread's digest.
func (s *Store) MuteThread(ctx context.Context, comment string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var article, email string
		err := one(ctx, tx, "receipt", []any{&article, &email}, "select article_id, coalesce(lower(author_email), '') from comments where id = $1", comment)
		if err != nil {
			return err
		}
		return all(ctx, tx,
			stmt("update comments set notify = '' where id = $1 or article_id = $2 and lower(author_email) = $3", comment, article, email),
			stmt("delete from subscriptions where kind = 'thread' and article_id = $1 and email = $2", article, email))
	})
}

// AskForNews keeps an author's wish for news of answers to a comment, with an
// address where none was given with it, and plans the mail that asks to confirm
// the wish. A wish confirmed for the same address stays so.
func (s *Store) AskForNews(ctx context.Context, comment, email string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var known, notify string
		err := one(ctx, tx, "receipt", []any{&known, &notify}, "select coalesce(author_email, ''), notify from comments where id = $1 and erased_at is null", comment)
		if err != nil {
			return err
		}
		switch {
		case known == "" && email == "":
			return moderation.BadField("email", "error.email")
		case known == "":
			known = email
		case notify == NotifyConfirmed:
			return nil
		}
		_, err = exec(ctx, tx, "update comments set author_email = $2, notify = $3 where id = $1", comment, known, NotifyAsked)
		if err != nil {
			return err
		}
		return s.ask(ctx, tx, known, jobFor("news-confirm", comment, "", s.Now()))
	})
}
