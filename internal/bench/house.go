package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/bench/fill"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/api"
	"github.com/freigabe/freigabe/internal/web/reader"
)

const benchOrigin = "https://bench.example"

// house is an installation to measure.
type house struct {
	*store.Store
	site   store.Site
	editor store.Editor
}

// house opens the database; a second call finds what the first made.
func (b *bench) house(ctx context.Context) (*house, error) {
	no := time.Duration(0)
	s, err := store.Open(ctx, store.Options{DSN: b.dsn, Hold: &no})
	if err != nil {
		return nil, err
	}
	h := &house{Store: s}
	if h.site, err = s.Site(ctx, "bench"); moderation.KindOf(err) == moderation.NotFound {
		h.site, err = s.AddSite(ctx, store.Site{Name: "bench", Origin: benchOrigin})
	}
	if err != nil {
		return nil, err
	}
	if h.editor, err = s.Editor(ctx, "bench@bench.example"); moderation.KindOf(err) == moderation.NotFound {
		h.editor, err = s.AddEditor(ctx, store.Editor{Email: "bench@bench.example", Name: "Bench", Role: moderation.Editor, Password: "-"})
	}
	return h, err
}

// ownDatabase lets a measurement begin with an empty database, where databases are
// files in a temporary folder, until the function given back is called.
func (b *bench) ownDatabase(name string) (end func()) {
	was := b.dsn
	if was == "sqlite:"+filepath.Join(b.dir, "bench.db") {
		b.dsn = "sqlite:" + filepath.Join(b.dir, name+".db")
	}
	return func() { b.dsn = was }
}

// article makes an article.
func (h *house) article(ctx context.Context, name string) (store.Article, error) {
	doc := article.Article{URL: "https://bench.example/" + name, Headline: "Die Brücke wird saniert", Lede: "Ab Mai gesperrt.",
		Blocks: []article.Block{{Kind: "paragraph", Text: "Der Stadtrat hat es beschlossen."}}, Boxes: []string{}}
	return h.AddArticle(ctx, store.Article{Site: h.site.ID, Doc: doc}, nil)
}

// words is a comment of some 250 characters; n makes it one of its kind.
func words(n int) string {
	return fmt.Sprintf("Nummer %d: Die Sanierung der alten Brücke kommt spät, aber sie kommt. Wer morgens über den Damm fährt, weiß, wie lange man dort steht. "+
		"Ich hätte mir gewünscht, dass der Stadtrat zuerst die Umleitung plant und dann die Sperrung beschließt.", n)
}

// bulk writes statements that fill tables in one go.
func (h *house) bulk(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := h.Pool().ExecContext(ctx, s); err != nil {
			return fmt.Errorf("generate data: %w", err)
		}
	}
	return nil
}

// numbers is a table i of 1 to n, in the words of both databases.
func numbers(n int) string {
	return fmt.Sprintf("with recursive i(n) as (select 1 union all select n + 1 from i where n < %d) ", n)
}

// released fills an article with n released comments.
func (h *house) released(ctx context.Context, a store.Article, n int) error {
	return h.decided(ctx, a, n, "1 = 0")
}

// decided fills an article with n comments, numbered from 1, of which those were
// refused, for one of the five rules, whose number n fulfils a condition; the others
// are released. The record behind them is made of rows of the right shape, without
// its hashes: nothing here checks it.
func (h *house) decided(ctx context.Context, a store.Article, n int, refused string) error {
	from := numbers(n) + "insert into "
	id, at := "'"+a.ID[:10]+"' || cast(n as text)", "1700000000000000 + n * 1000000"
	if h.Backend() == "postgres" {
		id, at = "'"+a.ID[:10]+"' || cast(n as text)", "cast(1700000000000000 as bigint) + cast(n as bigint) * 1000000"
	}
	path := "'0006' || cast(100000000 + n as text) || '" + a.ID[:10] + "'"
	either := func(yes, no string) string { return "case when " + refused + " then " + yes + " else " + no + " end" }
	state, live := either("'rejected'", "'approved'"), either("null", "1")
	rule := either("case n % 5 when 0 then 'profanity' when 1 then 'aggression' when 2 then 'insinuation' when 3 then 'advertising' else 'digression' end", "''")
	return h.bulk(ctx,
		from+"authors (id, site_id, kind, name, created_at) select "+id+", '"+h.site.ID+"', 'guest', 'Berta Klein', "+at+" from i",
		from+"comments (id, site_id, article_id, author_id, author_name, revision, live_revision, receipt_hash, created_at) select "+id+", '"+h.site.ID+"', '"+a.ID+"', "+id+", 'Berta Klein', 1, "+live+", "+id+", "+at+" from i",
		from+"revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, decision_id, submitted_at, state_at) select "+id+", 1, '"+h.site.ID+"', '"+a.ID+"', "+state+", '"+words(1)+"', '', 's', 'd', "+id+", "+at+", "+at+" from i",
		from+"decisions (id, site_id, seq, comment_id, revision, step, from_state, to_state, rule, actor_id, actor_role, at, hold_until, text_digest, reason_digest, assessment_digest, prev, hash, releases) select "+
			id+", '"+h.site.ID+"', n + (select coalesce(max(seq), 0) + 1000000000 from decisions), "+id+", 1, "+either("'reject'", "'approve'")+", 'pending', "+state+", "+rule+", '"+h.editor.ID+"', 'editor', "+at+", "+at+", '', '', '', '', '', "+either("0", "1")+" from i",
		from+"publications (article_id, path, root, comment_id, site_id, revision, author_name, text, first_at, published_at, decision_id) select '"+
			a.ID+"', "+path+", "+path+", "+id+", '"+h.site.ID+"', 1, 'Berta Klein', '"+words(1)+"', "+at+", "+at+", "+id+" from i where not ("+refused+")",
		fmt.Sprintf("update counts set comments = (select count(*) from publications where article_id = '%s') where article_id = '%s'", a.ID, a.ID))
}

