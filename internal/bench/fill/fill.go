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
	Waiting  int // of them, the newest of each site
	Thread   int // comments of one thread, beside the others
}

// perArticle is the mean length of a thread.
const perArticle = 50

// portion bounds the rows of a transaction.
const portion = 200_000

func (z Size) perSite() int { return max(1, z.Comments/z.Sites) }

// decided is how many of a site's comments do not wait.
func (z Size) decided() int { return z.perSite() - z.Waiting/z.Sites }

// articles is the number of articles of a site.
func (z Size) articles() int { return max(1, z.perSite()/perArticle) }

// accounts is the number of a site's readers with an account; each has some 100
// comments.
func (z Size) accounts() int { return max(5, z.perSite()/1000) }

// LongThread is the article with the thread of Size.Thread comments, Site one of
// the sites, Article one of its articles, Comment one of its comments, released.
const (
	Site       = "s100000"
	Article    = "a10000000"
	LongThread = "along0000000"
	Comment    = "c100000000010"
	Author     = "u1000000" // the site's busiest: a tenth of the long thread is theirs
	Model      = "bench"    // that gave the frozen scores
	Editor     = "e1"
)

// filler is a run.
type filler struct {
	Size
	db   *sql.Conn // one connection: what it is told for the load holds for it alone
	pg   bool
	base int64 // time of the first comment, microseconds
	step int64 // between comments
	say  func(string)
}

// Fill fills a store that has no sites yet. It tells say what it has done.
func Fill(ctx context.Context, s *store.Store, z Size, say func(string)) error {
	span := 2 * 365 * 24 * time.Hour
	conn, err := s.Pool().Conn(ctx)
	if err != nil {
		return fmt.Errorf("open a connection: %w", err)
	}
	defer conn.Close()
	f := &filler{Size: z, db: conn, pg: s.Backend() == "postgres", say: say,
		base: s.Now().Add(-span).UnixMicro(), step: span.Microseconds() / int64(z.Comments+1)}
	load, err := Begin(ctx, conn, f.pg)
	if err != nil {
		return err
	}
	if err := f.houses(ctx); err != nil {
		return err
	}
	for from, all := 0, z.perSite()*z.Sites; from < all; from += portion {
		to := min(from+portion, all) - 1
		if err := f.portion(ctx, from, to); err != nil {
			return err
		}
		say(fmt.Sprintf("%d of %d comments", to+1, all))
	}
	if err := f.longThread(ctx); err != nil {
		return err
	}
	return load.End(ctx, say)
}

func (f *filler) run(ctx context.Context, statements ...string) error {
	return run(ctx, f.db, statements...)
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
	site := func(each int) string { return fmt.Sprintf("'s' || cast(100000 + n / %d as text)", each) }
	return f.run(ctx,
		numbers(0, f.Sites-1)+"insert into sites (id, name, origin, created_at) select 's' || cast(100000 + n as text), 'Blatt ' || cast(n as text), 'https://blatt' || cast(n as text) || '.example', 0 from i",
		"insert into chains (site_id, seq, head) select id, 1000000000, '' from sites where id not in (select site_id from chains)",
		"insert into editors (id, email, name, role, password, created_at) values ('"+Editor+"', 'red@blatt.example', 'Redaktion', 'editor', '-', 0)",
		numbers(0, all-1)+articles+fmt.Sprintf("'a' || cast(10000000 + n as text), %s, 'https://blatt' || cast(n / %d as text) || '.example/' || cast(n as text), 'Die Brücke wird saniert', 'Ab Mai gesperrt.', '%s', %d + n * %d from i",
			site(f.articles()), f.articles(), doc, f.base, f.step*perArticle),
		articles+fmt.Sprintf("'%s', '%s', 'https://blatt0.example/lang', 'Die Brücke wird saniert', 'Ab Mai gesperrt.', '%s', %d from sites where id = '%s'", LongThread, Site, doc, f.base, Site),
		numbers(0, f.Sites*f.accounts()-1)+fmt.Sprintf("insert into authors (id, site_id, kind, subject, name, created_at) select 'u' || cast(1000000 + n as text), %s, 'account', cast(n as text), 'Berta Klein', %d from i", site(f.accounts()), f.base))
}

