package store

import (
	"context"
	"database/sql"

	"github.com/freigabe/freigabe/internal/moderation"
)

// SavedFilter is a view of the queue under a name: one person's own, or one that
// the whole desk shares.
type SavedFilter struct {
	ID, Site string // site "": of all sites
	Name     string
	Query    string // of the screen's address
	Shared   bool
}

// mostFilters bounds how many filters one person keeps, and how many are shared.
const mostFilters = 30

// filtersWithin is the condition that a shared filter belongs to a site within
// reach; those of all sites are for everybody to see.
func filtersWithin(b *clauses, reach Reach) string {
	if reach == nil {
		return "1 = 1"
	}
	in := "''"
	for _, p := range reach {
		in += ", " + b.arg(p.Site)
	}
	return "site_id in (" + in + ")"
}

// Filters lists the filters that a person sees within reach: the shared ones, then
// their own.
func (s *Store) Filters(ctx context.Context, editor string, reach Reach) ([]SavedFilter, error) {
	var out []SavedFilter
	b := &clauses{args: []any{editor}}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var f SavedFilter
		err := r.Scan(&f.ID, &f.Site, &f.Name, &f.Query, &f.Shared)
		out = append(out, f)
		return err
	}, `select id, coalesce(site_id, ''), name, query, editor_id is null from filters
		where editor_id = $1 or editor_id is null and (site_id is null or `+filtersWithin(b, reach)+`) order by editor_id is not null, name, id`, b.args...)
	return out, err
}

// AddFilter keeps a filter; one of the same name and owner is replaced.
func (s *Store) AddFilter(ctx context.Context, editor string, f SavedFilter) error {
	if f.Shared {
		editor = ""
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := exec(ctx, tx, "delete from filters where coalesce(editor_id, '') = $1 and coalesce(site_id, '') = $2 and name = $3", editor, f.Site, f.Name); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "select count(*) from filters where coalesce(editor_id, '') = $1", editor).Scan(&n); err != nil {
			return err
		}
		if n >= mostFilters {
			return moderation.BadField("name", "error.filters_many")
		}
		return all(ctx, tx, stmt("insert into filters (id, site_id, editor_id, name, query, created_at) values ($1, $2, $3, $4, $5, $6)",
			NewID(), optional(f.Site), optional(editor), f.Name, f.Query, micros(s.Now())))
	})
}

// DropFilter forgets a filter: one's own, or, where that is allowed, one shared at a
// site within reach. Whoever works at some sites alone leaves those of all sites.
func (s *Store) DropFilter(ctx context.Context, editor, id string, reach Reach, shared bool) error {
	b := &clauses{args: []any{id, editor, flag(shared)}}
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "delete from filters where id = $1 and (editor_id = $2 or editor_id is null and $3 = 1 and "+filtersWithin(b, reach)+")", b.args...)
		if err == nil && n == 0 {
			return moderation.Missing("filter")
		}
		return err
	})
}
