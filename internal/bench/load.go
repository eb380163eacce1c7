package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/alarm"
)

// generator sends requests at their times, whatever becomes of the earlier ones:
// an open loop. A closed one waits with its next request until the server has
// recovered, and so never sees how long its readers waited. Each request has a
// moment of its own, independent of all others, as those of people have.
type generator struct {
	url, article, key string
	rate              float64
	span              time.Duration
}

func (g *generator) flags() {
	flag.StringVar(&g.url, "url", "http://127.0.0.1:8080", "with -load: the server")
	flag.StringVar(&g.article, "article", "", "with -load: id of an article")
	flag.StringVar(&g.key, "key", "", "with -load desk: keys of scope desk, of ten editors if need be, separated by commas")
	flag.Float64Var(&g.rate, "rate", 100, "with -load: submissions a second (reading: pages a second)")
	flag.DurationVar(&g.span, "for", 30*time.Second, "with -load: how long")
}

// flow is one kind of request and how often it comes.
type flow struct {
	name   string
	rate   float64
	method string
	path   func(n int) string
	body   func(n int) any
	key    string
	origin string   // of the page that a browser sends it from
	keys   []string // of several people in turn, in place of key
	many   bool     // each request comes from a reader of its own

	mu     sync.Mutex
	took   spread
	due    []time.Time // when each of them should have been sent
	status map[int]int
	failed int
}

func (g *generator) reading() *flow {
	return &flow{name: "reading", rate: g.rate, method: http.MethodGet, path: func(int) string { return "/embed/articles/" + g.article }}
}

func (g *generator) submitting(rate float64) *flow {
	return &flow{name: "submitting", rate: rate, many: true, method: http.MethodPost, path: func(int) string { return "/api/v1/articles/" + g.article + "/comments" },
		body: func(n int) any {
			return map[string]any{"text": fmt.Sprintf("%s (%d)", words(n), time.Now().UnixNano()), "author": map[string]string{"name": "Berta Klein"}}
		}}
}

// mixes gives the flows of each mix.
func (g *generator) mixes(mix string) ([]*flow, error) {
	reading, submit := g.reading(), g.submitting(g.rate)
	switch mix {
	case "reading":
		return []*flow{reading}, nil
	case "breaking": // one article, everybody reads it, many write
		return []*flow{reading, submit}, nil
	case "desk": // ten editors decide beside readers and authors
		return g.newsroom(context.Background(), g.rate, g.rate/20, g.span)
	}
	return nil, fmt.Errorf("-load is reading, breaking or desk")
}

func (g *generator) run(ctx context.Context, mix string, out io.Writer) error {
	flows, err := g.mixes(mix)
	if err != nil {
		return err
	}
	if g.article == "" {
		return fmt.Errorf("name an article with -article")
	}
	if err := g.phase(ctx, g.span, flows...); err != nil {
		return err
	}
	for _, f := range flows {
		fmt.Fprintf(out, "%-11s %s\n", f.name, f.line())
	}
	return nil
}

func (f *flow) keyOf(n int) string {
	if len(f.keys) == 0 {
		return f.key
	}
	return f.keys[n%len(f.keys)]
}

// seldom is how far the generator's memory may grow before it is tidied up, in
// percent: while that is done its answers wait, and would count as the server's.
const seldom = 400

// phase lets flows run side by side for a time; one that has run before goes on.
func (g *generator) phase(ctx context.Context, span time.Duration, flows ...*flow) error {
	server, err := linesTo(g.url)
	if err != nil {
		return err
	}
	defer server.close()
	defer debug.SetGCPercent(debug.SetGCPercent(seldom))
	g.span = span
	var wg sync.WaitGroup
	for _, f := range flows {
		if f.status == nil {
			f.status = map[int]int{}
		}
		wg.Go(func() { g.send(ctx, server, f) })
	}
	wg.Wait()
	return nil
}

// line says how a flow was answered.
func (f *flow) line() string {
	return fmt.Sprintf("%7.0f/s asked, %d answered: p50 %.1f ms, p99 %.1f ms, most %.1f ms; by status %v; failed %d",
		f.rate, len(f.took), ms(f.took.at(.5)), ms(f.took.at(.99)), ms(f.took.at(1)), f.status, f.failed)
}

// inFlight bounds the requests under way: past it the generator itself would be
// what is measured, so further ones count as failed.
const inFlight = 4096

func (g *generator) send(ctx context.Context, server *lines, f *flow) {
	var wg sync.WaitGroup
	places := make(chan struct{}, inFlight)
	sleeper := alarm.New()
	defer sleeper.Close()
	moments := f.moments(g.span)
	begun := time.Now()
	for n, moment := range moments {
		if ctx.Err() != nil {
			break
		}
		due := begun.Add(moment)
		sleeper.Wait(time.Until(due))
		select {
		case places <- struct{}{}:
		default:
			f.note(0, due)
			continue
		}
		wg.Go(func() {
			status := g.one(server, f, n)
			f.note(status, due)
			<-places
		})
	}
	wg.Wait()
}

// moments gives when requests are due, from the beginning of the span: as many as
// the rate asks for, each at a random moment (arrivals of a Poisson process, given
// their number). At even intervals flows keep step, and each decision meets a
// submission at the same instant, or never one.
func (f *flow) moments(span time.Duration) []time.Duration {
	due := make([]time.Duration, int(f.rate*span.Seconds()))
	for i := range due {
		due[i] = rand.N(span)
	}
	slices.Sort(due)
	return due
}

// note counts an answer; it took as long as since the moment at which it was due.
func (f *flow) note(status int, due time.Time) {
	took := time.Since(due)
	f.mu.Lock()
	defer f.mu.Unlock()
	if status == 0 {
		f.failed++
		return
	}
	f.status[status]++
	f.took, f.due = append(f.took, took), append(f.due, due)
}

// one sends a request and gives the answer's status, 0 where there was none.
func (g *generator) one(server *lines, f *flow, n int) int {
	var body []byte
	if f.body != nil {
		var err error
		if body, err = json.Marshal(f.body(n)); err != nil {
			return 0
		}
	}
	header := "Content-Type: application/json\r\nAccept-Encoding: gzip\r\n"
	if f.origin != "" {
		header += "Origin: " + f.origin + "\r\n"
	}
	if f.many {
		header += "X-Forwarded-For: " + addressOf(n) + "\r\n"
	}
	if key := f.keyOf(n); key != "" {
		header += "Authorization: Bearer " + key + "\r\n"
	}
	status, err := server.ask(f.method, f.path(n), header, body)
	if err != nil {
		return 0
	}
	return status
}
