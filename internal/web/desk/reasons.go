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
	Rule           moderation.Rule
	Name           string
	Usual, Preview string
	Own, OwnDu     string // the site's own, in both forms of address
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
		p.Lines = append(p.Lines, sentence{
			Rule: rule, Name: f.Rule(rule), Usual: reasonFor(plain, rule, passageMark), Preview: reasonFor(p.Site, rule, example),
			Own: reasonsIn(p.Site, reasonsPart(false))[rule], OwnDu: reasonsIn(p.Site, reasonsPart(true))[rule],
		})
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
	set := map[string]any{}
	for field, part := range map[string]string{"reason.": reasonsPart(false), "reason_du.": reasonsPart(true)} {
		if set[part], err = ownSentences(r, site, field); err != nil {
			return err
		}
	}
	return d.saveParts(w, r, site, set, "/desk/reasons?saved&site="+url.QueryEscape(site.ID))
}

// ownSentences reads the sentences of one form of address.
func ownSentences(r *http.Request, site store.Site, field string) (map[moderation.Rule]string, error) {
	own := map[moderation.Rule]string{}
	for _, rule := range site.RulePack() {
		name := field + string(rule)
		text := r.PostFormValue(name)
		if strings.TrimSpace(text) == "" {
			continue
		}
		text, err := moderation.CleanText(name, text, 1000)
		if err == nil {
			err = checkSentence(name, text)
		}
		if err != nil {
			return nil, err
		}
		own[rule] = text
	}
	return own, nil
}

// saveExtra keeps one part of a site's settings and leads back.
func (d *Desk) saveExtra(w http.ResponseWriter, r *http.Request, site store.Site, part string, value any, back string) error {
	return d.saveParts(w, r, site, map[string]any{part: value}, back)
}

// saveParts keeps several parts at once.
func (d *Desk) saveParts(w http.ResponseWriter, r *http.Request, site store.Site, parts map[string]any, back string) error {
	set := site.Settings
	set.Extra = store.Extra{}
	maps.Copy(set.Extra, site.Extra)
	for part, value := range parts {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode settings of %s: %w", part, err)
		}
		set.Extra[part] = text
	}
	if err := d.store.SaveSettings(r.Context(), site.ID, set); err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