// Text is a comment of some 250 characters.
const text = "Die Sanierung der alten Brücke kommt spät, aber sie kommt. Wer morgens über den Damm fährt, weiß, wie lange man dort steht. " +
	"Ich hätte mir gewünscht, dass der Stadtrat zuerst die Umleitung plant und dann die Sperrung beschließt."

const assessment = `{"rules":{"profanity":{"score":0.02,"passages":[],"version":"profanity/1"},"aggression":{"score":0.11,"passages":[],"version":"aggression/1"},` +
	`"insinuation":{"score":0.05,"passages":[],"version":"insinuation/1"},"advertising":{"score":0.01,"passages":[],"version":"advertising/1"},` +
	`"digression":{"score":0.2,"passages":[],"version":"digression/1"}},"refuse":0.2,"flags":[]}`

// spot is where the comments of a run of numbers n go. The fields are expressions
// of n.
type spot struct {
	from, to                      int
	mark                          string // begins the ids
	site, article, state, at, seq string
	account                       string // author of every tenth comment; guests write the others
	parent                        string // of the comment answered, or null
}

// portion makes the comments of the given numbers, a site after the other and in
// it an article after the other, so that the rows of each table come in the order
// of its key. Comments of all sites are spread over the same time. Of a hundred
// decided ones 85 are released; the newest of each site wait.
func (f *filler) portion(ctx context.Context, from, to int) error {
	place := strings.NewReplacer("{site}", fmt.Sprintf("(n / %d)", f.perSite()), "{j}", fmt.Sprintf("(n %% %d)", f.perSite()),
		"{per}", fmt.Sprint(f.perSite()), "{articles}", fmt.Sprint(f.articles()), "{accounts}", fmt.Sprint(f.accounts()),
		"{sites}", fmt.Sprint(f.Sites), "{decided}", fmt.Sprint(f.decided()), "{base}", fmt.Sprint(f.base), "{step}", fmt.Sprint(f.step))
	return f.comments(ctx, spot{
		from: from, to: to, mark: "c",
		site:    place.Replace("'s' || cast(100000 + {site} as text)"),
		article: place.Replace("'a' || cast(10000000 + {site} * {articles} + {j} * {articles} / {per} as text)"),
		at:      place.Replace("({base} + ({j} * {sites} + {site}) * {step})"),
		seq:     place.Replace("{j} + 1"),
		account: place.Replace("'u' || cast(1000000 + {site} * {accounts} + n / 10 % {accounts} as text)"),
		parent: place.Replace("case when n % 4 = 3 and (n - 1) % 100 < 85 and {j} > 0 and {j} <= {decided} and {j} * {articles} / {per} = ({j} - 1) * {articles} / {per} " +
			"then 'c' || cast(100000000000 + n - 1 as text) end"),
		state: place.Replace("case when {j} >= {decided} then 'pending' when n % 100 < 85 then 'approved' when n % 100 < 95 then 'rejected' when n % 100 < 97 then 'declined' " +
			"when n % 100 = 97 then 'removed' when n % 100 = 98 then 'withdrawn' else 'returned' end"),
	})
}

func (f *filler) longThread(ctx context.Context) error {
	for from := 0; from < f.Thread; from += portion {
		err := f.comments(ctx, spot{from: from, to: min(from+portion, f.Thread) - 1, mark: "l", site: "'" + Site + "'", article: "'" + LongThread + "'", state: "'approved'",
			parent: "cast(null as text)", account: "'" + Author + "'", at: fmt.Sprintf("(%d + n * %d)", f.base, f.step), seq: "500000000 + n"})
		if err != nil {
			return err
		}
	}
	f.say(fmt.Sprintf("a thread of %d", f.Thread))
	return f.run(ctx, "delete from counts", "insert into counts (article_id, comments) select article_id, count(*) from publications group by article_id")
}

