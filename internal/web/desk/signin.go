package desk

import (
	"context"
	"net/http"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// loginForm is what login.html shows.
type loginForm struct {
	web.Base
	Email  string
	Next   string
	Failed bool
	Out    bool // has just signed out

	Problem  string // why a sign-in by other means failed
	Provider string // name of the publisher's provider, "" for none
}

func (d *Desk) loginForm(r *http.Request) loginForm {
	q := r.URL.Query()
	f := loginForm{Base: d.base(r, "desk.signin.title"), Next: inside(q.Get("next")), Out: q.Has("out")}
	if d.oidc.On() {
		f.Provider = d.oidc.Label()
	}
	return f
}

func (d *Desk) loginPage(w http.ResponseWriter, r *http.Request) error {
	return d.srv.Page(w, r, http.StatusOK, "desk/login.html", d.loginForm(r))
}

// login starts a session. The answer to a wrong password and to an unknown
// address is the same, and takes as long.
func (d *Desk) login(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	email := strings.ToLower(strings.TrimSpace(r.PostFormValue("email")))
	if err := d.limitSignIn(r, email); err != nil {
		return err
	}
	person, err := d.byEmail(r.Context(), email)
	if err != nil {
		return err
	}
	next := inside(r.PostFormValue("next"))
	if !d.matches(r.Context(), person.Password, r.PostFormValue("password")) || person.Disabled || person.PasswordOff {
		return d.loginFailed(w, r, person, email, next)
	}
	return d.enter(w, r, store.ByPassword, person, next)
}

// loginFailed shows the form again, and keeps the attempt where there is a person.
func (d *Desk) loginFailed(w http.ResponseWriter, r *http.Request, person store.Editor, email, next string) error {
	if person.ID != "" {
		refused := store.SignInEntry{Editor: person.ID, Means: store.ByPassword, Outcome: store.Refused, Agent: agent(r)}
		if err := d.store.NoteSignIn(r.Context(), refused); err != nil {
			return err
		}
	}
	f := d.loginForm(r)
	f.Email, f.Next, f.Failed = email, next, true
	return d.srv.Page(w, r, http.StatusUnauthorized, "desk/login.html", f)
}

// limitSignIn counts the attempts of an address on the network and on a person.
func (d *Desk) limitSignIn(r *http.Request, email string) error {
	if d.srv.Limits == nil {
		return nil
	}
	sender, err := d.srv.Sender(r)
	if err != nil {
		return err
	}
	if err := d.srv.Limits.Take("signin", sender.Now, web.SignInRate); err != nil {
		return err
	}
	if email == "" {
		return nil
	}
	return d.srv.Limits.Take("signin-person", email, web.SignInRate)
}

// byEmail finds who has the address; nobody is an empty Editor.
func (d *Desk) byEmail(ctx context.Context, email string) (store.Editor, error) {
	if !strings.Contains(email, "@") {
		return store.Editor{}, nil // an id is no address
	}
	e, err := d.store.Editor(ctx, email)
	if moderation.KindOf(err) == moderation.NotFound {
		return store.Editor{}, nil
	}
	return e, err
}

// agent is what the browser calls itself, cut to what a list can show.
func agent(r *http.Request) string {
	a := strings.Map(func(c rune) rune {
		if c < ' ' {
			return -1
		}
		return c
	}, strings.ToValidUTF8(r.UserAgent(), ""))
	if runes := []rune(a); len(runes) > 200 {
		return string(runes[:200])
	}
	return a
}

// inside is a way within the desk; anything else leads to the desk itself.
func inside(next string) string {
	if next == "/desk" || strings.HasPrefix(next, "/desk/") && !strings.HasPrefix(next, "/desk/login") && !strings.ContainsAny(next, "\\\r\n") {
		return next
	}
	return "/desk/"
}

func (d *Desk) logout(w http.ResponseWriter, r *http.Request) error {
	who := web.WhoOf(r)
	if err := d.giveBack(r.Context(), d.claimant(r)); err != nil {
		return err
	}
	if err := d.store.EndSession(r.Context(), who.Editor.ID, who.Session.Hash); err != nil {
		return err
	}
	web.DropSession(w)
	http.Redirect(w, r, "/desk/login?out", http.StatusSeeOther)
	return nil
}
