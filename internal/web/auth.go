package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// SessionCookie is the desk's only cookie. Readers get none.
const SessionCookie = "freigabe_desk"

// Who is the person or program behind a request to the desk.
type Who struct {
	Editor  store.Editor
	Session store.Session // zero when by key
	Key     store.Key     // zero when by session
}

// ByKey tells that a program asks, not a browser.
func (w Who) ByKey() bool { return w.Key.ID != "" }

// Reach is where both the person and the key work.
func (w Who) Reach() store.Reach { return w.Editor.Reach.At(w.Key.Site) }

// Site is the one site within reach, of several the first: "" for all sites, "-",
// which no site is called, for none.
func (w Who) Site() string {
	switch r := w.Reach(); {
	case r == nil:
		return ""
	case len(r) > 0:
		return r[0].Site
	}
	return "-"
}

// Serves tells whether both the person and the key work for a site, or a part of it.
func (w Who) Serves(site string) bool { return w.Reach().Serves(site) }

// Sees tells whether articles of a site's section are within reach.
func (w Who) Sees(site, section string) bool { return w.Reach().Has(site, section) }

// Lang is the language that the person chose for the desk, "" for none.
func (w Who) Lang() string {
	var prefs struct {
		Lang string `json:"lang"`
	}
	if json.Unmarshal(w.Editor.Prefs, &prefs) != nil {
		return ""
	}
	return prefs.Lang
}

type whoKey struct{}

// WhoOf gives the person behind an admitted request to the desk.
func WhoOf(r *http.Request) Who {
	who, _ := r.Context().Value(whoKey{}).(Who)
	return who
}

// admit checks a route's access. Pages send people to the sign-in; programs get 401.
func (s *Server) admit(_ http.ResponseWriter, r *http.Request, access Access) (*http.Request, error) {
	if access == Public || access == Secret {
		return r, nil
	}
	who, err := s.identify(r, access)
	if err != nil {
		return r, err
	}
	switch role := who.Editor.Role; {
	case access == Score:
	case access == Chief && role != moderation.Chief && role != moderation.Admin,
		access == Admin && role != moderation.Admin:
		return r, &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	return r.WithContext(context.WithValue(r.Context(), whoKey{}, who)), nil
}

var errSignIn = &moderation.Error{Kind: moderation.Forbidden, Key: "error.sign_in"}

func (s *Server) identify(r *http.Request, access Access) (Who, error) {
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return s.byKey(r.Context(), secret, access)
	}
	c, err := r.Cookie(SessionCookie)
	if err != nil || access == Score {
		return Who{}, errSignIn
	}
	session, err := s.Store.Session(r.Context(), c.Value)
	if moderation.KindOf(err) == moderation.NotFound {
		return Who{}, errSignIn
	}
	return Who{Editor: session.Editor, Session: session}, err
}

func (s *Server) byKey(ctx context.Context, secret string, access Access) (Who, error) {
	key, err := s.Store.Key(ctx, secret)
	if moderation.KindOf(err) == moderation.NotFound {
		return Who{}, errSignIn
	}
	if err != nil {
		return Who{}, err
	}
	if (access == Score) != (key.Scope == "score") || key.Scope == "read" {
		return Who{}, &moderation.Error{Kind: moderation.Forbidden, Key: "error.key_scope"}
	}
	if key.Editor == "" {
		return Who{Key: key}, nil
	}
	editor, err := s.Store.Editor(ctx, key.Editor)
	if err == nil && editor.Disabled {
		err = errSignIn
	}
	return Who{Editor: editor, Key: key}, err
}

// SetSession gives the browser its session.
func SetSession(w http.ResponseWriter, r *http.Request, token string) {
	http.SetCookie(w, &http.Cookie{
		Name: SessionCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: Secure(r),
	})
}

// Secure tells whether a request came through TLS, to this program or to what
// stands in front of it.
func Secure(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// PublicAddress is the address of this installation: the one configured, or the
// one that was asked.
func PublicAddress(configured string, r *http.Request) string {
	if configured != "" {
		return strings.TrimSuffix(configured, "/")
	}
	scheme := "http"
	if Secure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// DropSession takes it away.
func DropSession(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: SessionCookie, Path: "/", MaxAge: -1, HttpOnly: true})
}
