package desk

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// account is what account.html shows: how a person signs in, and how they did.
type account struct {
	Frame
	Passkeys []store.Passkey
	SignIns  []store.SignInEntry
	Saved    bool
	Possible bool // passkeys need a name of a host, not a number

	HasPassword bool
}

func (d *Desk) accountPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "settings", "identity.account.title")
	if err != nil {
		return err
	}
	p := account{Frame: f, Saved: r.URL.Query().Has("saved"), HasPassword: known(f.Me.Password)}
	_, err = d.relying(r)
	p.Possible = err == nil
	if p.Passkeys, err = d.store.Passkeys(r.Context(), f.Me.ID); err != nil {
		return err
	}
	if p.SignIns, err = d.store.SignIns(r.Context(), []string{f.Me.ID}, 30); err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/account.html", p)
}

// changePassword changes a person's own password; the old one is asked for where
// there is one. All other sessions end.
func (d *Desk) changePassword(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	who := web.WhoOf(r)
	if err := d.limitSignIn(r, who.Editor.Email); err != nil {
		return err
	}
	if known(who.Editor.Password) && !d.matches(r.Context(), who.Editor.Password, r.PostFormValue("old")) {
		return moderation.BadField("old", "error.password_old")
	}
	hash, err := d.newPassword(r, who.Editor)
	if err != nil {
		return err
	}
	if err := d.store.SetPassword(r.Context(), who.Editor.ID, hash, who.Session.Hash); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/account?saved", http.StatusSeeOther)
	return nil
}

// known tells whether there is a password at all.
func known(hash string) bool {
	_, err := parsePHC(hash)
	return err == nil
}

// newPassword reads a new password, typed twice, and gives its hash.
func (d *Desk) newPassword(r *http.Request, e store.Editor) (string, error) {
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		return "", moderation.BadField("again", "error.password_again")
	}
	if err := CheckPassword(password, e.Email, e.Name); err != nil {
		return "", err
	}
	return d.hash(r.Context(), password)
}

// common are passwords that everyone tries first, and beginnings of them.
var common = []string{"password", "passwort", "kennwort", "123456", "qwertz", "qwerty", "abc123", "111111", "letmein", "hallo", "willkommen", "welcome", "freigabe", "redaktion", "schatz", "iloveyou", "admin"}

// CheckPassword refuses a password that is too short, that everyone would try, or
// that the person's own name gives away (NIST SP 800-63B, section 3.1.1.2). It
// asks for no kinds of characters, and for no change from time to time.
func CheckPassword(password string, about ...string) error {
	if utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword {
		return moderation.BadField("password", "error.password_length")
	}
	plain := strings.ToLower(password)
	for _, word := range common {
		if rest := strings.ReplaceAll(plain, word, ""); rest != plain && utf8.RuneCountInString(strings.Trim(rest, "0123456789!?.-_*#$ ")) < 4 {
			return moderation.BadField("password", "error.password_common")
		}
	}
	if strings.Count(plain, plain[:1]) == len(plain) {
		return moderation.BadField("password", "error.password_common")
	}
	for _, text := range about {
		local, _, _ := strings.Cut(strings.ToLower(text), "@")
		for _, word := range strings.FieldsFunc(local, func(r rune) bool { return strings.ContainsRune(" .-_+", r) }) {
			if len(word) >= 4 && strings.Contains(plain, word) && len(plain)-len(word) < minPassword {
				return moderation.BadField("password", "error.password_name")
			}
		}
	}
	return nil
}

// endOthers signs all of a person's other browsers out.
func (d *Desk) endOthers(w http.ResponseWriter, r *http.Request) error {
	who := web.WhoOf(r)
	if err := d.store.EndSessions(r.Context(), who.Editor.ID, who.Session.Hash); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/settings?saved", http.StatusSeeOther)
	return nil
}

// entryForm is what entry.html shows: a person sets a password by a one-time link.
type entryForm struct {
	web.Base
	Person store.Editor
	Wrong  string
}

func (d *Desk) entryPage(w http.ResponseWriter, r *http.Request) error {
	x, err := d.store.Entry(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/entry.html", entryForm{Base: d.base(r, "identity.entry.title"), Person: x.Editor})
}

// entry sets the password, signs the person in, and uses the link up.
func (d *Desk) entry(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	token := r.PathValue("token")
	x, err := d.store.Entry(r.Context(), token)
	if err != nil {
		return err
	}
	hash, err := d.newPassword(r, x.Editor)
	if moderation.KindOf(err) == moderation.Invalid {
		f := entryForm{Base: d.base(r, "identity.entry.title"), Person: x.Editor}
		p, _ := web.ProblemOf(r, err)
		f.Wrong = p.Title
		return d.srv.Page(w, r, http.StatusUnprocessableEntity, "desk/entry.html", f)
	}
	if err != nil {
		return err
	}
	e, err := d.store.UseEntry(r.Context(), token, hash)
	if err != nil {
		return err
	}
	return d.enter(w, r, store.ByLink, e, "/desk/account?saved")
}

// enter starts a person's session in this browser and leads on.
func (d *Desk) enter(w http.ResponseWriter, r *http.Request, means string, e store.Editor, next string) error {
	token, err := d.store.SignInBy(r.Context(), means, e.ID, agent(r))
	if err != nil {
		return err
	}
	web.SetSession(w, r, token)
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}
