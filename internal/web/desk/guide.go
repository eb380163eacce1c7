package desk

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// guideEntry is a rule as the guide shows it.
type guideEntry struct {
	store.GuideRule
	Number int
	Title  string
	Usual  string // how the catalogue describes the rule
	Own    bool   // made by the site
	Fixed  bool   // one of the five: always in use
	Sends  string // the sentence to the author
}

// guideShown is what the guide's pages show.
type guideShown struct {
	Frame
	Site     store.Site
	Sites    []store.Site
	Guide    store.Guide
	Entries  []guideEntry
	Versions []store.Guide
	Draft    bool // one waits to be switched on
	Latest   bool // the version shown is the one in force
	Saved    bool
	Changed  bool         // somebody else saved a version while this one was written
	Other    *store.Guide // that version
}

// entries lists the rules of a guide: the five, the packs, the site's own.
func entries(lang string, site store.Site, g store.Guide) []guideEntry {
	plain := site
	plain.OwnRules = ownRules(g)
	var out []guideEntry
	add := func(r moderation.Rule, fixed bool) {
		e := guideEntry{GuideRule: g.Rule(r), Number: number(r), Title: ruleName(lang, r), Fixed: fixed, Sends: reasonFor(plain, r, "")}
		if key := "rules." + string(r) + ".description"; locale.Has(key) {
			e.Usual = locale.T(lang, key)
		}
		if g.Version == 0 && !fixed {
			e.Off = !slices.Contains(site.RulePack(), r)
		}
		if e.Name != "" {
			e.Title, e.Own = e.Name, true
		}
		out = append(out, e)
	}
	for _, r := range moderation.Rules {
		add(r, true)
	}
	for _, p := range store.DefaultPacks {
		add(moderation.Rule(p), false)
	}
	for _, x := range g.Rules {
		if x.Name != "" {
			add(x.Rule, false)
		}
	}
	return out
}

// ownRules are the rules that a guide makes for its site.
func ownRules(g store.Guide) []store.OwnRule {
	var out []store.OwnRule
	for _, x := range g.Rules {
		if x.Name != "" {
			out = append(out, store.OwnRule{Key: x.Rule, Name: x.Name, Sentence: x.Sentence, SentenceDu: x.Du})
		}
	}
	return out
}

func (d *Desk) guideFrame(r *http.Request, title string) (guideShown, error) {
	f, err := d.frame(r, "guide", title)
	if err != nil {
		return guideShown{}, err
	}
	p := guideShown{Frame: f, Saved: r.URL.Query().Has("saved")}
	if p.Site, p.Sites, err = d.chosenSite(r); err != nil {
		return p, err
	}
	p.Versions, err = d.store.Guides(r.Context(), p.Site.ID)
	p.Draft = len(p.Versions) > 0 && p.Versions[0].Since.IsZero()
	return p, err
}

// guidePage shows the guide in force, or an earlier version.
func (d *Desk) guidePage(w http.ResponseWriter, r *http.Request) error {
	p, err := d.guideFrame(r, "guide.title")
	if err != nil {
		return err
	}
	if p.Guide, err = d.store.GuideInForce(r.Context(), p.Site.ID); err != nil {
		return err
	}
	p.Latest = true
	if n := atoi(r.URL.Query().Get("version")); n > 0 && n != p.Guide.Version {
		i := slices.IndexFunc(p.Versions, func(g store.Guide) bool { return g.Version == n })
		if i < 0 {
			return moderation.Missing("page")
		}
		p.Guide, p.Latest = p.Versions[i], false
	}
	p.Entries = slices.DeleteFunc(entries(p.Lang, p.Site, p.Guide), func(e guideEntry) bool { return e.Off })
	return d.srv.Page(w, r, http.StatusOK, "desk/guide.html", p)
}

// draftOf is the draft, or one to begin with: a version named, or the one in force.
func (p guideShown) draftOf(version int) store.Guide {
	if p.Draft && version == 0 {
		return p.Versions[0]
	}
	for _, g := range p.Versions {
		if version == 0 && !g.Since.IsZero() || version > 0 && g.Version == version {
			g.Remark = ""
			return g
		}
	}
	return store.Guide{Site: p.Site.ID}
}

