package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// OIDC is how people of the desk sign in at the publisher's own provider.
type OIDC struct {
	signon.Provider
	Roles []GroupRole // none: groups change nothing
}

// GroupRole gives a role to who is in a group; the first that fits counts.
type GroupRole struct {
	Group string
	Role  moderation.Role
}

// ParseRoles reads a rule such as "leitung=chief,redaktion=editor".
func ParseRoles(text string) ([]GroupRole, error) {
	var out []GroupRole
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		group, role, ok := strings.Cut(part, "=")
		if !ok || group == "" || !slices.Contains([]moderation.Role{moderation.Editor, moderation.Chief, moderation.Admin, moderation.Auditor}, moderation.Role(role)) {
			return nil, errors.New("write each rule as GROUP=ROLE with the roles editor, chief, admin and auditor, separated by commas")
		}
		out = append(out, GroupRole{group, moderation.Role(role)})
	}
	return out, nil
}

// signInCookie names a sign-in on its way; it ends with the sign-in.
const signInCookie = "freigabe_signin"

// begin keeps what a sign-in must find again, for this browser alone.
func (d *Desk) begin(w http.ResponseWriter, r *http.Request, kind string, data any) error {
	token, err := d.store.StartCeremony(r.Context(), kind, data)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: signInCookie, Value: token, Path: "/desk", MaxAge: 600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: web.Secure(r)})
	return nil
}

// end gives back what was kept, once.
func (d *Desk) end(w http.ResponseWriter, r *http.Request, kind string, data any) error {
	c, err := r.Cookie(signInCookie)
	if err != nil {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.signin_late"}
	}
	http.SetCookie(w, &http.Cookie{Name: signInCookie, Path: "/desk", MaxAge: -1, HttpOnly: true})
	err = d.store.EndCeremony(r.Context(), kind, c.Value, data)
	if moderation.KindOf(err) == moderation.NotFound {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.signin_late"}
	}
	return err
}

// oidcJourney is what is kept while a person is at the provider.
type oidcJourney struct {
	Flow signon.Flow `json:"flow"`
	Next string      `json:"next"`
}

// oidcStart sends a person to the provider.
func (d *Desk) oidcStart(w http.ResponseWriter, r *http.Request) error {
	if !d.oidc.On() {
		return moderation.Missing("page")
	}
	if err := d.limitSignIn(r, ""); err != nil {
		return err
	}
	address, flow, err := d.provider.Begin(r.Context(), d.oidc.Provider, d.address(r)+"/desk/oidc/callback")
	if err != nil {
		return d.providerAway(err)
	}
	if err := d.begin(w, r, "oidc", oidcJourney{flow, inside(r.URL.Query().Get("next"))}); err != nil {
		return err
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// providerAway tells the log why a provider cannot be asked, and people that it is so.
func (d *Desk) providerAway(err error) error {
	if _, ok := errors.AsType[*signon.ProviderError](err); !ok {
		return err
	}
	d.srv.Log.Warn("sign-in provider not available", "error", err)
	return &web.Unavailable{Status: http.StatusServiceUnavailable, Key: "error.oidc_away", After: 10e9}
}

// oidcBack signs in whom the provider sends back. What goes wrong is said on the
// page of the sign-in.
func (d *Desk) oidcBack(w http.ResponseWriter, r *http.Request) error {
	if !d.oidc.On() {
		return moderation.Missing("page")
	}
	var j oidcJourney
	err := d.end(w, r, "oidc", &j)
	var e store.Editor
	if err == nil {
		e, err = d.oidcPerson(r, j)
	}
	if err == nil {
		return d.enter(w, r, store.ByOIDC, e, inside(j.Next))
	}
	p, ok := web.ProblemOf(r, err)
	if !ok {
		return err
	}
	f := d.loginForm(r)
	f.Problem = p.Title
	return d.srv.Page(w, r, http.StatusForbidden, "desk/login.html", f)
}

// oidcPerson finds the person of the desk whom the provider vouches for.
func (d *Desk) oidcPerson(r *http.Request, j oidcJourney) (store.Editor, error) {
	ctx := r.Context()
	id, err := d.provider.Finish(ctx, d.oidc.Provider, j.Flow, r.URL.Query())
	if err != nil {
		return store.Editor{}, d.providerAway(err)
	}
	e, err := d.known(ctx, id)
	if err != nil {
		return e, err
	}
	if e, err = d.inRole(ctx, e, id.Groups); err != nil {
		refused := store.SignInEntry{Editor: e.ID, Means: store.ByOIDC, Outcome: store.Refused, Agent: agent(r)}
		return e, errors.Join(d.store.NoteSignIn(ctx, refused), err)
	}
	return e, nil
}

var errStranger = &moderation.Error{Kind: moderation.Forbidden, Key: "error.oidc_unknown"}

// known finds a person by the subject at the provider, or the first time by the
// address, where the provider has verified it. Nobody is made anew.
func (d *Desk) known(ctx context.Context, id signon.Identity) (store.Editor, error) {
	subject := d.oidc.Issuer + "|" + id.Subject
	e, err := d.store.BySubject(ctx, subject)
	if moderation.KindOf(err) == moderation.NotFound {
		if !id.Verified {
			return e, errStranger
		}
		if e, err = d.byEmail(ctx, strings.ToLower(id.Email)); err == nil && e.ID != "" {
			err = d.store.SetSubject(ctx, e.ID, subject)
		}
		if moderation.KindOf(err) == moderation.NotFound {
			return e, errStranger // the address belongs to another subject
		}
	}
	if err == nil && (e.ID == "" || e.Disabled) {
		err = errStranger
	}
	return e, err
}

// inRole gives the person the role of their group, where there is such a rule; who
// is in no group of it is refused. The last chief of a site stays one.
func (d *Desk) inRole(ctx context.Context, e store.Editor, groups []string) (store.Editor, error) {
	if len(d.oidc.Roles) == 0 {
		return e, nil
	}
	i := slices.IndexFunc(d.oidc.Roles, func(g GroupRole) bool { return slices.Contains(groups, g.Group) })
	if i < 0 {
		return e, &moderation.Error{Kind: moderation.Forbidden, Key: "error.oidc_group"}
	}
	to := e.Staffing()
	to.Role = d.oidc.Roles[i].Role
	if to.Role == e.Role {
		return e, nil
	}
	err := d.store.ChangeEditor(ctx, store.Editor{}, e.ID, to)
	if moderation.KindOf(err) == moderation.Conflict {
		return e, nil
	}
	e.Role = to.Role
	return e, err
}
