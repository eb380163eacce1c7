// Package fill makes a very large installation out of nothing: sites, articles
// and comments in every state, by statements that the database itself carries out,
// millions of rows a minute.
//
// The rows have the shape and size of real ones. What only check and receipts need
// is not in them: the record's hashes, salts and receipts' tokens. So screens, plans
// and figures are as they would be, and check rightly refuses the database.
package fill

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

// Size is how large the installation is to be.
type Size struct {
	Sites    int
	Comments int
	Waiting  int // of them, the newest
	Thread   int // comments of one thread, beside the others
}

// perArticle is the mean length of a thread.
const perArticle = 50

// chunk bounds the rows of a transaction.
const chunk = 200_000

// articles is the number of articles of a site.
func (z Size) articles() int { return max(1, z.Comments/z.Sites/perArticle) }

// accounts is the number of readers with an account; each has some 100 comments.
func (z Size) accounts() int { return max(100, z.Comments/1000) }

// LongThread is the article with the thread of Size.Thread comments, Site one of
// the sites, Article one of its articles, Comment one that is released.
const (
	Site       = "s100000"
	Article    = "a10000000"
	LongThread = "along0000000"
	Comment    = "c100000001000"
	Author     = "u1000000" // an account with many comments
)

// filler is a run.
type filler struct {
	Size
	db   *sql.DB
	pg   bool
	base int64 // time of the first comment, microseconds
	step int64 // between comments
	say  func(string)
}

// Fill fills a store that has no sites yet. It tells say what it has done.
func Fill(ctx context.Context, s *store.Store, z Size, say func(string)) error {
	span := 2 * 365 * 24 * time.Hour
	f := &filler{Size: z, db: s.Pool(), pg: s.Backend() == "postgres", say: say,
		base: s.Now().Add(-span).UnixMicro(), step: span.Microseconds() / int64(z.Comments+1)}
	later, err := f.begin(ctx)
	if err != nil {
		return err
	}
	if err := f.houses(ctx); err != nil {
		return err
	}
	for from := 1; from <= z.Comments; from += chunk {
		to := min(from+chunk-1, z.Comments)
		if err := f.chunk(ctx, from, to); err != nil {
			return err
		}
		say(fmt.Sprintf("%d of %d comments", to, z.Comments))
	}
	if err := f.longThread(ctx); err != nil {
		return err
	}
	return f.end(ctx, later)
}

// begin takes away what makes bulk loading slow, and gives the statements that
// bring the indexes back.
func (f *filler) begin(ctx context.Context) ([]string, error) {
	query := "select name, sql from sqlite_master where type = 'index' and sql is not null"
	if f.pg {
		query = `select indexname, indexdef from pg_indexes where schemaname = 'public'
			and indexname not in (select conname from pg_constraint)`
	}
	rows, err := f.db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the indexes: %w", err)
	}
	defer rows.Close()
	var drop, later []string
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, err
		}
		drop, later = append(drop, "drop index "+name), append(later, statement)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if !f.pg {
		drop = append(drop, "pragma foreign_keys = 0", "pragma synchronous = off", "pragma cache_size = -200000")
	}
	return later, f.run(ctx, drop...)
}

func (f *filler) end(ctx context.Context, indexes []string) error {
	for _, statement := range indexes {
		if err := f.run(ctx, statement); err != nil {
			return err
		}
	}
	f.say("indexes")
	if !f.pg {
		return f.run(ctx, "pragma foreign_keys = 1", "pragma synchronous = full", "pragma wal_checkpoint(truncate)")
	}
	return f.run(ctx, "vacuum analyze")
}

func (f *filler) run(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := f.db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.80s…: %w", s, err)
		}
	}
	return nil
}

// numbers is a table i of the numbers from one to another.
func numbers(from, to int) string {
	return fmt.Sprintf("with recursive i(n) as (select cast(%d as bigint) union all select n + 1 from i where n < %d) ", from, to)
}

