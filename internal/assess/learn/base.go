package learn

import (
	"math"
	"math/bits"
	"slices"

	"github.com/freigabe/freigabe/internal/assess/german"
)

// Head is one rule's regression inside a Base, with the two numbers that turn
// its log-odds into a calibrated probability.
type Head struct {
	Name  string
	Limit float32 // the largest weight; see Weight
	Dense []float32
	Bias  float32
	Slope float32 // probability = sigmoid(Slope*z + Shift)
	Shift float32
	Cut   float32 // probability at which both classes are told apart best
	Rows  uint32

	table [256]float32 // the weight that each quantised value stands for
}

// fill sets the table: a quantised weight q stands for the limit times the
// square of q/127, so that small weights keep their differences and no large one
// is cut off.
func (h *Head) fill() {
	for i := range h.table {
		q := float32(int8(i)) / 127
		h.table[uint8(int8(i))] = float32(float32(q*float32(math.Abs(float64(q)))) * h.Limit)
	}
}

// Base is a trained, quantised model: immutable and safe for concurrent use.
type Base struct {
	Neutral bool // words that name a group of people enter as one neutral word
	Heads   []Head
	Mean    []float32
	Std     []float32
	Power   float32 // exponent on the inverse document frequency of hashed words
	Stems   []uint8 // inverse document frequency of word stems, by hash, for relevance

	// cells holds, 1<<shift bytes a bucket, what is known of a feature in one place,
	// so that looking it up waits for memory once: its inverse document frequency
	// in steps of IDFStep (0 for unseen buckets), then a quantised weight a head.
	cells  []uint8
	shift  int
	rarity [256]rarity
}

// layOut makes room for the weights of a number of heads beside the document
// frequencies.
func (b *Base) layOut(idf []uint8, heads int) {
	b.shift = bits.Len(uint(heads))
	b.cells = make([]uint8, len(idf)<<b.shift)
	for k, d := range idf {
		b.cells[k<<b.shift] = d
	}
}

// idf are the document frequencies by bucket.
func (b *Base) idf() []uint8 {
	out := make([]uint8, Buckets)
	for k := range out {
		out[k] = b.cells[k<<b.shift]
	}
	return out
}

// IDFStep is the unit of a bucket's and of a stem's document frequency.
const IDFStep = 1.0 / 16

// StemBuckets is the size of the table of stems.
const StemBuckets = 1 << 14

// StemHash is the bucket of a word's stem in Base.Stems.
func StemHash(stem []byte) uint32 { return mix(german.HashOf(stem)) & (StemBuckets - 1) }

// Head returns the index of a head by its name, -1 if the base has none.
func (b *Base) Head(name string) int {
	for i := range b.Heads {
		if b.Heads[i].Name == name {
			return i
		}
	}
	return -1
}

// Weighted is a vector with its features weighted by a base: each block scaled
// to a length of its own.
type Weighted struct {
	Value  []float32 // parallel to Vector.Index; 0 for features the base never saw
	Site   []float32 // the same for a site, where unseen features count as rare ones
	Dense  []float32 // standardised
	Unseen float32   // share of unseen features

	parts []float32 // what one occurrence of each feature adds, see Share
}

// blockLength is the length each block of a vector is brought to.
var blockLength = [Blocks]float32{1, 1, 0.7}

// Square is the square of a weighted vector's length where all blocks have
// features.
const Square = 1 + 1 + 0.7*0.7

// rareIDF is the inverse document frequency of a feature unseen in the base for a
// site: that of none among the shipped base's rows.
const rareIDF = 11

// sitePower is the exponent on it for a site, chosen on replayed streams of
// decisions like DeltaDefaults.
const sitePower = 1.5

// rarity is what one occurrence counts by the quantised document frequency: in a
// base, where an unseen feature counts nothing, and for a site.
type rarity struct {
	base, site float32
	unseen     int
}

// SetPower sets how much more rare features count than frequent ones.
func (b *Base) SetPower(power float32) {
	b.Power = power
	for i := range b.rarity {
		idf := float64(i) * IDFStep
		b.rarity[i] = rarity{base: raised(idf, float64(power)), site: raised(idf, sitePower)}
	}
	b.rarity[0] = rarity{site: raised(rareIDF, sitePower), unseen: 1}
}

// raised is x to a power, the same on every machine: rounded to what eight bits
// more than a quantised frequency tell apart.
func raised(x, power float64) float32 {
	return float32(math.Round(math.Pow(x, power)*256*16) / (256 * 16))
}

// Weigh weights a vector. Features of a text longer than the cap are few enough
// for one pass.
func (b *Base) Weigh(v *Vector, w *Weighted) {
	w.room(len(v.Index))
	unseen := b.lookUp(v, w)
	base, site := lengths(v.Index, w.Value), lengths(v.Index, w.Site)
	value, own := w.Value[:len(v.Index)], w.Site[:len(v.Index)]
	for i, k := range v.Index {
		blk := k >> blockBits & 3
		value[i] *= base[blk]
		own[i] *= site[blk]
	}
	w.Unseen = float32(unseen) / float32(max(len(v.Index), 1))
	w.Dense = b.standardise(w.Dense[:0], v.Dense)
}

