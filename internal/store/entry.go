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

// Entry is a link by which a person of the desk sets a password, once.
type Entry struct {
	ID      string
	Editor  Editor
	Expires time.Time
}

var errEntry = moderation.Missing("link")

// ResetEntry makes a one-time link for a person, in another's name or, with the
// zero Editor, from the command line. Earlier links of that person end.
func (s *Store) ResetEntry(ctx context.Context, by Editor, id string) (token string, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		e, err := editorBy(ctx, tx, id)
		if err != nil {
			return err
		}
		if by.ID != "" && !by.MayManage(e) {
			return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
		}
		token, err = s.addEntry(ctx, tx, id, by.ID, resetLife)
		return err
	})
	return token, err
}

func (s *Store) addEntry(ctx context.Context, tx *sql.Tx, editor, by string, life time.Duration) (string, error) {
	token, now := NewSecret(), s.Now()
	return token, all(ctx, tx,
		stmt("update entries set expires_at = $2 where editor_id = $1 and expires_at > $2", editor, micros(now)),
		stmt("insert into entries (id, hash, editor_id, made_by, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
			NewID(), hashed(token), editor, optional(by), micros(now), micros(now.Add(life))),
		changed(s, editor, by, "link", ""))
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