// houses makes sites, one editor, articles and accounts of readers.
func (f *filler) houses(ctx context.Context) error {
	all := f.Sites * f.articles()
	const doc = `{"url":"","headline":"Die Brücke wird saniert","lede":"Ab Mai gesperrt.","image":null,"publisher":"Blatt","date":"2026-11-20","blocks":[{"kind":"paragraph","text":"Der Stadtrat hat es beschlossen."}],"sign_off":"","boxes":[]}`
	articles := "insert into articles (id, site_id, url, headline, lede, doc, created_at) select "
	site := fmt.Sprintf("'s' || cast(100000 + n / %d as text)", f.articles())
	return f.run(ctx,
		numbers(0, f.Sites-1)+"insert into sites (id, name, origin, created_at) select 's' || cast(100000 + n as text), 'Blatt ' || cast(n as text), 'https://blatt' || cast(n as text) || '.example', 0 from i",
		"insert into chains (site_id, seq, head) select id, 1000000000, '' from sites where id not in (select site_id from chains)",
		"insert into editors (id, email, name, role, password, created_at) values ('e1', 'red@blatt.example', 'Redaktion', 'editor', '-', 0)",
		numbers(0, all-1)+articles+fmt.Sprintf("'a' || cast(10000000 + n as text), %s, 'https://blatt' || cast(n / %d as text) || '.example/' || cast(n as text), 'Die Brücke wird saniert', 'Ab Mai gesperrt.', '%s', %d + n * %d from i",
			site, f.articles(), doc, f.base, f.step*perArticle),
		articles+fmt.Sprintf("'%s', '%s', 'https://blatt0.example/lang', 'Die Brücke wird saniert', 'Ab Mai gesperrt.', '%s', %d from sites where id = '%s'", LongThread, Site, doc, f.base, Site),
		numbers(0, f.accounts()-1)+fmt.Sprintf("insert into authors (id, site_id, kind, subject, name, created_at) select 'u' || cast(1000000 + n as text), 's' || cast(100000 + n %% %d as text), 'account', cast(n as text), 'Berta Klein', %d from i", f.Sites, f.base))
}

// Text is a comment of some 250 characters.
const text = "Die Sanierung der alten Brücke kommt spät, aber sie kommt. Wer morgens über den Damm fährt, weiß, wie lange man dort steht. " +
	"Ich hätte mir gewünscht, dass der Stadtrat zuerst die Umleitung plant und dann die Sperrung beschließt."

const assessment = `{"rules":{"profanity":{"score":0.02,"passages":[],"version":"profanity/1"},"aggression":{"score":0.11,"passages":[],"version":"aggression/1"},` +
	`"insinuation":{"score":0.05,"passages":[],"version":"insinuation/1"},"advertising":{"score":0.01,"passages":[],"version":"advertising/1"},` +
	`"digression":{"score":0.2,"passages":[],"version":"digression/1"}},"refuse":0.2,"flags":[]}`

// spot is where the comments of a run of numbers go.
type spot struct {
	site, article, state, author string
	parent                       string // of the comment answered, or null
	from, to                     int
	mark                         string // begins the ids
	base, step                   int64
}

// chunk makes comments of the given numbers in the articles of all sites. Of a
// hundred decided ones 85 are released; the newest of all wait.
func (f *filler) chunk(ctx context.Context, from, to int) error {
	perSite := f.articles()
	return f.comments(ctx, spot{
		from: from, to: to, mark: "c", base: f.base, step: f.step,
		site:    fmt.Sprintf("'s' || cast(100000 + n %% %d as text)", f.Sites),
		article: fmt.Sprintf("'a' || cast(10000000 + (n %% %d) * %d + (n / %d) %% %d as text)", f.Sites, perSite, f.Sites, perSite),
		parent:  fmt.Sprintf("case when n / %d %% 4 = 3 and (n - %d) %% 100 < 85 then 'c' || cast(100000000000 + n - %d as text) end", f.Sites*perSite, f.Sites*perSite, f.Sites*perSite),
		author:  fmt.Sprintf("case when n %% 10 = 0 then 'u' || cast(1000000 + (n / 10) %% %d as text) else 'g' || cast(100000000000 + n as text) end", f.accounts()),
		state: fmt.Sprintf("case when n > %d then 'pending' when n %% 100 < 85 then 'approved' when n %% 100 < 95 then 'rejected' when n %% 100 < 97 then 'declined' when n %% 100 = 97 then 'removed' when n %% 100 = 98 then 'withdrawn' else 'returned' end",
			f.Comments-f.Waiting),
	})
}

