package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// MayManage tells whether somebody may change another person of the desk: admins
// everyone within their reach, chiefs everyone but admins.
func (e Editor) MayManage(other Editor) bool {
	switch e.Role {
	case moderation.Admin:
		return e.Reach.Covers(other.Reach)
	case moderation.Chief:
		return other.Role != moderation.Admin && e.Reach.Covers(other.Reach)
	}
	return false
}

// Staffing is what can be changed about a person of the desk.
type Staffing struct {
	Name     string
	Role     moderation.Role
	Reach    Reach
	Disabled bool
}

// Staffing gives what can be changed of an editor, as it is.
func (e Editor) Staffing() Staffing { return Staffing{e.Name, e.Role, e.Reach, e.Disabled} }

var errLast = &moderation.Error{Kind: moderation.Conflict, Key: "error.last_person"}

// Invite adds a person in another's name and gives the token of the link by
// which they set their own password, "" where the link is mailed. The one who adds
// must be allowed to manage whom they add.
func (s *Store) Invite(ctx context.Context, by Editor, e Editor, how Delivery) (Editor, string, error) {
	e.Password = ""
	if e.Reach == nil && e.Site == "" && by.Reach != nil {
		return e, "", moderation.BadField("sites", "error.reach_empty")
	}
	var token string
	err := s.write(ctx, func(tx *sql.Tx) (err error) {
		if e, err = s.addEditor(ctx, tx, e, by.ID); err != nil {
			return err
		}
		if !by.MayManage(e) {
			return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
		}
		token, err = s.addEntry(ctx, tx, Entry{Editor: e, Expires: s.Now().Add(inviteLife)}, by.ID, how)
		return err
	})
	return e, token, duplicateEditor(err)
}

// ChangeEditor changes role, reach, name or access of a person in another's name.
// The last chief of a site and the last admin stay: that is a Conflict. Who is
// disabled is signed out at once.
func (s *Store) ChangeEditor(ctx context.Context, by Editor, id string, to Staffing) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := s.lockLeaders(ctx, tx); err != nil {
			return err
		}
		e, err := editorBy(ctx, tx, id)
		if err != nil {
			return err
		}
		after := e
		after.Role, after.Reach, after.Disabled = to.Role, to.Reach.Tidy(), to.Disabled
		if after.Name = strings.TrimSpace(to.Name); after.Name == "" {
			return moderation.BadField("name", "error.name_needed")
		}
		if by.ID != "" && (!by.MayManage(e) || !by.MayManage(after)) {
			return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
		}
		if err := checkRole(after.Role, after.Reach); err != nil {
			return err
		}
		if err := s.keepLeaders(ctx, tx, e, after); err != nil {
			return err
		}
		return s.saveEditor(ctx, tx, by.ID, e, after)
	})
}

// lockLeaders makes two changes at once wait for each other, so that two leaders
// cannot each remove the other.
func (s *Store) lockLeaders(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, func(*sql.Rows) error { return nil }, "select id from editors where role in ('chief', 'admin') order by id"+s.d.forUpdate)
}

// keepLeaders refuses a change that leaves a site without its last chief, or the
// installation without its last admin.
func (s *Store) keepLeaders(ctx context.Context, tx *sql.Tx, before, after Editor) error {
	if before.Disabled || before.Role != moderation.Chief && before.Role != moderation.Admin {
		return nil
	}
	people, err := editors(ctx, tx, "")
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(people, func(e Editor) bool { return e.ID == before.ID || e.Disabled || e.Role != before.Role })
	if !after.Disabled {
		others = append(others, after)
	}
	others = slices.DeleteFunc(others, func(e Editor) bool { return e.Role != before.Role })
	if before.Role == moderation.Admin {
		if len(others) == 0 {
			return errLast
		}
		return nil
	}
	sites, err := sitesOf(ctx, tx)
	if err != nil {
		return err
	}
	for _, site := range sites {
		if before.Serves(site.ID) && !slices.ContainsFunc(others, func(e Editor) bool { return e.Serves(site.ID) }) {
			return errLast
		}
	}
	return nil
}

