package desk

import (
	"net/http"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

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
	taken, err := d.store.Standing(r.Context(), b.ID)
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
	to := b
	if r.PostFormValue("do") == "fail" {
		to.Withdrawn = d.store.Now()
	} else {
		to.Passed = append(slices.Clone(b.Passed), id)
	}
	return d.store.StepBundle(r.Context(), b, to)
}

// releaseBundle releases what still waits with the text that was looked at. The
// bound is asked again at this moment.
func (d *Desk) releaseBundle(r *http.Request, b store.Bundle) error {
	if b.Unread() != "" || !b.Released.IsZero() || !b.Withdrawn.IsZero() || b.Version != d.frozen.Version() {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.conflict"}
	}
	site, err := d.store.Site(r.Context(), b.Site)
	if err != nil {
		return err
	}
	if _, err := d.allowed(r, site, b.Lower, b.Upper); err != nil {
		return err
	}
	to := b
	to.Released = d.store.Now()
	if err := d.store.StepBundle(r.Context(), b, to); err != nil {
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
	taken, err := d.store.Standing(r.Context(), b.ID)
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
