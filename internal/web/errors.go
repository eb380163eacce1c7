package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// Problem is an error as a person or a program gets it (RFC 9457).
type Problem struct {
	Title    string        `json:"title"`
	Status   int           `json:"status"`
	Field    string        `json:"field,omitempty"`
	Key      string        `json:"key,omitempty"`
	Ref      string        `json:"reference,omitempty"` // of the line in the log, for internal errors
	Decision *DecisionInfo `json:"decision,omitempty"`  // that won

	args []string
}

// DecisionInfo names a decision in answers to the desk.
type DecisionInfo struct {
	Editor string `json:"editor"`
	Step   string `json:"step"`
	At     string `json:"at"`
}

// Unavailable is an error of the moment: too many requests, or a node that
// cannot be sure to be fresh. After says when to try again.
type Unavailable struct {
	Status int // 429 or 503
	Key    string
	After  time.Duration
}

func (u *Unavailable) Error() string { return "unavailable: " + u.Key }

// Fail answers an error. Every error of every handler ends here: the four kinds
// that a person can act on with their words, the database's absence with an
// honest sentence, everything else with a reference number and nothing more.
func (s *Server) Fail(w http.ResponseWriter, r *http.Request, err error) {
	if u, ok := errors.AsType[*Unavailable](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(max(1, math.Ceil(u.After.Seconds())))))
		s.answer(w, r, u.Status, Problem{Key: u.Key})
		return
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		s.answer(w, r, http.StatusRequestEntityTooLarge, Problem{Key: "error.too_large"})
		return
	}
	if e, ok := errors.AsType[*moderation.Error](err); ok {
		if e.Key == errSignIn.Key && onDesk(r) && !wantsJSON(r) {
			http.Redirect(w, r, "/desk/login?next="+url.QueryEscape(comeBack(r)), http.StatusSeeOther)
			return
		}
		s.answer(w, r, statusOf(e), problemOf(e))
		return
	}
	if errors.Is(err, store.ErrBusy) {
		s.Fail(w, r, errSiteFull)
		return
	}
	ref := store.NewID()[:8]
	if errors.Is(err, store.ErrUnavailable) {
		s.Log.Error("database not available", "reference", ref, "error", err, "route", r.Pattern)
		w.Header().Set("Retry-After", "5")
		s.answer(w, r, http.StatusServiceUnavailable, Problem{Key: "error.unavailable", Ref: ref})
		return
	}
	if r.Context().Err() != nil {
		return // the client has gone
	}
	s.Log.Error("internal error", "reference", ref, "error", err, "route", r.Pattern)
	s.answer(w, r, http.StatusInternalServerError, Problem{Key: "error.internal", Ref: ref})
}

func statusOf(e *moderation.Error) int {
	switch e.Kind {
	case moderation.NotFound:
		return http.StatusNotFound
	case moderation.Conflict:
		return http.StatusConflict
	case moderation.Forbidden:
		if e.Key == "error.sign_in" {
			return http.StatusUnauthorized
		}
		return http.StatusForbidden
	}
	switch e.Key {
	case "error.json", "error.form":
		return http.StatusBadRequest
	case "error.content_type":
		return http.StatusUnsupportedMediaType
	}
	return http.StatusUnprocessableEntity
}

func problemOf(e *moderation.Error) Problem {
	p := Problem{Key: e.Key, Field: e.Field, args: e.Args}
	if d := e.Decision; d != nil && d.Actor.Role != moderation.Author {
		p.Decision = &DecisionInfo{Editor: d.Email, Step: string(d.Step), At: Stamp(d.At)}
		p.args = append(p.args, "editor", d.Name)
	}
	return p
}

