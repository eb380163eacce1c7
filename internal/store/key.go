package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Key lets a program in: to the desk as an editor, to read, or to score.
type Key struct {
	ID       string
	Scope    string // "desk", "read" or "score"
	Site     string // "": all sites
	Editor   string // id, for the scope desk
	Settings string // JSON, owned by the part that the scope belongs to
	Created  time.Time
	Revoked  bool
}

// AddKey makes a key and gives its secret, which is shown this once.
func (s *Store) AddKey(ctx context.Context, k Key) (Key, string, error) {
	if !slices.Contains([]string{"desk", "read", "score"}, k.Scope) {
		return Key{}, "", moderation.BadField("scope", "error.scope")
	}
	if (k.Scope == "desk") != (k.Editor != "") {
		return Key{}, "", moderation.BadField("editor", "error.key_editor")
	}
	secret := "fg_" + NewSecret()
	k.ID, k.Created = NewID(), s.Now()
	err := s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "insert into keys (id, hash, scope, site_id, editor_id, settings, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
			k.ID, hashed(secret), k.Scope, optional(k.Site), optional(k.Editor), or2(k.Settings, "{}"), micros(k.Created))
		return err
	})
	return k, secret, err
}

const keyColumns = "id, scope, coalesce(site_id, ''), coalesce(editor_id, ''), settings, created_at, revoked_at is not null from keys"

func scanKey(scan func(...any) error) (Key, error) {
	var k Key
	var created int64
	err := scan(&k.ID, &k.Scope, &k.Site, &k.Editor, &k.Settings, &created, &k.Revoked)
	k.Created = fromMicros(created)
	return k, err
}

// Key gives the key of a secret; a revoked one is not found.
func (s *Store) Key(ctx context.Context, secret string) (Key, error) {
	return scanKey(func(dest ...any) error {
		return one(ctx, s.read, "key", dest, "select "+keyColumns+" where hash = $1 and revoked_at is null", hashed(secret))
	})
}

// Keys lists all keys, oldest first.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	return rowsOf(ctx, s.read, scanKey, "select "+keyColumns+" order by created_at, id")
}

// RevokeKey ends a key, named by its id.
func (s *Store) RevokeKey(ctx context.Context, id string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update keys set revoked_at = $2 where id = $1 and revoked_at is null", id, micros(s.Now()))
		if err == nil && n == 0 {
			return moderation.Missing("key")
		}
		return err
	})
}
