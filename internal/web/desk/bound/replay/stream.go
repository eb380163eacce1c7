package main

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/freigabe/freigabe/internal/web/desk/bound"
)

const (
	control = 0.20 // drawn blind; more than a desk would, for the stream is short
	look    = 50   // comments between two looks at the bound
	after   = 2000 // comments of the other newspaper after the change
)

// told is what one passage through a stream released.
type told struct {
	looks, open, released, wrong int
	missed, blocks               int // blocks of a hundred releases, those worse than allowed
	alarms                       int
	closedAfter                  int // comments of the other newspaper until no range held; -1: never open
	released2, wrong2            int // meanwhile
}

// inOrder passes through the stream in time order, with the refusals thinned to
// half of the allowed share so that ranges are offered at all; then the comments
// of another newspaper follow, of which half were refused there.
func inOrder(out io.Writer, stream, other []row, draws int, seed uint64) {
	fmt.Fprintf(out, "\nIn time order: OMP with its deletions thinned, %d times; %.0f %% drawn blind, the newest %d count, looked at after every %d comments; what is released is measured in blocks of a hundred\n", draws, 100*control, window, look)
	fmt.Fprintln(out, "refused  wished  order     open    released   wrong   blocks worse than allowed  alarms | then another newspaper: open at the change")
	for _, wish := range wishes {
		for _, part := range []float64{0.5, 0.9} {
			for _, order := range []string{"time", "shuffled"} {
				var all told
				closed, shut := 0, 0
				for i := range draws {
					t := pass(thinned(stream, part*(1-wish), seed+uint64(i)), other, wish, order == "shuffled", seed+uint64(i))
					all.add(t)
					if t.closedAfter >= 0 {
						closed, shut = closed+t.closedAfter, shut+1
					}
				}
				n := float64(draws)
				fmt.Fprintf(out, "%5.1f %%   %3.0f %%  %-8s %5.1f %%  %8.0f  %5.2f %%   %5.1f of %5.1f (%4.1f %%)      %6.2f | ", 100*part*(1-wish), 100*wish, order,
					100*float64(all.open)/float64(all.looks), float64(all.released)/n, 100*ratio(all.wrong, all.released), float64(all.missed)/n, float64(all.blocks)/n,
					100*ratio(all.missed, all.blocks), float64(all.alarms)/n)
				if shut == 0 {
					fmt.Fprintln(out, "nothing was offered at the end")
					continue
				}
				fmt.Fprintf(out, "%3d of %3d, closed after %.0f comments, %.0f released, %.0f wrong\n", shut, draws, ratio(closed, shut), ratio(all.released2, shut), ratio(all.wrong2, shut))
			}
		}
	}
}

func ratio(a, b int) float64 { return float64(a) / float64(max(1, b)) }

func (t *told) add(o told) {
	t.looks, t.open, t.released, t.wrong = t.looks+o.looks, t.open+o.open, t.released+o.released, t.wrong+o.wrong
	t.missed, t.blocks, t.alarms = t.missed+o.missed, t.blocks+o.blocks, t.alarms+o.alarms
	t.released2, t.wrong2 = t.released2+o.released2, t.wrong2+o.wrong2
}

// pass goes once through the stream and then through the other newspaper.
func pass(stream, other []row, wish float64, mix bool, seed uint64) told {
	random := rand.New(rand.NewPCG(seed, 21))
	if mix {
		random.Shuffle(len(stream), func(i, j int) { stream[i], stream[j] = stream[j], stream[i] })
	}
	d := desk{wish: wish, random: random}
	var t told
	block, bad := 0, 0
	d.walk(stream, func(refused bool) {
		t.released++
		block++
		if refused {
			t.wrong++
			bad++
		}
		if block == 100 {
			t.blocks++
			if float64(bad)/100 > 1-wish {
				t.missed++
			}
			block, bad = 0, 0
		}
	}, func(open bool) bool {
		t.looks++
		if open {
			t.open++
		}
		return true
	})
	t.alarms, t.closedAfter = d.alarms, -1
	if d.offered == nil {
		return t
	}
	t.closedAfter = 0
	strangers := make([]row, after)
	for i := range strangers {
		strangers[i] = other[random.IntN(len(other))]
	}
	d.walk(strangers, func(refused bool) {
		t.released2++
		if refused {
			t.wrong2++
		}
	}, func(open bool) bool {
		t.closedAfter += look
		return open
	})
	return t
}

// desk is the desk's side of the stream.
type desk struct {
	wish    float64
	random  *rand.Rand
	labels  []bound.Label // newest first
	offered *bound.Range
	alarm   bool
	alarms  int
}

// walk takes comments in turn: some are labels, others are released where a range
// is offered. It ends where a look says so.
func (d *desk) walk(rows []row, release func(refused bool), looked func(open bool) bool) {
	for i, r := range rows {
		switch {
		case d.random.Float64() < control:
			d.labels = append([]bound.Label{r.Label}, d.labels[:min(len(d.labels), window-1)]...)
		case d.offered != nil && d.offered.Has(r.Score):
			release(r.Refused)
		}
		if (i+1)%look == 0 {
			d.look()
			if !looked(d.offered != nil) {
				return
			}
		}
	}
}

func (d *desk) look() {
	ranges, drift := bound.Offered(d.labels, d.wish, confidence)
	if drift.Alarm && !d.alarm {
		d.alarms++
	}
	d.alarm, d.offered = drift.Alarm, nil
	for _, r := range ranges {
		if r.Holds && r.Lower == 0 {
			d.offered = &r
		}
	}
}
