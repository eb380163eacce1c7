package desk

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// reasonsForm is what reasons.html shows: the sentences that authors get, by rule.
type reasonsForm struct {
	Frame
	Site  store.Site
	Sites []store.Site
	Lines []sentence
	Edits bool // chiefs and admins
	Saved bool
}

// sentence is a rule with the catalogue's sentence, the site's own and a preview.
type sentence struct {
	Rule                moderation.Rule
	Name                string
	Usual, Own, Preview string
}

func (d *Desk) reasonsPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "settings", "desk.reasons.title")
	if err != nil {
		return err
	}
	p := reasonsForm{Frame: f, Saved: r.URL.Query().Has("saved"), Edits: f.Me.Role == moderation.Chief || f.Me.Role == moderation.Admin}
	if p.Site, p.Sites, err = d.chosenSite(r); err != nil {
		return err
	}
	plain := p.Site
	plain.Extra = nil
	example := locale.T(p.Site.Lang, "desk.reasons.example")
	for _, rule := range p.Site.RulePack() {
		p.Lines = append(p.Lines, sentence{rule, ruleName(f.Lang, rule), reasonFor(plain, rule, passageMark), ownReasons(p.Site)[rule], reasonFor(p.Site, rule, example)})
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/reasons.html", p)
}

// saveReasons keeps a site's own sentences. An empty field brings the usual one back.
func (d *Desk) saveReasons(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, _, err := d.chosenSite(r)
	if err != nil {
		return err
	}
	own := map[moderation.Rule]string{}
	for _, rule := range site.RulePack() {
		text := r.PostFormValue("reason." + string(rule))
		if strings.TrimSpace(text) == "" {
			continue
		}
		if text, err = moderation.CleanText("reason."+string(rule), text, 1000); err != nil {
			return err
		}
		if rest := strings.ReplaceAll(text, passageMark, ""); len([]rune(rest)) < 20 || strings.ContainsAny(rest, "{}") {
			return moderation.BadField("reason."+string(rule), "error.reason_template")
		}
		own[rule] = text
	}
	return d.saveExtra(w, r, site, "reasons", own, "/desk/reasons?saved&site="+url.QueryEscape(site.ID))
}

// saveExtra keeps one part of a site's settings and leads back.
func (d *Desk) saveExtra(w http.ResponseWriter, r *http.Request, site store.Site, part string, value any, back string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode settings of %s: %w", part, err)
	}
	set := site.Settings
	set.Extra = store.Extra{}
	maps.Copy(set.Extra, site.Extra)
	set.Extra[part] = text
	if err := d.store.SaveSettings(r.Context(), site.ID, set); err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
