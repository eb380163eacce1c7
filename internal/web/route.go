package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// Access says who may use a route.
type Access int

// The kinds of access.
const (
	Public Access = iota // everyone: what is released, and forms
	Secret               // whoever has the link: receipts, unsubscribing
	Desk                 // signed-in people of the desk, or a key of that scope
	Chief                // chief editors and admins
	Admin                // admins
	Score                // a key of that scope
)

// Handler answers a request or returns why it could not.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one entry of the access list.
type Route struct {
	Pattern string // of http.ServeMux, with its method
	Access  Access
	Handler Handler
}

// Server answers all requests of a node.
type Server struct {
	Store   *store.Store
	Log     *slog.Logger
	Proxies Proxies
	Limits  *Limiter
	Routes  []Route // every route, for the test that crawls them

	// DeskError shows an error of a page of the desk in the desk's own frame; nil: as elsewhere.
	DeskError func(w http.ResponseWriter, r *http.Request, lang string, p Problem) error

	handler http.Handler
}

// New joins the routes into a server. Two routes with one pattern are a
// programmer's error and panic at the start.
func New(st *store.Store, log *slog.Logger, proxies Proxies, limits *Limiter) *Server {
	return &Server{Store: st, Log: log, Proxies: proxies, Limits: limits}
}

// Handle adds routes and makes the server ready to serve them all.
func (s *Server) Handle(routes ...Route) {
	s.Routes = append(s.Routes, routes...)
	mux := http.NewServeMux()
	for _, rt := range s.Routes {
		mux.Handle(rt.Pattern, s.serve(rt))
	}
	guard := http.NewCrossOriginProtection()
	// Readers write from publishers' pages, without any cookie: nothing there
	// acts in a signed-in person's name. Everything else is for its own origin.
	// The form of an included section posts to /a/, whose handler checks the origin.
	guard.AddInsecureBypassPattern("/a/")
	guard.AddInsecureBypassPattern("/react/") // likewise
	guard.AddInsecureBypassPattern("/digest/end/")
	guard.AddInsecureBypassPattern("/api/v1/articles/")
	guard.AddInsecureBypassPattern("/api/v1/receipts/")
	guard.AddInsecureBypassPattern("/api/v1/comments/")
	guard.AddInsecureBypassPattern("/v1alpha1/")
	guard.AddInsecureBypassPattern("/v1/moderations")
	guard.AddInsecureBypassPattern("/unsubscribe/")
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Fail(w, r, &moderation.Error{Kind: moderation.Forbidden, Key: "error.cross_origin"})
	}))
	s.handler = guard.Handler(s.wrap(mux))
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.handler == nil {
		s.Handle()
	}
	s.handler.ServeHTTP(w, r)
}

// maxBody bounds every request body; routes that take files set their own bound.
const maxBody = 1 << 20

// wrap adds what every answer has, and turns ServeMux's own refusals into ours.
func (s *Server) wrap(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		if h.Get("Content-Security-Policy") == "" {
			h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		}
		if strings.Contains(r.URL.Path, "%3A") || strings.Contains(r.URL.EscapedPath(), "%3A") {
			r.URL.RawPath = "" // "comments%3Aanalyze" is "comments:analyze"
		}
		if !utf8.ValidString(r.URL.Path) || strings.Contains(r.URL.Path, "\x00") { // no name of anything here has these
			s.Fail(w, r, moderation.Missing("page"))
			return
		}
		if _, pattern := mux.Handler(r); pattern == "" {
			s.unrouted(w, r, mux)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		mux.ServeHTTP(w, r)
	})
}

// unrouted answers for an unknown address, or a known one with another method.
func (s *Server) unrouted(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(context.Background())
		other.Method = m
		if _, pattern := mux.Handler(other); pattern != "" {
			allowed = append(allowed, m)
		}
	}
	if len(allowed) == 0 {
		s.Fail(w, r, moderation.Missing("page"))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.answer(w, r, http.StatusMethodNotAllowed, Problem{Key: "error.method"})
}

// serve makes a route's handler: access first, then the handler, then its error.
func (s *Server) serve(rt Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.Fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			}
		}()
		r, err := s.admit(w, r, rt.Access)
		if err == nil {
			err = rt.Handler(w, r)
		}
		if err != nil {
			s.Fail(w, r, err)
		}
	})
}

// Now is the store's clock.
func (s *Server) Now() time.Time { return s.Store.Now() }
