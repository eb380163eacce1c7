package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// rush hour: how long, and how many pages and submissions a second.
type breaking struct {
	span         time.Duration
	reads, posts float64
	apart        bool   // program and generator get cores of their own
	ops          string // address of the program's profiles and metrics, or ""
}

// warmUp is how long readers come before anything is measured: what a start brings
// along is over then.
const warmUp = 3 * time.Second

// shortBreaking is the row of make bench: twenty seconds in a database of its own.
func (b *bench) shortBreaking(ctx context.Context) error {
	return b.breakingNews(ctx, breaking{span: 20 * time.Second, reads: 1000, posts: web.SiteRate})
}

// breakingNews lets everybody read one article and very many write, for as long as
// it is told, beside an editor who releases; limits are on, every reader has an
// address of their own. Before that it reads alone, to know what idle is.
func (b *bench) breakingNews(ctx context.Context, w breaking) error {
	defer b.ownDatabase("breaking")()
	h, err := b.house(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	a, err := h.article(ctx, "eilmeldung")
	if err == nil {
		err = h.released(ctx, a, 50)
	}
	if err != nil {
		return err
	}
	_, key, err := h.AddKey(ctx, store.Key{Scope: "desk", Editor: h.editor.ID})
	if err != nil {
		return err
	}
	flags := []string{"-trusted-proxies", "127.0.0.1", "-hold", "0", "-log", "error"}
	if w.apart {
		defer b.keepApart(ctx, h)()
	}
	if w.ops != "" {
		flags = append(flags, "-ops-addr", w.ops)
	}
	node, err := b.launch(ctx, flags...)
	if err != nil {
		return err
	}
	defer node.stop()
	before, err := h.countOf(ctx)
	if err != nil {
		return err
	}
	g := &generator{url: node.base, article: a.ID, key: key, rate: w.reads}
	if err := g.phase(ctx, warmUp, g.reading()); err != nil {
		return err
	}
	idle, alone, err := g.idle(ctx, w)
	if err != nil {
		return err
	}
	busy, posting := g.reading(), g.submitting(w.posts)
	posting.origin = benchOrigin
	watching, host := watchMemory(node.pid), watchSteal()
	desk := g.edit(ctx)
	err = g.phase(ctx, w.span, busy, posting)
	released, refusals := desk()
	memory := watching()
	alone.also(host())
	if err != nil {
		return err
	}
	for i, f := range []*flow{idle, busy, posting} {
		fmt.Fprintf(os.Stderr, "%-14s %s\n", []string{"idle", "busy", "busy, writing"}[i], f.line())
	}
	return b.judge(ctx, h, verdict{idle, busy, posting, released, refusals, before, memory, alone, w})
}

// idle reads alone, for half a minute and until the host has left the machine alone
// for long enough to know what idle is, which may be minutes.
func (g *generator) idle(ctx context.Context, w breaking) (*flow, *calm, error) {
	f, seen := g.reading(), &calm{}
	for round := range 10 {
		host := watchSteal()
		err := g.phase(ctx, min(w.span, 30*time.Second), f)
		seen.also(host())
		if left, _ := seen.of(f); err != nil || len(left) >= plenty || w.span < time.Minute && round == 1 {
			return f, seen, err
		}
	}
	return f, seen, nil
}

// verdict is what was seen.
type verdict struct {
	idle, busy, posting *flow
	released, refusals  int
	before              int       // submissions in the database at the beginning
	memory              []float64 // MB, each second
	host                *calm
	w                   breaking
}

func (b *bench) judge(ctx context.Context, h *house, v verdict) error {
	wrong := v.idle.failed + v.busy.failed + v.posting.failed + v.refusals
	accepted, turned, stale := 0, map[int]int{}, 0
	for _, f := range []*flow{v.idle, v.busy, v.posting} {
		for status, n := range f.status {
			switch status {
			case http.StatusOK, http.StatusNotModified:
			case http.StatusAccepted:
				accepted += n
			case http.StatusServiceUnavailable, http.StatusTooManyRequests:
				if turned[status] += n; f != v.posting {
					stale += n
				}
			default:
				wrong += n
			}
		}
	}
	there, err := h.countOf(ctx)
	if err != nil {
		return err
	}
	there -= v.before
	span := v.w.span.Round(time.Second)
	b.atMost(fmt.Sprintf("breaking news, %v: answers that are errors", span), float64(wrong), "", 0, "%.0f/s taken in of %.0f/s, %d asked to come back by 503, %d by 429; %d released meanwhile",
		float64(accepted)/v.w.span.Seconds(), v.w.posts, turned[http.StatusServiceUnavailable], turned[http.StatusTooManyRequests], v.released)
	b.atMost("pages that were answered with 503", float64(stale), "", 0, "of %d", len(v.busy.took))
	b.atMost("acknowledged and not there", float64(max(0, accepted-there)), "", 0, "%d waiting or decided in the database", there)
	v.tail(b)
	fmt.Fprintf(os.Stderr, "MB each tenth: %.0f\np99 of reading each tenth, ms: %.1f\n", tenths(v.memory), v.busy.took.tails())
	third := len(v.memory) / 3
	if third > 0 {
		early, late := slices.Max(v.memory[:third]), slices.Max(v.memory[len(v.memory)-third:])
		b.ratio("memory in the last third, against the first", late/early, 1.25, true, "%.0f against %.0f MB resident", late, early)
	}
	b.atMost("p99 of a submission", ms(v.posting.took.at(.99)), "ms", 1000, "median %.1f", ms(v.posting.took.at(.5)))
	return nil
}

// tail compares reading with idle reading, by the answers during which the host left
// the machine alone: it lends processors away for tens of milliseconds.
func (v verdict) tail(b *bench) {
	busy, some := v.host.of(v.busy)
	idle, most := v.host.of(v.idle)
	judged := len(busy) >= plenty && len(idle) >= plenty
	if !judged {
		busy, idle = v.busy.took, v.idle.took
	}
	b.ratio("p99 of reading, against idle", float64(busy.at(.99))/float64(max(1, idle.at(.99))), 3, true,
		"%.1f against %.1f ms at %.0f pages/s beside %.0f submissions/s; the host took processors away for %.1f s, none beside %.0f and %.0f %% of answers (judged by these: %v); of all %.1f against %.1f ms",
		ms(busy.at(.99)), ms(idle.at(.99)), v.w.reads, v.w.posts, float64(v.host.all)/100, some, most, judged, ms(v.busy.took.at(.99)), ms(v.idle.took.at(.99)))
}

// tenths gives the most of each tenth of a series.
func tenths(all []float64) (most []float64) {
	for part := range slices.Chunk(all, max(1, (len(all)+9)/10)) {
		most = append(most, slices.Max(part))
	}
	return most
}

// countOf counts the comments that came in by submissions.
func (h *house) countOf(ctx context.Context) (n int, err error) {
	err = h.Pool().QueryRowContext(ctx, "select count(*) from comments where sender_hash is not null").Scan(&n)
	return n, err
}

// watchMemory reads a process's memory each second until the function returned is called.
func watchMemory(pid int) func() []float64 {
	var out []float64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(time.Second); ; {
			if mb, err := memory(pid); err == nil { // a process that has gone shows as failed answers
				out = append(out, mb)
			}
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return func() []float64 { close(stop); <-done; return out }
}

// edit lets an editor release five comments a second until the function returned
// is called, which gives how many were released and how many answers were errors.
func (g *generator) edit(ctx context.Context) func() (released, wrong int) {
	var n, bad atomic.Int64
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			g.releaseSome(ctx, &n, &bad)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
	return func() (int, int) { cancel(); wg.Wait(); return int(n.Load()), int(bad.Load()) }
}

func (g *generator) releaseSome(ctx context.Context, n, bad *atomic.Int64) {
	var queue struct {
		Comments []struct {
			ID       string `json:"id"`
			Revision int    `json:"revision"`
		} `json:"comments"`
	}
	status := g.desk(ctx, http.MethodGet, "/api/v1/desk/queue?limit=5", nil, &queue)
	if status != http.StatusOK && ctx.Err() == nil {
		bad.Add(1)
	}
	for _, c := range queue.Comments {
		switch status := g.desk(ctx, http.MethodPost, "/api/v1/desk/comments/"+c.ID+"/"+string(moderation.Approve), map[string]int{"revision": c.Revision}, nil); {
		case status == http.StatusOK:
			n.Add(1)
		case ctx.Err() == nil && status != http.StatusServiceUnavailable:
			bad.Add(1)
		}
	}
}

// desk asks the desk's API and gives the answer's status, 0 where there was none.
func (g *generator) desk(ctx context.Context, method, path string, body, out any) int {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, g.url+path, in)
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+g.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if out != nil && json.NewDecoder(res.Body).Decode(out) != nil {
		return 0
	}
	return res.StatusCode
}

// addressOf is an address for the nth request, so that the limits see many readers.
func addressOf(n int) string {
	return "10." + strconv.Itoa(n>>16&255) + "." + strconv.Itoa(n>>8&255) + "." + strconv.Itoa(n&255)
}
