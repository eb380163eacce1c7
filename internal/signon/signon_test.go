package signon

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/golang-jwt/jwt/v5"
)

var (
	now    = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	secret = strings.Repeat("geheim", 6)
)

func good() jwt.MapClaims {
	return jwt.MapClaims{"sub": "r17", "name": "Mira Vogt", "email": "mira@example.org", "email_verified": true, "iss": "blatt", "aud": "kommentare", "exp": now.Add(time.Hour).Unix()}
}

func sign(t *testing.T, method jwt.SigningMethod, key any, c jwt.MapClaims, kid string) string {
	t.Helper()
	tok := jwt.NewWithClaims(method, c)
	if kid != "" {
		tok.Header["kid"] = kid
	}
	s, err := tok.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pemOf(t *testing.T, key any) string {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}))
}

func keys(t *testing.T) (*rsa.PrivateKey, ed25519.PrivateKey) {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, e, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return r, e
}

func with(c jwt.MapClaims, name string, value any) jwt.MapClaims {
	if value == nil {
		delete(c, name)
	} else {
		c[name] = value
	}
	return c
}

func TestTokens(t *testing.T) {
	r, e := keys(t)
	rsaPEM := pemOf(t, &r.PublicKey)
	v := &Verifier{Client: http.DefaultClient, Clock: func() time.Time { return now }}
	shared := Config{Secret: secret, Issuer: "blatt", Audience: "kommentare"}
	for name, c := range map[string]struct {
		config Config
		token  string
		holds  bool
	}{
		"HS256":                      {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), good(), ""), true},
		"RS256":                      {Config{PublicKey: rsaPEM}, sign(t, jwt.SigningMethodRS256, r, good(), ""), true},
		"EdDSA":                      {Config{PublicKey: pemOf(t, e.Public())}, sign(t, jwt.SigningMethodEdDSA, e, good(), ""), true},
		"ended a moment ago":         {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "exp", now.Add(-30*time.Second).Unix()), ""), true},
		"ended":                      {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "exp", now.Add(-2*time.Minute).Unix()), ""), false},
		"without end":                {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "exp", nil), ""), false},
		"not before tomorrow":        {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "nbf", now.Add(24*time.Hour).Unix()), ""), false},
		"made tomorrow":              {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "iat", now.Add(24*time.Hour).Unix()), ""), false},
		"longer than any should be":  {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "more", strings.Repeat("x", 8192)), ""), false},
		"a subject without end":      {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "sub", strings.Repeat("x", 201)), ""), false},
		"audience as a list":         {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "aud", []string{"x", "kommentare"}), ""), true},
		"another's":                  {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "iss", "fremd"), ""), false},
		"for another":                {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "aud", "fremd"), ""), false},
		"no subject":                 {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "sub", nil), ""), false},
		"no name":                    {shared, sign(t, jwt.SigningMethodHS256, []byte(secret), with(good(), "name", nil), ""), false},
		"wrong secret":               {shared, sign(t, jwt.SigningMethodHS256, []byte(secret+"x"), good(), ""), false},
		"stronger than agreed":       {shared, sign(t, jwt.SigningMethodHS512, []byte(secret), good(), ""), false},
		"unsigned":                   {shared, sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good(), ""), false},
		"the public key as a secret": {Config{PublicKey: rsaPEM}, sign(t, jwt.SigningMethodHS256, []byte(rsaPEM), good(), ""), false},
		"nonsense":                   {shared, "a.b.c", false},
		"nothing is set up":          {Config{}, sign(t, jwt.SigningMethodHS256, []byte(secret), good(), ""), false},
	} {
		p, err := v.Verify(t.Context(), c.config, c.token)
		if c.holds && (err != nil || p != Person{"r17", "Mira Vogt", "mira@example.org", true}) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
		if !c.holds && moderation.KindOf(err) != moderation.Forbidden {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	if _, err := v.Verify(t.Context(), Config{Secret: "short"}, "x"); err == nil || moderation.KindOf(err) != 0 {
		t.Errorf("a short secret: %v", err)
	}
}

func TestCoralsClaims(t *testing.T) {
	v := &Verifier{Client: http.DefaultClient, Clock: func() time.Time { return now }}
	token := sign(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"jti": "1", "exp": now.Add(time.Hour).Unix(), "user": map[string]any{"id": "r17", "email": "mira@example.org", "username": "mira"}}, "")
	if p, err := v.Verify(t.Context(), Config{Secret: secret}, token); err != nil || p.Subject != "r17" || p.Name != "mira" {
		t.Errorf("%v, %v", p, err)
	}
}

