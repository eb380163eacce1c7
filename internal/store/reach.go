package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Place is a site, or some sections of one, that somebody of the desk works for.
type Place struct {
	Site     string   `json:"site"`
	Sections []string `json:"sections,omitempty"` // none: the whole site
}

// Reach is where somebody of the desk works: nil is everywhere, an empty list
// nowhere. Whoever reads a queue, a list, a count or an event names a reach, so
// that a comment below an article of another section never leaves the database.
type Reach []Place

// Everywhere is the reach of all sites.
var Everywhere Reach

// AtSite is the reach of one whole site; "" is everywhere.
func AtSite(site string) Reach {
	if site == "" {
		return Everywhere
	}
	return Reach{{Site: site}}
}

// Serves tells whether at least a part of a site is within reach.
func (r Reach) Serves(site string) bool {
	return r == nil || slices.ContainsFunc(r, func(p Place) bool { return p.Site == site })
}

// Whole tells whether all sections of a site are within reach.
func (r Reach) Whole(site string) bool {
	return r == nil || slices.ContainsFunc(r, func(p Place) bool { return p.Site == site && len(p.Sections) == 0 })
}

// Has tells whether an article of a site's section is within reach.
func (r Reach) Has(site, section string) bool {
	return r == nil || slices.ContainsFunc(r, func(p Place) bool {
		return p.Site == site && (len(p.Sections) == 0 || slices.Contains(p.Sections, section))
	})
}

// Covers tells whether all of another reach lies within this one.
func (r Reach) Covers(other Reach) bool {
	if r == nil || other == nil {
		return r == nil
	}
	for _, p := range other {
		if len(p.Sections) == 0 && !r.Whole(p.Site) {
			return false
		}
		for _, section := range p.Sections {
			if !r.Has(p.Site, section) {
				return false
			}
		}
	}
	return true
}

// Meets tells whether two reaches have a site in common.
func (r Reach) Meets(other Reach) bool {
	return r == nil || other == nil || slices.ContainsFunc(r, func(p Place) bool { return other.Serves(p.Site) })
}

// Only is the one site within reach, "" for all sites or several.
func (r Reach) Only() string {
	if len(r) == 1 {
		return r[0].Site
	}
	return ""
}

// At narrows a reach to one site; "" leaves it as it is.
func (r Reach) At(site string) Reach {
	if site == "" {
		return r
	}
	if r == nil {
		return AtSite(site)
	}
	out := Reach{}
	for _, p := range r {
		if p.Site == site {
			out = append(out, p)
		}
	}
	return out
}

// Key names a reach in a cache.
func (r Reach) Key() string { return fmt.Sprintf("%t%q", r == nil, []Place(r)) }

// within is the condition that a row lies within reach. The columns name the
// row's site and its article; the articles of a section are looked up, since an
// article may change its section.
func (r Reach) within(b *clauses, site, article string) string {
	if r == nil {
		return "1 = 1"
	}
	either := []string{"1 = 0"}
	for _, p := range r {
		one := site + " = " + b.arg(p.Site)
		if len(p.Sections) > 0 {
			var in []string
			for _, section := range p.Sections {
				in = append(in, b.arg(section))
			}
			one += " and " + article + " in (select s.id from articles s where s.site_id = " + b.arg(p.Site) + " and s.section in (" + strings.Join(in, ", ") + "))"
		}
		either = append(either, one)
	}
	if len(either) == 2 {
		return "(" + either[1] + ")"
	}
	return "(" + strings.Join(either, " or ") + ")"
}

// text is how a reach is kept: "" where the column site_id says it all.
func (r Reach) text() (site, text string, err error) {
	if r == nil {
		return "", "", nil
	}
	if len(r) == 0 {
		return "", "", moderation.BadField("sites", "error.reach_empty")
	}
	if len(r) == 1 && len(r[0].Sections) == 0 {
		return r[0].Site, "", nil
	}
	out, err := json.Marshal(r)
	return r[0].Site, string(out), err
}

func reachOf(site, text string) (Reach, error) {
	if text == "" {
		return AtSite(site), nil
	}
	var r Reach
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Reach{}, fmt.Errorf("stored reach: %w", err)
	}
	if r == nil {
		r = Reach{} // never everywhere by mistake
	}
	return r, nil
}

// Tidy puts a reach as a person gave it in order: each site once, sections
// without blanks and repeats, in order of name.
func (r Reach) Tidy() Reach {
	if r == nil {
		return nil
	}
	out := Reach{}
	for _, p := range r {
		var sections []string
		for _, s := range p.Sections {
			if s = strings.TrimSpace(s); s != "" && len(s) <= 200 {
				sections = append(sections, s)
			}
		}
		slices.Sort(sections)
		p.Sections = slices.Compact(sections)
		if !out.Serves(p.Site) {
			out = append(out, p)
		}
	}
	return out
}

// PlaceOf tells the site and the section that a comment's article belongs to.
func (s *Store) PlaceOf(ctx context.Context, comment string) (site, section string, err error) {
	err = one(ctx, s.read, "comment", []any{&site, &section},
		"select c.site_id, a.section from comments c join articles a on a.id = c.article_id where c.id = $1", comment)
	return site, section, err
}

// Within gives those of some comments that lie within reach, in the order given.
func (s *Store) Within(ctx context.Context, reach Reach, comments []string) ([]string, error) {
	if reach == nil || len(comments) == 0 {
		return comments, nil
	}
	b := &clauses{}
	var in []string
	for _, id := range comments {
		in = append(in, b.arg(id))
	}
	found := map[string]bool{}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		found[id] = true
		return err
	}, "select c.id from comments c where c.id in ("+strings.Join(in, ", ")+") and "+reach.within(b, "c.site_id", "c.article_id"), b.args...)
	return slices.DeleteFunc(slices.Clone(comments), func(id string) bool { return !found[id] }), err
}

// Wrote tells whether somebody has a comment within reach.
func (s *Store) Wrote(ctx context.Context, reach Reach, author string) (bool, error) {
	b := &clauses{args: []any{author}}
	n := 0
	err := s.read.QueryRowContext(ctx, "select count(*) from (select 1 from comments c where c.author_id = $1 and "+reach.within(b, "c.site_id", "c.article_id")+" limit 1) one", b.args...).Scan(&n)
	return n > 0, classify(err)
}

// Sections lists the names of a site's sections, as its articles have them.
func (s *Store) Sections(ctx context.Context, site string) (names []string, err error) {
	err = each(ctx, s.read, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	}, "select distinct section from articles where site_id = $1 and section <> '' order by section limit 200", site)
	return names, err
}
