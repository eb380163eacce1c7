package assess

import (
	"bytes"
	"fmt"
	"sort"

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

// Train makes a base from labelled rows: one regression for each rule named in
// them. The same rows in the same order give the same bytes.
func Train(rows []Row) (*Model, []byte, error) {
	b, _, err := train(rows, learn.Defaults)
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

func train(rows []Row, o learn.Options) (*learn.Base, []*learn.Linear, error) {
	var c learn.Builder
	a := analyses.Get().(*analysis)
	defer analyses.Put(a)
	for i := range rows {
		if i > 0 && rows[i].Text == rows[i-1].Text {
			c.Again()
			continue
		}
		a.features(rows[i].Text)
		c.Add(&a.vector)
		c.AddStems(stemBuckets(a))
	}
	b, samples := c.Build()
	var names []string
	var heads []*learn.Linear
	var platt [][2]float32
	var counts []uint32
	for _, name := range headsOf(rows) {
		part := partOf(rows, samples, name)
		if !bothClasses(part) {
			return nil, nil, fmt.Errorf("train %s: the rows need texts of both labels", name)
		}
		slope, shift := crossPlatt(part, len(b.Mean), o)
		names, heads = append(names, name), append(heads, learn.Train(part, len(b.Mean), o))
		platt = append(platt, [2]float32{slope, shift})
		counts = append(counts, uint32(len(part)))
	}
	b.Quantise(names, heads)
	for h := range b.Heads {
		b.Heads[h].Slope, b.Heads[h].Shift, b.Heads[h].Rows = platt[h][0], platt[h][1], counts[h]
	}
	return b, heads, nil
}

// features reads what the learned model sees of a text.
func (a *analysis) features(text string) {
	a.read(text, "de")
	a.fillDense()
	a.masked = groupMask(a.reader.Words, a.masked[:0])
	a.vector.Extract(&a.text, a.masked)
}

// stemBuckets are the distinct buckets of a text's stems.
func stemBuckets(a *analysis) []uint32 {
	seen := map[uint32]bool{}
	var out []uint32
	for i, k := range a.text.Tokens {
		if k.Kind != german.Word || a.reader.Words[i].Has(vocab.Stop) {
			continue
		}
		if b := learn.StemHash(german.Stem(a.text.Folded(k))); !seen[b] {
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

func crossPlatt(part []learn.Sample, dense int, o learn.Options) (slope, shift float32) {
	var points []learn.Point
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
			return 1, 0
		}
		m := learn.Train(fit, dense, o)
		for i := range rest {
			points = append(points, learn.Point{Z: float64(m.Score(&rest[i])), Label: rest[i].Label, Weight: 1})
		}
	}
	a, b := learn.Platt(learn.Balanced(points))
	return float32(a), float32(b)
}
