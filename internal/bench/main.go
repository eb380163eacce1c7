// Command bench measures Freigabe against its budgets, each as a ratio to
// something measured in the same run on the same machine where there is such a
// thing, and otherwise with its spread. It is no test: it never fails for being
// slow, it says so.
//
//	go run ./internal/bench                        SQLite, in a temporary folder
//	go run ./internal/bench -db postgres://…       an empty PostgreSQL database
//	go run ./internal/bench -only queue,submit     some rows
//	go run ./internal/bench -json                  one JSON object a row
//	go run ./internal/bench -large 10000000 -db …  ten million comments, once filled asked again and again
//	go run ./internal/bench -breaking 10m          the program under breaking news
//	go run ./internal/bench -load breaking -url http://127.0.0.1:8080 -article ID -rate 1000
//
// The last form is the load generator: its requests start at their times whether
// or not earlier ones were answered, as readers do, so waiting is counted.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/freigabe/freigabe/internal/bench/fill"
	"github.com/freigabe/freigabe/internal/web"
)

// result is one row of the table of budgets.
type result struct {
	What   string  `json:"what"`
	Figure float64 `json:"figure"`
	Unit   string  `json:"unit"` // "x" for a ratio
	Limit  float64 `json:"limit"`
	AtMost bool    `json:"at_most"` // otherwise at least
	Notes  string  `json:"notes,omitempty"`
	DB     string  `json:"database"`
}

func (r result) fine() bool { return r.Figure <= r.Limit == r.AtMost || r.Figure == r.Limit }

// bench is a run.
type bench struct {
	dsn     string
	dir     string
	waiting int // comments in the queue
	thread  int // comments in the long thread
	span    time.Duration
	limit   time.Duration // of a step, its preparation included
	json    bool
	failed  error // to print a row
	apart   bool  // the program has cores of its own
}

// step is one measurement; each of its rows is printed as soon as it is known.
type step struct {
	name string
	run  func(*bench, context.Context) error
}