// draftPage is the form of a draft.
func (d *Desk) draftPage(w http.ResponseWriter, r *http.Request) error {
	p, err := d.guideFrame(r, "guide.draft")
	if err != nil {
		return err
	}
	p.Guide = p.draftOf(atoi(r.URL.Query().Get("from")))
	p.Seen = p.newest()
	p.Entries = entries(p.Lang, p.Site, p.Guide)
	return d.srv.Page(w, r, http.StatusOK, "desk/guide_draft.html", p)
}

// newest names the newest version as the form shows it.
func (p guideShown) newest() string {
	if len(p.Versions) == 0 {
		return store.NoGuide
	}
	return p.Versions[0].Stamp()
}

// draftAgain shows the form as it was sent, where somebody else saved the draft or
// switched it on meanwhile: whoever saves once more knows that.
func (d *Desk) draftAgain(w http.ResponseWriter, r *http.Request, sent store.Guide) error {
	p, err := d.guideFrame(r, "guide.draft")
	if err != nil {
		return err
	}
	p.Guide, p.Changed, p.Seen = sent, true, p.newest()
	if len(p.Versions) > 0 {
		p.Other = &p.Versions[0]
		for _, theirs := range p.Other.Rules { // a rule that they added is kept beside
			if theirs.Name != "" && p.Guide.Rule(theirs.Rule).Name == "" {
				p.Guide.Rules = append(p.Guide.Rules, theirs)
			}
		}
	}
	p.Entries = entries(p.Lang, p.Site, p.Guide)
	return d.srv.Page(w, r, http.StatusConflict, "desk/guide_draft.html", p)
}

// saveDraft keeps the draft. Nothing changes for anybody until it is switched on.
func (d *Desk) saveDraft(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	p, err := d.guideFrame(r, "guide.draft")
	if err != nil {
		return err
	}
	g := store.Guide{Site: p.Site.ID, Editor: p.Me.ID, Remark: strings.TrimSpace(r.PostFormValue("remark"))}
	for _, e := range withGone(r, entries(p.Lang, p.Site, p.draftOf(0))) {
		rule, err := readRule(r, e)
		if err != nil {
			return err
		}
		if !e.Own || rule.Name != "" { // a rule of one's own without a name goes
			g.Rules = append(g.Rules, rule)
		}
	}
	if name := strings.TrimSpace(r.PostFormValue("new.name")); name != "" {
		fresh, err := newRule(g, name, r.PostFormValue("new.sentence"), r.PostFormValue("new.du"))
		if err != nil {
			return err
		}
		fresh.Policy = strings.TrimSpace(r.PostFormValue("new.policy"))
		g.Rules = append(g.Rules, fresh)
	}
	_, err = d.store.SaveGuide(r.Context(), g, r.PostFormValue("seen"))
	if moderation.KindOf(err) == moderation.Conflict {
		return d.draftAgain(w, r, g)
	}
	if err != nil {
		return err
	}
	next := "draft"
	if r.PostFormValue("do") == "try" {
		next = "trial"
	}
	http.Redirect(w, r, "/desk/guide/"+next+"?saved&site="+url.QueryEscape(p.Site.ID), http.StatusSeeOther)
	return nil
}

// ownKey is the shape of the key of a rule of a site's own.
var ownKey = regexp.MustCompile(`^[\p{L}\d-]{1,60}$`)

// withGone adds the site's own rules that the form still holds, and that somebody
// else took out of the draft meanwhile.
func withGone(r *http.Request, list []guideEntry) []guideEntry {
	for _, field := range slices.Sorted(maps.Keys(r.PostForm)) {
		key, ok := strings.CutSuffix(field, ".name")
		known := slices.ContainsFunc(list, func(e guideEntry) bool { return string(e.Rule) == key })
		if ok && key != "new" && !known && ownKey.MatchString(key) && !locale.Has("rules."+key+".name") {
			list = append(list, guideEntry{GuideRule: store.GuideRule{Rule: moderation.Rule(key)}, Own: true})
		}
	}
	return list
}

