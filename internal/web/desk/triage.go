package desk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// maxSkipped bounds how many comments a person puts off without a script.
const maxSkipped = 30

// triagePage is what triage.html shows: one comment, large.
type triagePage struct {
	Frame
	Filter  store.QueueFilter
	Card    *Card       // nil: nothing waits
	Double  *doubleCard // where nothing waits: a comment to be judged blind, a second time
	Done    *flash
	Noted   bool
	Judged  bool
	Self    string // the screen's address with its filter
	Orders  []string
	Skipped []string
	Form    filterForm
	Path    string // where the filter leads
	Setup   string // what the script needs to know, as JSON
}

// flash tells what the last decision did, and offers to undo it.
type flash struct {
	Comment  string
	Decision moderation.Decision
	Name     string
	Seconds  int // until it takes effect; 0: it has
	CanUndo  bool
}

// triage shows the next comment. It is claimed for this screen; the next request
// gives it back, unless it is still the next.
func (d *Desk) triage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "triage", "desk.nav.queue")
	if err != nil {
		return err
	}
	filter, err := d.triageFilter(r, f)
	if err != nil {
		return err
	}
	if filter.State != moderation.Pending {
		f.Area, f.Title = string(filter.State), f.T("desk.nav."+map[moderation.State]string{moderation.Escalated: "escalated", moderation.Appealed: "appeals"}[filter.State])
	}
	p := triagePage{Frame: f, Filter: filter, Orders: []string{"oldest", "calm", "hot"}, Path: "/desk/", Skipped: skipped(r)}
	p.Self = selfAddress(filter, p.Skipped)
	if p.Form, err = d.filterForm(r, f, "/desk/", filter); err != nil {
		return err
	}
	next, err := d.next(r, want{filter: filter, n: 1, skip: p.Skipped})
	if err != nil {
		return err
	}
	if len(next) > 0 {
		c, err := d.card(r.Context(), f, next[0].ID, next[0].Revision)
		if err != nil {
			return err
		}
		c.Next, c.Triage = p.Self, true
		p.Card = &c
	} else if p.Double, err = d.nextDouble(r, f, filter, p.Skipped); err != nil {
		return err
	}
	if p.Done, err = d.flash(r, f); err != nil {
		return err
	}
	p.Noted, p.Judged = r.URL.Query().Has("noted"), r.URL.Query().Has("judged")
	if p.Setup, err = setup(p); err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/triage.html", p)
}

// triageFilter reads the filter from the address; the person's own order is the default.
func (d *Desk) triageFilter(r *http.Request, f Frame) (store.QueueFilter, error) {
	filter, err := filterOf(r)
	if err != nil {
		return filter, err
	}
	if filter.State == store.Any { // the screen shows what waits; the search over all is in the lists
		filter.State = moderation.Pending
	}
	if filter.Order == "newest" {
		filter.Order = ""
	}
	if !filter.State.Open() {
		return filter, moderation.BadField("state", "error.state")
	}
	filter.Cursor = ""
	filter.Order = or(filter.Order, or(f.Prefs.Order, "oldest"))
	if filter.Site == "" { // one site: its own indexes serve the order
		sites, err := d.sites(r.Context(), web.WhoOf(r))
		if err != nil {
			return filter, err
		}
		if len(sites) == 1 {
			filter.Site = sites[0].ID
		}
	}
	return filter, nil
}

// want is which comments a screen wants next.
type want struct {
	filter store.QueueFilter
	n      int
	skip   []string // comments put off
	keep   []string // comments that the screen has already
	streak int
}

// next claims the next comments for this screen, in order, and gives back what
// the screen no longer holds. Two screens never get the same one: whoever claims
// first has it, and the other goes on to the one after.
func (d *Desk) next(r *http.Request, o want) ([]store.Waiting, error) {
	who := d.claimant(r)
	f := o.filter
	f.Free = &who
	if f.State != moderation.Pending {
		f.Decider = who.Editor
	}
	f.Limit = min(200, 2*o.n+len(o.skip)+len(o.keep)+10)
	list, err := d.candidates(r.Context(), f, o)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, w := range list {
		ids[i] = w.ID
	}
	var mine []string
	if web.WhoOf(r).Editor.Role.Decides() {
		if mine, err = d.store.Claim(r.Context(), who, ids, o.n, claimLife); err != nil {
			return nil, err
		}
		if _, err := d.store.Claim(r.Context(), who, o.keep, len(o.keep), claimLife); err != nil { // renews
			return nil, err
		}
		if err := d.store.Unclaim(r.Context(), who, slices.Concat(mine, o.keep)...); err != nil {
			return nil, err
		}
	} else { // who only reads takes nothing away from those who decide
		mine = ids[:min(o.n, len(ids))]
	}
	return slices.DeleteFunc(list, func(w store.Waiting) bool { return !slices.Contains(mine, w.ID) }), nil
}