func (f *filler) longThread(ctx context.Context) error {
	if f.Thread == 0 {
		return nil
	}
	err := f.comments(ctx, spot{from: 1, to: f.Thread, mark: "l", base: f.base, step: f.step, site: "'" + Site + "'", article: "'" + LongThread + "'",
		state: "'approved'", parent: "null", author: "'g' || cast(100000000000 + n as text)"})
	if err != nil {
		return err
	}
	return f.run(ctx, "delete from counts", "insert into counts (article_id, comments) select article_id, count(*) from publications group by article_id")
}

func (f *filler) comments(ctx context.Context, p spot) error {
	id := "'" + p.mark + "' || cast(100000000000 + n as text)"
	at := fmt.Sprintf("(%d + n * %d)", p.base, p.step)
	from := numbers(p.from, p.to)
	fields := strings.NewReplacer("{id}", id, "{at}", at, "{site}", p.site, "{article}", p.article, "{state}", p.state, "{author}", p.author, "{text}", text, "{assessment}", assessment,
		"{recent}", fmt.Sprint(f.base+int64(f.Comments)*f.step-24*3600*1e6), "{year}", fmt.Sprint(f.base+int64(f.Comments)*f.step/2), "{parent}", p.parent, "{guest}", "'g' || cast(100000000000 + n as text)")
	statements := []string{
		`insert into comments (id, site_id, article_id, author_id, author_name, author_email, parent_id, proven, revision, live_revision, receipt_hash, sender_hash, created_at)
			select {id}, {site}, {article}, {author}, 'Berta Klein', case when n % 5 = 0 and {at} > {year} then 'b' || cast(n as text) || '@example.org' end,
			{parent}, case when n % 10 = 0 then 1 else 0 end, 1, case when {state} = 'approved' then 1 end, {id}, case when {at} > {recent} then {id} end, {at} from i`,
		`insert into revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, assessment, refuse, top_rule, blind, decision_id, submitted_at, state_at)
			select {id}, 1, {site}, {article}, {state}, '{text}', lower('{text}'), 's', 'd', '{assessment}', (n % 1000) / 1000.0, 'digression', case when n % 50 = 0 then 1 else 0 end,
			case when {state} <> 'pending' then {id} end, {at}, {at} from i`,
		`insert into decisions (id, site_id, seq, comment_id, revision, step, from_state, to_state, actor_id, actor_role, at, hold_until, rule, text_digest, reason_digest, assessment_digest, prev, hash, releases)
			select {id}, {site}, n + case when '` + p.mark + `' = 'l' then 500000000 else 0 end, {id}, 1, case {state} when 'approved' then 'approve' when 'rejected' then 'reject' when 'removed' then 'remove' when 'withdrawn' then 'withdraw' when 'returned' then 'return' else 'decline' end,
			'pending', {state}, 'e1', 'editor', {at}, {at}, case when {state} in ('rejected', 'removed') then 'digression' else '' end, '', '', '', '', '', case when {state} = 'approved' then 1 else 0 end from i where {state} <> 'pending'`,
		`insert into publications (article_id, path, root, comment_id, site_id, revision, author_name, text, first_at, published_at, picked, decision_id)
			select {article}, cast({at} as text) || {id}, cast({at} as text) || {id}, {id}, {site}, 1, 'Berta Klein', '{text}', {at}, {at}, case when n % 40 = 0 then 1 else 0 end, {id} from i where {state} = 'approved'`,
		`insert into notices (id, site_id, article_id, comment_id, kind, rule, created_at, decided_at)
			select {id}, {site}, {article}, {id}, 'flag', 'digression', {at}, case when n % 400 > 0 then {at} end from i where {state} = 'approved' and n % 40 = 0`,
	}
	if p.mark == "c" {
		guests := "insert into authors (id, site_id, kind, name, email, created_at) select {guest}, {site}, 'guest', 'Berta Klein', case when n % 5 = 0 and {at} > {year} then 'b' || cast(n as text) || '@example.org' end, {at} from i"
		statements = append([]string{guests}, statements...)
	}
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, from+fields.Replace(s)); err != nil {
			_ = tx.Rollback() // the first error is the one to tell
			return fmt.Errorf("%.60s…: %w", s, err)
		}
	}
	return tx.Commit()
}
