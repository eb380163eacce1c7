package store_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// What the pages of bundles and statistics ask reads what they are about and
// nothing else: no query walks through a whole table or a whole index.
func TestNoPageOfTheDeskReadsAWholeTable(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		for i := range 3 {
			h.Do(h.Anna, moderation.Approve, h.Post("", "Mira", strings.Repeat("Text ", i+1)).Comment)
		}
		many(t, h)
		if got := plans(t, h, store.Recorded{Query: "select count(*) from decisions d where d.reason = $1", Args: []any{"x"}}); len(got) == 0 {
			t.Fatal("the check does not notice a walk through a whole table")
		}
		if bars, err := h.Chart(ctx, h.Site.ID, "v1"); err != nil || bars[0] != 150 || bars[19] != 150 {
			t.Fatalf("the chart counts %v: %v", bars, err)
		}
		if rows, err := h.Calmly(ctx, h.Site.ID, "v1", 5, 10, 20); err != nil || len(rows) != 20 || rows[0].Score != 5 || rows[0].ID != "many5" {
			t.Fatalf("between the handles: %v %v", rows, err)
		}
		for _, site := range []string{h.Site.ID, ""} {
			p := store.Period{Site: site, From: h.Now().Add(-time.Hour), To: h.Now().Add(time.Hour)}
			stop := h.Record(dsn)
			for _, ask := range []func() error{
				func() error { _, err := h.Hours(ctx, p); return err },
				func() error { _, err := h.RefusalsBy(ctx, "rule", p); return err },
				func() error { _, err := h.RefusalsBy(ctx, "section", p); return err },
				func() error { _, err := h.RefusalsBy(ctx, "article", p); return err },
				func() error { _, err := h.RefusalsBy(ctx, "hour", p); return err },
				func() error { _, err := h.Blindly(ctx, p, 0.5); return err },
				func() error {
					_, err := h.DecidedTexts(ctx, store.Period{Site: h.Site.ID, From: p.From, To: p.To}, 100)
					return err
				},
				func() error { _, err := h.JudgedTwice(ctx, p); return err },
				func() error { _, err := h.Outcomes(ctx, p); return err },
				func() error { _, err := h.OldestWaiting(ctx, site); return err },
				func() error { _, err := h.QueueAges(ctx, site, []time.Duration{time.Hour, 4 * time.Hour}); return err },
				func() error { _, err := h.Pace(ctx, p); return err },
				func() error { _, err := h.Waited(ctx, p, 100); return err },
				func() error { _, err := h.BundleQuality(ctx, p); return err },
				func() error { _, err := h.Chart(ctx, h.Site.ID, "v1"); return err },
				func() error { _, err := h.Calmly(ctx, h.Site.ID, "v1", 0, 20, 200); return err },
				func() error { _, err := h.Uncalmed(ctx, h.Site.ID, "v1", 100); return err },
				func() error { _, err := h.Labels(ctx, h.Site.ID, 500); return err },
			} {
				if err := ask(); err != nil {
					t.Fatal(err)
				}
			}
			for _, q := range stop() {
				for _, line := range plans(t, h, q) {
					t.Errorf("site %q: %s\nby: %s", site, line, q.Query)
				}
			}
		}
	})
}

// many fills the house with waiting comments and old decisions, so that the
// planner has a choice.
func many(t *testing.T, h *storetest.House) {
	t.Helper()
	for i := range 40 {
		if _, err := h.AddArticle(t.Context(), store.Article{Site: h.Site.ID, Doc: article.Article{Headline: fmt.Sprintf("Artikel %d", i)}}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := h.AddBundle(t.Context(), store.Bundle{ID: fmt.Sprintf("b%d", i), Site: h.Site.ID, Editor: h.Anna.ID}); err != nil {
			t.Fatal(err)
		}
		h.Clock.Pass(time.Microsecond)
	}
	from := "with recursive i(n) as (select 1 union all select n + 1 from i where n < 3000) insert into "
	site, article := "'"+h.Site.ID+"'", "'"+h.Article.ID+"'"
	for _, fill := range []string{
		"insert into authors (id, site_id, kind, name, created_at) values ('many', " + site + ", 'guest', 'Viele', 0)",
		from + "comments (id, site_id, article_id, author_id, author_name, revision, receipt_hash, created_at) select 'many' || cast(n as text), " + site + ", " + article + ", 'many', 'Viele', 1, 'many' || cast(n as text), n from i",
		from + `revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, refuse, calm, calm_model, assessment, submitted_at, state_at)
			select 'many' || cast(n as text), 1, ` + site + ", " + article + ", 'pending', 'x', 'x', 's', 'd', (n % 1000) / 1000.0, n % 100, 'v1', '{}', n, n from i",
		from + `decisions (id, site_id, seq, comment_id, revision, step, from_state, to_state, actor_id, actor_role, at, hold_until, text_digest, reason_digest, assessment_digest, prev, hash, bundle)
			select 'many' || cast(n as text), ` + site + `, 1000 + n, 'many' || cast(n as text), 1, 'escalate', 'pending', 'escalated', 'x', 'editor', n, n, '', '', '', '', '', case when n % 2 = 0 then '' else 'b' || cast(n / 100 as text) end from i`,
		"analyze",
	} {
		if _, err := h.Pool().ExecContext(t.Context(), fill); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	passed = regexp.MustCompile(`SCAN (sites|CONSTANT|older|newer|\(subquery)`)
	bigSeq = regexp.MustCompile(`Seq Scan on (revisions|decisions|comments|bundles)`)
	index  = regexp.MustCompile(`Index (Only )?Scan.* on (revisions|decisions|comments|bundles)`)
)

// plans gives the lines of a query's plan that walk through a whole table or index.
func plans(t *testing.T, h *storetest.House, q store.Recorded) []string {
	t.Helper()
	conn, err := h.Pool().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	explain := "explain query plan "
	if h.Backend() == "postgres" {
		explain = "explain " // small tables are walked through because they are small; not here
		if _, err := conn.ExecContext(t.Context(), "set enable_seqscan = off"); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.QueryContext(t.Context(), explain+q.Query, q.Args...)
	if err != nil {
		t.Fatalf("%v\nexplaining %s", err, q.Query)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if h.Backend() == "postgres" {
			err = rows.Scan(&line)
		} else {
			err = rows.Scan(&id, &parent, &unused, &line)
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	var bad []string
	for i, line := range lines {
		whole := strings.HasPrefix(line, "SCAN ") && !passed.MatchString(line) || bigSeq.MatchString(line)
		if index.MatchString(line) && (i+1 == len(lines) || !strings.Contains(lines[i+1], "Index Cond")) {
			whole = true
		}
		if whole {
			bad = append(bad, strings.TrimSpace(line))
		}
	}
	return bad
}
