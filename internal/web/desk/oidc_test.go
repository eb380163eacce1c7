package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/signon/oidctest"
	"github.com/freigabe/freigabe/internal/store"
)

// clinic is a desk with a provider of its own.
type clinic struct {
	*room
	*oidctest.Provider
	lena store.Editor
}

func newClinic(t *testing.T, roles []GroupRole) *clinic {
	h := sqliteRoom(t)
	p := oidctest.New(t, h.Clock.Now)
	p.Claims = map[string]any{"email": "Lena@blatt.example", "email_verified": true}
	c := &clinic{room: &room{House: h.House, srv: newServer(h.House, Options{OIDC: OIDC{
		Provider: signon.Provider{Issuer: p.Issuer, ClientID: oidctest.ClientID, ClientSecret: oidctest.ClientSecret, Name: "Verlagskonto"}, Roles: roles,
	}}), keys: map[string]string{}}, Provider: p}
	c.lena = c.member(t, "lena@blatt.example", "Lena Voss", moderation.Editor)
	return c
}

// travel signs in at the provider and gives the answer to the browser's return.
func (c *clinic) travel(t *testing.T, next string, spoil func(back *url.URL, b *surfer)) (*surfer, *httptest.ResponseRecorder) {
	t.Helper()
	b := &surfer{h: c.room, t: t}
	w := b.do(httptest.NewRequest("GET", "http://desk.example/desk/oidc?next="+url.QueryEscape(next), nil))
	if w.Code != http.StatusSeeOther {
		t.Fatalf("start: %d %s", w.Code, w.Body)
	}
	for _, cookie := range w.Result().Cookies() {
		if cookie.Name == signInCookie {
			if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge > 600 {
				t.Errorf("the cookie of a sign-in on its way: %+v", cookie)
			}
			b.cookie = cookie
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), "http://desk.example/desk/oidc/callback?") {
		t.Fatalf("the provider sends the browser to %s, %v", back, err)
	}
	if spoil != nil {
		spoil(back, b)
	}
	r := httptest.NewRequest("GET", back.String(), nil)
	w = b.do(r)
	return b, w
}

func TestSigningInAtThePublishersProvider(t *testing.T) {
	c := newClinic(t, nil)
	text := words((&surfer{h: c.room, t: t}).get("/desk/login"))
	if !strings.Contains(text, "Mit Verlagskonto anmelden") {
		t.Errorf("the page of the sign-in: %s", text)
	}
	_, w := c.travel(t, "/desk/queue", nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/queue" {
		t.Fatalf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	if sessions, err := c.Sessions(context.Background(), c.lena.ID); err != nil || len(sessions) != 1 || sessions[0].Means != store.ByOIDC {
		t.Errorf("sessions: %v, %v", sessions, err)
	}
	// From now on the subject counts, whatever the address is.
	c.Set("email", "anders@blatt.example")
	c.Set("email_verified", false)
	c.Rotate()
	if _, w := c.travel(t, "", nil); w.Code != http.StatusSeeOther {
		t.Errorf("by the subject, after the provider changed its key: %d", w.Code)
	}
	// No open redirect.
	for _, next := range []string{"https://evil.example/desk/", "//evil.example", `/desk/\evil.example`} {
		if _, w := c.travel(t, next, nil); w.Header().Get("Location") != "/desk/" {
			t.Errorf("next=%s leads to %s", next, w.Header().Get("Location"))
		}
	}
}

func TestStrangersAreRefusedAtTheProvider(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(c *clinic)
		spoil   func(back *url.URL, b *surfer)
		says    string
	}{
		"an unknown address":   {func(c *clinic) { c.Set("email", "niemand@blatt.example") }, nil, "hier nicht bekannt"},
		"no verified address":  {func(c *clinic) { c.Set("email_verified", false) }, nil, "hier nicht bekannt"},
		"somebody locked out":  {func(c *clinic) { c.lock() }, nil, "hier nicht bekannt"},
		"another's subject":    {func(c *clinic) { c.tie("anderer") }, nil, "hier nicht bekannt"},
		"a wrong nonce":        {func(c *clinic) { c.Set("nonce", "x") }, nil, "nicht gültig"},
		"for another client":   {func(c *clinic) { c.Set("aud", "x") }, nil, "nicht gültig"},
		"ended":                {func(c *clinic) { c.Set("exp", 1) }, nil, "nicht gültig"},
		"broken off":           {func(c *clinic) { c.Deny = true }, nil, "abgebrochen"},
		"another browser":      {nil, func(_ *url.URL, b *surfer) { b.cookie = nil }, "anderen Browser"},
		"an invented ceremony": {nil, func(_ *url.URL, b *surfer) { b.cookie = &http.Cookie{Name: signInCookie, Value: "erfunden"} }, "anderen Browser"},
		"an invented state":    {nil, func(back *url.URL, _ *surfer) { back.RawQuery = strings.Replace(back.RawQuery, "state=", "state=x", 1) }, "nicht gültig"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t, nil)
			if tt.prepare != nil {
				tt.prepare(c)
			}
			_, w := c.travel(t, "", tt.spoil)
			page := checked(t, name, w.Body)
			if w.Code != http.StatusForbidden || !strings.Contains(words(page), tt.says) {
				t.Errorf("%d: %s", w.Code, words(page))
			}
			if sessions, err := c.Sessions(context.Background(), c.lena.ID); err != nil || len(sessions) != 0 {
				t.Errorf("sessions: %v, %v", sessions, err)
			}
		})
	}
}

func (c *clinic) lock() {
	if err := c.ChangeEditor(context.Background(), c.Chief, c.lena.ID, store.Staffing{Name: "Lena", Role: moderation.Editor, Disabled: true}); err != nil {
		c.T.Fatal(err)
	}
}

func (c *clinic) tie(subject string) {
	if err := c.SetSubject(context.Background(), c.lena.ID, c.Issuer+"|"+subject); err != nil {
		c.T.Fatal(err)
	}
}

// Groups give roles where there is such a rule; who is in none stays outside, and
// the last chief stays chief.
func TestGroupsGiveRoles(t *testing.T) {
	roles, err := ParseRoles("leitung=chief, redaktion=editor")
	if err != nil {
		t.Fatal(err)
	}
	c := newClinic(t, roles)
	role := func() moderation.Role {
		e, err := c.Editor(context.Background(), c.lena.ID)
		if err != nil {
			t.Fatal(err)
		}
		return e.Role
	}
	if _, w := c.travel(t, "", nil); w.Code != http.StatusForbidden || !strings.Contains(words(checked(t, "", w.Body)), "keiner Gruppe") {
		t.Errorf("in no group: %d", w.Code)
	}
	c.Set("groups", []string{"redaktion", "leitung"})
	if _, w := c.travel(t, "", nil); w.Code != http.StatusSeeOther || role() != moderation.Chief {
		t.Errorf("in the group of chiefs: %d, %s", w.Code, role())
	}
	c.Set("groups", "redaktion")
	if _, w := c.travel(t, "", nil); w.Code != http.StatusSeeOther || role() != moderation.Editor {
		t.Errorf("in the group of editors: %d, %s", w.Code, role())
	}
	for _, bad := range []string{"leitung", "leitung=boss", "=chief"} {
		if _, err := ParseRoles(bad); err == nil {
			t.Errorf("the rule %q is taken", bad)
		}
	}
}
