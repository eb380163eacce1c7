package desk

import (
	"errors"
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

	Changed bool // somebody else saved sentences while these were written
}

// sentence is a rule with the catalogue's sentence, the site's own and a preview.
type sentence struct {
	Rule           moderation.Rule
	Name           string
	Usual, Preview string
	Own, OwnDu     string // the site's own, in both forms of address

	Theirs, TheirsDu string // what somebody else saved meanwhile, where it differs
}

func (d *Desk) reasonsPage(w http.ResponseWriter, r *http.Request) error {
	p, err := d.reasons(r)
	if err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/reasons.html", p)
}

func (d *Desk) reasons(r *http.Request) (reasonsForm, error) {
	f, err := d.frame(r, "settings", "desk.reasons.title")
	if err != nil {
		return reasonsForm{}, err
	}
	p := reasonsForm{Frame: f, Saved: r.URL.Query().Has("saved"), Edits: f.Me.Role == moderation.Chief || f.Me.Role == moderation.Admin}
	if p.Site, p.Sites, err = d.chosenSite(r); err != nil {
		return p, err
	}
	if p.Seen, err = extras(reasonsPart(false), reasonsPart(true)).seen(p.Site.Settings); err != nil {
		return p, err
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
	return p, nil
}

// reasonsAgain shows the form as it was sent, where somebody else saved sentences
// meanwhile: theirs stand beside it as the previews, and whoever saves once more
// knows what they replace.
func (d *Desk) reasonsAgain(w http.ResponseWriter, r *http.Request, sent map[string]any) error {
	p, err := d.reasons(r)
	if err != nil {
		return err
	}
	p.Changed = true
	for i, l := range p.Lines {
		own, _ := sent[reasonsPart(false)].(map[moderation.Rule]string)
		du, _ := sent[reasonsPart(true)].(map[moderation.Rule]string)
		if l.Own != own[l.Rule] || l.OwnDu != du[l.Rule] {
			p.Lines[i].Theirs, p.Lines[i].TheirsDu = l.Own, l.OwnDu
		}
		p.Lines[i].Own, p.Lines[i].OwnDu = own[l.Rule], du[l.Rule]
	}
	return d.srv.Page(w, r, http.StatusConflict, "desk/reasons.html", p)
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
	err = d.saveParts(r, site, set)
	if errors.Is(err, errChanged) {
		return d.reasonsAgain(w, r, set)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/reasons?saved&site="+url.QueryEscape(site.ID), http.StatusSeeOther)
	return nil
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
