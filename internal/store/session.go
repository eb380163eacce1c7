package store

import (
	"context"
	"database/sql"
	"time"
)

// Session is a signed-in browser.
type Session struct {
	Hash    string // of its token: names it without giving it away
	Editor  Editor
	Agent   string
	Means   string // by which the person signed in
	Created time.Time
	Seen    time.Time
	Expires time.Time
}

// The means of signing in.
const (
	ByPassword = "password"
	ByPasskey  = "passkey"
	ByOIDC     = "oidc"
	ByLink     = "link" // a one-time link that set the password
)

// sessionLife is how long a session lasts without being used.
const sessionLife = 12 * time.Hour

// keepSignIns is how long the record of sign-ins goes back.
const keepSignIns = 90 * 24 * time.Hour

// SignIn starts a session by password and gives its token, which only the browser keeps.
func (s *Store) SignIn(ctx context.Context, editor, agent string) (string, error) {
	return s.SignInBy(ctx, ByPassword, editor, agent)
}

// SignInBy starts a session by one of the means of signing in.
func (s *Store) SignInBy(ctx context.Context, means, editor, agent string) (string, error) {
	token, now := NewSecret(), s.Now()
	err := s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx,
			stmt("delete from sessions where expires_at < $1", micros(now)),
			stmt("delete from signins where at < $1", micros(now.Add(-keepSignIns))),
			stmt("insert into sessions (hash, editor_id, agent, means, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $5, $5, $6)",
				hashed(token), editor, agent, means, micros(now), micros(now.Add(sessionLife))),
			signedIn(now, SignInEntry{Editor: editor, Means: means, Outcome: SignedIn, Agent: agent}))
	})
	return token, err
}

const sessionColumns = "s.hash, s.agent, s.means, s.created_at, s.seen_at, s.expires_at, " + editorColumns + " from sessions s join editors e on e.id = s.editor_id"

func scanSession(scan func(...any) error) (Session, error) {
	var x Session
	var created, seen, expires int64
	e, err := scanEditor(func(dest ...any) error {
		return scan(append([]any{&x.Hash, &x.Agent, &x.Means, &created, &seen, &expires}, dest...)...)
	})
	x.Editor, x.Created, x.Seen, x.Expires = e, fromMicros(created), fromMicros(seen), fromMicros(expires)
	return x, err
}

// Session gives the session of a token; an ended one is not found. Use keeps it
// alive, at the cost of a write each quarter of an hour.
func (s *Store) Session(ctx context.Context, token string) (Session, error) {
	now := s.Now()
	x, err := scanSession(func(dest ...any) error {
		return one(ctx, s.read, "session", dest, "select "+sessionColumns+" where s.hash = $1 and s.expires_at > $2 and e.disabled_at is null", hashed(token), micros(now))
	})
	if err != nil || now.Sub(x.Seen) < 15*time.Minute {
		return x, err
	}
	return x, s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "update sessions set seen_at = $2, expires_at = $3 where hash = $1", x.Hash, micros(now), micros(now.Add(sessionLife)))
		return err
	})
}

// Sessions lists a person's sessions, newest first.
func (s *Store) Sessions(ctx context.Context, editor string) ([]Session, error) {
	return rowsOf(ctx, s.read, scanSession, "select "+sessionColumns+" where s.editor_id = $1 and s.expires_at > $2 order by s.created_at desc", editor, micros(s.Now()))
}

// EndSession ends one of a person's sessions, named by its hash.
func (s *Store) EndSession(ctx context.Context, editor, hash string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "delete from sessions where hash = $1 and editor_id = $2", hash, editor)
		return err
	})
}

// EndSessions ends all of a person's sessions but the one named.
func (s *Store) EndSessions(ctx context.Context, editor, keep string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "delete from sessions where editor_id = $1 and hash <> $2", editor, keep)
		return err
	})
}

// Outcomes of a sign-in.
const (
	SignedIn = "in"
	Refused  = "refused"
	Warned   = "warned" // a passkey's counter went back
)

// SignInEntry is a line of the record of sign-ins.
type SignInEntry struct {
	Editor  string // id
	Name    string
	At      time.Time
	Means   string
	Outcome string
	Agent   string
}

func signedIn(at time.Time, x SignInEntry) statement {
	return stmt("insert into signins (editor_id, at, means, outcome, agent) values ($1, $2, $3, $4, $5)", x.Editor, micros(at), x.Means, x.Outcome, x.Agent)
}

// NoteSignIn records a sign-in that did not succeed, of a person who exists.
// What an unknown person typed is not kept: it may be a password.
func (s *Store) NoteSignIn(ctx context.Context, x SignInEntry) error {
	return s.write(ctx, func(tx *sql.Tx) error { return all(ctx, tx, signedIn(s.Now(), x)) })
}

// SignIns lists the latest sign-ins of some people, newest first.
func (s *Store) SignIns(ctx context.Context, editors []string, limit int) ([]SignInEntry, error) {
	if len(editors) == 0 {
		return nil, nil
	}
	in, args := placeholders(editors, 2)
	var out []SignInEntry
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var x SignInEntry
		var at int64
		err := r.Scan(&x.Editor, &x.Name, &at, &x.Means, &x.Outcome, &x.Agent)
		x.At = fromMicros(at)
		out = append(out, x)
		return err
	}, "select x.editor_id, e.name, x.at, x.means, x.outcome, x.agent from signins x join editors e on e.id = x.editor_id where x.editor_id in ("+in+") order by x.id desc limit $1",
		append([]any{limit}, args...)...)
	return out, err
}
