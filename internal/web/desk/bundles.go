package desk

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/desk/bound"
)

// bundlesPage is what bundles.html shows: the chart, the handles, the list.
type bundlesPage struct {
	Frame
	basis
	Site    store.Site
	Sites   []store.Site
	Set     bundleSettings
	Chief   bool
	Chosen  bound.Range // between the handles
	Rows    []store.CalmWaiting
	Total   int // with a score, at all scores
	InRange int // of these, between the handles
	Bars    []bar
	Version string
	Past    []store.Bundle
	Most    int
	Unseen  bool // some have no score yet
}

// bar is a column of the chart.
type bar struct {
	From, To int // hundredths of the score
	Count    int
	X, Y, H  float64 // in the chart's units
	In       bool    // between the handles
}

// unit is how wide a hundredth of the score is in the chart.
const unit = 6

// LowerX and UpperX are where the handles stand in the chart.
func (p bundlesPage) LowerX() int { return unit * p.Chosen.Lower }
func (p bundlesPage) UpperX() int { return unit * p.Chosen.Upper }

// Grid gives the bounds and the step of the handles.
func (p bundlesPage) Grid() map[string]int {
	return map[string]int{"step": bound.Step, "least": bound.Lowest, "most": bound.Highest, "last": bound.Highest - bound.Step}
}

// Expected says how many of a bundle would be wrongly released, by the interval.
func (p bundlesPage) Expected() string {
	low, high := bound.Interval(p.Chosen.Labels, p.Chosen.Wrong, confidence)
	n := float64(len(p.Rows))
	return p.T("desk.batch.expected", "from", p.N(int(math.Floor(low*n))), "to", p.N(int(math.Ceil(high*n))), "n", p.N(len(p.Rows)),
		"labels", p.N(p.Chosen.Labels), "wrong", p.N(p.Chosen.Wrong))
}

// Verdict says whether a range is offered, and what it takes where it is not.
func (p bundlesPage) Verdict(r bound.Range) string {
	switch {
	case p.Closed():
		return p.T("desk.batch.closed")
	case r.Holds:
		return p.T("desk.batch.holds")
	case r.Level == 0 && r.Lower > 0:
		return p.T("desk.batch.before.lower", "lower", p.N(r.Lower-bound.Step))
	case r.Level == 0:
		return p.T("desk.batch.before")
	}
	return p.T("desk.batch.missing", "n", p.N(r.Missing))
}

// Live is what the page's script needs to say the same while a handle moves.
func (p bundlesPage) Live() (string, error) {
	type line struct {
		Lower   int    `json:"lower"`
		Upper   int    `json:"upper"`
		Verdict string `json:"verdict"`
	}
	var out struct {
		Ranges []line `json:"ranges"`
		Counts []int  `json:"counts"`
	}
	for _, r := range p.Ranges {
		out.Ranges = append(out.Ranges, line{r.Lower, r.Upper, p.Verdict(r)})
	}
	for _, b := range p.Bars {
		out.Counts = append(out.Counts, b.Count)
	}
	text, err := json.Marshal(out)
	return string(text), err
}

func (d *Desk) bundlesPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "bundles", "desk.nav.batch")
	if err != nil {
		return err
	}
	p := bundlesPage{Frame: f, Version: d.frozen.Version(), Most: mostInOne, Chief: f.Me.Role == moderation.Chief}
	if p.Site, p.Sites, err = d.bundleSite(r); err != nil {
		return err
	}
	p.Set = bundlesOf(p.Site)
	if p.basis, err = d.basis(r.Context(), p.Site); err != nil {
		return err
	}
	p.Chosen = p.chosen(r.URL.Query())
	counts, err := d.store.Chart(r.Context(), p.Site.ID, p.Version)
	if err != nil {
		return err
	}
	p.draw(counts)
	if p.Chosen.Holds {
		p.Rows, err = d.store.Calmly(r.Context(), p.Site.ID, p.Version, p.Chosen.Lower, p.Chosen.Upper, mostInOne)
		if err != nil {
			return err
		}
	}
	if p.Unseen, err = d.planScores(r.Context(), p.Site); err != nil {
		return err
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

// chosen is the range between the handles of the address, snapped to the grid;
// without any, the widest that holds.
func (b basis) chosen(q url.Values) bound.Range {
	if !q.Has("lower") && !q.Has("upper") {
		return b.widest()
	}
	upper := min(max(snap(atoi(q.Get("upper"))), bound.Lowest), bound.Highest)
	lower := min(max(snap(atoi(q.Get("lower"))), 0), upper-bound.Step)
	r, _ := b.find(lower, upper) // every place of the grid is there
	return r
}

// snap leads to the nearest place of the grid.
func snap(hundredths int) int { return (hundredths + bound.Step/2) / bound.Step * bound.Step }

// draw makes the chart's columns of the counts.
func (p *bundlesPage) draw(counts [20]int) {
	tall := max(1, slices.Max(counts[:]))
	for i, n := range counts {
		h := 100 * float64(n) / float64(tall)
		b := bar{From: 5 * i, To: 5*i + 5, Count: n, X: float64(5 * unit * i), Y: 100 - h, H: h, In: p.Chosen.Has(5 * i)}
		p.Bars = append(p.Bars, b)
		p.Total += n
		if b.In {
			p.InRange += n
		}
	}
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
// form names, only comments that belong between the handles get in.
func (d *Desk) makeBundle(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	who := web.WhoOf(r).Editor
	site, _, err := d.bundleSite(r)
	if err != nil {
		return err
	}
	between, err := d.allowed(r, site, atoi(r.PostFormValue("lower")), atoi(r.PostFormValue("upper")))
	if err != nil {
		return err
	}
	rows, err := d.store.Calmly(r.Context(), site.ID, d.frozen.Version(), between.Lower, between.Upper, 2*mostInOne) // some may have gone since the page
	if err != nil {
		return err
	}
	b := store.Bundle{Site: site.ID, Editor: who.ID, Version: d.frozen.Version(), Lower: between.Lower, Upper: between.Upper, Labels: between.Labels, Wrong: between.Wrong}
	for _, x := range rows {
		if slices.Contains(r.PostForm["comment"], x.ID) && len(b.Members) < mostInOne {
			b.Members = append(b.Members, store.Member{ID: x.ID, Revision: x.Revision})
		}
	}
	if len(b.Members) == 0 {
		return moderation.BadField("comment", "error.bundle_empty")
	}
	for _, i := range rand.Perm(len(b.Members))[:min(sampleSize, len(b.Members))] {
		b.Sample = append(b.Sample, b.Members[i].ID)
	}
	if b, err = d.store.AddBundle(r.Context(), b); err != nil {
		return fmt.Errorf("make a bundle: %w", err)
	}
	http.Redirect(w, r, "/desk/bundles/"+b.ID, http.StatusSeeOther)
	return nil
}

// allowed gives the range, where bundles are on and it holds at this moment.
func (d *Desk) allowed(r *http.Request, site store.Site, lower, upper int) (bound.Range, error) {
	if !web.WhoOf(r).Editor.Role.Decides() {
		return bound.Range{}, &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	if !bundlesOf(site).On {
		return bound.Range{}, &moderation.Error{Kind: moderation.Conflict, Key: "error.bundle_off"}
	}
	b, err := d.basis(r.Context(), site)
	if err != nil {
		return bound.Range{}, err
	}
	between, known := b.find(lower, upper)
	if !known || !between.Holds {
		return bound.Range{}, &moderation.Error{Kind: moderation.Conflict, Key: "error.bundle_bound"}
	}
	return between, nil
}
