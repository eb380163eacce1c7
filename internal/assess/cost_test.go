package assess

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// BenchmarkVaried assesses five hundred texts in turn: one text over and over
// would find all that it needs in the processor's cache.
func BenchmarkVaried(b *testing.B) {
	words := strings.Fields(sample + " " + sampleArticle.Body + " " + sampleArticle.Lede + " Lügner Unsinn lächerlich danke guter Artikel endlich jemand der es ausspricht Kommune Haushalt Verkehr Fähre Fußgänger Idiot warum niemand fragt zwei Millionen Euro")
	r := rand.New(rand.NewPCG(1, 1))
	texts := make([]string, 500)
	for i := range texts {
		for len(texts[i]) < 200 {
			texts[i] += words[r.IntN(len(words))] + " "
		}
	}
	m := Default()
	relation := m.Relate(*sampleArticle, nil)
	n := 0
	for b.Loop() {
		m.Assess(Input{Text: texts[n%len(texts)], Article: sampleArticle, Relation: relation})
		n++
	}
}
