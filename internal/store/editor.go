package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Editor is a person of the desk.
type Editor struct {
	ID       string
	Site     string // "": all sites
	Email    string
	Name     string
	Role     moderation.Role
	Password string // argon2id hash in PHC form
	Disabled bool
	Prefs    json.RawMessage // the person's own settings of the desk
}

// Serves tells whether the editor works for a site.
func (e Editor) Serves(site string) bool { return e.Site == "" || e.Site == site }

// Actor is the editor as the state table knows people.
func (e Editor) Actor() moderation.Actor { return moderation.Actor{ID: e.ID, Role: e.Role} }

// AddEditor adds a person to the desk.
func (s *Store) AddEditor(ctx context.Context, e Editor) (Editor, error) {
	addr, err := mail.ParseAddress(e.Email)
	if err != nil || addr.Address != e.Email {
		return Editor{}, moderation.BadField("email", "error.email")
	}
	if strings.TrimSpace(e.Name) == "" {
		return Editor{}, moderation.BadField("name", "error.name_needed")
	}
	if !slices.Contains([]moderation.Role{moderation.Editor, moderation.Chief, moderation.Admin, moderation.Auditor}, e.Role) {
		return Editor{}, moderation.BadField("role", "error.role_unknown")
	}
	e.ID, e.Email = or2(e.ID, NewID()), strings.ToLower(e.Email)
	err = s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx,
			stmt("insert into editors (id, site_id, email, name, role, password, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
				e.ID, optional(e.Site), e.Email, e.Name, string(e.Role), e.Password, micros(s.Now())),
			event(s, "staff", e.Site, "", ""))
	})
	if isDuplicate(err) {
		return Editor{}, moderation.BadField("email", "error.editor_exists")
	}
	return e, err
}

const editorColumns = "e.id, coalesce(e.site_id, ''), e.email, e.name, e.role, e.password, e.settings, e.disabled_at is not null"

func scanEditor(scan func(...any) error) (Editor, error) {
	var e Editor
	var prefs string
	err := scan(&e.ID, &e.Site, &e.Email, &e.Name, &e.Role, &e.Password, &prefs, &e.Disabled)
	e.Prefs = json.RawMessage(prefs)
	return e, err
}

// Editors lists the people of a site's desk, those of all sites included; site
// "" means everyone.
func (s *Store) Editors(ctx context.Context, site string) ([]Editor, error) {
	return editors(ctx, s.read, site)
}

func editors(ctx context.Context, q querier, site string) ([]Editor, error) {
	var out []Editor
	err := each(ctx, q, func(r *sql.Rows) error {
		e, err := scanEditor(r.Scan)
		out = append(out, e)
		return err
	}, "select "+editorColumns+" from editors e where $1 = '' or e.site_id is null or e.site_id = $1 order by e.email", site)
	return out, err
}

// Editor finds a person by id or e-mail address.
func (s *Store) Editor(ctx context.Context, key string) (Editor, error) {
	return scanEditor(func(dest ...any) error {
		return one(ctx, s.read, "editor", dest, "select "+editorColumns+" from editors e where e.id = $1 or e.email = $2", key, strings.ToLower(key))
	})
}

// SavePrefs keeps a person's own settings of the desk.
func (s *Store) SavePrefs(ctx context.Context, editor string, prefs json.RawMessage) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "update editors set settings = $2 where id = $1", editor, string(prefs))
		return err
	})
}

// staff tells who decides at a site, for the conditions of the state table.
func staff(ctx context.Context, q querier, site string) (moderation.Staff, error) {
	var st moderation.Staff
	people, err := editors(ctx, q, site)
	for _, e := range people {
		if e.Disabled || !e.Role.Decides() {
			continue
		}
		st.Deciders = append(st.Deciders, e.ID)
		if e.Role == moderation.Chief {
			st.Chiefs = append(st.Chiefs, e.ID)
		}
	}
	return st, err
}

// Staff tells who decides at a site.
func (s *Store) Staff(ctx context.Context, site string) (moderation.Staff, error) {
	return staff(ctx, s.read, site)
}

// Session is a signed-in browser.
type Session struct {
	Hash    string // of its token: names it without giving it away
	Editor  Editor
	Agent   string
	Created time.Time
	Seen    time.Time
	Expires time.Time
}

// sessionLife is how long a session lasts without being used.
const sessionLife = 12 * time.Hour

// SignIn starts a session and gives its token, which only the browser keeps.
func (s *Store) SignIn(ctx context.Context, editor, agent string) (string, error) {
	token, now := NewSecret(), s.Now()
	err := s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx,
			stmt("delete from sessions where expires_at < $1", micros(now)),
			stmt("insert into sessions (hash, editor_id, agent, created_at, seen_at, expires_at) values ($1, $2, $3, $4, $4, $5)",
				hashed(token), editor, agent, micros(now), micros(now.Add(sessionLife))))
	})
	return token, err
}

const sessionColumns = "s.hash, s.agent, s.created_at, s.seen_at, s.expires_at, " + editorColumns + " from sessions s join editors e on e.id = s.editor_id"

func scanSession(scan func(...any) error) (Session, error) {
	var x Session
	var created, seen, expires int64
	e, err := scanEditor(func(dest ...any) error {
		return scan(append([]any{&x.Hash, &x.Agent, &created, &seen, &expires}, dest...)...)
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
	var out []Session
	err := each(ctx, s.read, func(r *sql.Rows) error {
		x, err := scanSession(r.Scan)
		out = append(out, x)
		return err
	}, "select "+sessionColumns+" where s.editor_id = $1 and s.expires_at > $2 order by s.created_at desc", editor, micros(s.Now()))
	return out, err
}

// EndSession ends one of a person's sessions, named by its hash.
func (s *Store) EndSession(ctx context.Context, editor, hash string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "delete from sessions where hash = $1 and editor_id = $2", hash, editor)
		return err
	})
}
