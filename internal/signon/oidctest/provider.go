// Package oidctest is an OpenID Connect provider for tests: discovery, keys, an
// authorization that asks nobody, and a token endpoint that checks PKCE. What a
// test sets in it goes into the next token, wrong or right.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// ClientID and ClientSecret are those of the one client that the provider knows.
const (
	ClientID     = "freigabe"
	ClientSecret = "zwölf-boxkämpfer"
)

// Provider is a running provider.
type Provider struct {
	Issuer string
	Now    func() time.Time
	Claims map[string]any // of the person; the standard ones are filled in where missing
	Deny   bool           // the person breaks off

	t      testing.TB
	mu     sync.Mutex
	key    *rsa.PrivateKey // that signs
	kids   int
	codes  map[string]url.Values // the request by code
	Asked  url.Values            // the last request of an authorization
	KeySet int                   // how often the keys were read
}

// New starts a provider that ends with the test.
func New(t testing.TB, now func() time.Time) *Provider {
	p := &Provider{t: t, Now: now, Claims: map[string]any{}, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.jwks)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.Issuer = server.URL
	p.use(firstKey())
	return p
}

// firstKey is every provider's first key: making one takes a while.
var firstKey = sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("unreachable: the system has randomness: " + err.Error())
	}
	return key
}

// Rotate replaces the key that signs; the earlier ones are gone.
func (p *Provider) Rotate() { p.use(newKey()) }

func (p *Provider) use(key *rsa.PrivateKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key, p.kids = key, p.kids+1
}

// Set puts one claim of the next token; nil leaves it out.
func (p *Provider) Set(name string, value any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Claims[name] = value
}

func (p *Provider) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	p.answer(w, map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token", "jwks_uri": p.Issuer + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"S256"},
	})
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.KeySet++
	key := p.key.PublicKey
	b64 := base64.RawURLEncoding.EncodeToString
	p.answer(w, map[string]any{"keys": []map[string]string{{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": p.kid(), "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}})
}

func (p *Provider) kid() string { return "k" + strconv.Itoa(p.kids) }

// authorize sends the browser straight back, as if the person had signed in.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := r.URL.Query()
	p.Asked = q
	back := url.Values{"state": {q.Get("state")}, "iss": {p.Issuer}}
	if p.Deny {
		back.Set("error", "access_denied")
	} else {
		code := rand.Text()
		p.codes[code] = q
		back.Set("code", code)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		p.t.Error(err)
	}
	id, secret, _ := r.BasicAuth()
	if id == "" {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if unescaped, err := url.QueryUnescape(secret); err == nil {
		secret = unescaped
	}
	asked, known := p.codes[r.PostForm.Get("code")]
	delete(p.codes, r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if !known || id != ClientID || secret != ClientSecret || asked.Get("redirect_uri") != r.PostForm.Get("redirect_uri") ||
		asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
		w.WriteHeader(http.StatusBadRequest)
		p.answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	p.answer(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": p.idToken(asked)})
}

func (p *Provider) idToken(asked url.Values) string {
	claims := jwt.MapClaims{"iss": p.Issuer, "aud": ClientID, "sub": "s17", "nonce": asked.Get("nonce"), "iat": p.Now().Unix(), "exp": p.Now().Add(time.Minute).Unix()}
	for name, value := range p.Claims {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	t.Header["kid"] = p.kid()
	s, err := t.SignedString(p.key)
	if err != nil {
		p.t.Error(err)
	}
	return s
}