func (f *filler) comments(ctx context.Context, p spot) error {
	last := f.base + int64(f.Comments)*f.step
	fields := strings.NewReplacer("{id}", "'"+p.mark+"' || cast(100000000000 + n as text)", "{guest}", "'g"+p.mark+"' || cast(100000000000 + n as text)",
		"{author}", "case when n % 10 = 0 then "+p.account+" else 'g"+p.mark+"' || cast(100000000000 + n as text) end",
		"{at}", p.at, "{site}", p.site, "{article}", p.article, "{state}", p.state, "{parent}", p.parent, "{seq}", p.seq,
		"{text}", "'"+text+" Kennwort' || cast(100000 + n % 20000 as text)", "{assessment}", assessment,
		"{email}", fmt.Sprintf("case when n %% 5 = 0 and %s > %d then 'b' || cast(n as text) || '@example.org' end", p.at, f.base+int64(f.Comments)*f.step/2),
		"{recent}", fmt.Sprint(last-24*3600*1e6))
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range rows {
		if _, err := tx.ExecContext(ctx, numbers(p.from, p.to)+fields.Replace(s)); err != nil {
			_ = tx.Rollback() // the first error is the one to tell
			return fmt.Errorf("%.60s…: %w", s, err)
		}
	}
	return tx.Commit()
}

// rows are the statements that write a comment with all that belongs to it.
var rows = []string{
	"insert into authors (id, site_id, kind, name, email, created_at) select {guest}, {site}, 'guest', 'Berta Klein', {email}, {at} from i where n % 10 > 0",
	`insert into comments (id, site_id, article_id, author_id, author_name, author_email, parent_id, proven, revision, live_revision, receipt_hash, sender_hash, created_at)
		select {id}, {site}, {article}, {author}, 'Berta Klein', {email},
		{parent}, case when n % 10 = 0 then 1 else 0 end, 1, case when {state} = 'approved' then 1 end, {id}, case when {at} > {recent} then {id} end, {at} from i`,
	`insert into revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, assessment, refuse, top_rule, blind, calm, calm_model, decision_id, submitted_at, state_at)
		select {id}, 1, {site}, {article}, {state}, {text}, lower({text}), 's', 'd', '{assessment}', (n % 1000) / 1000.0, 'digression', case when n % 50 = 0 then 1 else 0 end,
		n % 100, '` + Model + `', case when {state} <> 'pending' then {id} end, {at}, {at} from i`,
	`insert into decisions (id, site_id, seq, comment_id, revision, step, from_state, to_state, actor_id, actor_role, at, hold_until, rule, text_digest, reason_digest, assessment_digest, prev, hash, releases)
		select {id}, {site}, {seq}, {id}, 1, case {state} when 'approved' then 'approve' when 'rejected' then 'reject' when 'removed' then 'remove' when 'withdrawn' then 'withdraw' when 'returned' then 'return' else 'decline' end,
		'pending', {state}, 'e1', 'editor', {at}, {at}, case when {state} in ('rejected', 'removed') then 'digression' else '' end, '', '', '', '', '', case when {state} = 'approved' then 1 else 0 end from i where {state} <> 'pending'`,
	`insert into publications (article_id, path, root, comment_id, site_id, revision, author_name, text, first_at, published_at, picked, decision_id)
		select {article}, cast({at} as text) || {id}, cast({at} as text) || {id}, {id}, {site}, 1, 'Berta Klein', {text}, {at}, {at}, case when n % 40 = 0 then 1 else 0 end, {id} from i where {state} = 'approved'`,
	`insert into notices (id, site_id, article_id, comment_id, kind, rule, created_at, decided_at)
		select {id}, {site}, {article}, {id}, 'flag', 'digression', {at}, case when n % 400 > 0 then {at} end from i where {state} = 'approved' and n % 40 = 0`,
}
