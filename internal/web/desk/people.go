package desk

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// peopleShown is what people.html shows: who works at the desk, what was changed
// about them, and how they signed in.
type peopleShown struct {
	Frame
	Rows    []personRow
	Sites   []siteChoice
	Roles   []moderation.Role
	Changes []store.StaffChange
	SignIns []store.SignInEntry
	Saved   bool
	Manages bool   // chiefs and admins; auditors only look
	Link    string // a one-time link, shown this once
	For     string // whose it is
	Mails   bool   // links go out by mail
	Mailed  bool   // one is on its way
}

// personRow is one person of the list.
type personRow struct {
	store.Editor
	Places string // where they work, in words
	Mine   bool   // may be changed by who looks
}

// siteChoice is a site as a form offers it, with the sections chosen.
type siteChoice struct {
	web.Base
	store.Site
	Known    []string // sections of its articles
	Chosen   bool
	Sections string // chosen, one a line
}

// seesPeople tells who sees the people of the desk: chiefs, admins and auditors.
func seesPeople(r *http.Request) error {
	if web.WhoOf(r).Editor.Role == moderation.Editor {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	return nil
}

// Detail says what a change was to.
func (p peopleShown) Detail(c store.StaffChange) string {
	if c.Change == "role" || c.Change == "added" {
		return p.T("desk.role." + c.Detail)
	}
	return c.Detail
}

func (d *Desk) peoplePage(w http.ResponseWriter, r *http.Request) error {
	p, err := d.people(r)
	if err != nil {
		return err
	}
	p.Saved, p.Mailed = r.URL.Query().Has("saved"), r.URL.Query().Has("mailed")
	return d.srv.Page(w, r, http.StatusOK, "desk/people.html", p)
}

func (d *Desk) people(r *http.Request) (peopleShown, error) {
	if err := seesPeople(r); err != nil {
		return peopleShown{}, err
	}
	f, err := d.frame(r, "people", "identity.people.title")
	if err != nil {
		return peopleShown{}, err
	}
	p := peopleShown{Frame: f, Roles: rolesFor(f.Me), Mails: d.mails, Manages: f.Me.Role == moderation.Chief || f.Me.Role == moderation.Admin}
	if p.Sites, err = d.siteChoices(r, nil); err != nil {
		return p, err
	}
	all, err := d.store.People(r.Context(), f.Reach)
	if err != nil {
		return p, err
	}
	var ids []string
	for _, e := range all {
		ids = append(ids, e.ID)
		p.Rows = append(p.Rows, personRow{e, places(f, p.Sites, e.Reach), f.Me.MayManage(e)})
	}
	if p.Changes, err = d.store.StaffChanges(r.Context(), f.Reach, 50); err != nil {
		return p, err
	}
	p.SignIns, err = d.store.SignIns(r.Context(), ids, 50)
	return p, err
}

// rolesFor lists the roles that somebody may give.
func rolesFor(e store.Editor) []moderation.Role {
	roles := []moderation.Role{moderation.Editor, moderation.Chief, moderation.Auditor}
	if e.Role == moderation.Admin {
		roles = append(roles, moderation.Admin)
	}
	return roles
}

// places says where a person works; sites beyond the reader's own are not named.
func places(f Frame, sites []siteChoice, reach store.Reach) string {
	if reach == nil {
		return f.T("identity.people.everywhere")
	}
	var out []string
	others := 0
	for _, place := range reach {
		i := slices.IndexFunc(sites, func(s siteChoice) bool { return s.ID == place.Site })
		switch {
		case i < 0:
			others++
		case len(place.Sections) > 0:
			out = append(out, sites[i].Name+": "+strings.Join(place.Sections, ", "))
		default:
			out = append(out, sites[i].Name)
		}
	}
	if others > 0 {
		out = append(out, f.T("identity.people.elsewhere"))
	}
	return strings.Join(out, "; ")
}

// siteChoices offers the sites that a person serves, with what a reach has of them.
func (d *Desk) siteChoices(r *http.Request, reach store.Reach) ([]siteChoice, error) {
	sites, err := d.sites(r.Context(), web.WhoOf(r))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(sites, func(a, b store.Site) int { return cmp.Compare(a.Name, b.Name) })
	var out []siteChoice
	for _, s := range sites {
		c := siteChoice{Base: d.base(r, "identity.people.title"), Site: s}
		if c.Known, err = d.store.Sections(r.Context(), s.ID); err != nil {
			return nil, err
		}
		for _, place := range reach {
			if place.Site == s.ID {
				c.Chosen, c.Sections = true, strings.Join(place.Sections, "\n")
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// formReach reads where a person is to work: each site checked, with its sections
// one a line. Nothing checked is everywhere for who works everywhere, and
// otherwise an error.
func (d *Desk) formReach(r *http.Request) (store.Reach, error) {
	if r.PostFormValue("everywhere") == "1" {
		return store.Everywhere, nil
	}
	reach := store.Reach{}
	for _, id := range r.PostForm["site"] {
		if !web.WhoOf(r).Serves(id) {
			return nil, moderation.Missing("site")
		}
		place := store.Place{Site: id}
		for line := range strings.Lines(r.PostFormValue("sections." + id)) {
			place.Sections = append(place.Sections, strings.TrimSpace(line))
		}
		reach = append(reach, place)
	}
	if reach = reach.Tidy(); len(reach) == 0 {
		return nil, moderation.BadField("site", "error.reach_empty")
	}
	return reach, nil
}

// addPerson adds somebody, and mails or shows the link by which they set their password.
func (d *Desk) addPerson(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	reach, err := d.formReach(r)
	if err != nil {
		return err
	}
	e := store.Editor{Email: strings.TrimSpace(r.PostFormValue("email")), Name: strings.TrimSpace(r.PostFormValue("name")), Role: moderation.Role(r.PostFormValue("role")), Reach: reach}
	e, token, err := d.store.Invite(r.Context(), actingAs(r), e, d.delivery(r, d.mails))
	if err != nil {
		return err
	}
	return d.showLink(w, r, e, token)
}

// actingAs is the person, narrowed to what the key reaches where there is one.
func actingAs(r *http.Request) store.Editor {
	who := web.WhoOf(r)
	who.Editor.Reach = who.Reach()
	return who.Editor
}

// delivery says how a link reaches its person.
func (d *Desk) delivery(r *http.Request, mailed bool) store.Delivery {
	return store.Delivery{Mailed: mailed && d.mails, Lang: web.Lang(r, web.WhoOf(r).Lang())}
}

// showLink shows a one-time link, this once: it is not kept anywhere. One that is
// mailed is shown to nobody.
func (d *Desk) showLink(w http.ResponseWriter, r *http.Request, e store.Editor, token string) error {
	if token == "" {
		http.Redirect(w, r, "/desk/people?mailed", http.StatusSeeOther)
		return nil
	}
	p, err := d.people(r)
	if err != nil {
		return err
	}
	p.Link, p.For = d.address(r)+"/desk/entry/"+token, e.Name
	return d.srv.Page(w, r, http.StatusOK, "desk/people.html", p)
}

// address is that of this installation.
func (d *Desk) address(r *http.Request) string { return web.PublicAddress(d.public, r) }

// personForm is what person.html shows.
type personForm struct {
	Frame
	Person store.Editor
	Sites  []siteChoice
	Roles  []moderation.Role

	PersonAll bool // works everywhere
	Mails     bool // links go out by mail, where wished
}

func (d *Desk) person(r *http.Request) (store.Editor, error) {
	if err := seesPeople(r); err != nil {
		return store.Editor{}, err
	}
	e, err := d.store.Editor(r.Context(), r.PathValue("id"))
	if err == nil && !actingAs(r).MayManage(e) {
		err = moderation.Missing("editor")
	}
	return e, err
}

func (d *Desk) personPage(w http.ResponseWriter, r *http.Request) error {
	e, err := d.person(r)
	if err != nil {
		return err
	}
	f, err := d.frame(r, "people", "identity.people.title")
	if err != nil {
		return err
	}
	f.Title = e.Name
	p := personForm{Frame: f, Person: e, Roles: rolesFor(f.Me), PersonAll: e.Reach == nil, Mails: d.mails}
	if p.Sites, err = d.siteChoices(r, e.Reach); err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/person.html", p)
}

// changePerson changes role, name, place or access of a person, or makes a link
// by which they set a new password.
func (d *Desk) changePerson(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	e, err := d.person(r)
	if err != nil {
		return err
	}
	to := e.Staffing()
	switch r.PostFormValue("do") {
	case "link", "mail":
		token, err := d.store.ResetEntry(r.Context(), actingAs(r), e.ID, d.delivery(r, r.PostFormValue("do") == "mail"))
		if err != nil {
			return err
		}
		return d.showLink(w, r, e, token)
	case "signout":
		if err := d.store.EndSessions(r.Context(), e.ID, ""); err != nil {
			return err
		}
		http.Redirect(w, r, "/desk/people?saved", http.StatusSeeOther)
		return nil
	case "disable", "enable":
		to.Disabled = r.PostFormValue("do") == "disable"
	default:
		to.Name, to.Role = r.PostFormValue("name"), moderation.Role(r.PostFormValue("role"))
		if to.Reach, err = d.formReach(r); err != nil {
			return err
		}
	}
	if err := d.store.ChangeEditor(r.Context(), actingAs(r), e.ID, to); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/people?saved="+url.QueryEscape(e.ID), http.StatusSeeOther)
	return nil
}
