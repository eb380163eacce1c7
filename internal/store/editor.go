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
	ID          string
	Site        string // the only site, "": all sites or several
	Reach       Reach  // the sites and sections; AddEditor takes Site where it is nil
	Email       string
	Name        string
	Role        moderation.Role
	Password    string // argon2id hash in PHC form
	PasswordOff bool   // signs in by other means alone
	Disabled    bool
	Prefs       json.RawMessage // the person's own settings of the desk
	Created     time.Time
}

// Serves tells whether the editor works for a site, or for a part of it.
func (e Editor) Serves(site string) bool { return e.Reach.Serves(site) }

// Actor is the editor as the state table knows people.
func (e Editor) Actor() moderation.Actor { return moderation.Actor{ID: e.ID, Role: e.Role} }

// AddEditor adds a person to the desk.
func (s *Store) AddEditor(ctx context.Context, e Editor) (Editor, error) {
	err := s.write(ctx, func(tx *sql.Tx) (err error) {
		e, err = s.addEditor(ctx, tx, e, "")
		return err
	})
	return e, duplicateEditor(err)
}

func duplicateEditor(err error) error {
	if isDuplicate(err) {
		return moderation.BadField("email", "error.editor_exists")
	}
	return err
}

func (s *Store) addEditor(ctx context.Context, tx *sql.Tx, e Editor, by string) (Editor, error) {
	addr, err := mail.ParseAddress(e.Email)
	if err != nil || addr.Address != e.Email {
		return Editor{}, moderation.BadField("email", "error.email")
	}
	if strings.TrimSpace(e.Name) == "" {
		return Editor{}, moderation.BadField("name", "error.name_needed")
	}
	if e.Reach == nil {
		e.Reach = AtSite(e.Site)
	}
	e.Reach = e.Reach.Tidy()
	if err := checkRole(e.Role, e.Reach); err != nil {
		return Editor{}, err
	}
	site, reach, err := e.Reach.text()
	if err != nil {
		return Editor{}, err
	}
	e.ID, e.Email, e.Site, e.Created = or2(e.ID, NewID()), strings.ToLower(e.Email), e.Reach.Only(), s.Now()
	return e, all(ctx, tx,
		stmt("insert into editors (id, site_id, reach, email, name, role, password, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
			e.ID, optional(site), reach, e.Email, e.Name, string(e.Role), e.Password, micros(e.Created)),
		changed(s, e.ID, by, "added", string(e.Role)),
		event(s, "staff", site, "", ""))
}

// checkRole refuses what is no role, and sections for anyone but editors: chiefs,
// admins and auditors answer for whole sites.
func checkRole(role moderation.Role, reach Reach) error {
	if !slices.Contains([]moderation.Role{moderation.Editor, moderation.Chief, moderation.Admin, moderation.Auditor}, role) {
		return moderation.BadField("role", "error.role_unknown")
	}
	if role != moderation.Editor && slices.ContainsFunc(reach, func(p Place) bool { return len(p.Sections) > 0 }) {
		return moderation.BadField("sections", "error.role_sections")
	}
	return nil
}

const editorColumns = "e.id, coalesce(e.site_id, ''), e.reach, e.email, e.name, e.role, e.password, e.password_off = 1, e.settings, e.disabled_at is not null, e.created_at"

func scanEditor(scan func(...any) error) (Editor, error) {
	var e Editor
	var site, reach, prefs string
	var created int64
	err := scan(&e.ID, &site, &reach, &e.Email, &e.Name, &e.Role, &e.Password, &e.PasswordOff, &prefs, &e.Disabled, &created)
	if err != nil {
		return e, err
	}
	e.Prefs, e.Created = json.RawMessage(prefs), fromMicros(created)
	e.Reach, err = reachOf(site, reach)
	e.Site = e.Reach.Only()
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
		if site == "" || e.Serves(site) {
			out = append(out, e)
		}
		return err
	}, "select "+editorColumns+" from editors e where $1 = '' or e.site_id is null or e.site_id = $1 or e.reach like $2 order by e.email", site, "%"+likeWords(site)+"%")
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
	return staffFor(ctx, q, site, func(Editor) bool { return true })
}

// staffOf tells who decides below an article: whom its section lies within reach of.
func staffOf(ctx context.Context, q querier, site, article string) (moderation.Staff, error) {
	var section string
	if err := one(ctx, q, "article", []any{&section}, "select section from articles where id = $1", article); err != nil {
		return moderation.Staff{}, err
	}
	return staffFor(ctx, q, site, func(e Editor) bool { return e.Reach.Has(site, section) })
}

func staffFor(ctx context.Context, q querier, site string, reaches func(Editor) bool) (moderation.Staff, error) {
	var st moderation.Staff
	people, err := editors(ctx, q, site)
	for _, e := range people {
		if e.Disabled || !e.Role.Decides() || !reaches(e) {
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

// StaffOf tells who decides below an article.
func (s *Store) StaffOf(ctx context.Context, site, article string) (moderation.Staff, error) {
	return staffOf(ctx, s.read, site, article)
}
