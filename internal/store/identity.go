package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// ReaderTokenPrefix begins every token that Freigabe itself gives a reader.
const ReaderTokenPrefix = "fgr_"

// How long a reader's token and a mailed sign-in work.
const (
	readerTokenLife = 2 * time.Hour
	mailedLife      = time.Hour
)

// The kinds of a ReaderID.
const (
	ReaderOIDC  = "oidc"  // the site's provider vouches for the reader
	ReaderEmail = "email" // the reader opened a link that was mailed to the address
)

// ReaderID is a reader who has signed in. It is nowhere kept: it travels as a
// signed token in the reader's own page.
type ReaderID struct {
	Site    string `json:"s"`
	Kind    string `json:"k"`
	Subject string `json:"u"`           // at the provider, or the address
	Name    string `json:"n,omitempty"` // as the reader wants to be called
	Email   string `json:"e,omitempty"` // verified
	Article string `json:"a,omitempty"` // of a mailed sign-in: where the reader was
}

// Proof is what the identity proves with a submission.
func (id ReaderID) Proof() Proof {
	if id.Kind == ReaderEmail {
		return Proof{Kind: "email", Subject: id.Subject}
	}
	return Proof{Kind: "account", Subject: "oidc:" + id.Subject}
}

// ReaderToken signs an identity for two hours.
func (s *Store) ReaderToken(ctx context.Context, id ReaderID) (string, error) {
	text, err := s.signed(ctx, "reader", readerTokenLife, id)
	return ReaderTokenPrefix + text, err
}

// ByReaderToken gives the identity of a token; a forged or old one is Forbidden.
func (s *Store) ByReaderToken(ctx context.Context, token string) (ReaderID, error) {
	var id ReaderID
	text, ok := strings.CutPrefix(token, ReaderTokenPrefix)
	if !ok || len(token) > 4096 {
		return id, errReaderToken
	}
	return id, s.opened(ctx, "reader", text, &id)
}

var errReaderToken = &moderation.Error{Kind: moderation.Forbidden, Key: "error.reader_token"}

// MailedToken signs what a mailed link brings back, for an hour.
func (s *Store) MailedToken(ctx context.Context, id ReaderID) (string, error) {
	return s.signed(ctx, "mailed", mailedLife, id)
}

// ByMailedToken gives the reader of a mailed link; a forged or old one is NotFound.
func (s *Store) ByMailedToken(ctx context.Context, token string) (ReaderID, error) {
	var id ReaderID
	err := s.opened(ctx, "mailed", token, &id)
	if moderation.KindOf(err) == moderation.Forbidden {
		return id, moderation.Missing("link")
	}
	return id, err
}

// signed writes a value with its end and a signature for one purpose.
func (s *Store) signed(ctx context.Context, purpose string, life time.Duration, v any) (string, error) {
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	text := strconv.FormatInt(s.Now().Add(life).Unix(), 36) + "." + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(mac(secret, "signed "+purpose, text)), nil
}

// opened reads what signed wrote; anything else is errReaderToken.
func (s *Store) opened(ctx context.Context, purpose, token string, v any) error {
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return err
	}
	i := strings.LastIndexByte(token, '.')
	if i < 0 || !hmac.Equal([]byte(token[i+1:]), []byte(base64.RawURLEncoding.EncodeToString(mac(secret, "signed "+purpose, token[:i])))) {
		return errReaderToken
	}
	until, text, _ := strings.Cut(token[:i], ".")
	end, err := strconv.ParseInt(until, 36, 64)
	body, err1 := base64.RawURLEncoding.DecodeString(text)
	if err != nil || err1 != nil || s.Now().Unix() >= end || json.Unmarshal(body, v) != nil {
		return errReaderToken
	}
	return nil
}

// AskForSignIn plans the mail by which a reader signs in with an address. Asked
// again for the same article within some minutes, it plans one.
func (s *Store) AskForSignIn(ctx context.Context, id ReaderID) error {
	payload, err := json.Marshal(id)
	if err != nil {
		return err
	}
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return err
	}
	part := strconv.FormatInt(s.Now().Unix()/300, 10)
	return s.AddJob(ctx, "signin", base64.RawURLEncoding.EncodeToString(mac(secret, "signin job", string(payload), part)), string(payload), s.Now())
}

