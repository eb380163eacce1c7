package desk

import (
	"net/http"

	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// preview is what letter.html shows: a letter as its author would get it.
type preview struct {
	Frame
	Subject, Text string
	Mailed        bool // an address was given; otherwise the receipt's page alone says it
	Back          string
}

// letterPage previews, word for word, what the author gets when the form is sent
// as a refusal or a return. It is composed by what composes the letter itself.
func (d *Desk) letterPage(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	a := formAsk(r)
	if err := d.admitted(r, a.ID); err != nil {
		return err
	}
	if a.Step != string(moderation.Return) {
		a.Step = string(moderation.Reject)
	}
	if a.Reason == "" && a.Rule != "" {
		if err := d.fillReason(r, &a); err != nil {
			return err
		}
	}
	f, err := d.frame(r, "triage", "desk.decide.preview")
	if err != nil {
		return err
	}
	dos, err := d.store.Dossier(r.Context(), a.ID, a.Revision)
	if err != nil {
		return err
	}
	m, err := d.letterFor(r, a, dos)
	if err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/letter.html", preview{f, m.Subject, m.Text, dos.Email != "", "/desk/comments/" + a.ID})
}

// letterFor composes the letter about a decision that is not taken yet.
func (d *Desk) letterFor(r *http.Request, a ask, dos store.Dossier) (mail.Message, error) {
	site, err := d.store.Site(r.Context(), dos.Site)
	if err != nil {
		return mail.Message{}, err
	}
	if a.Rule == "" || ruleIn(site, a.Rule) == "" {
		return mail.Message{}, moderation.BadField("rule", "error.rule_needed")
	}
	art, err := d.store.Article(r.Context(), dos.Article)
	if err != nil {
		return mail.Message{}, err
	}
	seen := a.ScoreSeen == nil || *a.ScoreSeen
	now := &moderation.Decision{Step: moderation.Step(a.Step), Rule: a.Rule, Reason: a.Reason, At: d.store.Now(), ScoreSeen: seen}
	now.Passages = a.Passages
	if now.Passages == nil {
		now.Passages = dos.Assessment.Rules[a.Rule].Passages
	}
	own, _ := site.OwnRule(a.Rule)
	l := mail.Letter{
		Kind: mail.KindOf(*now), Lang: or(dos.Tongue, site.Lang), Familiar: site.Informal, Name: dos.Name, Site: site.Name, Article: art.Doc.Headline,
		Text: dos.Text, URL: site.Link("/receipts/…"), Imprint: site.Link(site.Imprint), Privacy: site.Link(site.Privacy),
	}
	l.Explain(now, own.Name)
	return mail.Compose(l), nil
}

// ruleIn gives a rule of the site's pack, "" for any other.
func ruleIn(site store.Site, rule moderation.Rule) moderation.Rule {
	for _, r := range site.RulePack() {
		if r == rule {
			return r
		}
	}
	return ""
}
