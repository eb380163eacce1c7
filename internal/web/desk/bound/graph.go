package bound

// graph says how the level is shared among hypotheses, and where it goes when one
// is rejected: the weights begin as given; a hypothesis that is rejected at its
// weight times the whole level leaves the graph and hands its weight on along its
// edges (Bretz, Maurer, Brannath, Posch 2009, algorithm 1).
type graph struct {
	weight []float64
	edge   [][]float64 // [from][to]; a row's sum is at most 1
}

// aside is the part of the level that goes to the ranges with a lower handle above
// zero when the range from zero to the same upper handle has been rejected. It is
// what the lower handle costs: the next place of the upper handle is tested at
// nine tenths of the level.
const aside = 0.1

// family is the graph of the ranges: the whole level begins at the first range
// from zero. From there most goes on to the next place of the upper handle, the
// rest up the places of the lower handle, and what passes there comes back.
func family(ranges []Range) *graph {
	n := len(ranges)
	g := &graph{weight: make([]float64, n), edge: make([][]float64, n)}
	at := map[[2]int]int{}
	for i, r := range ranges {
		at[[2]int{r.Lower, r.Upper}] = i
		g.edge[i] = make([]float64, n)
	}
	g.weight[at[[2]int{0, Lowest}]] = 1
	for i, r := range ranges {
		right, more := at[[2]int{0, r.Upper + Step}]
		up, narrower := at[[2]int{r.Lower + Step, r.Upper}]
		switch {
		case r.Lower == 0 && more:
			g.edge[i][right], g.edge[i][up] = 1-aside, aside
		case narrower:
			g.edge[i][up] = 1
		case more:
			g.edge[i][right] = 1
		}
	}
	return g
}

// test rejects hypotheses by their p-values until no further one can be; it gives
// for each whether it was rejected, and its share of the level then or now.
func (g *graph) test(p []float64, level float64) (rejected []bool, levels []float64) {
	rejected, levels = make([]bool, len(p)), make([]float64, len(p))
	for again := true; again; {
		again = false
		for i := range p {
			if rejected[i] {
				continue
			}
			levels[i] = g.weight[i] * level
			if g.weight[i] > 0 && p[i] <= levels[i] {
				rejected[i], again = true, true
				g.remove(i)
			}
		}
	}
	return rejected, levels
}

// remove hands a hypothesis' weight on and closes the gap that it leaves.
func (g *graph) remove(i int) {
	for j := range g.weight {
		if j != i {
			g.weight[j] += g.weight[i] * g.edge[i][j]
		}
	}
	g.weight[i] = 0
	for j := range g.edge {
		back := g.edge[j][i] * g.edge[i][j]
		for k := range g.edge {
			switch {
			case j == k || j == i || k == i:
			case back < 1:
				g.edge[j][k] = (g.edge[j][k] + g.edge[j][i]*g.edge[i][k]) / (1 - back)
			default:
				g.edge[j][k] = 0
			}
		}
		g.edge[j][i] = 0
	}
	clear(g.edge[i])
}
