package desk

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// A blind double is a decided comment that a second person judges among the ones
// that wait, with the same keys. The screen says that it is one. What was decided,
// by whom, and what the machine says is not on it: it is made of the words and the
// article alone, and not of the comment's dossier with parts left out.

// doubleCard is what double.html shows.
type doubleCard struct {
	web.Base
	store.Double
	Now       time.Time
	Art       store.Article
	SiteLang  string
	Above     string // the words that the comment answers
	AboveName string
	Lines     []Line // the rules, with the guide
	Reasons   []Reason
	Packs     []Reason
	Keys      map[string]string
	Next      string
}

// Ago says how long ago the comment came in.
func (c doubleCard) Ago(t time.Time) string { return locale.Ago(c.Lang, c.Now.Sub(t)) }

// KeyFor is the key that refuses for one of the five rules.
func (c doubleCard) KeyFor(rule int) string { return c.Keys["reject"+strconv.Itoa(rule)] }

func (d *Desk) doubleCard(ctx context.Context, f Frame, x store.Double) (doubleCard, error) {
	c := doubleCard{Base: f.Base, Double: x, Now: f.Now}
	var err error
	if c.Art, err = d.store.Article(ctx, x.Article); err != nil {
		return c, err
	}
	if x.Parent != "" {
		above, err := d.store.Said(ctx, x.Parent)
		if err != nil {
			return c, err
		}
		c.AboveName, c.Above = above.Name, above.Text
	}
	site, err := d.store.Site(ctx, x.Site)
	if err != nil {
		return c, err
	}
	g, err := d.guideOf(ctx, x.Site)
	if err != nil {
		return c, err
	}
	c.SiteLang = site.Lang
	for i, r := range site.RulePack() {
		reason := Reason{Rule: r, Number: number(r), Name: f.Rule(r)}
		if i >= len(moderation.Rules) {
			c.Packs = append(c.Packs, reason)
			continue
		}
		c.Reasons = append(c.Reasons, reason)
		c.Lines = append(c.Lines, Line{lang: f.Lang, Rule: r, Number: number(r), Name: ruleName(f.Lang, r), Guide: g.Rule(r), Usual: locale.T(f.Lang, "rules."+string(r)+".description")})
	}
	c.Keys = map[string]string{}
	if !f.Prefs.KeysOff {
		for _, k := range keyLines(f) {
			c.Keys[k.Action] = k.Show()
		}
	}
	return c, nil
}

// takesDoubles tells whether a screen with a filter is one that doubles come to:
// the plain queue of somebody who decides.
func takesDoubles(r *http.Request, f store.QueueFilter) bool {
	return web.WhoOf(r).Editor.Role.Decides() && f.State == moderation.Pending && !narrow(f)
}

// nextDouble takes a double onto the screen; nil where there is none for this person.
func (d *Desk) nextDouble(r *http.Request, f Frame, filter store.QueueFilter, skip []string) (*doubleCard, error) {
	if !takesDoubles(r, filter) {
		return nil, nil
	}
	x, err := d.store.NextDouble(r.Context(), d.claimant(r), f.Reach, skip, claimLife)
	if err != nil || x == nil {
		return nil, err
	}
	c, err := d.doubleCard(r.Context(), f, *x)
	c.Next = selfAddress(filter, nil)
	return &c, err
}

// leaseDoubles renews the doubles that a screen has, and puts at most one more at
// a place by lot among what it is given.
func (d *Desk) leaseDoubles(r *http.Request, f Frame, filter store.QueueFilter, a leaseAsk, out *leaseAnswer) error {
	var had []string
	for _, h := range a.Keep {
		if h.Double {
			had = append(had, h.ID)
		}
	}
	kept, err := d.store.KeepDoubles(r.Context(), d.claimant(r), had, claimLife)
	if err != nil {
		return err
	}
	for _, id := range had {
		if !slices.Contains(kept, id) {
			out.Gone = append(out.Gone, gone{ID: id})
		}
	}
	if len(kept) > 0 || a.N == 0 {
		return nil
	}
	c, err := d.nextDouble(r, f, filter, a.Skip)
	if err != nil || c == nil {
		return err
	}
	text, err := web.Render("desk/double.html", c)
	if err != nil {
		return err
	}
	item := leased{ID: c.ID, Revision: 1, Name: c.Name, Article: c.Article, Double: true, HTML: string(text)}
	out.Items = slices.Insert(out.Items, rand.IntN(len(out.Items)+1), item)
	return nil
}

