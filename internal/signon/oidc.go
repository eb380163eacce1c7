package signon

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/freigabe/freigabe/internal/moderation"
	"golang.org/x/oauth2"
)

// Provider says who vouches for people by OpenID Connect.
type Provider struct {
	Issuer       string `json:"issuer"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"`
	Name         string `json:"name,omitempty"`   // on the button; the issuer's host where empty
	Groups       string `json:"groups,omitempty"` // the claim that lists groups; "groups" where empty
}

// On tells whether a provider is set up.
func (p Provider) On() bool { return p.Issuer != "" && p.ClientID != "" }

// Label is the provider's name for people.
func (p Provider) Label() string {
	if u, err := url.Parse(p.Issuer); p.Name == "" && err == nil {
		return u.Host
	}
	return p.Name
}

// Flow is what a sign-in on its way must find again, in the same browser: it is
// kept on the server, and a cookie names it.
type Flow struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"` // of PKCE (RFC 7636)
	Redirect string `json:"redirect"` // where the provider sends the browser back
}

// Identity is what a provider says of a person.
type Identity struct {
	Subject  string
	Name     string // as the person likes to be called there
	Email    string
	Verified bool // the provider vouches for the address
	Groups   []string
}

// OIDC signs people in by OpenID Connect: the authorization code flow with PKCE,
// state and nonce. It keeps what providers say of themselves for a while.
type OIDC struct {
	Client *http.Client
	Clock  func() time.Time

	mu    sync.Mutex
	known map[string]discovered
}

type discovered struct {
	provider *oidc.Provider
	at       time.Time
}

const (
	keepProvider  = time.Hour
	maxAnswer     = 1 << 20 // bytes of any answer of a provider
	providerDelay = 10 * time.Second
)

// errDenied is a sign-in that the person broke off, or the provider refused.
var errDenied = &moderation.Error{Kind: moderation.Forbidden, Key: "error.oidc_denied"}

// errIdentity is every sign-in that does not hold, with one answer for every cause.
var errIdentity = &moderation.Error{Kind: moderation.Forbidden, Key: "error.oidc_token"}

// ProviderError says that a provider could not be asked. Its text is for the log.
type ProviderError struct{ cause error }

func (e *ProviderError) Error() string { return "oidc: ask the provider: " + e.cause.Error() }
func (e *ProviderError) Unwrap() error { return e.cause }

// Begin gives the address at the provider to which a browser goes, and what to
// keep until it comes back to redirect.
func (o *OIDC) Begin(ctx context.Context, p Provider, redirect string) (string, Flow, error) {
	f := Flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Redirect: redirect}
	found, err := o.discover(ctx, p)
	if err != nil {
		return "", f, err
	}
	return config(found, p, f).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), f, nil
}

// Finish checks what the browser brings back and gives the person.
func (o *OIDC) Finish(ctx context.Context, p Provider, f Flow, back url.Values) (Identity, error) {
	switch {
	case f.State == "" || back.Get("state") != f.State:
		return Identity{}, errIdentity
	case back.Get("iss") != "" && back.Get("iss") != p.Issuer: // RFC 9207: an answer of another provider
		return Identity{}, errIdentity
	case back.Get("error") != "":
		return Identity{}, errDenied
	}
	found, err := o.discover(ctx, p)
	if err != nil {
		return Identity{}, err
	}
	ctx, cancel := o.context(ctx)
	defer cancel()
	token, err := config(found, p, f).Exchange(ctx, back.Get("code"), oauth2.VerifierOption(f.Verifier))
	if _, refused := errors.AsType[*oauth2.RetrieveError](err); refused {
		return Identity{}, errIdentity
	}
	if err != nil {
		return Identity{}, &ProviderError{err}
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.ClientID, Now: o.Clock}).Verify(ctx, raw)
	if err != nil || id.Nonce != f.Nonce || id.Subject == "" || len(id.Subject) > 200 {
		return Identity{}, errIdentity
	}
	return identity(id, p)
}

// identity reads the claims.
func identity(id *oidc.IDToken, p Provider) (Identity, error) {
	var c struct {
		Name      string `json:"name"`
		Preferred string `json:"preferred_username"`
		Nickname  string `json:"nickname"`
		Email     string `json:"email"`
		Verified  any    `json:"email_verified"` // some providers write "true"
	}
	all := map[string]any{}
	if err := errors.Join(id.Claims(&c), id.Claims(&all)); err != nil {
		return Identity{}, errIdentity
	}
	out := Identity{Subject: id.Subject, Name: first(c.Nickname, c.Preferred, c.Name), Email: c.Email, Verified: c.Verified == true || c.Verified == "true"}
	claim := p.Groups
	if claim == "" {
		claim = "groups"
	}
	switch groups := all[claim].(type) {
	case string:
		out.Groups = []string{groups}
	case []any:
		for _, g := range groups {
			if name, ok := g.(string); ok {
				out.Groups = append(out.Groups, name)
			}
		}
	}
	return out, nil
}

func config(found *oidc.Provider, p Provider, f Flow) *oauth2.Config {
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.ClientSecret, Endpoint: found.Endpoint(), RedirectURL: f.Redirect, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}

// discover reads what a provider says of itself, and keeps it for an hour. Where
// it cannot be read anew, what was known before still counts.
func (o *OIDC) discover(ctx context.Context, p Provider) (*oidc.Provider, error) {
	o.mu.Lock()
	had, ok := o.known[p.Issuer]
	o.mu.Unlock()
	if ok && o.Clock().Sub(had.at) < keepProvider {
		return had.provider, nil
	}
	asking, cancel := o.context(ctx)
	defer cancel()
	found, err := oidc.NewProvider(asking, p.Issuer)
	if err != nil {
		if ok {
			return had.provider, nil
		}
		return nil, &ProviderError{err}
	}
	if methods := supported(found); len(methods) > 0 && !slices.Contains(methods, "S256") {
		return nil, &ProviderError{fmt.Errorf("%s offers PKCE by %v, but not by S256", p.Issuer, methods)}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil {
		o.known = map[string]discovered{}
	}
	o.known[p.Issuer] = discovered{found, o.Clock()}
	return found, nil
}

// supported lists the provider's methods of PKCE, where it says so.
func supported(p *oidc.Provider) []string {
	var c struct {
		Methods []string `json:"code_challenge_methods_supported"`
	}
	if p.Claims(&c) != nil {
		return nil
	}
	return c.Methods
}

// context bounds time and size of what a provider answers.
func (o *OIDC) context(ctx context.Context) (context.Context, context.CancelFunc) {
	client := *o.Client
	client.Transport = bounded{client.Transport}
	return context.WithTimeout(oidc.ClientContext(ctx, &client), providerDelay)
}

// bounded cuts answers off that are longer than any provider's should be.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(r)
	if err == nil {
		res.Body = http.MaxBytesReader(nil, res.Body, maxAnswer)
	}
	return res, err
}
