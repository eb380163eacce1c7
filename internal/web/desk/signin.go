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
}

func (d *Desk) loginPage(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f := loginForm{Base: d.base(r, "desk.signin.title"), Next: inside(q.Get("next")), Out: q.Has("out")}
	return d.srv.Page(w, r, http.StatusOK, "desk/login.html", f)
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
	person, err := d.person(r.Context(), email)
	if err != nil {
		return err
	}
	next := inside(r.PostFormValue("next"))
	if !d.matches(r.Context(), person.Password, r.PostFormValue("password")) || person.Disabled {
		f := loginForm{Base: d.base(r, "desk.signin.title"), Email: email, Next: next, Failed: true}
		return d.srv.Page(w, r, http.StatusUnauthorized, "desk/login.html", f)
	}
	token, err := d.store.SignIn(r.Context(), person.ID, agent(r))
	if err != nil {
		return err
	}
	web.SetSession(w, r, token)
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
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
	return d.srv.Limits.Take("signin-person", email, web.SignInRate)
}

// person finds who has the address; nobody is an empty Editor.
func (d *Desk) person(ctx context.Context, email string) (store.Editor, error) {
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
	if err := d.store.Unclaim(r.Context(), d.claimant(r)); err != nil {
		return err
	}
	if err := d.store.EndSession(r.Context(), who.Editor.ID, who.Session.Hash); err != nil {
		return err
	}
	web.DropSession(w)
	http.Redirect(w, r, "/desk/login?out", http.StatusSeeOther)
	return nil
}