// candidates arranges what could come next.
func (d *Desk) candidates(ctx context.Context, f store.QueueFilter, o want) ([]store.Waiting, error) {
	s := supply{Streak: o.streak}
	var err error
	if s.Limit, err = d.overdue(ctx, f.Site); err != nil {
		return nil, err
	}
	order := f.Order
	f.Order = "oldest"
	if s.Oldest, _, err = d.store.Queue(ctx, f); err != nil {
		return nil, err
	}
	f.NotBlind = true
	f.Order = "calm"
	if s.Calm, _, err = d.store.Queue(ctx, f); err != nil {
		return nil, err
	}
	switch order {
	case "calm":
		s.Scored = s.Calm
	case "hot":
		f.Order = "hot"
		if s.Scored, _, err = d.store.Queue(ctx, f); err != nil {
			return nil, err
		}
	}
	if order != "oldest" && s.Scored == nil {
		s.Scored = []store.Waiting{}
	}
	list := arrange(s, f.Limit)
	return slices.DeleteFunc(list, func(w store.Waiting) bool {
		return slices.Contains(o.skip, w.ID) || slices.Contains(o.keep, w.ID)
	}), nil
}

// overdue is the moment before which a site's comments come first. For several
// sites at once the clock counts, since their hours differ.
func (d *Desk) overdue(ctx context.Context, site string) (time.Time, error) {
	now := d.store.Now()
	if site == "" || site == "-" {
		return now.Add(-defaultLimit * time.Hour), nil
	}
	s, err := d.store.Site(ctx, site)
	if err != nil {
		return now, err
	}
	hours := s.LimitHours
	if hours == 0 {
		hours = defaultLimit
	}
	return overdueBefore(s.Hours, time.Duration(hours)*time.Hour, now), nil
}

// skipped lists the comments put off in this round; without a script the address
// carries them.
func skipped(r *http.Request) []string {
	var out []string
	for id := range strings.SplitSeq(r.URL.Query().Get("skip"), ",") {
		if id != "" && len(out) < maxSkipped {
			out = append(out, id)
		}
	}
	return out
}

// selfAddress is the triage screen's address with its filter.
func selfAddress(f store.QueueFilter, skip []string) string {
	address := "/desk/?" + queryOf(f)
	if len(skip) > 0 {
		address += "&skip=" + url.QueryEscape(strings.Join(skip, ","))
	}
	return address
}

// later puts a comment off: it comes again when the others are done.
func (d *Desk) later(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	next, err := url.Parse(inside(r.PostFormValue("next")))
	if err != nil {
		return moderation.BadField("next", "error.form")
	}
	q := next.Query()
	skip := strings.Split(q.Get("skip"), ",")
	skip = append(skip, r.PostFormValue("comment"))
	if len(skip) > maxSkipped {
		skip = skip[len(skip)-maxSkipped:]
	}
	q.Set("skip", strings.Trim(strings.Join(skip, ","), ","))
	q.Del("done")
	next.RawQuery = q.Encode()
	http.Redirect(w, r, next.String(), http.StatusSeeOther)
	return nil
}

// flash reads from the address which decision was just taken.
func (d *Desk) flash(r *http.Request, f Frame) (*flash, error) {
	id := r.URL.Query().Get("done")
	if id == "" {
		return nil, nil
	}
	m, err := d.store.Decision(r.Context(), id)
	if moderation.KindOf(err) == moderation.NotFound || err == nil && (m.Actor.ID != f.Me.ID) {
		return nil, nil
	}
	if err == nil {
		err = d.admitted(r, m.Comment)
	}
	if moderation.KindOf(err) == moderation.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	dos, err := d.store.Dossier(r.Context(), m.Comment, m.Revision)
	if err != nil {
		return nil, err
	}
	out := &flash{Comment: m.Comment, Decision: m, Name: dos.Name}
	if m.Held(f.Now) {
		out.Seconds = int((m.HoldUntil.Sub(f.Now) + time.Second - 1) / time.Second)
		out.CanUndo = slices.ContainsFunc(moderation.InForce(dos.History, 0), func(h moderation.Decision) bool { return h.ID == m.ID })
	}
	return out, nil
}