// lookUp weighs each feature by how rare and how frequent it is, and counts those
// that the base never saw.
func (b *Base) lookUp(v *Vector, w *Weighted) (unseen int) {
	value, own, cells, shift := w.Value[:len(v.Index)], w.Site[:len(v.Index)], b.cells, b.shift&7
	for i, k := range v.Index {
		r := &b.rarity[cells[int(k)<<shift]]
		value[i], own[i] = r.base, r.site
		unseen += r.unseen
	}
	for i, c := range v.Count[:len(v.Index)] {
		if c != 1 {
			n := sublinear(c)
			value[i], own[i] = n*value[i], n*own[i]
		}
	}
	return unseen
}

// lengths gives the factor that brings each block of a vector to its length.
func lengths(index []uint32, value []float32) (l [Blocks + 1]float32) {
	var words, letters, runs float32
	value = value[:len(index)]
	for i, k := range index {
		x := value[i]
		switch x = float32(x * x); {
		case k >= 2*block:
			runs += x
		case k >= block:
			letters += x
		default:
			words += x
		}
	}
	for i, sum := range [Blocks]float32{words, letters, runs} {
		l[i] = blockLength[i] * inverseRoot(sum)
	}
	return l
}

// room makes the values as long as a vector.
func (w *Weighted) room(n int) {
	if cap(w.Value) < n {
		w.Value, w.Site = make([]float32, n+n/2), make([]float32, n+n/2)
		w.parts = make([]float32, n+n/2)
	}
	w.Value, w.Site, w.parts = w.Value[:n], w.Site[:n], w.parts[:n]
}

func inverseRoot(x float32) float32 {
	if x == 0 {
		return 0
	}
	return 1 / sqrt(x)
}

func (b *Base) standardise(dst, dense []float32) []float32 {
	for i, d := range dense {
		if i >= len(b.Mean) {
			break
		}
		dst = append(dst, max(-4, min(4, (d-b.Mean[i])/b.Std[i])))
	}
	return dst
}

// Predict writes each head's log-odds into out, which has one place a head.
func (b *Base) Predict(v *Vector, w *Weighted, out []float32) {
	var words [8]float32
	for h := 0; h < len(b.Heads); h += 2 {
		words[h&7], words[(h+1)&7] = b.words(v, w, h)
	}
	for h := range b.Heads {
		head := &b.Heads[h]
		z := words[h&7] + head.Bias
		for i, d := range w.Dense {
			z += float32(head.Dense[i] * d)
		}
		out[h] = z
	}
}

// words is the hashed words' part in the log-odds of head h and the next one.
func (b *Base) words(v *Vector, w *Weighted, h int) (x, y float32) {
	first, second := &b.Heads[h].table, &noWeights
	if h+1 < len(b.Heads) {
		second = &b.Heads[h+1].table
	}
	value, cells, shift := w.Value[:len(v.Index)], b.cells, b.shift&7
	for i, k := range v.Index {
		cell := cells[int(k)<<shift+h:]
		x += float32(value[i] * first[cell[1]])
		if len(cell) > 2 {
			y += float32(value[i] * second[cell[2]])
		}
	}
	return x, y
}

// noWeights is the table of a head that is not there.
var noWeights [256]float32

// Probability is a head's calibrated probability for its log-odds.
func (h *Head) Probability(z float32) float64 {
	return 1 / (1 + math.Exp(-float64(h.Slope*z+h.Shift)))
}

// Share adds to each token its part in a head's log-odds: weight times value,
// divided among the occurrences of a feature.
func (b *Base) Share(v *Vector, w *Weighted, head int, tokens []float32) {
	table, cells, shift := &b.Heads[head].table, b.cells[1+head:], b.shift&7
	value, count, parts := w.Value[:len(v.Index)], v.Count[:len(v.Index)], w.parts[:len(v.Index)]
	for i, k := range v.Index {
		x := value[i] * table[cells[int(k)<<shift]]
		if c := count[i]; c != 1 {
			x /= c
		}
		parts[i] = x
	}
	v.deal(parts, tokens)
}

// deal adds to each token the parts of the features that occur in it.
func (v *Vector) deal(parts, tokens []float32) {
	grams := v.Grams
	for len(grams) > 0 {
		at, n := grams[0].Token, 0
		if int(at) >= len(tokens) {
			grams = grams[1:]
			continue
		}
		sum := tokens[at]
		for n < len(grams) && grams[n].Token == at {
			sum += parts[grams[n].Feature]
			n++
		}
		tokens[at], grams = sum, grams[n:]
	}
}

// Corpus is the weighted rows of a training set. Their features are numbered
// anew in the order in which they first occur: the weights that training needs
// most then lie side by side in memory.
type Corpus struct {
	Samples []Sample
	Buckets []uint32 // of each number in Sample.Index
}