// ProblemOf gives an error that a person can act on as a program gets it, for
// answers that hold several; ok is false for every other error.
func ProblemOf(r *http.Request, err error) (p Problem, ok bool) {
	e, ok := errors.AsType[*moderation.Error](err)
	if !ok {
		return p, false
	}
	p = problemOf(e)
	p.Status = statusOf(e)
	p.Title = locale.T(Lang(r, WhoOf(r).Lang()), p.Key, p.args...)
	return p, true
}

// Stamp is how JSON answers give a time: RFC 3339 in UTC.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// answer writes a problem as JSON to programs and as a page to people. Only the
// desk is told which decision won: readers' routes never carry one.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, p Problem) {
	lang := Lang(r, WhoOf(r).Lang())
	p.Status = status
	if WhoOf(r).Editor.ID == "" {
		p.Decision, p.args = nil, withoutEditor(p.args)
	}
	p.Title = locale.T(lang, p.Key, p.args...)
	h := w.Header()
	h.Del("Content-Encoding")
	h.Del("Etag")
	h.Set("Cache-Control", "no-store")
	if wantsJSON(r) {
		h.Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(p); err != nil {
			s.Log.Debug("answer not delivered", "error", err)
		}
		return
	}
	if s.DeskError != nil && onDesk(r) {
		if err := s.DeskError(w, r, lang, p); err != nil {
			s.Log.Error("error page failed", "error", err)
		}
		return
	}
	if err := s.Page(w, r, status, "error.html", ErrorPage{Base: Base{Lang: lang, Title: p.Title}, Problem: p}); err != nil {
		s.Log.Error("error page failed", "error", err)
	}
}

// withoutEditor drops the name of the one who decided, which problemOf put last.
func withoutEditor(args []string) []string {
	if n := len(args); n >= 2 && args[n-2] == "editor" {
		return args[:n-2]
	}
	return args
}

func onDesk(r *http.Request) bool {
	return r.URL.Path == "/desk" || strings.HasPrefix(r.URL.Path, "/desk/")
}

// comeBack is where a person goes after signing in: the page asked for, or the
// desk where a form was sent.
func comeBack(r *http.Request) string {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "/desk/"
	}
	return r.URL.RequestURI()
}

// ErrorPage is what error.html shows.
type ErrorPage struct {
	Base
	Problem Problem
}

func wantsJSON(r *http.Request) bool {
	p := r.URL.Path
	if strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/v1") || strings.HasPrefix(p, "/$discovery") {
		return true
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") || strings.Contains(accept, "text/event-stream")
}

// JSON answers with a value.
func JSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(append(b, '\n'))
	return ignoreGone(err)
}

// ignoreGone: a client that went away is nobody's fault and nobody's news.
func ignoreGone(error) error { return nil }

// ReadJSON reads a request's body into v. A wrong content type, broken JSON or a
// field of the wrong type is Invalid, and so is what the decoder would replace
// without a word: bytes that are not UTF-8 and halves of surrogate pairs.
func ReadJSON(r *http.Request, v any) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return moderation.BadField("", "error.content_type")
	}
	body, err := io.ReadAll(r.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return err
	}
	switch {
	case err != nil:
		return moderation.BadField("", "error.json")
	case !utf8.Valid(body) || loneSurrogate.Match(pairs.ReplaceAll(body, nil)):
		return moderation.BadField("text", "error.text_broken")
	case json.Unmarshal(body, v) != nil:
		return moderation.BadField("", "error.json")
	}
	return nil
}

var (
	pairs         = regexp.MustCompile(`\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)
	loneSurrogate = regexp.MustCompile(`\\u[dD][89a-fA-F]`)
)

// ReadForm reads a form of a page. A wrong content type is Invalid.
func ReadForm(r *http.Request) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" && media != "multipart/form-data" {
		return moderation.BadField("", "error.content_type")
	}
	if media == "multipart/form-data" {
		err = r.ParseMultipartForm(maxBody)
	} else {
		err = r.ParseForm()
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return err
	}
	if err != nil {
		return moderation.BadField("", "error.form")
	}
	return nil
}