// judge takes a second person's judgement, or takes it back. Of the comment nothing
// changes.
func (d *Desk) judge(r *http.Request, a ask) (decided, error) {
	who := web.WhoOf(r)
	out := decided{ID: a.ID, Revision: a.Revision}
	if !who.Editor.Role.Decides() {
		return out, &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	if a.Step == string(moderation.Undo) {
		return out, d.store.TakeBackDouble(r.Context(), who.Editor.ID, a.ID, claimLife)
	}
	o := store.Opinion{Step: moderation.Step(a.Step), Rule: a.Rule}
	if o.Step == moderation.Return {
		o.Step = moderation.Reject // with a hint, but not as it stands
	}
	if o.Step != moderation.Approve && o.Step != moderation.Reject {
		return out, moderation.BadField("step", "error.step_unknown")
	}
	if o.Step == moderation.Approve {
		o.Rule = ""
	} else if err := d.ruleOfDouble(r, a.ID, o.Rule); err != nil {
		return out, err
	}
	return out, d.store.JudgeDouble(r.Context(), who.Editor.ID, who.Reach(), a.ID, o)
}

// ruleOfDouble checks that a refusal names a rule of the site. A double that is
// judged already is left to the store, which knows a repeated answer.
func (d *Desk) ruleOfDouble(r *http.Request, id string, rule moderation.Rule) error {
	who := web.WhoOf(r)
	x, err := d.store.DoubleFor(r.Context(), who.Editor.ID, who.Reach(), id)
	if moderation.KindOf(err) == moderation.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	site, err := d.store.Site(r.Context(), x.Site)
	if err == nil && ruleIn(site, rule) == "" {
		err = moderation.BadField("rule", "error.rule_needed")
	}
	return err
}

// judgeForm takes a judgement from the page without a script.
func (d *Desk) judgeForm(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	if _, err := d.judge(r, formAsk(r)); err != nil {
		return err
	}
	next, err := url.Parse(inside(r.PostFormValue("next")))
	if err != nil {
		return moderation.BadField("next", "error.form")
	}
	q := next.Query()
	q.Del("done")
	q.Set("judged", "1")
	next.RawQuery = q.Encode()
	http.Redirect(w, r, next.String(), http.StatusSeeOther)
	return nil
}

// doubleShare is a site's share of doubles, as a chief sets it.
type doubleShare struct {
	ID, Name, Percent string
	Seen              string // the state of the setting
}

// doubleShares lists the sites served with their shares.
func (d *Desk) doubleShares(r *http.Request, f Frame) ([]doubleShare, error) {
	sites, err := d.sites(r.Context(), web.WhoOf(r))
	var out []doubleShare
	for _, s := range sites {
		percent := strconv.FormatFloat(s.Doubles().Percent, 'f', -1, 64)
		if f.Lang == "de" {
			percent = strings.Replace(percent, ".", ",", 1)
		}
		seen, err := extras(store.DoublesPart).seen(s.Settings)
		if err != nil {
			return nil, err
		}
		out = append(out, doubleShare{s.ID, s.Name, percent, seen})
	}
	return out, err
}

// setDoubles keeps a site's share, or marks a disagreement as talked about.
func (d *Desk) setDoubles(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	who := web.WhoOf(r)
	if id := r.PostFormValue("talked"); id != "" {
		if err := d.store.Talked(r.Context(), who.Reach(), id, who.Editor.ID); err != nil {
			return err
		}
		http.Redirect(w, r, "/desk/second#differ", http.StatusSeeOther)
		return nil
	}
	percent, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(r.PostFormValue("percent")), ",", ".", 1), 64)
	if err != nil || !(percent >= 0 && percent <= store.MostDoubles) {
		return moderation.BadField("percent", "error.double_percent", "most", strconv.Itoa(int(store.MostDoubles)))
	}
	site, _, err := d.chosenSite(r)
	if err != nil {
		return err
	}
	return d.saveExtra(w, r, site, store.DoublesPart, store.DoublesSetting{Percent: percent}, "/desk/second?saved")
}
