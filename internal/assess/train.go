package assess

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"sort"
	"sync"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/assess/vocab"
)

// Row is one labelled text for training or measuring a base.
type Row struct {
	Text  string
	Label bool   // true: breaks the rule
	Rule  string // a rule or Refuse; "" means Refuse
}

// head is the row's head.
func (r *Row) head() string {
	if r.Rule == "" {
		return Refuse
	}
	return r.Rule
}

// KnownHead reports a name that a row may have as its rule.
func KnownHead(name string) bool {
	for _, s := range slotNames {
		if s == name {
			return true
		}
	}
	return name == ""
}

// Names says how a base treats the words that name a group of people.
type Names bool

// With NeutralNames they enter as one word without letters, so that no group
// weighs more than another: the shipped base is trained so. With KeptNames they
// enter as they are, which is a little sharper and less fair.
const (
	KeptNames    Names = false
	NeutralNames Names = true
)

// Train makes a base from labelled rows: one regression for each rule named in
// them. The same rows in the same order give the same bytes.
func Train(rows []Row, names Names) (*Model, []byte, error) {
	b, err := train(rows, names, learn.Defaults)
	if err != nil {
		return nil, nil, err
	}
	var buf bytes.Buffer
	if err := b.Encode(&buf); err != nil {
		return nil, nil, fmt.Errorf("train model: %w", err)
	}
	m, err := Load(bytes.NewReader(buf.Bytes()))
	return m, buf.Bytes(), err
}

func train(rows []Row, neutral Names, o learn.Options) (*learn.Base, error) {
	b, corpus := learn.Build(extractAll(rows, bool(neutral)))
	b.Neutral = bool(neutral)
	names := headsOf(rows)
	parts := make([][]learn.Sample, len(names))
	for h, name := range names {
		parts[h] = partOf(rows, corpus.Samples, name)
		if !bothClasses(parts[h]) {
			return nil, fmt.Errorf("train %s: the rows need texts of both labels", name)
		}
	}
	fit := func(part []learn.Sample) *learn.Linear {
		return learn.Exact(part, len(corpus.Buckets), len(b.Mean), o)
	}
	heads, platt := make([]*learn.Linear, len(names)), make([][3]float32, len(names))
	var wg sync.WaitGroup
	for h, part := range parts {
		wg.Go(func() { heads[h] = fit(part) })
		wg.Go(func() { platt[h] = crossPlatt(part, fit) })
	}
	wg.Wait()
	b.Quantise(names, heads, corpus.Buckets)
	for h := range b.Heads {
		b.Heads[h].Slope, b.Heads[h].Shift, b.Heads[h].Cut, b.Heads[h].Rows = platt[h][0], platt[h][1], platt[h][2], uint32(len(parts[h]))
	}
	return b, nil
}

// extractAll reads the features of rows on all processors. Rows that repeat
// their predecessor's text share them.
func extractAll(rows []Row, neutral bool) []*learn.Raw {
	out := make([]*learn.Raw, len(rows))
	again := func(i int) bool { return i > 0 && rows[i].Text == rows[i-1].Text }
	onAll(len(rows), func(i int, a *analysis) {
		if !again(i) {
			a.features(rows[i].Text, neutral)
			out[i] = learn.NewRaw(&a.vector, stemBuckets(a))
		}
	})
	for i := range out {
		if again(i) {
			out[i] = out[i-1]
		}
	}
	return out
}

// onAll calls f for 0 to n-1 on all processors, each with an analysis of its own.
func onAll(n int, f func(i int, a *analysis)) {
	workers := min(runtime.GOMAXPROCS(0), 8)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			a := analyses.Get().(*analysis)
			defer analyses.Put(a)
			for i := w; i < n; i += workers {
				f(i, a)
			}
		})
	}
	wg.Wait()
}

// features reads what the learned model sees of a text.
func (a *analysis) features(text string, neutral bool) {
	a.read(text, "de")
	a.fillDense()
	a.extract(neutral)
}

// extract reads the hashed features, with the words that name a group of people
// made neutral where the base wants it.
func (a *analysis) extract(neutral bool) {
	a.masked = a.masked[:0]
	if neutral {
		a.masked = groupMask(a.reader.Words, a.masked)
	}
	a.vector.Extract(&a.text, a.masked)
}

// stemBuckets are the distinct buckets of a text's stems.
func stemBuckets(a *analysis) []uint32 {
	seen := map[uint32]bool{}
	var root [128]byte
	var out []uint32
	for i, k := range a.text.Tokens {
		if k.Kind != german.Word || a.reader.Words[i].Has(vocab.Stop) {
			continue
		}
		if b := learn.StemHash(german.Root(root[:0], a.text.Folded(k))); !seen[b] {
			seen[b] = true
			out = append(out, b)
		}
	}
	return out
}

// headsOf returns the heads named by rows, in a fixed order.
func headsOf(rows []Row) []string {
	seen := map[string]bool{}
	for i := range rows {
		seen[rows[i].head()] = true
	}
	var out []string
	for name := range seen {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func partOf(rows []Row, samples []learn.Sample, name string) []learn.Sample {
	var part []learn.Sample
	for i := range rows {
		if rows[i].head() == name {
			s := samples[i]
			s.Label = rows[i].Label
			part = append(part, s)
		}
	}
	return part
}

func bothClasses(part []learn.Sample) bool {
	pos := 0
	for i := range part {
		if part[i].Label {
			pos++
		}
	}
	return pos > 0 && pos < len(part)
}

// plattFolds is the number of folds on which the calibration is measured, so
// that it does not see scores of rows the model was trained on.
const plattFolds = 3

func crossPlatt(part []learn.Sample, train func([]learn.Sample) *learn.Linear) [3]float32 {
	var points [plattFolds][]learn.Point
	var wg sync.WaitGroup
	for f := range plattFolds {
		var fit, rest []learn.Sample
		for i := range part {
			if i%plattFolds == f {
				rest = append(rest, part[i])
			} else {
				fit = append(fit, part[i])
			}
		}
		if !bothClasses(fit) {
			return [3]float32{1, 0, 0.5}
		}
		wg.Go(func() {
			m := train(fit)
			for i := range rest {
				points[f] = append(points[f], learn.Point{Z: float64(m.Score(&rest[i])), Label: rest[i].Label, Weight: 1})
			}
		})
	}
	wg.Wait()
	return calibrate(slices.Concat(points[:]...))
}

// calibrate gives slope and shift of the calibration and the best cut.
func calibrate(points []learn.Point) [3]float32 {
	a, b := learn.Platt(points)
	p, labels := make([]float64, len(points)), make([]bool, len(points))
	for i, x := range points {
		p[i], labels[i] = sigmoid(a*x.Z+b), x.Label
	}
	return [3]float32{float32(a), float32(b), float32(learn.BestCut(p, labels))}
}
