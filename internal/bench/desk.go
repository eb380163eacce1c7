package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// A desk of ten, each of whom decides twice a second: faster than anybody reads.
const (
	editors    = 10
	decideRate = 2 * editors
	deskSpan   = 30 * time.Second
)

// desk measures the real program with ten editors who decide beside readers and
// authors; nobody waits for anybody, so a slow answer holds up no later request.
func (b *bench) desk(ctx context.Context) error {
	defer b.ownDatabase("desk")()
	h, err := b.house(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	a, err := h.article(ctx, "redaktion")
	if err == nil {
		err = h.released(ctx, a, 50)
	}
	if err != nil {
		return err
	}
	keys, err := h.desk(ctx)
	if err != nil {
		return err
	}
	for i := range decideRate * int(deskSpan.Seconds()+1) {
		if _, err := h.Submit(ctx, store.Submission{Article: a.ID, Name: "Berta Klein", Text: words(i), Sender: store.Sender{Now: fmt.Sprint("desk", i), Before: fmt.Sprint("desk", i)}}); err != nil {
			return err
		}
	}
	defer b.keepApart(ctx, h)()
	node, err := b.launch(ctx, "-trusted-proxies", "127.0.0.1", "-log", "error")
	if err != nil {
		return err
	}
	defer node.stop()
	g := &generator{url: node.base, article: a.ID, key: strings.Join(keys, ",")}
	flows, err := g.newsroom(ctx, 1000, 50, deskSpan)
	if err == nil {
		err = g.phase(ctx, warmUp, g.reading())
	}
	if err != nil {
		return err
	}
	host := watchSteal()
	err = g.phase(ctx, deskSpan, flows...)
	alone := host()
	if err != nil {
		return err
	}
	deciding, reading, submitting := flows[3], flows[0], flows[1]
	tail, judged := alone.tail(deciding, few)
	b.atMost("desk: a decision of one of ten editors, p99", ms(tail), "ms", 20, "%s; median %.1f, %d decided beside %.0f pages/s (p99 %.1f ms) and %.0f submissions/s (p99 %.1f ms), %d %% of them taken in",
		judged, ms(deciding.took.at(.5)), deciding.status[http.StatusOK], reading.rate, ms(reading.took.at(.99)), submitting.rate, ms(submitting.took.at(.99)),
		100*submitting.status[http.StatusAccepted]/max(1, len(submitting.took)))
	tail, judged = alone.tail(flows[2], few)
	b.atMost("desk: the next of its queue, p99", ms(tail), "ms", 100, "%s; median %.1f", judged, ms(flows[2].took.at(.5)))
	wrong := 0
	for _, f := range flows {
		wrong += f.errors()
	}
	b.atMost("desk: answers that are errors", float64(wrong), "", 0, "of all kinds of request")
	return nil
}

// desk makes ten editors and gives their keys.
func (h *house) desk(ctx context.Context) ([]string, error) {
	var keys []string
	for i := range editors {
		e, err := h.AddEditor(ctx, store.Editor{Email: fmt.Sprintf("desk%d@bench.example", i), Name: "Bench", Role: moderation.Editor, Password: "-"})
		if err != nil {
			return nil, err
		}
		_, key, err := h.AddKey(ctx, store.Key{Scope: "desk", Editor: e.ID})
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// errors counts the answers that are neither served nor an honest “later”.
func (f *flow) errors() int {
	n := f.failed
	for status, times := range f.status {
		if !statusOK(status) && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
			n += times
		}
	}
	return n
}

// newsroom gives the flows of a desk of ten beside readers and authors: pages,
// submissions, looks at the queue, decisions. It decides what waits now, so there
// must be enough of it.
func (g *generator) newsroom(ctx context.Context, pages, submissions float64, span time.Duration) ([]*flow, error) {
	keys := strings.Split(g.key, ",")
	g.rate, g.key = pages, keys[0]
	waiting, err := g.waiting(ctx, int(decideRate*span.Seconds())+1)
	if err != nil {
		return nil, err
	}
	queue := &flow{name: "queue", rate: editors, keys: keys, method: http.MethodGet, path: func(int) string { return "/api/v1/desk/queue?limit=20" }}
	deciding := &flow{name: "deciding", rate: decideRate, keys: keys, method: http.MethodPost,
		path: func(n int) string {
			return "/api/v1/desk/comments/" + waiting[n%len(waiting)] + "/" + []string{"approve", "reject"}[n%2]
		},
		body: func(int) any { return map[string]any{"rule": "digression", "reason": "Bitte zum Artikel."} }}
	return []*flow{g.reading(), g.submitting(submissions), queue, deciding}, nil
}

// waiting lists so many comments of the queue, oldest first.
func (g *generator) waiting(ctx context.Context, most int) ([]string, error) {
	var ids []string
	for cursor := ""; len(ids) < most; {
		var page struct {
			Comments []struct{ ID string }
			Next     string `json:"next_cursor"`
		}
		if status := g.desk(ctx, http.MethodGet, "/api/v1/desk/queue?order=oldest&limit=200&cursor="+cursor, nil, &page); status != http.StatusOK {
			return nil, fmt.Errorf("the queue answers with status %s; -key names a key of scope desk", strconv.Itoa(status))
		}
		for _, c := range page.Comments {
			ids = append(ids, c.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("nothing waits for a decision: let -load breaking submit something first")
	}
	return slices.Clip(ids), nil
}
