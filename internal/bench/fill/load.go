package fill

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Load is bulk loading under way: indexes, triggers and what they keep are away,
// so that rows go in as fast as the disk takes them.
type Load struct {
	db    *sql.Conn
	pg    bool
	later []string // statements that bring the indexes and triggers back
}

// Begin takes away what makes bulk loading slow. Nobody else may use the database
// until End.
func Begin(ctx context.Context, db *sql.Conn, pg bool) (*Load, error) {
	l := &Load{db: db, pg: pg}
	query := "select type, name, sql from sqlite_master where type in ('index', 'trigger') and sql is not null order by type"
	before := []string{"pragma foreign_keys = 0", "pragma synchronous = off", "pragma cache_size = -400000"}
	if pg {
		query = `select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'
			and indexname not in (select conname from pg_constraint)`
		// As on a replica: neither triggers nor references are looked at.
		before = []string{"set session_replication_role = replica", "set synchronous_commit = off", "set maintenance_work_mem = '1GB'"}
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the indexes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, name, statement string
		if err := rows.Scan(&kind, &name, &statement); err != nil {
			return nil, err
		}
		before, l.later = append(before, "drop "+kind+" "+name), append(l.later, statement)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return l, run(ctx, db, before...)
}

// derived is what triggers would have kept: the words of the search, SQLite's
// alone, and the counts of the chart.
var (
	derivedWords = []string{
		"insert into searched_words (searched_words) values ('delete-all')",
		"delete from searched",
		"insert into searched (comment_id, revision) select comment_id, number from revisions order by submitted_at, comment_id",
		`insert into searched_words (rowid, words) select s.id, r.folded from searched s cross join revisions r
			where r.comment_id = s.comment_id and r.number = s.revision and r.folded <> '' order by s.id`,
	}
	derivedCounts = []string{
		"delete from charted",
		`insert into charted (site_id, model, score, n) select site_id, calm_model, calm, count(*) from revisions
			where state = 'pending' and blind = 0 and calm >= 0 group by site_id, calm_model, calm`,
		"delete from tallied",
		`insert into tallied (author_id, state, n) select c.author_id, r.state, count(*) from comments c join revisions r on r.comment_id = c.id and r.number = c.revision
			where c.proven = 1 group by c.author_id, r.state`,
	}
)

// End brings everything back as it was before Begin, for the rows that are there
// now.
func (l *Load) End(ctx context.Context, say func(string)) error {
	if !l.pg {
		if err := run(ctx, l.db, derivedWords...); err != nil {
			return err
		}
		say("words")
	}
	for _, statement := range l.later {
		if err := run(ctx, l.db, statement); err != nil {
			return err
		}
		if name := strings.Fields(statement); len(name) > 2 {
			say(strings.Join(name[:3], " "))
		}
	}
	if err := run(ctx, l.db, derivedCounts...); err != nil {
		return err
	}
	after := []string{"pragma foreign_keys = 1", "pragma synchronous = full", "pragma cache_size = -2000", "pragma wal_checkpoint(truncate)"}
	if l.pg {
		after = []string{"vacuum analyze", "set session_replication_role = origin", "reset synchronous_commit", "reset maintenance_work_mem"}
	}
	return run(ctx, l.db, after...)
}

func run(ctx context.Context, db *sql.Conn, statements ...string) error {
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.80s…: %w", s, err)
		}
	}
	return nil
}
