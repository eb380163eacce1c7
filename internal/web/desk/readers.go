package desk

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/reader"
)

// readersForm is what readers.html shows: who may comment at a site, and as whom.
type readersForm struct {
	Frame
	Site     store.Site
	Sites    []store.Site
	Set      reader.Settings
	NameDays int
	Reserved string // names, one a line
	Ways     []string
	Edits    bool            // chiefs and admins
	Provider signon.Provider // for admins, without its secret
	Callback string          // address that the provider must know
	SignOn   bool            // the publisher's pages can vouch for readers
	Saved    bool
}

func (d *Desk) readersPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "settings", "identity.readers.title")
	if err != nil {
		return err
	}
	p := readersForm{Frame: f, Ways: reader.Ways, Saved: r.URL.Query().Has("saved"), Edits: f.Me.Role == moderation.Chief || f.Me.Role == moderation.Admin, Callback: d.address(r) + "/signin/oidc/callback"}
	if p.Site, p.Sites, err = d.chosenSite(r); err != nil {
		return err
	}
	if p.Set, err = reader.SettingsOf(p.Site); err != nil {
		return err
	}
	if p.Seen, err = extras(readerPart).seen(p.Site.Settings); err != nil {
		return err
	}
	p.Reserved, p.NameDays = strings.Join(p.Set.ReservedNames, "\n"), 30
	if p.Set.NameDays != nil {
		p.NameDays = *p.Set.NameDays
	}
	secrets, err := d.store.Secrets(r.Context(), p.Site.ID)
	if err != nil {
		return err
	}
	p.SignOn = len(secrets.SignOn) > 0
	if len(secrets.OIDC) > 0 && json.Unmarshal(secrets.OIDC, &p.Provider) != nil {
		p.Provider = signon.Provider{} // damaged: to be set again
	}
	p.Provider.ClientSecret = ""
	return d.srv.Page(w, r, http.StatusOK, "desk/readers.html", p)
}

// saveReaders keeps who may comment. Only an admin sets the provider: its secret is
// kept where pages are not made from, and never shown again.
func (d *Desk) saveReaders(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, _, err := d.chosenSite(r)
	if err != nil {
		return err
	}
	set, err := readersOf(r)
	if err != nil {
		return err
	}
	if web.WhoOf(r).Editor.Role == moderation.Admin {
		if err := d.saveProvider(r, site.ID); err != nil {
			return err
		}
	}
	err = d.change(r, site, extras(readerPart), func(now *store.Settings) error {
		was, err := reader.SettingsOf(store.Site{ID: site.ID, Settings: *now})
		if err != nil {
			return err
		}
		set.Reactions = was.Reactions // set on the page of the section
		return put(now, map[string]any{readerPart: set})
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/readers?saved&site="+url.QueryEscape(site.ID), http.StatusSeeOther)
	return nil
}

// readersOf reads the form.
func readersOf(r *http.Request) (reader.Settings, error) {
	f := r.PostForm
	set := reader.Settings{ReservedNames: terms(f.Get("reserved")), OIDCName: strings.TrimSpace(f.Get("oidc_name")), Avatars: pick(f.Get("avatars"), "initials")}
	for _, way := range reader.Ways {
		if slices.Contains(f["who"], way) {
			set.Who = append(set.Who, way)
		}
	}
	if len(set.Who) == 0 {
		return set, moderation.BadField("who", "error.who_nobody")
	}
	days, err := strconv.Atoi(f.Get("name_days"))
	if err != nil || days < 0 || days > 3650 {
		return set, moderation.BadField("name_days", "error.days")
	}
	set.NameDays = &days
	if age := f.Get("min_age"); age != "" {
		if set.MinAge, err = strconv.Atoi(age); err != nil || set.MinAge < 0 || set.MinAge > 99 {
			return set, moderation.BadField("min_age", "error.age_range")
		}
	}
	return set, nil
}

// saveProvider keeps where readers sign in. An empty secret leaves the one there is.
func (d *Desk) saveProvider(r *http.Request, site string) error {
	f := r.PostForm
	secrets, err := d.store.Secrets(r.Context(), site)
	if err != nil {
		return err
	}
	var p signon.Provider
	if len(secrets.OIDC) > 0 && json.Unmarshal(secrets.OIDC, &p) != nil {
		p = signon.Provider{}
	}
	p.Issuer, p.ClientID = strings.TrimSpace(f.Get("issuer")), strings.TrimSpace(f.Get("client_id"))
	if u, err := url.Parse(p.Issuer); p.Issuer != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		return moderation.BadField("issuer", "error.issuer")
	}
	if secret := f.Get("client_secret"); secret != "" {
		p.ClientSecret = secret
	}
	secrets.OIDC = nil
	if p.On() {
		if secrets.OIDC, err = json.Marshal(p); err != nil {
			return err
		}
	}
	return d.store.SaveSecrets(r.Context(), site, secrets)
}
