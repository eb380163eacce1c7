package desk

import (
	"net/http"
	"net/url"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// listed are the states of the lists, in the order of the tabs.
var listed = []moderation.State{
	moderation.Pending, moderation.Escalated, moderation.Appealed, moderation.Approved,
	moderation.Rejected, moderation.Returned, moderation.Declined, moderation.Removed,
}

// queueList is what queue.html shows.
type queueList struct {
	Frame
	Filter  store.QueueFilter
	Rows    []store.Waiting
	Next    string // address of the next page, "" for none
	States  []tab
	Form    filterForm
	Orders  []string
	Path    string // where the filter leads
	Article *store.Article
}

// tab is one of the lists.
type tab struct {
	State   moderation.State
	Address string
	Counted bool
	Current bool
}

// HiddenRow tells that nothing of the machine may be shown for a row.
func (queueList) HiddenRow(w store.Waiting) bool { return w.Blind && w.State.Open() }

// BandOf is the band of "would be refused", "" where not checked.
func (queueList) BandOf(w store.Waiting) string {
	return bandNames[assess.BandOf(w.Assessment.Band, w.Refuse)]
}

// Showing lists in words the rules that show in a row's text, such as
// "Unterstellung: möglich", in the order of the policy.
func (p queueList) Showing(w store.Waiting) []string {
	var out []string
	for _, rule := range moderation.Rules {
		s := w.Assessment.Rules[rule]
		if band := assess.BandOf(s.Band, s.Value); band == assess.Unclear || band == assess.Breach {
			out = append(out, p.Rule(rule)+": "+p.T("desk.assess."+bandNames[band]))
		}
	}
	return out
}

func (d *Desk) queuePage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "lists", "desk.nav.lists")
	if err != nil {
		return err
	}
	filter, err := filterOf(r)
	if err != nil {
		return err
	}
	p := queueList{Frame: f, Path: "/desk/queue", Filter: filter, Orders: []string{"oldest", "newest", "calm", "hot"}}
	if p.Form, err = d.filterForm(r.Context(), f, "/desk/queue", filter); err != nil {
		return err
	}
	if filter.Article != "" {
		a, err := d.store.Article(r.Context(), filter.Article)
		if err != nil {
			return err
		}
		if !web.WhoOf(r).Sees(a.Site, a.Doc.Section) {
			return moderation.Missing("article")
		}
		p.Article = &a
	}
	var cursor string
	if p.Rows, cursor, err = d.store.Queue(r.Context(), filter); err != nil {
		return err
	}
	if cursor != "" {
		p.Next = with(r.URL, "cursor", cursor)
	}
	states := listed
	if filter.Text != "" || filter.Author != "" {
		states = append([]moderation.State{store.Any}, listed...)
	}
	for _, s := range states {
		t := tab{State: s, Address: with(&url.URL{Path: r.URL.Path, RawQuery: without(r.URL, "cursor")}, "state", string(s)), Current: s == filter.State}
		t.Counted = s.Open() && !p.Form.Narrow
		p.States = append(p.States, t)
	}
	p.Title = f.T("desk.nav.lists") + ": " + f.State(filter.State)
	return d.srv.Page(w, r, http.StatusOK, "desk/queue.html", p)
}

// with gives an address with one parameter set.
func with(u *url.URL, name, value string) string {
	q := u.Query()
	q.Set(name, value)
	return u.Path + "?" + q.Encode()
}

// without gives an address's parameters but for one.
func without(u *url.URL, name string) string {
	q := u.Query()
	q.Del(name)
	return q.Encode()
}
