package signon_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/signon/oidctest"
)

const redirect = "http://kommentare.example/back"

// journey is a sign-in of a browser at a local provider.
type journey struct {
	*oidctest.Provider
	o   *signon.OIDC
	set signon.Provider
	now time.Time
}

func newJourney(t *testing.T) *journey {
	j := &journey{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return j.now }
	j.Provider = oidctest.New(t, clock)
	j.Claims = map[string]any{"email": "mira@example.org", "email_verified": true, "name": "Mira Vogt", "nickname": "mira", "groups": []string{"a", "b"}}
	j.o = &signon.OIDC{Client: &http.Client{}, Clock: clock}
	j.set = signon.Provider{Issuer: j.Issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret}
	return j
}

// travel goes to the provider and gives what the browser brings back.
func (j *journey) travel(t *testing.T) (signon.Flow, url.Values) {
	t.Helper()
	address, flow, err := j.o.Begin(t.Context(), j.set, redirect)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), redirect+"?") {
		t.Fatalf("the provider sends the browser to %s, %v", to, err)
	}
	return flow, to.Query()
}

func TestSigningInAtAProvider(t *testing.T) {
	j := newJourney(t)
	flow, back := j.travel(t)
	if q := j.Asked; q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" || q.Get("state") == "" || q.Get("response_type") != "code" {
		t.Errorf("asked: %v", q)
	}
	id, err := j.o.Finish(t.Context(), j.set, flow, back)
	if err != nil || id.Subject != "s17" || id.Name != "mira" || id.Email != "mira@example.org" || !id.Verified || !slices.Equal(id.Groups, []string{"a", "b"}) {
		t.Fatalf("%+v, %v", id, err)
	}
	if _, err := j.o.Finish(t.Context(), j.set, flow, back); moderation.KindOf(err) != moderation.Forbidden {
		t.Errorf("the same code again: %v", err)
	}
	j.Rotate() // the keys that were read do not have the new one
	flow, back = j.travel(t)
	if _, err := j.o.Finish(t.Context(), j.set, flow, back); err != nil {
		t.Errorf("after the provider changed its key: %v", err)
	}
}

// Whatever is wrong with an answer, it is refused with one sentence.
func TestAnswersThatDoNotHold(t *testing.T) {
	for name, spoil := range map[string]func(j *journey, f *signon.Flow, back url.Values){
		"another state":       func(_ *journey, f *signon.Flow, _ url.Values) { f.State = "x" },
		"no flow at all":      func(_ *journey, f *signon.Flow, back url.Values) { *f = signon.Flow{}; back.Del("state") },
		"another nonce":       func(j *journey, _ *signon.Flow, _ url.Values) { j.Set("nonce", "x") },
		"no nonce":            func(j *journey, _ *signon.Flow, _ url.Values) { j.Set("nonce", nil) },
		"for another client":  func(j *journey, _ *signon.Flow, _ url.Values) { j.Set("aud", "fremd") },
		"of another issuer":   func(j *journey, _ *signon.Flow, _ url.Values) { j.Set("iss", "https://fremd.example") },
		"ended":               func(j *journey, _ *signon.Flow, _ url.Values) { j.Set("exp", j.now.Add(-time.Hour).Unix()) },
		"without a subject":   func(j *journey, _ *signon.Flow, _ url.Values) { j.Set("sub", nil) },
		"another verifier":    func(_ *journey, f *signon.Flow, _ url.Values) { f.Verifier = strings.Repeat("x", 43) },
		"another provider's":  func(_ *journey, _ *signon.Flow, back url.Values) { back.Set("iss", "https://fremd.example") },
		"broken off":          func(_ *journey, _ *signon.Flow, back url.Values) { back.Set("error", "access_denied") },
		"an invented code":    func(_ *journey, _ *signon.Flow, back url.Values) { back.Set("code", "erfunden") },
		"a wrong secret":      func(j *journey, _ *signon.Flow, _ url.Values) { j.set.ClientSecret = "falsch" },
		"a subject too long":  func(j *journey, _ *signon.Flow, _ url.Values) { j.Set("sub", strings.Repeat("s", 201)) },
		"claims of odd types": func(j *journey, _ *signon.Flow, _ url.Values) { j.Set("name", 17) },
	} {
		t.Run(name, func(t *testing.T) {
			j := newJourney(t)
			flow, back := j.travel(t)
			spoil(j, &flow, back)
			id, err := j.o.Finish(t.Context(), j.set, flow, back)
			if moderation.KindOf(err) != moderation.Forbidden || id.Subject != "" {
				t.Errorf("%+v, %v", id, err)
			}
		})
	}
}

// A provider that does not answer, or without end, is an internal error with a
// cause for the log, never an identity.
func TestProvidersOutOfOrder(t *testing.T) {
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 2000 {
			if _, err := w.Write([]byte(strings.Repeat(" ", 4096))); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"issuer":"http://` + r.Host + `","authorization_endpoint":"x","token_endpoint":"y","jwks_uri":"z","code_challenge_methods_supported":["plain"]}`))
	}))
	defer plain.Close()
	o := &signon.OIDC{Client: &http.Client{}, Clock: time.Now}
	for name, issuer := range map[string]string{"nobody": "http://127.0.0.1:1", "endless": endless.URL, "without S256": plain.URL} {
		_, _, err := o.Begin(t.Context(), signon.Provider{Issuer: issuer, ClientID: "x"}, redirect)
		if _, ok := errors.AsType[*signon.ProviderError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
