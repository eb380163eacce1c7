package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// runBench asks a scoring server for scores of comments of 300 characters at
// growing rates, and prints how long the answers took. Requests start at their
// times whether or not earlier ones were answered, as those of many readers do,
// and are measured from then.
func runBench(args []string, out stdio) error {
	fs := flagSet("score bench")
	address := fs.String("url", "", "the server's address; without one, a server of its own is measured")
	key := fs.String("key", "", "a key for scoring")
	rates := fs.String("rates", "50,100,200,400,800,1600", "requests a second, one run each")
	seconds := fs.Int("seconds", 10, "length of each run")
	if err := parse(fs, args); err != nil {
		return err
	}
	list, err := numbers(*rates)
	if err != nil || list[0] < 1 || *seconds < 1 || (*address == "") != (*key == "") {
		return usage("give -url and -key or neither, -rates as growing numbers, and -seconds")
	}
	measure := func(ctx context.Context, address, key string) error {
		fmt.Fprintln(out.out, "asked/s  answered/s      p50      p95      p99      max  failed")
		for _, rate := range list {
			load(ctx, scoreClient{strings.TrimRight(address, "/"), key}, rate, *seconds).print(out.out, rate)
		}
		return nil
	}
	if *address != "" {
		return measure(context.Background(), *address, *key)
	}
	return onScoreNode(func(ctx context.Context, _ *node, address, key string) error { return measure(ctx, address, key) })
}

// loaded is the outcome of one run.
type loaded struct {
	took    []time.Duration
	failed  int64
	elapsed time.Duration
}

func load(ctx context.Context, c scoreClient, rate, seconds int) loaded {
	var wg sync.WaitGroup
	var failed atomic.Int64
	took := make([]time.Duration, rate*seconds)
	every := time.Second / time.Duration(rate)
	texts := sampleTexts(256)
	start := time.Now()
	for i := range took {
		at := start.Add(time.Duration(i) * every)
		time.Sleep(time.Until(at))
		wg.Go(func() {
			body := object{"comment": object{"text": texts[i%len(texts)]}, "languages": []string{"de"}, "doNotStore": true, "requestedAttributes": object{"TOXICITY": object{}}}
			if c.post(ctx, "analyze", body, nil) != nil {
				failed.Add(1)
			}
			took[i] = time.Since(at)
		})
	}
	wg.Wait()
	slices.Sort(took)
	return loaded{took, failed.Load(), time.Since(start)}
}

func (l loaded) print(out io.Writer, rate int) {
	at := func(share float64) string {
		return fmt.Sprintf("%.2fms", float64(l.took[min(len(l.took)-1, int(share*float64(len(l.took))))].Microseconds())/1000)
	}
	fmt.Fprintf(out, "%7d  %10.0f %8s %8s %8s %8s  %6d\n", rate, float64(len(l.took))/l.elapsed.Seconds(), at(.5), at(.95), at(.99), at(1), l.failed)
}

// sampleLength is the length of a comment in a measurement, in characters.
const sampleLength = 300

// sampleTexts makes comments out of ordinary sentences.
func sampleTexts(n int) []string {
	sentences := []string{
		"Die Sanierung der Brücke dauert nun schon länger als angekündigt.", "Wer hat eigentlich die Ausschreibung geprüft?",
		"Ich fahre jeden Morgen mit dem Rad und komme kaum noch durch.", "Danke für den ausführlichen Bericht!",
		"Das ist doch völlig übertrieben, so schlimm ist es nicht.", "Der Stadtrat sollte endlich sagen, was das alles kostet.",
		"Meine Nachbarn sehen das ganz anders als ich.", "So ein Unsinn, das glaubt doch kein Mensch mehr.",
		"Vielleicht hilft eine Fähre für die Übergangszeit.", "Früher ging so etwas in wenigen Monaten.",
	}
	random := rand.New(rand.NewPCG(1, 2))
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for utf8.RuneCountInString(b.String()) < sampleLength {
			b.WriteString(sentences[random.IntN(len(sentences))])
			b.WriteByte(' ')
		}
		out[i] = string([]rune(b.String())[:sampleLength])
	}
	return out
}
