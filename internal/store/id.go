package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

var base = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID gives an opaque id: 100 random bits in 20 characters.
func NewID() string {
	var b [13]byte
	rand.Read(b[:]) // never fails, by its contract
	return base.EncodeToString(b[:])[:20]
}

// NewSecret gives a token of 160 random bits for a person to carry.
func NewSecret() string {
	var b [20]byte
	rand.Read(b[:])
	return base.EncodeToString(b[:])
}

// hashed is how tokens are kept: their SHA-256, since they are random enough.
func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func mac(secret string, parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(strings.Join(parts, "\x00")))
	return h.Sum(nil)
}

// receiptToken derives a comment's receipt link from the installation's secret,
// so that a repeated submission gets the same link and the database holds none.
func receiptToken(secret, comment string) string {
	return base.EncodeToString(mac(secret, "receipt", comment))[:32]
}

// installationSecret is made once, with the schema, and never changes.
func (s *Store) installationSecret(ctx context.Context, q querier) (string, error) {
	s.mu.Lock()
	v := s.secretOnce
	s.mu.Unlock()
	if v != "" {
		return v, nil
	}
	err := one(ctx, q, "secret", []any{&v}, "select value from meta where name = 'secret'")
	if err == nil {
		s.mu.Lock()
		s.secretOnce = v
		s.mu.Unlock()
	}
	return v, err
}

// Derive gives a key for one purpose from the installation's secret: 32 bytes.
func (s *Store) Derive(ctx context.Context, purpose string) ([]byte, error) {
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return nil, err
	}
	return mac(secret, "derive", purpose), nil
}