// Raw is what one text brings to a training set: its distinct features with
// their counts, its dense features and the buckets of its stems.
type Raw struct {
	index, stems []uint32
	count, dense []float32
}

// NewRaw copies a vector's features.
func NewRaw(v *Vector, stems []uint32) *Raw {
	return &Raw{index: append([]uint32(nil), v.Index...), count: append([]float32(nil), v.Count...),
		dense: append([]float32(nil), v.Dense...), stems: stems}
}

// Powers are the exponents on the inverse document frequency that a base is tried
// with: sets of everyday texts gain from a larger one, sets of short made-up
// sentences lose.
var Powers = [...]float32{1, 1.6}

// Build freezes document frequencies and the statistics of the dense features,
// and weights the rows once for each of Powers. A row that repeats its predecessor
// (the same text taught another rule) is not counted again.
func Build(rows []*Raw) (*Base, [len(Powers)]Corpus) {
	b := &Base{Stems: make([]uint8, StemBuckets)}
	idf, df, stems := make([]uint8, Buckets), make([]uint32, Buckets), make([]uint32, StemBuckets)
	for i, r := range rows {
		if i > 0 && r == rows[i-1] {
			continue
		}
		for _, k := range r.index {
			df[k]++
		}
		for _, k := range r.stems {
			stems[k]++
		}
	}
	n := float64(len(rows))
	for i, d := range df {
		if d >= 1 {
			idf[i] = quantIDF(n, float64(d))
		}
	}
	b.layOut(idf, 0)
	for i, d := range stems {
		b.Stems[i] = quantIDF(n, float64(d))
	}
	b.Mean, b.Std = statistics(rows)
	var out [len(Powers)]Corpus
	for p, power := range Powers {
		b.SetPower(power)
		out[p].Samples = b.samples(rows)
	}
	number := numbers{make([]uint32, Buckets), nil}
	for i, r := range rows {
		if i == 0 || r != rows[i-1] {
			number.all(r.index)
		}
	}
	for p := range out {
		out[p].Buckets = number.bucket
	}
	return b, out
}

// samples weights the rows.
func (b *Base) samples(rows []*Raw) []Sample {
	out := make([]Sample, len(rows))
	var w Weighted
	for i, r := range rows {
		if i > 0 && r == rows[i-1] {
			out[i] = out[i-1]
			continue
		}
		b.Weigh(&Vector{Index: r.index, Count: r.count, Dense: r.dense}, &w)
		out[i] = Sample{Index: r.index, Value: slices.Clone(w.Value), Dense: slices.Clone(w.Dense), Scale: 1}
	}
	return out
}

// numbers counts distinct buckets as they come.
type numbers struct {
	of     []uint32 // number by bucket, plus one
	bucket []uint32 // by number
}

// all replaces buckets by their numbers.
func (n *numbers) all(index []uint32) {
	for j, k := range index {
		if n.of[k] == 0 {
			n.bucket = append(n.bucket, k)
			n.of[k] = uint32(len(n.bucket))
		}
		index[j] = n.of[k] - 1
	}
}

func quantIDF(n, df float64) uint8 {
	x := 1 + math.Log((1+n)/(1+df))
	return uint8(max(1, min(255, math.Round(x/IDFStep))))
}

func statistics(rows []*Raw) (mean, std []float32) {
	if len(rows) == 0 {
		return nil, nil
	}
	d := len(rows[0].dense)
	mean, std = make([]float32, d), make([]float32, d)
	for i := range d {
		var s, q float64
		for _, r := range rows {
			s += float64(r.dense[i])
			q += float64(r.dense[i]) * float64(r.dense[i])
		}
		m := s / float64(len(rows))
		mean[i] = float32(m)
		std[i] = float32(math.Sqrt(max(q/float64(len(rows))-m*m, 1e-4)))
	}
	return mean, std
}

// Quantise packs trained heads into the base, eight bits a weight. Buckets are
// those of the corpus that the heads were trained on.
func (b *Base) Quantise(names []string, heads []*Linear, buckets []uint32) {
	b.layOut(b.idf(), len(heads))
	b.Heads = make([]Head, len(heads))
	for h, m := range heads {
		limit := largest(m.Weight)
		b.Heads[h] = Head{Name: names[h], Limit: limit, Dense: m.Dense, Bias: m.Bias, Slope: 1}
		b.Heads[h].fill()
		for i, w := range m.Weight {
			q := math.Round(127 * math.Sqrt(math.Abs(float64(w))/float64(limit)))
			b.cells[int(buckets[i])<<b.shift+1+h] = uint8(int8(math.Copysign(q, float64(w))))
		}
	}
}

// largest is the size of the largest weight, 1 where all are zero.
func largest(w []float32) float32 {
	most := float32(0)
	for _, x := range w {
		most = max(most, x, -x)
	}
	if most == 0 {
		return 1
	}
	return most
}
