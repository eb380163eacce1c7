package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// senders is how many readers submit at once: as many as share a commit.
const senders = 256

// submissions compares acknowledged submissions with the same rows written in
// bare group commits: one goroutine that takes what waits, writes it in as few
// statements as can be, commits and acknowledges, and does nothing else.
func (b *bench) submissions(ctx context.Context) error {
	h, err := b.house(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	a, err := h.article(ctx, "submit")
	if err != nil {
		return err
	}
	var ratios []float64
	var ours, theirs float64
	var waits spread
	for round := range rounds {
		x, took, err := rush(b.span/2, func(n int) error {
			_, err := h.Submit(ctx, store.Submission{Article: a.ID, Name: "Berta Klein", Text: words(n), Sender: store.Sender{Now: fmt.Sprint(round, n), Before: fmt.Sprint(round, n)}})
			return err
		})
		if err != nil {
			return err
		}
		bare := newBare(h, a)
		y, _, err := rush(b.span/2, bare.submit)
		bare.close()
		if err != nil {
			return err
		}
		ratios, waits = append(ratios, x/y), append(waits, took...)
		ours, theirs = max(ours, x), max(theirs, y)
	}
	slices.Sort(ratios)
	b.ratio("acknowledged submissions against bare group commits", ratios[rounds/2], 0.6, false,
		"%.0f/s against %.0f/s, rounds %.2f to %.2f, p99 %.1f ms with %d at once", ours, theirs, ratios[0], ratios[rounds-1], ms(waits.at(.99)), senders)
	return nil
}

// rush lets many submit at once for a time, each again as soon as it was answered.
func rush(span time.Duration, submit func(n int) error) (perSecond float64, took spread, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var next atomic.Int64
	begun := time.Now()
	for range senders {
		wg.Go(func() {
			var mine spread
			var failed error
			for time.Since(begun) < span && failed == nil {
				at := time.Now()
				failed = submit(int(next.Add(1)))
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			if failed != nil {
				err = failed
			}
		})
	}
	wg.Wait()
	return float64(len(took)) / time.Since(begun).Seconds(), took, err
}

// bare writes rows in group commits.
type bare struct {
	h    *house
	a    store.Article
	in   chan *bareRow
	done chan struct{}
}

type bareRow struct {
	id, text string
	at       int64
	err      error
	done     chan struct{}
}

func newBare(h *house, a store.Article) *bare {
	b := &bare{h: h, a: a, in: make(chan *bareRow, senders), done: make(chan struct{})}
	go b.loop()
	return b
}

func (b *bare) close() {
	close(b.in)
	<-b.done
}

func (b *bare) submit(n int) error {
	r := &bareRow{id: store.NewID(), text: words(n), at: time.Now().UnixMicro(), done: make(chan struct{})}
	b.in <- r
	<-r.done
	return r.err
}

func (b *bare) loop() {
	defer close(b.done)
	for first := range b.in {
		group := []*bareRow{first}
		for len(group) < senders && len(b.in) > 0 {
			group = append(group, <-b.in)
		}
		err := b.commit(group)
		for _, r := range group {
			r.err = err
			close(r.done)
		}
	}
}

func (b *bare) commit(group []*bareRow) error {
	tx, err := b.h.Pool().Begin()
	if err != nil {
		return err
	}
	for rest := group; len(rest) > 0; {
		size := 1
		for size*2 <= len(rest) && size < 128 {
			size *= 2
		}
		if err := b.write(tx, rest[:size]); err != nil {
			_ = tx.Rollback() // the first error is the one to tell
			return err
		}
		rest = rest[size:]
	}
	return tx.Commit()
}

func (b *bare) write(tx *sql.Tx, rows []*bareRow) error {
	site, article := b.a.Site, b.a.ID
	for _, t := range []struct {
		into string
		row  func(r *bareRow) []any
	}{
		{"repeats (key, comment_id, at)", func(r *bareRow) []any { return []any{r.id, r.id, r.at} }},
		{"authors (id, site_id, kind, name, created_at)", func(r *bareRow) []any { return []any{r.id, site, "guest", "Berta Klein", r.at} }},
		{"comments (id, site_id, article_id, author_id, author_name, revision, receipt_hash, sender_hash, created_at)", func(r *bareRow) []any {
			return []any{r.id, site, article, r.id, "Berta Klein", 1, r.id, r.id, r.at}
		}},
		{"revisions (comment_id, number, site_id, article_id, state, text, folded, salt, digest, submitted_at, state_at)", func(r *bareRow) []any {
			return []any{r.id, 1, site, article, "pending", r.text, r.text, r.id, r.id, r.at, r.at}
		}},
		{"jobs (kind, key, payload, run_at)", func(r *bareRow) []any { return []any{"assess", r.id, r.id, r.at} }},
		{"outbox (topic, site_id, article_id, comment_id, at)", func(r *bareRow) []any { return []any{"queue", site, article, r.id, r.at} }},
	} {
		var args []any
		var places []string
		for _, r := range rows {
			var row []string
			for _, v := range t.row(r) {
				args = append(args, v)
				row = append(row, fmt.Sprintf("$%d", len(args)))
			}
			places = append(places, "("+strings.Join(row, ", ")+")")
		}
		if _, err := tx.Exec("insert into "+t.into+" values "+strings.Join(places, ", "), args...); err != nil {
			return err
		}
	}
	return nil
}

// queue measures the desk's next item with very many waiting.
func (b *bench) queue(ctx context.Context) error {
	h, err := b.house(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	a, err := h.article(ctx, "queue")
	if err == nil {
		err = h.pending(ctx, a, b.waiting)
	}
	if err != nil {
		return err
	}
	for _, site := range []string{h.site.ID, ""} {
		where := map[bool]string{true: "all sites", false: "one site"}[site == ""]
		for _, order := range []string{"oldest", "calm", "hot"} {
			took, err := timed(200, func(int) error {
				page, _, err := h.Queue(ctx, store.QueueFilter{Site: site, Order: order, Limit: 1})
				if err == nil && len(page) != 1 {
					return fmt.Errorf("the queue is empty")
				}
				return err
			})
			if err != nil {
				return err
			}
			b.atMost(fmt.Sprintf("next of %d waiting, %s, %s, p99", b.waiting, order, where), ms(took.at(.99)), "ms", 10, "median %.2f, most %.2f", ms(took.at(.5)), ms(took.at(1)))
		}
	}
	if err := b.chart(ctx, h); err != nil {
		return err
	}
	if err := b.search(ctx, h); err != nil {
		return err
	}
	return b.deepPage(ctx, h)
}

// chart measures the chart of the bundles, and the list below it, over all that
// waits.
func (b *bench) chart(ctx context.Context, h *house) error {
	took, err := timed(20, func(int) error {
		bars, err := h.Chart(ctx, h.site.ID, "bench")
		if err == nil && bars[0] == 0 {
			return fmt.Errorf("the chart is empty")
		}
		return err
	})
	if err != nil {
		return err
	}
	b.atMost(fmt.Sprintf("chart of %d waiting, worst of 20", b.waiting), ms(took.at(1)), "ms", 300, "median %.0f", ms(took.at(.5)))
	took, err = timed(20, func(int) error {
		_, err := h.Calmly(ctx, h.site.ID, "bench", 0, 20, 200)
		return err
	})
	if err != nil {
		return err
	}
	b.atMost(fmt.Sprintf("bundle of 200 out of %d waiting, worst of 20", b.waiting), ms(took.at(1)), "ms", 300, "median %.1f", ms(took.at(.5)))
	return nil
}

// search measures the desk's search among all that waits: a word that few texts
// hold, one that all hold, and both.
func (b *bench) search(ctx context.Context, h *house) error {
	for _, q := range []struct{ what, words string }{{"a rare word", "kennwort1%05d"}, {"a word of every text", "brücke"}, {"both", "brücke kennwort1%05d"}} {
		took, err := timed(60, func(i int) error {
			words := q.words
			if strings.Contains(words, "%") {
				words = fmt.Sprintf(words, i*331%20000)
			}
			page, _, err := h.Queue(ctx, store.QueueFilter{Site: h.site.ID, State: store.Any, Order: "newest", Text: words, Limit: 50})
			if err == nil && len(page) == 0 {
				return fmt.Errorf("nothing found for %s", words)
			}
			return err
		})
		if err != nil {
			return err
		}
		b.atMost(fmt.Sprintf("search of %d waiting, %s, p95", b.waiting, q.what), ms(took.at(.95)), "ms", 300, "median %.2f, most %.2f", ms(took.at(.5)), ms(took.at(1)))
	}
	return nil
}

// deepPage goes on through the queue with its cursor.
func (b *bench) deepPage(ctx context.Context, h *house) error {
	for _, order := range []string{"oldest", "calm"} {
		cursor := ""
		took, err := timed(100, func(int) error {
			_, next, err := h.Queue(ctx, store.QueueFilter{Site: h.site.ID, Order: order, Limit: 200, Cursor: cursor})
			cursor = next
			return err
		})
		if err != nil {
			return err
		}
		late := took[len(took)*3/4:].at(.5)
		early := took[1 : len(took)/4].at(.5)
		b.ratio("page 75 to 100 of the queue, "+order+", against page 2 to 25", float64(late)/float64(early), 2, true, "median %.2f against %.2f ms", ms(late), ms(early))
	}
	return nil
}

// decisions measures decisions beside a reading load.
func (b *bench) decisions(ctx context.Context) error {
	h, err := b.house(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	a, err := h.article(ctx, "decide")
	if err != nil {
		return err
	}
	const n = 400
	ids := make([]string, n)
	for i := range ids {
		c, err := h.Submit(ctx, store.Submission{Article: a.ID, Name: "Berta Klein", Text: words(i), Sender: store.Sender{Now: fmt.Sprint("d", i), Before: fmt.Sprint("d", i)}})
		if err != nil {
			return err
		}
		ids[i] = c.Comment
	}
	page, err := h.serve(ctx)
	if err != nil {
		return err
	}
	defer page.close()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	rate := make(chan float64, 1)
	go func() {
		perSecond, _, _ := hammer(reading, page.addr, "/embed/articles/"+a.ID, 4, time.Minute) // its end is asked for
		rate <- perSecond
	}()
	took, err := timed(n, func(i int) error {
		_, err := h.Apply(ctx, store.Request{Comment: ids[i], Step: moderation.Reject, Actor: h.editor.Actor(), Rule: moderation.Digression, Reason: "Bitte zum Artikel."})
		return err
	})
	if err != nil {
		return err
	}
	stop()
	b.atMost("a decision, answered, beside a reading load, p99", ms(took.at(.99)), "ms", 20, "median %.2f, most %.2f, beside %.0f pages/s", ms(took.at(.5)), ms(took.at(1)), <-rate)
	return nil
}

// statusOK tells whether an answer is one that a load generator counts as served.
func statusOK(status int) bool { return status < http.StatusBadRequest }
