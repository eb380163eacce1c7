package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// Prefs are a person's own settings of the desk.
type Prefs struct {
	Lang     string            `json:"lang,omitempty"`
	Theme    string            `json:"theme,omitempty"` // "light", "dark", "" as the device
	Order    string            `json:"order,omitempty"`
	Keys     map[string]string `json:"keys,omitempty"` // changed keys by action
	KeysOff  bool              `json:"keys_off,omitempty"`
	Blur     bool              `json:"blur,omitempty"`
	NoPause  bool              `json:"no_pause,omitempty"`
	NoLive   bool              `json:"no_live,omitempty"`
	Informal bool              `json:"-"`
}

func prefsOf(e store.Editor) Prefs {
	var p Prefs
	if json.Unmarshal(e.Prefs, &p) != nil {
		return Prefs{} // not written by this version: the defaults hold
	}
	return p
}

// Frame is what every page of the desk has; page structs embed it.
type Frame struct {
	web.Base
	Me       store.Editor
	Reach    store.Reach // of the person and the key
	Prefs    Prefs
	Now      time.Time
	Area     string         // of the navigation
	Waits    map[string]int // what waits, by state, and "notices"
	Alone    bool           // a single person decides at some site served
	ByKey    bool
	Here     string // this page, to come back to
	Decides  bool
	Seen     string                     // the state of the settings that a form on the page replaces
	Drifting []store.Drift              // alarms of the sites served, for those who see to them
	own      map[moderation.Rule]string // names of the sites' own rules
}

// Role is the person's role in words.
func (f Frame) Role() string { return f.T("desk.role." + string(f.Me.Role)) }

// Ago says how long ago something was.
func (f Frame) Ago(t time.Time) string { return locale.Ago(f.Lang, f.Now.Sub(t)) }

// Span says how long it is since a moment.
func (f Frame) Span(t time.Time) string { return locale.Span(f.Lang, f.Now.Sub(t)) }

// DateTime writes a moment.
func (f Frame) DateTime(t time.Time) string { return locale.DateTime(f.Lang, t) }

// N writes a number.
func (f Frame) N(n int) string { return locale.Number(f.Lang, n) }

// Waiting is how many comments wait in a state, or how many notices are open, as
// far as they are counted.
func (f Frame) Waiting(state string) string {
	return f.Upto(f.Waits[state])
}

// Upto writes a number that was counted up to CountMost.
func (f Frame) Upto(n int) string {
	if n < store.CountMost {
		return f.N(n)
	}
	return f.N(store.CountMost) + "+"
}

// Count is a text with a number in it.
func (f Frame) Count(key string, n int) string { return locale.Plural(f.Lang, key, n) }

// Everywhere tells whether the person works for all sites.
func (f Frame) Everywhere() bool { return f.Reach == nil }

// WholeSites tells whether the person works for sites as a whole, as bundles need it.
func (f Frame) WholeSites() bool {
	return !slices.ContainsFunc(f.Reach, func(p store.Place) bool { return len(p.Sections) > 0 })
}

// Device names the browser and the system that a browser claims to be.
func (f Frame) Device(agent string) string {
	name, system := firstOf(agent, browsers), firstOf(agent, systems)
	switch {
	case name != "" && system != "":
		return f.T("identity.device", "browser", name, "system", system)
	case agent == "":
		return f.T("desk.sessions.unknown")
	}
	return agent
}

