package assess

import (
	"sort"

	"github.com/freigabe/freigabe/internal/assess/learn"
)

// Near is an earlier text and how alike it is: the cosine of both texts' words
// and runs of letters, 0 to 1.
type Near struct {
	Index  int // in the list given
	Cosine float64
}

// leastAlike is the cosine below which two texts are not worth showing together.
const leastAlike = 0.15

// Nearest finds the earlier texts that are most alike, at most n of them, most
// alike first: so that an editor sees how similar comments were decided. It costs
// about as much as assessing each of them.
func (m *Model) Nearest(text string, earlier []string, n int) []Near {
	a := analyses.Get().(*analysis)
	defer analyses.Put(a)
	weigh := func(s string) {
		a.features(s, m.base.Neutral)
		m.base.Weigh(&a.vector, &a.weighted)
	}
	weigh(text)
	own := make(map[uint32]float32, len(a.vector.Index))
	for i, k := range a.vector.Index {
		own[k] = a.weighted.Site[i]
	}
	var out []Near
	for i, s := range earlier {
		weigh(s)
		var dot float64
		for j, k := range a.vector.Index {
			dot += float64(own[k]) * float64(a.weighted.Site[j])
		}
		if dot /= learn.Square; dot >= leastAlike {
			out = append(out, Near{i, dot})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Cosine > out[j].Cosine })
	return out[:min(len(out), max(n, 0))]
}
