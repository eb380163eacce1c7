package desk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
}

func (d *Desk) filterForm(ctx context.Context, f Frame, path string, filter store.QueueFilter) (filterForm, error) {
	o := filterForm{Rules: moderation.Rules, Flags: flagKinds, Query: queryOf(filter)}
	o.Narrow = narrow(filter)
	if filter.Site != "" {
		all, err := d.store.Sections(ctx, filter.Site)
		if err != nil {
			return o, err
		}
		o.Sections = slices.DeleteFunc(all, func(s string) bool { return !f.Reach.Has(filter.Site, s) })
	}
	saved, err := d.store.Filters(ctx, f.Me.ID, f.Reach.Only())
	for _, s := range saved {
		v := savedView{s, path + "?" + s.Query, s.Query == o.Query}
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

// saveFilter keeps the view that a form names, or forgets one.
func (d *Desk) saveFilter(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	who := web.WhoOf(r)
	lead := who.Editor.Role == moderation.Chief || who.Editor.Role == moderation.Admin
	back := inside(or(r.PostFormValue("next"), "/desk/"))
	if id := r.PostFormValue("drop"); id != "" {
		if err := d.store.DropFilter(r.Context(), who.Editor.ID, id, lead); err != nil {
			return err
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
		return nil
	}
	name := strings.Join(strings.Fields(r.PostFormValue("name")), " ")
	given, err := url.ParseQuery(r.PostFormValue("query"))
	if err != nil || len(name) > 60 || name == "" {
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