// readRule reads what the form says of one rule.
func readRule(r *http.Request, e guideEntry) (store.GuideRule, error) {
	at := string(e.Rule) + "."
	x := store.GuideRule{
		Rule: e.Rule, Fine: terms(r.PostFormValue(at + "fine")), Breach: terms(r.PostFormValue(at + "breach")), Words: terms(r.PostFormValue(at + "words")),
		Two: pick(r.PostFormValue(at+"two"), "refusal", "likely", "possible"), Off: !e.Fixed && r.PostFormValue(at+"on") != "1",
	}
	if words := r.PostFormValue(at + "policy"); strings.TrimSpace(words) != "" {
		var err error
		if x.Policy, err = moderation.CleanText(at+"policy", words, 4000); err != nil {
			return x, err
		}
	}
	if !e.Own {
		return x, nil
	}
	x.Name = strings.TrimSpace(r.PostFormValue(at + "name"))
	x.Sentence, x.Du = strings.TrimSpace(r.PostFormValue(at+"sentence")), strings.TrimSpace(r.PostFormValue(at+"du"))
	if x.Name == "" {
		return x, nil
	}
	return x, checkSentences(at, x)
}

// checkSentences checks the sentences of a rule of the site's own; the one with "Du"
// may be missing.
func checkSentences(at string, x store.GuideRule) error {
	if err := checkSentence(at+"sentence", x.Sentence); err != nil || x.Du == "" {
		return err
	}
	return checkSentence(at+"du", x.Du)
}

// checkSentence refuses a statement of reasons that says too little, or that holds
// another mark than that of the passage.
func checkSentence(field, text string) error {
	if rest := strings.ReplaceAll(text, passageMark, ""); len([]rune(rest)) < 20 || strings.ContainsAny(rest, "{}") {
		return moderation.BadField(field, "error.reason_template")
	}
	return nil
}

// newRule makes a rule of the site's own. Its key is made of its name, so that the
// record stays readable.
func newRule(g store.Guide, name, sentence, du string) (store.GuideRule, error) {
	key := strings.Trim(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return '-'
	}, strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "Ä", "ae", "Ö", "oe", "Ü", "ue").Replace(name)), "-")
	x := store.GuideRule{Rule: moderation.Rule(key), Name: name, Sentence: strings.TrimSpace(sentence), Du: strings.TrimSpace(du)}
	taken := slices.ContainsFunc(g.Rules, func(o store.GuideRule) bool { return o.Rule == x.Rule })
	if taken || key == "" || len(key) > 60 || locale.Has("rules."+key+".name") {
		return x, moderation.BadField("new.name", "error.rule_name")
	}
	return x, checkSentences("new.", x)
}

// showsFrom is the band from which a rule shows, as the guide names it, and the
// default bound of that band; nothing where it shows by no score.
func showsFrom(two string) (band string, score float64) {
	switch two {
	case "likely":
		return assess.Breach, assess.DefaultCuts.Breach
	case "possible":
		return assess.Unclear, assess.DefaultCuts.Fine
	}
	return "", 0
}

// inForce is what follows from a guide.
func inForce(g store.Guide) store.InForce {
	f := store.InForce{OwnRules: ownRules(g)}
	for _, e := range entries("de", store.Site{}, g) {
		if !e.Fixed && !e.Off {
			f.Packs = append(f.Packs, string(e.Rule))
		}
		if e.Two != "" && !e.Off {
			two := store.TwoRule{Rule: e.Rule}
			two.Band, two.From = showsFrom(e.Two)
			if e.Two != "refusal" {
				two.Words = e.Words
			}
			f.Two = append(f.Two, two)
		}
	}
	return f
}

// switchGuide puts the draft into force.
func (d *Desk) switchGuide(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	p, err := d.guideFrame(r, "guide.draft")
	if err != nil {
		return err
	}
	if !p.Draft || p.Versions[0].Version != atoi(r.PostFormValue("version")) {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.guide_changed"}
	}
	f := inForce(p.Versions[0])
	if len(f.Packs) == 0 {
		return moderation.BadField("rule", "error.guide_empty")
	}
	if err := d.store.SwitchOnGuide(r.Context(), p.Site.ID, p.Versions[0].Version, f); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/guide?saved&site="+url.QueryEscape(p.Site.ID), http.StatusSeeOther)
	return nil
}

// guideOf gives the guide in force for a card.
func (d *Desk) guideOf(ctx context.Context, site string) (store.Guide, error) {
	return d.guides.get(site, func() (store.Guide, error) { return d.store.GuideInForce(ctx, site) })
}
