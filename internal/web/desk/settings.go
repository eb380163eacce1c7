package desk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// settings is what settings.html shows: a person's own settings, and where they
// are signed in.
type settings struct {
	Frame
	Sessions []store.Session
	Current  string
	Saved    bool
	Keys     []keyLine
}

func (d *Desk) settingsPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "settings", "desk.nav.settings")
	if err != nil {
		return err
	}
	p := settings{Frame: f, Current: web.WhoOf(r).Session.Hash, Saved: r.URL.Query().Has("saved"), Keys: keyLines(f)}
	if p.Sessions, err = d.store.Sessions(r.Context(), f.Me.ID); err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/settings.html", p)
}

// saveSettings keeps a person's own settings; only what the form sends changes.
func (d *Desk) saveSettings(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	me := web.WhoOf(r).Editor
	p := prefsOf(me)
	if lang := r.PostFormValue("lang"); slices.Contains(locale.Languages, lang) {
		p.Lang = lang
	}
	if r.PostForm.Has("theme") {
		p.Theme = pick(r.PostFormValue("theme"), "light", "dark")
	}
	if r.PostForm.Has("order") {
		p.Order = pick(r.PostFormValue("order"), "calm", "hot")
	}
	if r.PostForm.Has("keys") {
		p.KeysOff = r.PostFormValue("keys_off") == "1"
		var err error
		if p.Keys, err = changedKeys(r); err != nil {
			return err
		}
	}
	if r.PostForm.Has("care") {
		p.Blur, p.NoPause, p.NoLive = r.PostFormValue("blur") == "1", r.PostFormValue("pause") != "1", r.PostFormValue("live") != "1"
	}
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	if err := d.store.SavePrefs(r.Context(), me.ID, text); err != nil {
		return err
	}
	http.Redirect(w, r, inside(or(r.PostFormValue("next"), "/desk/settings?saved")), http.StatusSeeOther)
	return nil
}

// pick is value where it is one of the choices, "" otherwise.
func pick(value string, choices ...string) string {
	if slices.Contains(choices, value) {
		return value
	}
	return ""
}

// endSession signs one of the person's browsers out.
func (d *Desk) endSession(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	who := web.WhoOf(r)
	hash := r.PostFormValue("session")
	if hash == "" {
		return moderation.BadField("session", "error.form")
	}
	if err := d.store.EndSession(r.Context(), who.Editor.ID, hash); err != nil {
		return err
	}
	if hash == who.Session.Hash {
		web.DropSession(w)
	}
	http.Redirect(w, r, "/desk/settings?saved", http.StatusSeeOther)
	return nil
}

// helpPage explains the keys and the rules.
func (d *Desk) helpPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "help", "desk.nav.help")
	if err != nil {
		return err
	}
	p := help{Frame: f, Keys: keyLines(f)}
	for _, rule := range moderation.Rules {
		p.Rules = append(p.Rules, guideLine{number(rule), ruleName(f.Lang, rule), locale.T(f.Lang, "rules."+string(rule)+".description"), reasonFor(store.Site{Lang: f.Lang}, rule, "…")})
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/help.html", p)
}

// help is what help.html shows.
type help struct {
	Frame
	Keys  []keyLine
	Rules []guideLine
}

type guideLine struct {
	Number            int
	Name, Text, Wrote string
}
