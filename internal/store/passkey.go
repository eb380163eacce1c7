package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Passkey is a credential by which a person of the desk signs in (WebAuthn).
type Passkey struct {
	ID         string // of the credential, base64url
	Editor     string // id
	Name       string
	Credential json.RawMessage // public key and counter, as package desk writes it
	Created    time.Time
	Used       time.Time // zero: never
	Warned     time.Time // zero: never; its counter went back then
}

// mostPasskeys bounds how many a person keeps.
const mostPasskeys = 20

// AddPasskey keeps a new passkey.
func (s *Store) AddPasskey(ctx context.Context, p Passkey) error {
	err := s.write(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "select count(*) from passkeys where editor_id = $1", p.Editor).Scan(&n); err != nil {
			return err
		}
		if n >= mostPasskeys {
			return moderation.BadField("name", "error.passkeys_many")
		}
		return all(ctx, tx,
			stmt("insert into passkeys (id, editor_id, name, credential, created_at) values ($1, $2, $3, $4, $5)", p.ID, p.Editor, p.Name, string(p.Credential), micros(s.Now())),
			changed(s, p.Editor, p.Editor, "passkey.added", p.Name))
	})
	if isDuplicate(err) {
		return moderation.BadField("name", "error.passkey_known")
	}
	return err
}

// Passkeys lists a person's passkeys, oldest first.
func (s *Store) Passkeys(ctx context.Context, editor string) ([]Passkey, error) {
	var out []Passkey
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var p Passkey
		var credential string
		var created int64
		var used, warned sql.NullInt64
		err := r.Scan(&p.ID, &p.Editor, &p.Name, &credential, &created, &used, &warned)
		p.Credential, p.Created, p.Used, p.Warned = json.RawMessage(credential), fromMicros(created), timeOf(used), timeOf(warned)
		out = append(out, p)
		return err
	}, "select id, editor_id, name, credential, created_at, used_at, warned_at from passkeys where editor_id = $1 order by created_at, id", editor)
	return out, err
}

// UsedPasskey keeps a passkey's new counter after a sign-in. A clone warning stays
// on the passkey until it is removed.
func (s *Store) UsedPasskey(ctx context.Context, p Passkey, warn bool) error {
	now := s.Now()
	return s.write(ctx, func(tx *sql.Tx) error {
		if warn {
			_, err := exec(ctx, tx, "update passkeys set warned_at = $2 where id = $1", p.ID, micros(now))
			return err
		}
		_, err := exec(ctx, tx, "update passkeys set credential = $2, used_at = $3 where id = $1", p.ID, string(p.Credential), micros(now))
		return err
	})
}

// DropPasskey removes one of a person's passkeys. The last one of a person who
// signs in by passkey alone stays.
func (s *Store) DropPasskey(ctx context.Context, editor, id string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		e, err := editorBy(ctx, tx, editor)
		if err != nil {
			return err
		}
		n, err := exec(ctx, tx, "delete from passkeys where id = $1 and editor_id = $2", id, editor)
		if err != nil {
			return err
		}
		if n == 0 {
			return moderation.Missing("passkey")
		}
		var left int
		if err := tx.QueryRowContext(ctx, "select count(*) from passkeys where editor_id = $1", editor).Scan(&left); err != nil {
			return err
		}
		if left == 0 && e.PasswordOff {
			return &moderation.Error{Kind: moderation.Conflict, Key: "error.passkey_last"}
		}
		return all(ctx, tx, changed(s, editor, editor, "passkey.removed", ""))
	})
}

// SetPasswordOff switches signing in by password off or on; off needs a passkey.
func (s *Store) SetPasswordOff(ctx context.Context, editor string, off bool) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "select count(*) from passkeys where editor_id = $1", editor).Scan(&n); err != nil {
			return err
		}
		if off && n == 0 {
			return &moderation.Error{Kind: moderation.Conflict, Key: "error.passkey_needed"}
		}
		change := "password.on"
		if off {
			change = "password.off"
		}
		return all(ctx, tx, stmt("update editors set password_off = $2 where id = $1", editor, flag(off)), changed(s, editor, editor, change, ""))
	})
}

// BySubject finds the person of a subject at the desk's OIDC provider.
func (s *Store) BySubject(ctx context.Context, subject string) (Editor, error) {
	return scanEditor(func(dest ...any) error {
		return one(ctx, s.read, "editor", dest, "select "+editorColumns+" from editors e where e.subject = $1", subject)
	})
}

// SetSubject ties a person to their subject at the provider, where they have none yet.
func (s *Store) SetSubject(ctx context.Context, editor, subject string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update editors set subject = $2 where id = $1 and subject is null", editor, subject)
		if err == nil && n == 0 {
			return moderation.Missing("editor") // tied to another subject: an address that was given to somebody else
		}
		if err != nil {
			return err
		}
		return all(ctx, tx, changed(s, editor, editor, "oidc", ""))
	})
}