// authorSubject is how an author's subject is kept. An address is kept as a keyed
// hash: the row outlives the address, which retention erases.
func authorSubject(secret string, p Proof) string {
	if p.Kind != "email" {
		return p.Subject
	}
	return base64.RawURLEncoding.EncodeToString(mac(secret, "email author", strings.ToLower(p.Subject)))
}

// Naming is how an author's name is kept: how it looks, and how long another
// change has to wait.
type Naming struct {
	Likeness string
	Every    time.Duration // 0: at any time
}

// knownAuthorID gives the row of an author who is known for certain, made where
// there is none, and the name that counts: the new one, or the one that the author
// took less than Every ago.
func (s *Store) knownAuthorID(ctx context.Context, tx *sql.Tx, site string, in Submission, at time.Time) (id, name string, err error) {
	secret, err := s.installationSecret(ctx, tx)
	if err != nil {
		return "", "", err
	}
	err = tx.QueryRowContext(ctx, `insert into authors (id, site_id, kind, subject, name, email, verified_at, created_at, likeness, named_at) values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $7)
		on conflict (site_id, kind, subject) do update set
			name = case when coalesce(authors.named_at, 0) <= $9 then excluded.name else authors.name end,
			likeness = case when coalesce(authors.named_at, 0) <= $9 or authors.name = excluded.name then excluded.likeness else authors.likeness end,
			named_at = case when authors.name <> excluded.name and coalesce(authors.named_at, 0) <= $9 then excluded.named_at else authors.named_at end
		returning id, name`,
		NewID(), site, in.Proof.Kind, authorSubject(secret, in.Proof), in.Name, optional(in.Email), micros(at), in.Naming.Likeness, micros(at.Add(-in.Naming.Every))).Scan(&id, &name)
	return id, name, err
}

// NameOf is what a known author is called, and since when; zero where unknown.
func (s *Store) NameOf(ctx context.Context, site string, p Proof) (string, time.Time, error) {
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return "", time.Time{}, err
	}
	var name string
	var at sql.NullInt64
	err = one(ctx, s.read, "author", []any{&name, &at}, "select name, named_at from authors where site_id = $1 and kind = $2 and subject = $3", site, p.Kind, authorSubject(secret, p))
	if moderation.KindOf(err) == moderation.NotFound {
		return "", time.Time{}, nil
	}
	return name, timeOf(at), err
}

// NameTaken tells whether a known author of a site has a name that looks like
// this one: anyone but the author of the proof, or of the address.
func (s *Store) NameTaken(ctx context.Context, site, likeness string, p Proof, email string) (bool, error) {
	if likeness == "" {
		return false, nil
	}
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return false, err
	}
	own := authorSubject(secret, Proof{Kind: "email", Subject: email})
	n := 0
	err = s.read.QueryRowContext(ctx, `select count(*) from (select 1 from authors where site_id = $1 and likeness = $2 and kind in ('email', 'account')
		and not (kind = $3 and subject = $4) and not (kind = 'email' and subject = $5) limit 1) taken`,
		site, likeness, p.Kind, authorSubject(secret, p), own).Scan(&n)
	return n > 0, classify(err)
}

// VerifyEmail keeps that the author of a comment has opened the link mailed to
// the address. From now on the author of that address is known, and the comment is
// theirs. A second time changes nothing.
func (s *Store) VerifyEmail(ctx context.Context, rec Receipt, naming Naming) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var email, kind string
		err := one(ctx, tx, "receipt", []any{&email, &kind}, `select coalesce(c.author_email, ''), a.kind from comments c join authors a on a.id = c.author_id
			where c.id = $1 and c.erased_at is null`, rec.Comment)
		if err != nil || kind != "guest" {
			return err
		}
		if email == "" {
			return moderation.Missing("receipt") // erased meanwhile
		}
		in := Submission{Name: rec.Name, Email: email, Proof: Proof{Kind: "email", Subject: email}, Naming: naming}
		id, _, err := s.knownAuthorID(ctx, tx, rec.Site.ID, in, s.Now())
		if err != nil {
			return err
		}
		return all(ctx, tx,
			stmt("update comments set author_id = $2, proven = 1 where id = $1", rec.Comment, id),
			event(s, "queue", rec.Site.ID, rec.Article.ID, rec.Comment))
	})
}
