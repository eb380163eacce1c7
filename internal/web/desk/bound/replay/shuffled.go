package main

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/freigabe/freigabe/internal/web/desk/bound"
)

// What the desk uses; see package desk.
const (
	window     = 500
	confidence = 0.95
)

var wishes = []float64{0.98, 0.95, 0.90}

// set is a set of comments and the shares of refusals at which it is looked at.
type set struct {
	name   string
	rows   []row
	shares []float64
}

// shuffled draws, again and again, the labels at random from a set and tests the
// ranges with them. The truth of a range is its share of refusals in the whole
// set. Beside the shares given, each wish is tried where it is hardest: the
// comments below the first place of the handle are just a little worse than
// allowed.
func shuffled(out io.Writer, sets []set, draws int, seed uint64) {
	fmt.Fprintf(out, "\n%d shuffled draws of %d labels each; a range is wrongly offered where its true share of refusals is above the allowed one; stated: in at most %.0f %% of the draws\n", draws, window, 100*(1-confidence))
	fmt.Fprintln(out, "set     refused   wished  offered   wrongly   ranges  widest   its errors")
	for _, s := range sets {
		for _, wish := range wishes {
			for _, share := range s.shares {
				line(out, s.name, thinned(s.rows, share, seed), wish, draws, seed, "")
			}
			line(out, s.name, hardest(s.rows, 1-wish, seed), wish, draws, seed, " hardest")
		}
	}
}

func line(out io.Writer, name string, rows []row, wish float64, draws int, seed uint64, note string) {
	random := rand.New(rand.NewPCG(seed, uint64(wish*100)))
	truth := map[[2]int]float64{}
	for _, r := range bound.Ranges() {
		truth[[2]int{r.Lower, r.Upper}] = share(rows, r)
	}
	labels := make([]bound.Label, window)
	offered, wrongly, ranges, widest, errors := 0, 0, 0, 0.0, 0.0
	for range draws {
		for i, j := range random.Perm(len(rows))[:window] {
			labels[i] = rows[j].Label
		}
		any, wrong, wide := false, false, bound.Range{}
		for _, r := range bound.Test(labels, wish, confidence) {
			if !r.Holds {
				continue
			}
			any, ranges = true, ranges+1
			wrong = wrong || truth[[2]int{r.Lower, r.Upper}] > 1-wish
			if r.Lower == 0 {
				wide = r
			}
		}
		if any {
			offered++
			widest += part(rows, wide)
			errors += truth[[2]int{wide.Lower, wide.Upper}]
		}
		if wrong {
			wrongly++
		}
	}
	n := float64(max(1, offered))
	fmt.Fprintf(out, "%-7s %5.1f %%   %4.0f %%  %5.1f %%   %5.1f %%  %6.1f  %5.1f %%   %5.2f %%%s\n", name, 100*float64(refused(rows))/float64(len(rows)), 100*wish,
		100*float64(offered)/float64(draws), 100*float64(wrongly)/float64(draws), float64(ranges)/n, 100*widest/n, 100*errors/n, note)
}

// share is the share of refusals within a range, part the share of the comments in it.
func share(rows []row, r bound.Range) float64 {
	in, bad := within(rows, r)
	return float64(bad) / float64(max(1, in))
}

func part(rows []row, r bound.Range) float64 {
	in, _ := within(rows, r)
	return float64(in) / float64(len(rows))
}

func within(rows []row, r bound.Range) (in, bad int) {
	for _, x := range rows {
		if r.Has(x.Score) {
			in++
			if x.Refused {
				bad++
			}
		}
	}
	return in, bad
}

// thinned leaves out refused comments at random until they are the given share.
func thinned(rows []row, share float64, seed uint64) []row {
	bad := refused(rows)
	keep := share / (1 - share) * float64(len(rows)-bad) / float64(bad)
	return thin(rows, keep, seed)
}

func thin(rows []row, keep float64, seed uint64) []row {
	random := rand.New(rand.NewPCG(seed, 99))
	var out []row
	for _, r := range rows {
		if !r.Refused || random.Float64() < keep {
			out = append(out, r)
		}
	}
	return out
}

// hardest leaves so many refused comments that those below the first place of the
// handle have just more than the allowed share.
func hardest(rows []row, allowed float64, seed uint64) []row {
	in, bad := within(rows, bound.Range{Upper: bound.Lowest})
	most := int(allowed/(1-allowed)*float64(in-bad)) + 1
	random := rand.New(rand.NewPCG(seed, 7))
	var out []row
	left, need := bad, most
	for _, r := range rows {
		switch below := r.Score < bound.Lowest; {
		case !r.Refused || !below && random.Float64() < float64(most)/float64(bad):
			out = append(out, r)
		case below:
			if random.Float64() < float64(need)/float64(left) {
				out, need = append(out, r), need-1
			}
			left--
		}
	}
	return out
}

// again looks at the hardest sets not once but after every few labels of a long
// stream: the confidence is stated for each look, and this says what many looks
// come to.
func again(out io.Writer, sets []set, draws int, seed uint64) {
	const length, every = 2000, 25
	fmt.Fprintf(out, "\nThe hardest sets looked at after every %d of %d labels, the newest %d count, %d streams\n", every, length, window, draws)
	fmt.Fprintln(out, "set     wished  looks at which a range is wrongly offered   streams in which one ever is")
	for _, s := range sets {
		for _, wish := range wishes {
			rows := hardest(s.rows, 1-wish, seed)
			random := rand.New(rand.NewPCG(seed, 31))
			looks, open, ever := 0, 0, 0
			for range draws {
				d := desk{wish: wish, random: random}
				was := false
				for i := range length {
					d.labels = append([]bound.Label{rows[random.IntN(len(rows))].Label}, d.labels[:min(len(d.labels), window-1)]...)
					if (i+1)%every != 0 {
						continue
					}
					d.look()
					looks++
					if d.offered != nil && share(rows, *d.offered) > 1-wish {
						open, was = open+1, true
					}
				}
				if was {
					ever++
				}
			}
			fmt.Fprintf(out, "%-7s %4.0f %%   %8.1f %%   %38.1f %%\n", s.name, 100*wish, 100*ratio(open, looks), 100*ratio(ever, draws))
		}
	}
}
