package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// filterParts are the parts of a screen's address that make its filter.
var filterParts = []string{"state", "order", "article", "section", "rule", "flag", "author", "q", "first", "edited"}

// flagKinds are the flags that the queue can be filtered by, the gravest first.
var flagKinds = []string{"threat", "self_harm", "personal_data", "watchlist", "campaign", "repeated", "link", "language", "capitals", "hidden"}

// filterForm is what the form of a filter offers.
type filterForm struct {
	Sections []string
	Rules    []moderation.Rule
	Flags    []string
	Saved    []savedView
	Query    string // of this view, for keeping it
	Narrow   bool   // some part narrows the view
	Name     string // of the view, where it is a kept one
}

// savedView is a kept filter with where it leads.
type savedView struct {
	store.SavedFilter
	Address string
	Current bool
	Count   int
	Counted bool // otherwise it would take too long
}

func (d *Desk) filterForm(r *http.Request, f Frame, path string, filter store.QueueFilter) (filterForm, error) {
	o := filterForm{Rules: moderation.Rules, Flags: flagKinds, Query: queryOf(filter)}
	o.Narrow = narrow(filter)
	if filter.Site != "" {
		all, err := d.store.Sections(r.Context(), filter.Site)
		if err != nil {
			return o, err
		}
		o.Sections = slices.DeleteFunc(all, func(s string) bool { return !f.Reach.Has(filter.Site, s) })
	}
	saved, counts, err := d.viewCounts(r)
	for _, s := range saved {
		v := savedView{SavedFilter: s, Address: path + "?" + s.Query, Current: s.Query == o.Query}
		v.Count, v.Counted = counts[s.ID]
		if v.Current {
			o.Name = s.Name
		}
		o.Saved = append(o.Saved, v)
	}
	return o, err
}

// narrow tells whether some part of a filter narrows the view.
func narrow(f store.QueueFilter) bool {
	return f.Article != "" || f.Section != "" || f.Rule != "" || f.Flag != "" || f.Author != "" || f.Text != "" || f.First || f.Edited
}

// viewsPatience bounds how long counting all views of a person may take.
const viewsPatience = 300 * time.Millisecond

// viewCounts gives a person's kept views and how many comments each holds, by the
// view's id; one that takes too long to count is missing.
func (d *Desk) viewCounts(r *http.Request) ([]store.SavedFilter, map[string]int, error) {
	who := web.WhoOf(r)
	saved, err := d.store.Filters(r.Context(), who.Editor.ID, who.Reach())
	if err != nil {
		return nil, nil, err
	}
	key := fmt.Sprintf("%s %s %v", who.Editor.ID, who.Reach().Key(), saved)
	counts, err := d.views.get(key, func() (map[string]int, error) { return d.countViews(r, saved) })
	return saved, counts, err
}

func (d *Desk) countViews(r *http.Request, saved []store.SavedFilter) (map[string]int, error) {
	counts := map[string]int{}
	begun := time.Now() // a person waits for the page, whatever the store's clock says
	for _, s := range saved {
		if time.Since(begun) > viewsPatience {
			break
		}
		n, ok, err := d.countView(r, s)
		if err != nil {
			return nil, err
		}
		if ok {
			counts[s.ID] = n
		}
	}
	return counts, nil
}

// countView counts what the screen would show under a kept view.
func (d *Desk) countView(r *http.Request, s store.SavedFilter) (int, bool, error) {
	as := r.Clone(r.Context())
	as.URL = &url.URL{RawQuery: s.Query}
	f, err := filterOf(as)
	if err != nil {
		return 0, false, nil // kept by another version, for which it meant something
	}
	return d.store.CountView(r.Context(), f)
}

// queryOf writes a filter as the query of an address, always in the same way.
func queryOf(f store.QueueFilter) string {
	q := url.Values{}
	yes := map[bool]string{true: "1"}
	for name, value := range map[string]string{
		"state": string(f.State), "order": f.Order, "article": f.Article, "section": f.Section, "rule": string(f.Rule), "flag": f.Flag,
		"author": f.Author, "q": f.Text, "first": yes[f.First], "edited": yes[f.Edited],
	} {
		if value != "" && !(name == "state" && value == string(moderation.Pending)) {
			q.Set(name, value)
		}
	}
	return q.Encode()
}

// longestQuery bounds the address of a kept view.
const longestQuery = 2000

// saveFilter keeps the view that a form names, or forgets one.
func (d *Desk) saveFilter(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	who := web.WhoOf(r)
	lead := who.Editor.Role == moderation.Chief || who.Editor.Role == moderation.Admin
	back := inside(or(r.PostFormValue("next"), "/desk/"))
	if id := r.PostFormValue("drop"); id != "" {
		if err := d.store.DropFilter(r.Context(), who.Editor.ID, id, who.Reach(), lead); err != nil {
			return err
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
		return nil
	}
	name := strings.Join(strings.Fields(r.PostFormValue("name")), " ")
	given, err := url.ParseQuery(r.PostFormValue("query"))
	if err != nil || len(name) > 60 || name == "" || len(r.PostFormValue("query")) > longestQuery {
		return moderation.BadField("name", "error.filter_name")
	}
	kept := url.Values{}
	for part := range given {
		if slices.Contains(filterParts, part) {
			kept.Set(part, given.Get(part))
		}
	}
	shared := r.PostFormValue("shared") == "1" && lead
	err = d.store.AddFilter(r.Context(), who.Editor.ID, store.SavedFilter{Site: who.Site(), Name: name, Query: kept.Encode(), Shared: shared})
	if err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
