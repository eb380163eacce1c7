package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// ceremonyLife is how long a sign-in may be on its way.
const ceremonyLife = 10 * time.Minute

// StartCeremony keeps what a sign-in on its way must find again: a challenge, or
// state and nonce. The token goes into a cookie of the browser that began it.
func (s *Store) StartCeremony(ctx context.Context, kind string, data any) (token string, err error) {
	text, err := json.Marshal(data)
	if err != nil {
		return "", err
	}
	token, now := NewSecret(), s.Now()
	return token, s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx,
			stmt("delete from ceremonies where expires_at < $1", micros(now)),
			stmt("insert into ceremonies (hash, kind, data, expires_at) values ($1, $2, $3, $4)", hashed(token), kind, string(text), micros(now.Add(ceremonyLife))))
	})
}

// EndCeremony gives what was kept, once: used, late, of another kind or unknown
// ones are NotFound.
func (s *Store) EndCeremony(ctx context.Context, kind, token string, data any) error {
	var text string
	err := s.write(ctx, func(tx *sql.Tx) error {
		return one(ctx, tx, "ceremony", []any{&text}, "delete from ceremonies where hash = $1 and kind = $2 and expires_at > $3 returning data", hashed(token), kind, micros(s.Now()))
	})
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), data)
}
