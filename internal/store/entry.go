package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// How long a link works by which a person sets a password.
const (
	inviteLife = 7 * 24 * time.Hour
	resetLife  = 24 * time.Hour
)

// Delivery is how a link reaches its person: handed over by whoever made it, or
// by mail.
type Delivery struct {
	Mailed bool
	Lang   string // of the letter
}

// Entry is a link by which a person of the desk sets a password, once.
type Entry struct {
	ID      string
	Editor  Editor
	Expires time.Time
}

var errEntry = moderation.Missing("link")

// ResetEntry makes a one-time link for a person, in another's name or, with the
// zero Editor, from the command line. Earlier links of that person end. A link that
// is mailed is given to nobody else: its token is "".
func (s *Store) ResetEntry(ctx context.Context, by Editor, id string, how Delivery) (token string, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		e, err := editorBy(ctx, tx, id)
		if err != nil {
			return err
		}
		if by.ID != "" && !by.MayManage(e) {
			return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
		}
		token, err = s.addEntry(ctx, tx, Entry{Editor: e, Expires: s.Now().Add(resetLife)}, by.ID, how)
		return err
	})
	return token, err
}

func (s *Store) addEntry(ctx context.Context, tx *sql.Tx, x Entry, by string, how Delivery) (string, error) {
	x.ID = NewID()
	token, given, now := NewSecret(), "", s.Now()
	if how.Mailed {
		secret, err := s.installationSecret(ctx, tx)
		if err != nil {
			return "", err
		}
		token = entryToken(secret, x.ID)
		if err := all(ctx, tx, jobFor("entry", x.ID, how.Lang, now)); err != nil {
			return "", err
		}
	} else {
		given = token
	}
	return given, all(ctx, tx,
		stmt("update entries set expires_at = $2 where editor_id = $1 and expires_at > $2", x.Editor.ID, micros(now)),
		stmt("insert into entries (id, hash, editor_id, made_by, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
			x.ID, hashed(token), x.Editor.ID, optional(by), micros(now), micros(x.Expires)),
		changed(s, x.Editor.ID, by, "link", ""))
}

// entryToken derives a mailed link's token from the installation's secret, so that
// the letter can be written again when the mail server was away, and neither the
// job nor the database holds it.
func entryToken(secret, entry string) string {
	return base.EncodeToString(mac(secret, "entry", entry))[:32]
}

// EntryLetter is what a letter with a link says.
type EntryLetter struct {
	Entry
	Token string
	By    string // name of whoever made it, "" from the command line
	First bool   // the person has set no password yet: an invitation
}

// EntryLetter gives what is to be mailed of a link. One that was used or has ended
// meanwhile is NotFound.
func (s *Store) EntryLetter(ctx context.Context, id string) (EntryLetter, error) {
	l := EntryLetter{}
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return l, err
	}
	l.Token = entryToken(secret, id)
	if l.Entry, err = entry(ctx, s.read, s.Now(), l.Token); err != nil {
		return l, err
	}
	l.First = l.Editor.Password == ""
	err = one(ctx, s.read, "link", []any{&l.By}, "select coalesce(e.name, '') from entries x left join editors e on e.id = x.made_by where x.id = $1", id)
	return l, err
}

// Entry gives the link of a token; one that was used, has ended or belongs to
// somebody disabled is NotFound.
func (s *Store) Entry(ctx context.Context, token string) (Entry, error) {
	return entry(ctx, s.read, s.Now(), token)
}

func entry(ctx context.Context, q querier, now time.Time, token string) (Entry, error) {
	var x Entry
	var expires int64
	err := one(ctx, q, "link", []any{&x.ID, &x.Editor.ID, &expires},
		"select id, editor_id, expires_at from entries where hash = $1 and used_at is null and expires_at > $2", hashed(token), micros(now))
	if err != nil {
		return x, err
	}
	x.Expires = fromMicros(expires)
	if x.Editor, err = editorBy(ctx, q, x.Editor.ID); err == nil && x.Editor.Disabled {
		err = errEntry
	}
	return x, err
}

// UseEntry sets the password of a link's person. The link is used up, and all
// sessions of the person end.
func (s *Store) UseEntry(ctx context.Context, token, hash string) (Editor, error) {
	var e Editor
	err := s.write(ctx, func(tx *sql.Tx) error {
		x, err := entry(ctx, tx, s.Now(), token)
		if err != nil {
			return err
		}
		used, err := exec(ctx, tx, "update entries set used_at = $2 where id = $1 and used_at is null", x.ID, micros(s.Now()))
		if err != nil {
			return err
		}
		if used == 0 {
			return errEntry
		}
		e = x.Editor
		return s.setPassword(ctx, tx, e.ID, hash, "")
	})
	return e, err
}

// SetPassword changes a person's own password and ends all of their sessions but
// the one named.
func (s *Store) SetPassword(ctx context.Context, editor, hash, keep string) error {
	return s.write(ctx, func(tx *sql.Tx) error { return s.setPassword(ctx, tx, editor, hash, keep) })
}

func (s *Store) setPassword(ctx context.Context, tx *sql.Tx, editor, hash, keep string) error {
	return all(ctx, tx,
		stmt("update editors set password = $2, password_off = 0 where id = $1", editor, hash),
		stmt("delete from sessions where editor_id = $1 and hash <> $2", editor, keep),
		changed(s, editor, editor, "password", ""))
}