var steps = []step{
	{"size", (*bench).sizes},
	{"assess", (*bench).assessment},
	{"train", (*bench).training},
	{"page", (*bench).hotPage},
	{"thread", (*bench).longThread},
	{"submit", (*bench).submissions},
	{"queue", (*bench).queue},
	{"decide", (*bench).decisions},
	{"node", (*bench).node},
	{"study", (*bench).study},
	{"keys", (*bench).keys},
	{"desk", (*bench).desk},
	{"breaking", (*bench).shortBreaking},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	b, l, z := &bench{}, &generator{}, fill.Size{}
	var only, mix string
	var w breaking
	flag.StringVar(&b.dsn, "db", "", "an empty database, sqlite:PATH or postgres://…; SQLite in a temporary folder without")
	flag.StringVar(&only, "only", "", "names of rows, separated by commas; with -large, words of them")
	flag.IntVar(&b.waiting, "waiting", 1_000_000, "comments in the queue")
	flag.IntVar(&b.thread, "thread", 100_000, "comments in the long thread")
	flag.DurationVar(&b.span, "span", 3*time.Second, "length of each measurement under load")
	flag.DurationVar(&b.limit, "limit", 4*time.Minute, "a group of rows that takes longer is given up, and the next one begins")
	flag.BoolVar(&b.json, "json", false, "one JSON object a row")
	flag.StringVar(&mix, "load", "", "generate load instead: reading, breaking or desk")
	flag.IntVar(&z.Comments, "large", 0, "fill the database of -db with so many comments instead, and measure; a second run only measures")
	flag.IntVar(&z.Sites, "sites", 1000, "with -large: sites")
	flag.DurationVar(&w.span, "breaking", 0, "start the program and let it have breaking news for so long instead, such as 10m")
	flag.Float64Var(&w.reads, "reads", 1000, "with -breaking: pages a second")
	flag.Float64Var(&w.posts, "posts", web.SiteRate, "with -breaking: submissions a second; more than a site may have are turned away")
	flag.BoolVar(&w.apart, "apart", false, "with -breaking: give program and generator cores of their own, on two cores one to each; they share all otherwise")
	flag.StringVar(&w.ops, "ops-addr", "", "with -breaking: the program's address for profiles and metrics, such as 127.0.0.1:9090")
	l.flags()
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) // the program that was started ends, too
	defer stop()
	if mix != "" {
		return l.run(ctx, mix, os.Stdout)
	}
	dir, err := os.MkdirTemp("", "freigabe-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	if b.dir = dir; b.dsn == "" {
		b.dsn = "sqlite:" + filepath.Join(dir, "bench.db")
	}
	switch {
	case z.Comments > 0:
		z.Waiting, z.Thread = min(b.waiting, z.Comments/2), b.thread
		err = b.large(ctx, z, only)
	case w.span > 0:
		err = b.breakingNews(ctx, w)
	default:
		err = b.each(ctx, only)
	}
	if err := errors.Join(err, b.failed); err != nil {
		return err
	}
	if !b.json {
		fmt.Printf("\n%s, %d cores, %s/%s\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	}
	return nil
}

// each takes the steps in turn. One that fails or takes too long does not keep the
// others from being measured.
func (b *bench) each(ctx context.Context, only string) error {
	var failed []error
	for _, s := range steps {
		if only != "" && !slices.Contains(strings.Split(only, ","), s.name) {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, b.limit)
		err := s.run(b, limited)
		if err != nil && limited.Err() != nil {
			err = fmt.Errorf("given up after %s (-limit): %w", b.limit, err)
		}
		cancel()
		if err != nil {
			err = fmt.Errorf("%s: %w", s.name, err)
			fmt.Fprintln(os.Stderr, "bench:", err)
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// add prints a row.
func (b *bench) add(r result) {
	r.DB, _, _ = strings.Cut(b.dsn, ":")
	var err error
	if b.json {
		err = json.NewEncoder(os.Stdout).Encode(r)
	} else {
		_, err = fmt.Println(r.line())
	}
	b.failed = errors.Join(b.failed, err)
}

func (r result) line() string {
	word, verdict := "at least", "ok"
	if r.AtMost {
		word = "at most"
	}
	if !r.fine() {
		verdict = "MISSED"
	}
	return fmt.Sprintf("%-62s %10.4g %-4s %s %6.4g  %-6s %s", r.What, r.Figure, r.Unit, word, r.Limit, verdict, r.Notes)
}

func (b *bench) ratio(what string, figure, limit float64, atMost bool, notes string, args ...any) {
	b.add(result{What: what, Figure: figure, Unit: "x", Limit: limit, AtMost: atMost, Notes: fmt.Sprintf(notes, args...)})
}

func (b *bench) atMost(what string, figure float64, unit string, limit float64, notes string, args ...any) {
	b.add(result{What: what, Figure: figure, Unit: unit, Limit: limit, AtMost: true, Notes: fmt.Sprintf(notes, args...)})
}

// spread is a set of durations.
type spread []time.Duration

// at gives a quantile, 0 to 1.
func (s spread) at(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// tails gives the 99th percentile of each tenth of a series, in milliseconds: what
// disturbed a long run for a short time shows in one of them.
func (s spread) tails() (out []float64) {
	for part := range slices.Chunk(s, max(1, (len(s)+9)/10)) {
		out = append(out, ms(part.at(.99)))
	}
	return out
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// enough bounds how long one row measures; what is slow shows in fewer calls.
const enough = 10 * time.Second

// timed measures n calls, or as many as there is time for.
func timed(n int, do func(i int) error) (spread, error) {
	out := make(spread, 0, n)
	start := time.Now()
	for i := range n {
		begun := time.Now()
		if i > 0 && begun.Sub(start) > enough {
			break
		}
		if err := do(i); err != nil {
			return out, err
		}
		out = append(out, time.Since(begun))
	}
	return out, nil
}
