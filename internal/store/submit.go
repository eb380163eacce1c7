package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// repeatWindow is how long the same submission is the same comment.
const repeatWindow = 10 * time.Minute

// saltLife is how long a sender's hash stays the same; salts are deleted after
// twice that, and then nobody can tell which address a hash was.
const saltLife = 12 * time.Hour

// Submission is a reader's comment as it comes in, cleaned by package moderation.
type Submission struct {
	Article     string
	Parent      string // id of the released comment answered, or ""
	Text        string
	Name        string
	Email       string
	Sender      Sender
	Idempotency string // stands for the sender, where a client sends one
	Proof       Proof
	Naming      Naming // of a known author
	OfAge       bool   // said to have reached the site's least age
	Hinted      bool   // a hint was shown and the text then changed
	Notify      string // what to tell by mail: "", "decision", "replies"
	Lang        string
	Promise     Promise
}

// Promise is what an author was told about the waiting time at submission. The
// zero value is nothing.
type Promise struct {
	Waiting  int       // texts that waited at the site
	From, To time.Time // From is zero where too little was known for a range
}

// columns are waiting_then, wait_from and wait_to.
func (p Promise) columns() (then, from, to any) {
	if p.To.IsZero() {
		return nil, nil, nil
	}
	return p.Waiting, optionalTime(p.From), micros(p.To)
}

// Sender is the rotating hash of a reader's address: now, and ten minutes ago.
type Sender struct{ Now, Before string }

// Proof is how the author is known for certain. The zero value is a guest with a
// typed name, who has no record.
type Proof struct {
	Kind    string // "", "account", "email", "editor" or "receipt"
	Subject string // the account's subject, the verified address, the editor's id, the receipt's token
	Answer  bool   // for an editor: an answer of the newsroom
}

// Submitted is the acknowledgement: what it names is on disk.
type Submitted struct {
	Comment string
	Token   string // of the receipt link
	Name    string // that it bears
	Repeat  bool   // it was here already; its name and state are the receipt's
	At      time.Time
}

// SenderOf gives the rotating hash of an address. IPv6 addresses count by their
// /64, since one reader has all of it.
func (s *Store) SenderOf(ctx context.Context, addr netip.Addr) (Sender, error) {
	addr = addr.Unmap()
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	now := s.Now()
	cur, err := s.salt(ctx, now)
	if err != nil {
		return Sender{}, err
	}
	old, err := s.salt(ctx, now.Add(-repeatWindow))
	hash := func(salt string) string {
		return base64.RawURLEncoding.EncodeToString(mac(salt, "sender", addr.String())[:15])
	}
	return Sender{hash(cur), hash(old)}, err
}

func (s *Store) salt(ctx context.Context, at time.Time) (string, error) {
	period := at.UnixNano() / int64(saltLife)
	s.mu.Lock()
	salt := s.salts[period]
	s.mu.Unlock()
	if salt != "" {
		return salt, nil
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := exec(ctx, tx, "insert into salts (day, salt) values ($1, $2) on conflict (day) do nothing", period, NewSecret()); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "select salt from salts where day = $1", period).Scan(&salt)
	})
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.salts[period] = salt
	delete(s.salts, period-3)
	return salt, nil
}

// Submit takes in a comment. The same text for the same article and parent, under
// the same name and address and from the same sender, within ten minutes is the
// same comment and gets the same receipt. Where too many wait it is refused with
// ErrBusy. Once it waits it is carried out, even if the caller has gone: the
// caller cannot know, and a repeat is harmless.
func (s *Store) Submit(ctx context.Context, in Submission) (_ Submitted, err error) {
	if err := ctx.Err(); err != nil {
		return Submitted{}, err
	}
	_, span := tracer().Start(ctx, "store.submit") // the commit is shared, so it is nobody's child
	defer func() { endSpan(span, err) }()
	a := &arrival{in: in, out: Submitted{Comment: NewID(), At: s.Now()}, came: time.Now(), done: make(chan struct{})}
	if err := s.intake.put(a); err != nil {
		return Submitted{}, err
	}
	<-a.done
	a.out.Name = or2(a.name, a.in.Name)
	return a.out, a.err
}

func repeatKey(in Submission, sender string) string {
	return base64.RawURLEncoding.EncodeToString(mac(sender, "repeat", in.Article, in.Parent, in.Name, in.Email, in.Text)[:24])
}

// provenAuthor gives the id of an author who is known for certain, and the
// editor's where the newsroom answers. It sets the name that counts.
func (s *Store) provenAuthor(ctx context.Context, tx *sql.Tx, a *arrival, art Article) (id, answer string, err error) {
	p := a.in.Proof
	if p.Kind == "receipt" {
		err = one(ctx, tx, "receipt", []any{&id, &a.name}, "select c.author_id, c.author_name from comments c where c.receipt_hash = $1 and c.site_id = $2 and c.erased_at is null", hashed(p.Subject), art.Site)
	} else {
		id, a.name, err = s.knownAuthorID(ctx, tx, art.Site, a.in, a.out.At)
	}
	if p.Answer {
		answer = p.Subject
	}
	if err == nil {
		err = barred(ctx, tx, id, a.out.At)
	}
	return id, answer, err
}

type words struct{ text, salt, digest string }

func newRevision(text string) words {
	salt := NewSecret()
	return words{text, salt, moderation.Digest(salt, text)}
}

type revisionRow struct {
	Comment, Site, Article string
	Number                 int
	rev                    words
	Blind, Hint            bool
	At                     time.Time
	Promise                Promise
}

// insertRevision writes a new pending text and the job that assesses it.
func (s *Store) insertRevision(ctx context.Context, tx *sql.Tx, r revisionRow) error {
	at := micros(r.At)
	then, from, to := r.Promise.columns()
	return all(ctx, tx,
		stmt(`insert into revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, blind, hint, submitted_at, state_at, waiting_then, wait_from, wait_to)
			values ($1, $2, $3, $4, 'pending', $5, $11, $6, $7, $8, $9, $10, $10, $12, $13, $14)`,
			r.Comment, r.Number, r.Site, r.Article, r.rev.text, r.rev.salt, r.rev.digest, flag(r.Blind), flag(r.Hint), at, strings.ToLower(r.rev.text), then, from, to),
		jobFor("assess", revisionKey(r.Comment, r.Number), r.Comment, r.At),
		event(s, "queue", r.Site, r.Article, r.Comment))
}

// drawn decides by lot, with a probability of share.
func drawn(share float64) bool {
	var b [8]byte
	rand.Read(b[:])
	return float64(binary.BigEndian.Uint64(b[:])>>11)/(1<<53) < share
}
