package desk

import (
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/desk/bound"
)

// bundlesPage is what bundles.html shows: the chart, the handle, the list.
type bundlesPage struct {
	Frame
	Site    store.Site
	Sites   []store.Site
	Set     bundleSettings
	Chief   bool
	Handles []bound.Handle
	Chosen  *bound.Handle // the handle in use; nil where none holds
	First   bound.Handle
	Rows    []scoredWaiting // below the handle
	Total   int             // fit for a bundle
	Bars    []bar
	Tall    int // the highest bar
	Version string
	Past    []store.Bundle
	Most    int
}

// bar is a column of the chart.
type bar struct {
	From, To int // hundredths of the score
	Count    int
	X, Y, H  float64 // in the chart's units
	In       bool    // below the handle
}

// HandleX is where the handle stands in the chart.
func (p bundlesPage) HandleX() int { return 6 * p.Chosen.Upper }

// Expected says how many of n would be wrongly released, by the interval.
func (p bundlesPage) Expected() string {
	n := float64(len(p.Rows))
	return p.T("desk.batch.expected", "from", p.N(int(math.Floor(p.Chosen.Low*n))), "to", p.N(int(math.Ceil(p.Chosen.High*n))), "n", p.N(len(p.Rows)))
}

func (d *Desk) bundlesPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "bundles", "desk.nav.batch")
	if err != nil {
		return err
	}
	p := bundlesPage{Frame: f, Version: d.frozen.model.Version(), Most: mostWaiting}
	p.Chief = f.Me.Role == moderation.Chief
	if p.Site, p.Sites, err = d.bundleSite(r); err != nil {
		return err
	}
	p.Set = bundlesOf(p.Site)
	if p.Handles, err = d.handles(r.Context(), p.Site); err != nil {
		return err
	}
	p.First = p.Handles[0]
	p.Chosen = chosen(p.Handles, atoi(r.URL.Query().Get("upper")))
	all, err := d.fit(r.Context(), p.Site)
	if err != nil {
		return err
	}
	p.Total = len(all)
	p.Bars, p.Tall = bars(all, p.Chosen)
	for _, x := range all {
		if p.Chosen != nil && bound.Below(x.Score, p.Chosen.Upper) && len(p.Rows) < 200 {
			p.Rows = append(p.Rows, x)
		}
	}
	if p.Past, err = d.store.Bundles(r.Context(), p.Site.ID, 10); err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/bundles.html", p)
}

// chosenSite is the site that the address names, or the first one served.
func (d *Desk) chosenSite(r *http.Request) (store.Site, []store.Site, error) {
	sites, err := d.sites(r.Context(), web.WhoOf(r))
	if err != nil {
		return store.Site{}, nil, err
	}
	want := r.FormValue("site")
	for _, s := range sites {
		if s.ID == want || want == "" {
			return s, sites, nil
		}
	}
	return store.Site{}, nil, moderation.Missing("site")
}

// bundleSite is the site chosen, for somebody who serves all of its sections: the
// bound of a bundle holds for the site as a whole, not for a part picked from it.
func (d *Desk) bundleSite(r *http.Request) (store.Site, []store.Site, error) {
	site, sites, err := d.chosenSite(r)
	if err == nil && !web.WhoOf(r).Reach().Whole(site.ID) {
		err = &moderation.Error{Kind: moderation.Forbidden, Key: "error.bundle_section"}
	}
	return site, sites, err
}

// chosen is the handle wished where it holds, or else the highest that does.
func chosen(handles []bound.Handle, upper int) *bound.Handle {
	var out *bound.Handle
	for i, h := range handles {
		if h.Holds && (out == nil || upper == 0 || h.Upper <= upper) {
			out = &handles[i]
		}
	}
	return out
}

// bars counts comments by score, in twenty columns.
func bars(all []scoredWaiting, h *bound.Handle) ([]bar, int) {
	out := make([]bar, 20)
	tall := 0
	for i := range out {
		out[i] = bar{From: 5 * i, To: 5*i + 5, X: float64(30 * i), In: h != nil && 5*i+5 <= h.Upper}
	}
	for _, x := range all {
		b := &out[min(19, int(x.Score*20))]
		b.Count++
		tall = max(tall, b.Count)
	}
	for i := range out {
		out[i].H = 100 * float64(out[i].Count) / float64(max(1, tall))
		out[i].Y = 100 - out[i].H
	}
	return out, tall
}

