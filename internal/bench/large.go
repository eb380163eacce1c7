package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/bench/fill"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// large fills a database with very many comments, where it is empty, and measures
// what readers and editors ask of it.
func (b *bench) large(ctx context.Context, z fill.Size, only string) error {
	s, err := store.Open(ctx, store.Options{DSN: b.dsn})
	if err != nil {
		return err
	}
	defer s.Close()
	sites, err := s.Sites(ctx)
	if err != nil {
		return err
	}
	if len(sites) == 0 {
		begun := time.Now()
		if err := fill.Fill(ctx, s, z, say); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		b.atMost(fmt.Sprintf("filling %d comments of %d sites", z.Comments, z.Sites), time.Since(begun).Minutes(), "min", 60, "")
	}
	return b.ask(ctx, s, only)
}

// question is one thing that a page asks.
type question struct {
	what  string
	limit float64 // milliseconds, 99th percentile
	ask   func(ctx context.Context, s *store.Store, n int) error
}

// someArticle gives one of a hundred articles.
func someArticle(n int) string { return fmt.Sprintf("a%d", 10_000_000+n*7919%100) }

var questions = []question{
	{"first page of a thread", 20, func(ctx context.Context, s *store.Store, n int) error {
		_, _, err := s.Thread(ctx, someArticle(n), store.Oldest, 50, "")
		return err
	}},
	{"first page of the long thread, newest", 20, func(ctx context.Context, s *store.Store, _ int) error {
		_, _, err := s.Thread(ctx, fill.LongThread, store.Newest, 50, "")
		return err
	}},
	{"counts of 50 articles", 20, func(ctx context.Context, s *store.Store, n int) error {
		ids := make([]string, 50)
		for i := range ids {
			ids[i] = someArticle(n + i)
		}
		_, err := s.Counts(ctx, ids)
		return err
	}},
	{"feed of a site", 20, func(ctx context.Context, s *store.Store, _ int) error {
		_, err := s.Recent(ctx, fill.Site, "", store.All, 50)
		return err
	}},
	{"next of all that waits, oldest", 10, next("", "oldest")},
	{"next of all that waits, calm", 10, next("", "calm")},
	{"next of one site, oldest", 10, next(fill.Site, "oldest")},
	{"next of one site, hot", 10, next(fill.Site, "hot")},
	{"counts of the queue, all sites", 50, func(ctx context.Context, s *store.Store, _ int) error {
		_, err := s.QueueCounts(ctx, store.Everywhere)
		return err
	}},
	{"a comment with its author's record", 20, func(ctx context.Context, s *store.Store, _ int) error {
		_, err := s.Dossier(ctx, fill.Comment, 0)
		return err
	}},
	{"record of an author with a tenth of the long thread", 20, func(ctx context.Context, s *store.Store, _ int) error {
		r, err := s.RecordOf(ctx, fill.Author)
		if err == nil && r.Approved == 0 {
			err = fmt.Errorf("it is empty")
		}
		return err
	}},
	{"chart of what waits at a site", 300, func(ctx context.Context, s *store.Store, _ int) error {
		bars, err := s.Chart(ctx, fill.Site, fill.Model)
		if err == nil && bars[0] == 0 {
			err = fmt.Errorf("it is empty")
		}
		return err
	}},
	{"bundle of 200 of a site", 300, func(ctx context.Context, s *store.Store, _ int) error {
		_, err := s.Calmly(ctx, fill.Site, fill.Model, 0, 20, 200)
		return err
	}},
	{"search at all sites, a rare word", 300, search("", "kennwort1%05d")},
	{"search at all sites, a word of every text", 300, search("", "brücke")},
	{"search at all sites, both", 300, search("", "brücke kennwort1%05d")},
	{"search at a site, a word of every text", 300, search(fill.Site, "brücke")},
	{"comments of an author with a hundred, all states", 50, func(ctx context.Context, s *store.Store, _ int) error {
		page, _, err := s.Queue(ctx, store.QueueFilter{Site: fill.Site, State: store.Any, Author: "u1000001", Order: "newest", Limit: 50})
		if err == nil && len(page) == 0 {
			err = fmt.Errorf("it is empty")
		}
		return err
	}},
	{"articles with their loads, all sites", 200, func(ctx context.Context, s *store.Store, _ int) error {
		_, err := s.ArticleLoads(ctx, store.Everywhere, 50)
		return err
	}},
	{"hours of a site, 30 days", 200, func(ctx context.Context, s *store.Store, _ int) error {
		_, err := s.Hours(ctx, store.Period{Site: fill.Site, From: s.Now().Add(-30 * 24 * time.Hour), To: s.Now()})
		return err
	}},
	{"due jobs of every kind", 20, func(ctx context.Context, s *store.Store, _ int) error {
		_, err := s.Backlogs(ctx, "publish", "assess", "learn")
		return err
	}},
	{"a submission", 50, func(ctx context.Context, s *store.Store, n int) error {
		at := fmt.Sprint(n, time.Now().UnixNano())
		_, err := s.Submit(ctx, store.Submission{Article: someArticle(n), Name: "Berta Klein", Text: words(n), Sender: store.Sender{Now: at, Before: at}})
		return err
	}},
	{"the next comment of a site, and its rejection", 50, func(ctx context.Context, s *store.Store, n int) error {
		page, _, err := s.Queue(ctx, store.QueueFilter{Site: fmt.Sprint("s", 100_000+n%10), Order: "oldest", Limit: 1})
		if err != nil || len(page) != 1 {
			return errors.Join(err, fmt.Errorf("%d comments wait", len(page)))
		}
		_, err = s.Apply(ctx, store.Request{Comment: page[0].ID, Step: moderation.Reject, Actor: moderation.Actor{ID: fill.Editor, Role: moderation.Editor},
			Rule: moderation.Digression, Reason: "Bitte zum Artikel."})
		return err
	}},
}

