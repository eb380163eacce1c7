package signon

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/golang-jwt/jwt/v5"
)

// Config says whose tokens count. Exactly one of Secret, PublicKey and JWKS is set.
type Config struct {
	Secret    string `json:"secret,omitempty"`     // shared, for HS256; at least 32 bytes
	PublicKey string `json:"public_key,omitempty"` // PEM, for RS256 or EdDSA
	JWKS      string `json:"jwks,omitempty"`       // address of a key set
	Issuer    string `json:"issuer,omitempty"`     // the claim iss must be this, where set
	Audience  string `json:"audience,omitempty"`   // the claim aud must name this, where set
}

// On tells whether sign-on is set up.
func (c Config) On() bool { return c.Secret != "" || c.PublicKey != "" || c.JWKS != "" }

// Person is a reader whom the publisher's site knows.
type Person struct {
	Subject  string // opaque id at the publisher
	Name     string
	Email    string
	Verified bool // the publisher vouches for the address
}

// Verifier checks tokens. It keeps fetched key sets.
type Verifier struct {
	Client *http.Client
	Clock  func() time.Time

	sets keySets
}

const (
	leeway    = time.Minute // clocks differ
	minSecret = 32          // bytes
)

var errToken = &moderation.Error{Kind: moderation.Forbidden, Key: "error.token"}

type claims struct {
	jwt.RegisteredClaims
	Name          string `json:"name"`
	Preferred     string `json:"preferred_username"`
	Nickname      string `json:"nickname"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	User          *struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Email    string `json:"email"`
	} `json:"user"` // as Coral has it
}

// Verify gives the person of a token. A token that does not hold is Forbidden,
// with one answer for every cause.
func (v *Verifier) Verify(ctx context.Context, c Config, token string) (Person, error) {
	methods, key, err := v.keyOf(ctx, c)
	if err != nil {
		return Person{}, err
	}
	options := []jwt.ParserOption{jwt.WithValidMethods(methods), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(v.Clock)}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	if c.Audience != "" {
		options = append(options, jwt.WithAudience(c.Audience))
	}
	var cl claims
	if len(token) > 8192 {
		return Person{}, errToken
	}
	_, err = jwt.ParseWithClaims(token, &cl, key, options...)
	if unavailable, ok := errors.AsType[*keysError](err); ok {
		return Person{}, unavailable
	}
	if err != nil {
		return Person{}, errToken
	}
	return cl.person()
}

func (c claims) person() (Person, error) {
	p := Person{Subject: c.Subject, Name: first(c.Preferred, c.Nickname, c.Name), Email: c.Email, Verified: c.EmailVerified}
	if u := c.User; u != nil {
		p = Person{Subject: u.ID, Name: u.Username, Email: u.Email, Verified: u.Email != ""}
	}
	if p.Subject == "" || p.Name == "" || len(p.Subject) > 200 {
		return Person{}, errToken
	}
	return p, nil
}

func first(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

// keyOf gives the kinds of signature that a configuration allows, and its keys.
func (v *Verifier) keyOf(ctx context.Context, c Config) ([]string, jwt.Keyfunc, error) {
	switch {
	case c.Secret != "":
		if len(c.Secret) < minSecret {
			return nil, nil, fmt.Errorf("sign-on: the secret is shorter than %d bytes", minSecret)
		}
		return []string{"HS256"}, func(*jwt.Token) (any, error) { return []byte(c.Secret), nil }, nil
	case c.PublicKey != "":
		return publicKey(c.PublicKey)
	case c.JWKS != "":
		return []string{"RS256", "EdDSA"}, func(t *jwt.Token) (any, error) {
			kid, _ := t.Header["kid"].(string)
			return v.sets.key(ctx, v.Client, v.Clock(), c.JWKS, kid, t.Method.Alg())
		}, nil
	}
	return nil, nil, errToken
}

func publicKey(text string) ([]string, jwt.Keyfunc, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, nil, errors.New("sign-on: the public key is no PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("sign-on: public key: %w", err)
	}
	give := func(*jwt.Token) (any, error) { return key, nil }
	switch k := key.(type) {
	case ed25519.PublicKey:
		return []string{"EdDSA"}, give, nil
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return nil, nil, errors.New("sign-on: an RSA key needs at least 2048 bits")
		}
		return []string{"RS256"}, give, nil
	}
	return nil, nil, errors.New("sign-on: the public key must be RSA or Ed25519")
}
