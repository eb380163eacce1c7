package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// program builds Freigabe, once in a run.
func (b *bench) program() (string, error) {
	path := filepath.Join(b.dir, "freigabe")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if out, err := exec.Command("go", "build", "-o", path, "./cmd/freigabe").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program (run bench in the repository): %w: %s", err, out)
	}
	return path, nil
}

// running is the real program at work.
type running struct {
	base  string
	pid   int
	ready time.Duration // from its start
	stop  func()
}

// launch starts the program and waits until it is ready.
func (b *bench) launch(ctx context.Context, flags ...string) (*running, error) {
	program, err := b.program()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	cmd := exec.CommandContext(ctx, program, append([]string{"serve", "-db", b.dsn, "-addr", "127.0.0.1:0"}, flags...)...)
	if b.apart {
		cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", ownCores(runtime.NumCPU()).program, program}, cmd.Args[1:]...)...)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &running{pid: cmd.Process.Pid, stop: func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }} // measured by then
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(line, "http") {
		r.stop()
		return nil, fmt.Errorf("start the program: it said %q: %w", line, err)
	}
	r.base = strings.TrimSpace(line[strings.Index(line, "http"):])
	for {
		res, err := http.Get(r.base + "/readyz")
		if err != nil {
			r.stop()
			return nil, err
		}
		_ = res.Body.Close() // only its status counts
		if statusOK(res.StatusCode) {
			r.ready = time.Since(begun)
			return r, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// cores are those that the program and the generator of its load have to themselves.
type cores struct{ program, generator string }

// ownCores shares out the cores of this machine: the first half, or one, to the generator.
func ownCores(n int) cores {
	half := max(1, n/2)
	return cores{fmt.Sprintf("%d-%d", half, max(half, n-1)), fmt.Sprintf("0-%d", half-1)}
}

// keepApart gives this process and the program cores of their own, where there
// are two: otherwise what is measured is how they wait for each other. It tells
// whether it could.
func (b *bench) keepApart() bool {
	if runtime.NumCPU() < 2 {
		return false
	}
	own := ownCores(runtime.NumCPU()).generator
	b.apart = exec.Command("taskset", "-a", "-p", "-c", own, strconv.Itoa(os.Getpid())).Run() == nil
	return b.apart
}

// rush hour: how long, and how many pages and submissions a second.
type breaking struct {
	span         time.Duration
	reads, posts float64
	shared       bool   // program and generator use the same cores
	ops          string // address of the program's profiles and metrics, or ""
}

// breakingNews lets everybody read one article and very many write, for as long as
// it is told, beside an editor who releases; limits are on, every reader has an
// address of their own. Before that it reads alone, to know what idle is.
func (b *bench) breakingNews(ctx context.Context, w breaking) error {
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
	if !w.shared && !b.keepApart() {
		fmt.Fprintln(os.Stderr, "bench: program and generator share their cores (one core, or no taskset)")
	}
	if w.ops != "" {
		flags = append(flags, "-ops-addr", w.ops)
	}
	node, err := b.launch(ctx, flags...)
	if err != nil {
		return err
	}
	defer node.stop()
	g := &generator{url: node.base, article: a.ID, key: key, rate: w.reads}
	g.phase(ctx, 3*time.Second, g.reading()) // what a start brings along is over then
	idle := g.reading()
	g.phase(ctx, min(w.span, 30*time.Second), idle)
	busy, posting := g.reading(), g.submitting(w.posts)
	watching := watchMemory(node.pid)
	desk := g.edit(ctx)
	g.phase(ctx, w.span, busy, posting)
	released, refusals := desk()
	memory := watching()
	for i, f := range []*flow{idle, busy, posting} {
		fmt.Fprintf(os.Stderr, "%-14s %s\n", []string{"idle", "busy", "busy, writing"}[i], f.line())
	}
	return b.judge(ctx, h, verdict{idle, busy, posting, released, refusals, memory, w})
}

// verdict is what was seen.
type verdict struct {
	idle, busy, posting *flow
	released, refusals  int
	memory              []float64 // MB, each second
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
	span := v.w.span.Round(time.Second)
	b.atMost(fmt.Sprintf("breaking news, %v: answers that are errors", span), float64(wrong), "", 0, "%.0f/s taken in of %.0f/s, %d asked to come back by 503, %d by 429; %d released meanwhile",
		float64(accepted)/v.w.span.Seconds(), v.w.posts, turned[http.StatusServiceUnavailable], turned[http.StatusTooManyRequests], v.released)
	b.atMost("pages that were answered with 503", float64(stale), "", 0, "of %d", len(v.busy.took))
	b.atMost("acknowledged and not there", float64(max(0, accepted-there)), "", 0, "%d waiting or decided in the database", there)
	b.ratio("p99 of reading, against idle", float64(v.busy.took.at(.99))/float64(v.idle.took.at(.99)), 3, true, "%.1f against %.1f ms at %.0f pages/s beside %.0f submissions/s",
		ms(v.busy.took.at(.99)), ms(v.idle.took.at(.99)), v.w.reads, v.w.posts)
	fmt.Fprintf(os.Stderr, "MB each tenth: %.0f\n", tenths(v.memory))
	third := len(v.memory) / 3
	if third > 0 {
		early, late := slices.Max(v.memory[:third]), slices.Max(v.memory[len(v.memory)-third:])
		b.ratio("memory in the last third, against the first", late/early, 1.25, true, "%.0f against %.0f MB resident", late, early)
	}
	b.atMost("p99 of a submission", ms(v.posting.took.at(.99)), "ms", 1000, "median %.1f", ms(v.posting.took.at(.5)))
	return nil
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