// ownTexts gives each of an article's n decided comments a text of its own.
func (h *house) ownTexts(ctx context.Context, a store.Article, n int) error {
	tx, err := h.Pool().BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("generate data: %w", err)
	}
	r := rand.New(rand.NewPCG(3, 3))
	for i := range n {
		if _, err := tx.ExecContext(ctx, "update revisions set text = $1 where comment_id = $2", sample(r, 200), a.ID[:10]+strconv.Itoa(i+1)); err != nil {
			return errors.Join(fmt.Errorf("generate data: %w", err), tx.Rollback())
		}
	}
	return tx.Commit()
}

// pending fills an article with n waiting comments.
func (h *house) pending(ctx context.Context, a store.Article, n int) error {
	conn, err := h.Pool().Conn(ctx)
	if err != nil {
		return fmt.Errorf("open a connection: %w", err)
	}
	defer conn.Close()
	load, err := fill.Begin(ctx, conn, h.Backend() == "postgres")
	if err != nil {
		return err
	}
	from := numbers(n) + "insert into "
	id, at := "'"+a.ID[:10]+"' || cast(n as text)", "cast(1700000000000000 as bigint) + cast(n as bigint) * 1000"
	say(fmt.Sprintf("filling %d waiting comments", n))
	for _, s := range []string{
		"insert into authors (id, site_id, kind, name, created_at) values ('" + a.ID + "', '" + h.site.ID + "', 'guest', 'Berta Klein', 0)",
		from + "comments (id, site_id, article_id, author_id, author_name, revision, receipt_hash, created_at) select " + id + ", '" + h.site.ID + "', '" + a.ID + "', '" + a.ID + "', 'Berta Klein', 1, " + id + ", " + at + " from i",
		from + "revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, refuse, calm, calm_model, submitted_at, state_at) select " +
			id + ", 1, '" + h.site.ID + "', '" + a.ID + "', 'pending', '" + words(1) + " Kennwort' || cast(n % 20000 + 100000 as text), '" + strings.ToLower(words(1)) + " kennwort' || cast(n % 20000 + 100000 as text), 's', 'd', (n % 1000) / 1000.0, n % 100, 'bench', " + at + ", " + at + " from i",
	} {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("generate data: %w", err)
		}
	}
	return load.End(ctx, say)
}

// say tells how preparing goes on, beside the rows.
func say(what string) { fmt.Fprintf(os.Stderr, "%s  %s\n", time.Now().Format(time.TimeOnly), what) }

// server is a node's readers' side and API, in this process.
type server struct {
	addr  string
	close func()
}

func (h *house) serve(ctx context.Context) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	srv := web.New(h.Store, slog.New(slog.DiscardHandler), nil, nil)
	pages := thread.New(h.Store, 256<<20)
	srv.Handle(reader.Routes(reader.Options{Server: srv, Pages: pages})...)
	srv.Handle(api.Routes(api.Options{Server: srv, Pages: pages})...)
	go func() { _ = pages.Run(ctx) }()
	s, err := listen(srv)
	if err != nil {
		cancel()
		return nil, err
	}
	end := s.close
	s.close = func() { end(); cancel() }
	return s, nil
}

// listen serves a handler on a port of the loopback address.
func listen(handler http.Handler) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }() // ends with close
	return &server{l.Addr().String(), func() { _ = s.Close() }}, nil
}
