package store

import (
	"context"
	"database/sql"
)

// The chart of the bundles counts all that waits, so its counts are kept (see kept.go).

// sqliteCharted and postgresCharted are the table and its triggers; the conditions
// are those of inBundle.
const sqliteCharted = `create table charted (site_id text not null, model text not null, score integer not null, n integer not null, primary key (site_id, model, score)) without rowid;
create trigger charted_new after insert on revisions when new.state = 'pending' and new.blind = 0 and new.calm >= 0 begin insert into charted values (new.site_id, new.calm_model, new.calm, 1) on conflict do update set n = n + 1; end;
create trigger charted_left after update of state, blind, calm, calm_model on revisions when old.state = 'pending' and old.blind = 0 and old.calm >= 0 begin update charted set n = n - 1 where site_id = old.site_id and model = old.calm_model and score = old.calm; end;
create trigger charted_came after update of state, blind, calm, calm_model on revisions when new.state = 'pending' and new.blind = 0 and new.calm >= 0 begin insert into charted values (new.site_id, new.calm_model, new.calm, 1) on conflict do update set n = n + 1; end;
create trigger charted_gone after delete on revisions when old.state = 'pending' and old.blind = 0 and old.calm >= 0 begin update charted set n = n - 1 where site_id = old.site_id and model = old.calm_model and score = old.calm; end;
`

const postgresCharted = `create table charted (site_id text not null, model text not null, score integer not null, n integer not null);
create index charted_site on charted (site_id, model, score, n);
create function charted_came() returns trigger language plpgsql as $$ begin insert into charted values (new.site_id, new.calm_model, new.calm, 1); return null; end $$;
create function charted_left() returns trigger language plpgsql as $$ begin insert into charted values (old.site_id, old.calm_model, old.calm, -1); return null; end $$;
create trigger charted_new after insert on revisions for each row when (new.state = 'pending' and new.blind = 0 and new.calm >= 0) execute function charted_came();
create trigger charted_left after update of state, blind, calm, calm_model on revisions for each row when (old.state = 'pending' and old.blind = 0 and old.calm >= 0) execute function charted_left();
create trigger charted_came after update of state, blind, calm, calm_model on revisions for each row when (new.state = 'pending' and new.blind = 0 and new.calm >= 0) execute function charted_came();
create trigger charted_gone after delete on revisions for each row when (old.state = 'pending' and old.blind = 0 and old.calm >= 0) execute function charted_left();
`

// inBundle is what may enter a bundle; it repeats the words of the indexes and of
// the triggers.
const inBundle = "r.site_id = $1 and r.calm_model = $2 and r.state = 'pending' and r.blind = 0 and r.calm >= 0"

// Chart counts a site's waiting comments that may enter a bundle, by the
// twentieth of the frozen score in which they lie.
func (s *Store) Chart(ctx context.Context, site, model string) ([20]int, error) {
	var out [20]int
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var place, n int
		err := r.Scan(&place, &n)
		out[min(max(place/5, 0), 19)] += n
		return err
	}, "select score, sum(n) from charted where site_id = $1 and model = $2 group by score", site, model)
	return out, err
}