// setBundles switches bundles on or off for a site; only a chief may.
func (d *Desk) setBundles(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, _, err := d.bundleSite(r)
	if err != nil {
		return err
	}
	if web.WhoOf(r).Editor.Role != moderation.Chief {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	set := bundleSettings{On: r.PostFormValue("on") == "1", Percent: atoi(r.PostFormValue("percent"))}
	return d.saveExtra(w, r, site, "bundles", set, "/desk/bundles?site="+url.QueryEscape(site.ID))
}

// makeBundle takes what is checked in the list and draws its sample. Whatever the
// form names, only comments that belong below the handle get in.
func (d *Desk) makeBundle(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	who := web.WhoOf(r).Editor
	site, _, err := d.bundleSite(r)
	if err != nil {
		return err
	}
	handle, err := d.allowed(r, site, atoi(r.PostFormValue("upper")))
	if err != nil {
		return err
	}
	all, err := d.fit(r.Context(), site)
	if err != nil {
		return err
	}
	b := store.Bundle{Site: site.ID, Editor: who.ID, Version: d.frozen.model.Version(), Upper: handle.Upper, Labels: handle.Labels, Wrong: handle.Wrong}
	for _, x := range all {
		if slices.Contains(r.PostForm["comment"], x.ID) && bound.Below(x.Score, handle.Upper) {
			b.Members = append(b.Members, store.Member{ID: x.ID, Revision: x.Revision})
		}
	}
	if len(b.Members) == 0 {
		return moderation.BadField("comment", "error.bundle_empty")
	}
	for _, i := range rand.Perm(len(b.Members))[:min(sampleSize, len(b.Members))] {
		b.Sample = append(b.Sample, b.Members[i].ID)
	}
	if b, err = d.store.SaveBundle(r.Context(), b); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/bundles/"+b.ID, http.StatusSeeOther)
	return nil
}

// allowed gives the handle, where bundles are on and it holds at this moment.
func (d *Desk) allowed(r *http.Request, site store.Site, upper int) (bound.Handle, error) {
	if !web.WhoOf(r).Editor.Role.Decides() {
		return bound.Handle{}, &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	if !bundlesOf(site).On {
		return bound.Handle{}, &moderation.Error{Kind: moderation.Conflict, Key: "error.bundle_off"}
	}
	handles, err := d.handles(r.Context(), site)
	if err != nil {
		return bound.Handle{}, err
	}
	h := chosen(handles, upper)
	if h == nil || h.Upper != upper {
		return bound.Handle{}, &moderation.Error{Kind: moderation.Conflict, Key: "error.bundle_bound"}
	}
	return *h, nil
}

// bundlePage is what bundle.html shows: the sample, one comment after the other,
// then the release, then undo or recall.
type bundlePage struct {
	Frame
	Bundle   store.Bundle
	Card     *Card // the next of the sample
	Read     int
	Taken    int // decisions of this bundle that are in force
	Seconds  int // until the release takes effect
	CanUndo  bool
	Reasons  []Reason
	Released bool
}

func (d *Desk) ownBundle(r *http.Request) (store.Bundle, error) {
	b, err := d.store.Bundle(r.Context(), r.PathValue("id"))
	if err == nil && !web.WhoOf(r).Reach().Whole(b.Site) {
		err = moderation.Missing("bundle")
	}
	return b, err
}

func (d *Desk) bundlePage(w http.ResponseWriter, r *http.Request) error {
	b, err := d.ownBundle(r)
	if err != nil {
		return err
	}
	f, err := d.frame(r, "bundles", "desk.nav.batch")
	if err != nil {
		return err
	}
	p := bundlePage{Frame: f, Bundle: b, Read: len(b.Passed), Released: !b.Released.IsZero()}
	if next := b.Unread(); next != "" && b.Withdrawn.IsZero() {
		c, err := d.card(r.Context(), f, next, 0)
		if err != nil {
			return err
		}
		c.Can = map[string]bool{} // here it is read; decided is on the bundle
		p.Card = &c
	}
	taken, err := d.inForce(r, b)
	if err != nil {
		return err
	}
	p.Taken = len(taken)
	for _, m := range taken {
		if left := m.HoldUntil.Sub(f.Now); left > 0 {
			p.Seconds = max(p.Seconds, int((left+time.Second-1)/time.Second))
			p.CanUndo = m.Actor.ID == f.Me.ID
		}
	}
	site, err := d.store.Site(r.Context(), b.Site)
	if err != nil {
		return err
	}
	for _, rule := range site.RulePack() {
		p.Reasons = append(p.Reasons, Reason{rule, number(rule), ruleName(f.Lang, rule), ""})
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/bundle.html", p)
}

// inForce gives the releases of a bundle that still stand: not undone, and the
// comment's text not removed or replaced since.
func (d *Desk) inForce(r *http.Request, b store.Bundle) ([]moderation.Decision, error) {
	all, err := d.store.Bundled(r.Context(), b.ID)
	if err != nil {
		return nil, err
	}
	var out []moderation.Decision
	for _, m := range all {
		if m.Step != moderation.Approve {
			continue
		}
		history, err := d.store.History(r.Context(), m.Comment)
		if err != nil {
			return nil, err
		}
		in := moderation.InForce(history, m.Revision)
		if len(in) > 0 && in[len(in)-1].ID == m.ID {
			out = append(out, m)
		}
	}
	return out, nil
}

// stepBundle takes the next step with a bundle: a comment of the sample passes or
// not, the whole is released, undone or recalled.
func (d *Desk) stepBundle(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	b, err := d.ownBundle(r)
	if err != nil {
		return err
	}
	if !web.WhoOf(r).Editor.Role.Decides() {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	switch r.PostFormValue("do") {
	case "pass", "fail":
		err = d.sampled(r, b)
	case "release":
		err = d.releaseBundle(r, b)
	case "undo":
		err = d.undoBundle(r, b)
	case "recall":
		err = d.recallBundle(r, b)
	default:
		err = moderation.BadField("do", "error.step_unknown")
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/bundles/"+b.ID, http.StatusSeeOther)
	return nil
}

// sampled notes the outcome of one comment of the sample. One that is not fine
// withdraws the bundle: its comments wait on, to be decided one by one.
func (d *Desk) sampled(r *http.Request, b store.Bundle) error {
	id := r.PostFormValue("comment")
	if id == "" || id != b.Unread() || !b.Released.IsZero() || !b.Withdrawn.IsZero() {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.conflict"}
	}
	if r.PostFormValue("do") == "fail" {
		b.Withdrawn = d.store.Now()
	} else {
		b.Passed = append(b.Passed, id)
	}
	_, err := d.store.SaveBundle(r.Context(), b)
	return err
}

// releaseBundle releases what still waits with the text that was looked at. The
// bound is asked again at this moment.
func (d *Desk) releaseBundle(r *http.Request, b store.Bundle) error {
	if b.Unread() != "" || !b.Released.IsZero() || !b.Withdrawn.IsZero() || b.Version != d.frozen.model.Version() {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.conflict"}
	}
	site, err := d.store.Site(r.Context(), b.Site)
	if err != nil {
		return err
	}
	if _, err := d.allowed(r, site, b.Upper); err != nil {
		return err
	}
	b.Released = d.store.Now()
	if _, err := d.store.SaveBundle(r.Context(), b); err != nil {
		return err
	}
	var reqs []store.Request
	for _, m := range b.Members {
		reqs = append(reqs, store.Request{Comment: m.ID, Revision: m.Revision, Step: moderation.Approve, Actor: web.WhoOf(r).Editor.Actor(), ScoreSeen: true, Bundle: b.ID})
	}
	return d.applyEach(r, reqs)
}

// applyEach takes steps one by one. Those that somebody else was faster with are
// passed over; a missing database is an error.
func (d *Desk) applyEach(r *http.Request, reqs []store.Request) error {
	_, errs := d.store.ApplyAll(r.Context(), reqs)
	for _, err := range errs {
		if err != nil && moderation.KindOf(err) == 0 {
			return err
		}
	}
	return nil
}

func (d *Desk) undoBundle(r *http.Request, b store.Bundle) error {
	return d.eachTaken(r, b, func(m moderation.Decision) store.Request {
		return store.Request{Comment: m.Comment, Revision: m.Revision, Step: moderation.Undo, ScoreSeen: true, Bundle: b.ID}
	})
}

// recallBundle takes down what a bundle released: one removal per comment, each
// with its rule and reason.
func (d *Desk) recallBundle(r *http.Request, b store.Bundle) error {
	rule := moderation.Rule(r.PostFormValue("rule"))
	site, err := d.store.Site(r.Context(), b.Site)
	if err != nil {
		return err
	}
	reason := or(r.PostFormValue("reason"), reasonFor(site, rule, ""))
	if !slices.Contains(site.RulePack(), rule) || reason == "" {
		return moderation.BadField("rule", "error.rule_needed")
	}
	return d.eachTaken(r, b, func(m moderation.Decision) store.Request {
		return store.Request{Comment: m.Comment, Revision: m.Revision, Step: moderation.Remove, Rule: rule, Reason: reason, ScoreSeen: true, Bundle: b.ID}
	})
}

func (d *Desk) eachTaken(r *http.Request, b store.Bundle, request func(moderation.Decision) store.Request) error {
	taken, err := d.inForce(r, b)
	if err != nil {
		return err
	}
	var reqs []store.Request
	for _, m := range taken {
		req := request(m)
		req.Actor = web.WhoOf(r).Editor.Actor()
		reqs = append(reqs, req)
	}
	return d.applyEach(r, reqs)
}