// saveEditor writes a change and its record, one entry for each thing changed.
func (s *Store) saveEditor(ctx context.Context, tx *sql.Tx, by string, e, after Editor) error {
	site, reach, err := after.Reach.text()
	if err != nil {
		return err
	}
	var disabled sql.NullInt64
	if after.Disabled {
		disabled = sql.NullInt64{Int64: micros(s.Now()), Valid: true}
	}
	list := []statement{
		stmt("update editors set name = $2, role = $3, site_id = $4, reach = $5 where id = $1", e.ID, after.Name, string(after.Role), optional(site), reach),
	}
	if after.Name != e.Name {
		list = append(list, changed(s, e.ID, by, "name", e.Name))
	}
	if after.Role != e.Role {
		list = append(list, changed(s, e.ID, by, "role", string(after.Role)))
	}
	if after.Reach.Key() != e.Reach.Key() {
		list = append(list, changed(s, e.ID, by, "reach", ""))
	}
	if after.Disabled != e.Disabled {
		change := "enabled"
		if after.Disabled {
			change = "disabled"
		}
		list = append(list, changed(s, e.ID, by, change, ""),
			stmt("update editors set disabled_at = $2 where id = $1", e.ID, disabled),
			stmt("delete from sessions where editor_id = $1", e.ID),
			stmt("delete from claims where editor_id = $1", e.ID))
	}
	return all(ctx, tx, append(list, event(s, "staff", site, "", ""))...)
}

// changed is the record of a change about a person; by "" is the command line.
func changed(s *Store, editor, by, change, detail string) statement {
	return stmt("insert into staff_changes (at, editor_id, by_id, change, detail) values ($1, $2, $3, $4, $5)", micros(s.Now()), editor, optional(by), change, detail)
}

// StaffChange is an entry of the record about the people of the desk.
type StaffChange struct {
	At     time.Time
	Editor string // id of whom it is about
	Name   string
	By     string // name of who changed it, "" from the command line
	Change string // added, role, reach, name, disabled, enabled, link, password, passkey, …
	Detail string
}

// StaffChanges lists the latest changes about people within reach, newest first.
func (s *Store) StaffChanges(ctx context.Context, reach Reach, limit int) ([]StaffChange, error) {
	people, err := s.Editors(ctx, "")
	if err != nil {
		return nil, err
	}
	visible := map[string]bool{}
	for _, e := range people {
		visible[e.ID] = e.Reach.Meets(reach)
	}
	var out []StaffChange
	err = each(ctx, s.read, func(r *sql.Rows) error {
		var c StaffChange
		var at int64
		err := r.Scan(&at, &c.Editor, &c.Name, &c.By, &c.Change, &c.Detail)
		c.At = fromMicros(at)
		if visible[c.Editor] && len(out) < limit {
			out = append(out, c)
		}
		return err
	}, `select c.at, c.editor_id, e.name, coalesce(b.name, ''), c.change, c.detail from staff_changes c join editors e on e.id = c.editor_id
		left join editors b on b.id = c.by_id order by c.id desc limit 2000`)
	return out, err
}

// People lists everyone who works within reach, by name.
func (s *Store) People(ctx context.Context, reach Reach) ([]Editor, error) {
	all, err := s.Editors(ctx, "")
	all = slices.DeleteFunc(all, func(e Editor) bool { return !e.Reach.Meets(reach) })
	slices.SortStableFunc(all, func(a, b Editor) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all, err
}

func editorBy(ctx context.Context, q querier, id string) (Editor, error) {
	return scanEditor(func(dest ...any) error {
		return one(ctx, q, "editor", dest, "select "+editorColumns+" from editors e where e.id = $1", id)
	})
}