// retention measures how fast expired texts are erased, for half a minute or until
// none is left.
func (b *bench) retention(ctx context.Context, s *store.Store) error {
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	begun := time.Now()
	done, err := s.Expire(limited)
	if err != nil && limited.Err() == nil {
		return fmt.Errorf("erase what has expired: %w", err)
	}
	took := time.Since(begun).Seconds()
	b.add(result{What: "expired texts erased a second", Figure: float64(done.Texts) / took, Unit: "/s", Limit: 20, Notes: fmt.Sprintf("%d in %.0f s", done.Texts, took)})
	return nil
}

// search looks for words among all that was ever submitted.
func search(site, words string) func(context.Context, *store.Store, int) error {
	return func(ctx context.Context, s *store.Store, n int) error {
		text := words
		if strings.Contains(words, "%") {
			text = fmt.Sprintf(words, n*331%20000)
		}
		page, _, err := s.Queue(ctx, store.QueueFilter{Site: site, State: store.Any, Order: "newest", Text: text, Limit: 50})
		if err == nil && len(page) == 0 {
			err = fmt.Errorf("nothing found for %s", text)
		}
		return err
	}
}

func next(site, order string) func(context.Context, *store.Store, int) error {
	return func(ctx context.Context, s *store.Store, _ int) error {
		page, _, err := s.Queue(ctx, store.QueueFilter{Site: site, State: moderation.Pending, Order: order, Limit: 1})
		if err == nil && len(page) != 1 {
			err = fmt.Errorf("nothing waits")
		}
		return err
	}
}

// ask measures the questions that hold one of the words of only, or all, warm, 200
// times.
func (b *bench) ask(ctx context.Context, s *store.Store, only string) error {
	words := strings.Split(only, ",")
	asked := func(what string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(what, word) })
	}
	for _, q := range questions {
		if !asked(q.what) {
			continue
		}
		if err := q.ask(ctx, s, 0); err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		took, err := timed(200, func(n int) error { return q.ask(ctx, s, n) })
		if err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		b.atMost(q.what+", p99", ms(took.at(.99)), "ms", q.limit, "median %.2f, most %.2f", ms(took.at(.5)), ms(took.at(1)))
	}
	var err error
	if asked("retention") {
		err = b.retention(ctx, s)
	}
	return errors.Join(err, b.volume(ctx, s))
}

// volume tells how much disk a comment takes with all that belongs to it.
func (b *bench) volume(ctx context.Context, s *store.Store) error {
	query := "select (select count(*) from comments), pg_database_size(current_database())"
	if s.Backend() == "sqlite" {
		query = "select (select count(*) from comments), (select page_count from pragma_page_count) * (select page_size from pragma_page_size)"
	}
	var comments, size sql.NullInt64
	if err := s.Pool().QueryRowContext(ctx, query).Scan(&comments, &size); err != nil {
		return err
	}
	b.atMost("disk for a comment with its record and indexes", float64(size.Int64)/float64(max(1, comments.Int64)), "B", 4000, "%d comments, %.1f GB", comments.Int64, float64(size.Int64)/1e9)
	return nil
}