func TestKeySet(t *testing.T) {
	r, e := keys(t)
	b64 := base64.RawURLEncoding.EncodeToString
	asked, broken := 0, false
	set := func() []map[string]string {
		return []map[string]string{
			{"kty": "RSA", "kid": "r", "n": b64(r.N.Bytes()), "e": b64(big.NewInt(int64(r.E)).Bytes())},
			{"kty": "OKP", "crv": "Ed25519", "kid": "e", "x": b64(e.Public().(ed25519.PublicKey)), "use": "sig"},
			{"kty": "RSA", "kid": "enc", "use": "enc", "n": b64(r.N.Bytes()), "e": "AQAB"},
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		if broken {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"keys": set()}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	at := now
	v := &Verifier{Client: server.Client(), Clock: func() time.Time { return at }}
	c := Config{JWKS: server.URL}
	check := func(token string, holds bool) {
		t.Helper()
		if _, err := v.Verify(t.Context(), c, token); (err == nil) != holds {
			t.Errorf("holds: %v, %v", holds, err)
		}
	}
	check(sign(t, jwt.SigningMethodRS256, r, good(), "r"), true)
	check(sign(t, jwt.SigningMethodEdDSA, e, good(), "e"), true)
	check(sign(t, jwt.SigningMethodRS256, r, good(), "enc"), false)
	check(sign(t, jwt.SigningMethodRS256, r, good(), "e"), false)
	check(sign(t, jwt.SigningMethodRS256, r, good(), "unknown"), false)
	if asked != 1 {
		t.Errorf("the set was asked for %d times: unknown keys must not make it be fetched each time", asked)
	}
	broken = true
	at = at.Add(11 * time.Minute)
	check(sign(t, jwt.SigningMethodRS256, r, good(), "r"), true) // an old set is better than none
	if _, err := v.Verify(t.Context(), c, sign(t, jwt.SigningMethodRS256, r, good(), "new")); err == nil || moderation.KindOf(err) != 0 {
		t.Errorf("keys that cannot be had: %v", err)
	}
	if asked != 2 {
		t.Errorf("the set was asked for %d times: an address that is down must not be asked with each token", asked)
	}
	broken, at = false, at.Add(time.Minute)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := v.Verify(gone, c, sign(t, jwt.SigningMethodRS256, r, good(), "r")); err != nil || asked != 3 {
		t.Errorf("asked by somebody who went away: %v, %d times", err, asked)
	}
}

// The publisher changes keys: the new one is fetched with the next token, and the
// old one counts no longer than the set that had it. No token makes a key of the
// set a shared secret.
func TestTheKeySetChanges(t *testing.T) {
	before, e := keys(t)
	after, _ := keys(t)
	current, kid := before, "r1"
	b64 := base64.RawURLEncoding.EncodeToString
	padding := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set := map[string]any{"more": padding, "keys": []map[string]string{{"kty": "RSA", "kid": kid, "n": b64(current.N.Bytes()), "e": "AQAB"}, {"kty": "oct", "kid": "o", "k": b64([]byte(secret))}}}
		if err := json.NewEncoder(w).Encode(set); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	at := now
	v := &Verifier{Client: server.Client(), Clock: func() time.Time { return at }}
	holds := func(token string) bool {
		_, err := v.Verify(t.Context(), Config{JWKS: server.URL}, token)
		return err == nil
	}
	old, fresh := sign(t, jwt.SigningMethodRS256, before, good(), "r1"), sign(t, jwt.SigningMethodRS256, after, good(), "r2")
	if !holds(old) || holds(fresh) {
		t.Fatal("before the change the old key counts, and it alone")
	}
	current, kid, at = after, "r2", at.Add(time.Minute)
	if !holds(fresh) || holds(old) {
		t.Error("after the change the new key counts, and it alone")
	}
	for name, token := range map[string]string{
		"a shared secret of the set":      sign(t, jwt.SigningMethodHS256, []byte(secret), good(), "o"),
		"the modulus as a secret":         sign(t, jwt.SigningMethodHS256, after.N.Bytes(), good(), "r2"),
		"unsigned":                        sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good(), "r2"),
		"another kind of key by its name": sign(t, jwt.SigningMethodEdDSA, e, good(), "r2"),
	} {
		if holds(token) {
			t.Errorf("%s holds", name)
		}
	}
	current, kid, padding, at = before, "r3", strings.Repeat("x", maxSet), at.Add(time.Hour)
	if holds(sign(t, jwt.SigningMethodRS256, before, good(), "r3")) {
		t.Error("a key set without end was read")
	}
}