// browsers and systems are words of a browser's name for itself, the telling ones
// first: most claim to be several.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"}, {"CriOS", "Chrome"}, {"Chrom", "Chrome"}, {"Safari", "Safari"}}
	systems  = [][2]string{{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

func firstOf(agent string, words [][2]string) string {
	for _, w := range words {
		if strings.Contains(agent, w[0]) {
			return w[1]
		}
	}
	return ""
}

// State is a state in words.
func (f Frame) State(s moderation.State) string { return f.T("desk.state." + string(s)) }

// Step is a step in words.
func (f Frame) Step(s moderation.Step) string { return f.T("desk.step." + string(s)) }

// Rule is a rule's name.
func (f Frame) Rule(r moderation.Rule) string {
	if name := f.own[r]; name != "" {
		return name
	}
	return ruleName(f.Lang, r)
}

// Chief tells whether the person leads the desk or administers it.
func (f Frame) Chief() bool { return f.Me.Role == moderation.Chief || f.Me.Role == moderation.Admin }

// base is the frame of a page that needs nobody signed in.
func (d *Desk) base(r *http.Request, title string) web.Base {
	lang := web.Lang(r, web.WhoOf(r).Lang())
	return web.Base{Lang: lang, Title: locale.T(lang, title)}
}

// frame gathers what every page shows.
func (d *Desk) frame(r *http.Request, area, title string) (Frame, error) {
	who := web.WhoOf(r)
	f := Frame{
		Base: d.base(r, title), Me: who.Editor, Reach: who.Reach(), Prefs: prefsOf(who.Editor), Now: d.store.Now(), Area: area,
		ByKey: who.ByKey(), Here: r.URL.RequestURI(), Decides: who.Editor.Role.Decides(),
	}
	if who.Editor.ID == "" {
		return f, nil
	}
	var err error
	if f.Waits, err = d.waits(r.Context(), who.Reach()); err != nil {
		return f, err
	}
	if who.Editor.Role != moderation.Editor {
		if f.Drifting, err = d.store.DriftAlarms(r.Context(), ""); err != nil {
			return f, err
		}
		f.Drifting = slices.DeleteFunc(f.Drifting, func(x store.Drift) bool { return !f.Reach.Serves(x.Site) })
	}
	sites, err := d.sites(r.Context(), who)
	if err != nil {
		return f, err
	}
	f.own = ownNames(sites)
	f.Alone, err = d.alone(r.Context(), sites)
	return f, err
}

// ownNames are the names of the rules that sites made for themselves.
func ownNames(sites []store.Site) map[moderation.Rule]string {
	names := map[moderation.Rule]string{}
	for _, s := range sites {
		for _, o := range s.OwnRules {
			names[o.Key] = o.Name
		}
	}
	return names
}

// alone tells whether some site has one deciding person.
func (d *Desk) alone(ctx context.Context, sites []store.Site) (bool, error) {
	for _, s := range sites {
		staff, err := d.store.Staff(ctx, s.ID)
		if err != nil || len(staff.Deciders) < 2 {
			return err == nil, err
		}
	}
	return false, nil
}

// sites lists the sites that a person serves.
func (d *Desk) sites(ctx context.Context, who web.Who) ([]store.Site, error) {
	all, err := d.store.Sites(ctx)
	var out []store.Site
	for _, s := range all {
		if who.Serves(s.ID) {
			out = append(out, s)
		}
	}
	return out, err
}

// waits counts what waits.
func (d *Desk) waits(ctx context.Context, reach store.Reach) (map[string]int, error) {
	return d.counts.get(reach.Key(), func() (map[string]int, error) { return d.countWaits(ctx, reach) })
}

func (d *Desk) countWaits(ctx context.Context, reach store.Reach) (map[string]int, error) {
	states, err := d.store.QueueCounts(ctx, reach)
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	waits := map[string]int{"pending": 0, "escalated": 0, "appealed": 0}
	for state, n := range states {
		waits[string(state)] = n
	}
	if waits["notices"], err = d.store.CountNotices(ctx, reach); err != nil {
		return nil, fmt.Errorf("count open notices: %w", err)
	}
	objections, err := d.store.Objections(ctx, reach, mostNotices)
	if err != nil {
		return nil, fmt.Errorf("count open objections: %w", err)
	}
	waits["notices"] += len(objections)
	return waits, nil
}

// claimant is the person in this browser. A tab of the triage screen names
// itself, since two tabs share a session.
func (d *Desk) claimant(r *http.Request) store.Claimant {
	who := web.WhoOf(r)
	holder := who.Session.Hash
	if who.ByKey() {
		holder = who.Key.ID
	}
	if tab := r.Header.Get("X-Tab"); tab != "" && len(tab) <= 64 {
		holder += "/" + tab
	}
	return store.Claimant{Editor: who.Editor.ID, Holder: holder}
}

// errorPage is what error.html of the desk shows.
type errorPage struct {
	Frame
	Problem web.Problem
	Step    string // in words, of the decision that won
	At      time.Time
	Name    string // of the editor who took it
	Back    string
}

// ofComment tells whether the id in an address of the desk is a comment's.
func ofComment(path string) bool {
	return strings.HasPrefix(path, "/desk/comments/") || strings.HasPrefix(path, "/desk/similar/")
}

// showError shows an error in the desk's frame; a conflict names who decided.
func (d *Desk) showError(w http.ResponseWriter, r *http.Request, lang string, p web.Problem) error {
	f, err := d.frame(r, "", "desk.error.title")
	if err != nil {
		f = Frame{Base: web.Base{Lang: lang}, Me: web.WhoOf(r).Editor, Now: d.store.Now(), Here: "/desk/"} // the database is gone: the frame stays bare
	}
	f.Title = p.Title
	e := errorPage{Frame: f, Problem: p, Back: "/desk/"}
	if id := r.PathValue("id"); id != "" && p.Status != http.StatusNotFound && ofComment(r.URL.Path) {
		e.Back = "/desk/comments/" + url.PathEscape(id)
	}
	if won := p.Decision; won != nil {
		f.Title = f.T("desk.conflict.title")
		e.Frame = f
		e.Step = f.T("desk.step." + won.Step)
		e.Name = won.Editor
		if who, err := d.store.Editor(r.Context(), won.Editor); err == nil {
			e.Name = who.Name
		}
		if e.At, err = time.Parse(time.RFC3339, won.At); err != nil {
			e.At = f.Now
		}
	}
	return d.srv.Page(w, r, p.Status, "desk/error.html", e)
}
