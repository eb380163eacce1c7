package store

import (
	"context"
	"database/sql"
	"math/rand/v2"
)

// Counts over very many rows are kept in tables of their own, by triggers in the
// transaction of each change. SQLite has one writer, so a row is a count. On
// PostgreSQL a count would be a row for which many transactions wait, and over
// which two could lock each other out; there a row is a change of a count, rows
// are only added, and gather adds them up now and then. A reader sees the same sum
// before and after.

// keptCounts are these tables. A backup leaves them out: what is restored is
// counted again.
var keptCounts = []string{"charted", "tallied"}

// gatherOneOf is of how many assessed texts one lets changes of counts be added
// up, on average: so some thousand rows are read at most.
const gatherOneOf = 1000

// gatherSometimes follows a write that scored texts of a site. The author is one
// who is proven, or "".
func (s *Store) gatherSometimes(ctx context.Context, site, author string, scored int) error {
	if s.d.name == "sqlite" {
		return nil
	}
	if author != "" && rand.IntN(gatherOneOf) < 20*scored { // who has fifty comments or more
		if err := s.gather(ctx, gatherTallied, author); err != nil {
			return err
		}
	}
	if rand.IntN(gatherOneOf) >= scored {
		return nil
	}
	return s.gather(ctx, gatherCharted, site)
}

// Gather adds the changes of a site's counts, and of some authors', up to one row
// for each count. Rows that another node is gathering at the same time are left to
// it.
func (s *Store) Gather(ctx context.Context, site string, authors ...string) error {
	if s.d.name == "sqlite" {
		return nil
	}
	for _, author := range authors {
		if err := s.gather(ctx, gatherTallied, author); err != nil {
			return err
		}
	}
	return s.gather(ctx, gatherCharted, site)
}

func (s *Store) gather(ctx context.Context, query, of string) error {
	return s.write(ctx, func(tx *sql.Tx) error { return all(ctx, tx, stmt(query, of)) })
}

const (
	gatherCharted = `with gone as (delete from charted where ctid = any(array(select ctid from charted where site_id = $1 for update skip locked)) returning site_id, model, score, n)
		insert into charted (site_id, model, score, n) select site_id, model, score, sum(n) from gone group by site_id, model, score having sum(n) <> 0`
	gatherTallied = `with gone as (delete from tallied where ctid = any(array(select ctid from tallied where author_id = $1 for update skip locked)) returning author_id, state, n)
		insert into tallied (author_id, state, n) select author_id, state, sum(n) from gone group by author_id, state having sum(n) <> 0`
)
