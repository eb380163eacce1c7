package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// sqliteTallied and postgresTallied are the kept counts of a proven author's
// comments by the state of their newest revision, and their triggers. A comment's
// row and that of its revision may come in either order.
const sqliteTallied = `create table tallied (author_id text not null, state text not null, n integer not null, primary key (author_id, state)) without rowid;
create trigger tallied_text after insert on revisions begin insert into tallied select c.author_id, new.state, 1 from comments c where c.id = new.comment_id and c.revision = new.number and c.proven = 1 on conflict do update set n = n + 1; end;
create trigger tallied_new after insert on comments when new.proven = 1 begin insert into tallied select new.author_id, r.state, 1 from revisions r where r.comment_id = new.id and r.number = new.revision on conflict do update set n = n + 1; end;
create trigger tallied_state after update of state on revisions when old.state <> new.state begin update tallied set n = n - 1 where state = old.state and author_id = (select c.author_id from comments c where c.id = new.comment_id and c.revision = new.number and c.proven = 1); insert into tallied select c.author_id, new.state, 1 from comments c where c.id = new.comment_id and c.revision = new.number and c.proven = 1 on conflict do update set n = n + 1; end;
create trigger tallied_moved after update of revision, author_id, proven on comments when (old.proven = 1 or new.proven = 1) and (old.revision <> new.revision or old.author_id <> new.author_id or old.proven <> new.proven) begin update tallied set n = n - 1 where old.proven = 1 and author_id = old.author_id and state = (select r.state from revisions r where r.comment_id = old.id and r.number = old.revision); insert into tallied select new.author_id, r.state, 1 from revisions r where new.proven = 1 and r.comment_id = new.id and r.number = new.revision on conflict do update set n = n + 1; end;
`

const postgresTallied = `create table tallied (author_id text not null, state text not null, n integer not null);
create index tallied_author on tallied (author_id, state, n);
create function tallied_text() returns trigger language plpgsql as $$ begin insert into tallied select c.author_id, new.state, 1 from comments c where c.id = new.comment_id and c.revision = new.number and c.proven = 1; return null; end $$;
create function tallied_new() returns trigger language plpgsql as $$ begin insert into tallied select new.author_id, r.state, 1 from revisions r where r.comment_id = new.id and r.number = new.revision; return null; end $$;
create function tallied_state() returns trigger language plpgsql as $$ begin insert into tallied select c.author_id, v.state, v.n from comments c, (values (old.state, -1), (new.state, 1)) v (state, n) where c.id = new.comment_id and c.revision = new.number and c.proven = 1; return null; end $$;
create function tallied_moved() returns trigger language plpgsql as $$ begin insert into tallied select old.author_id, r.state, -1 from revisions r where old.proven = 1 and r.comment_id = old.id and r.number = old.revision union all select new.author_id, r.state, 1 from revisions r where new.proven = 1 and r.comment_id = new.id and r.number = new.revision; return null; end $$;
create trigger tallied_text after insert on revisions for each row execute function tallied_text();
create trigger tallied_new after insert on comments for each row when (new.proven = 1) execute function tallied_new();
create trigger tallied_state after update of state on revisions for each row when (old.state <> new.state) execute function tallied_state();
create trigger tallied_moved after update of revision, author_id, proven on comments for each row when ((old.proven = 1 or new.proven = 1) and (old.revision, old.author_id, old.proven) <> (new.revision, new.author_id, new.proven)) execute function tallied_moved();
`

// Record is what the desk knows of a proven author; a typed name has none.
type Record struct {
	Proven                                        bool
	Submitted, Approved, Rejected, Removed, Waits int
	Since                                         time.Time             // of the first comment
	Last                                          []moderation.Decision // newest first
}

// RecordOf gives the record of a proven author. Its last decisions are looked for
// among the newest two hundred comments.
func (s *Store) RecordOf(ctx context.Context, author string) (Record, error) {
	rec := Record{Proven: true}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var state moderation.State
		var n int
		err := r.Scan(&state, &n)
		rec.count(state, n)
		return err
	}, "select state, sum(n) from tallied where author_id = $1 group by state", author)
	if err != nil {
		return rec, err
	}
	var since sql.NullInt64
	if err := s.read.QueryRowContext(ctx, "select min(created_at) from comments where author_id = $1 and proven = 1", author).Scan(&since); err != nil {
		return rec, classify(err)
	}
	rec.Since = timeOf(since)
	rec.Last, err = decisions(ctx, s.read, `d.comment_id in (select id from (select id from comments where author_id = $1 and proven = 1 order by created_at desc limit 200) newest)
		and d.actor_role in ('editor', 'chief') order by d.at desc limit 5`, author)
	return rec, err
}

func (rec *Record) count(state moderation.State, n int) {
	rec.Submitted += n
	switch state {
	case moderation.Approved:
		rec.Approved += n
	case moderation.Rejected, moderation.Returned, moderation.Appealed:
		rec.Rejected += n
	case moderation.Removed:
		rec.Removed += n
	case moderation.Pending, moderation.Escalated:
		rec.Waits += n
	}
}
