package learn

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"runtime"
	"slices"
	"sync"
)

// A Delta is what one site learned on top of a base: for each head a regression
// over the hashed words, the dense features and the score the head had before
// (its prior). An untaught Delta changes nothing, because its scores are the
// priors.
type Delta struct {
	Weight []int16 // DeltaHeads per bucket, in steps of WeightStep
	Heads  [DeltaHeads]DeltaHead
}

// DeltaHead is one head's regression beside the hashed words.
type DeltaHead struct {
	Dense    []float32
	Bias     float32
	Trust    float32 // factor on the prior, 1 untaught
	Positive uint32  // decisions seen with this breach
	Negative uint32
	Slope    float32 // calibration: sigmoid(Slope*z + Shift)
	Shift    float32
}

// DeltaHeads is the number of heads: five rules and "would be refused".
const DeltaHeads = 6

const (
	deltaBits    = 17
	deltaBuckets = Blocks << deltaBits
	// WeightStep is the unit of Delta.Weight. Fixed steps make a model the same
	// after writing and reading.
	WeightStep = 1.0 / 4096
)

// NewDelta is an untaught difference for the given number of dense features.
func NewDelta(dense int) *Delta {
	d := &Delta{Weight: make([]int16, deltaBuckets*DeltaHeads)}
	for h := range d.Heads {
		d.Heads[h] = DeltaHead{Dense: make([]float32, dense), Trust: 1, Slope: 1}
	}
	return d
}

// Clone copies a difference, so that one can be taught while the other serves.
func (d *Delta) Clone() *Delta {
	c := &Delta{Weight: append([]int16(nil), d.Weight...), Heads: d.Heads}
	for h := range c.Heads {
		c.Heads[h].Dense = append([]float32(nil), d.Heads[h].Dense...)
	}
	return c
}

// deltaBucket folds a bucket of the base into the smaller table of a site.
func deltaBucket(k uint32) uint32 { return k>>blockBits<<deltaBits | k&(1<<deltaBits-1) }

// Sums writes the hashed words' part of every head's log-odds.
func (d *Delta) Sums(v *Vector, w *Weighted, out *[DeltaHeads]float32) {
	var a, b, c, e, f, g float32
	site, weight := w.Site[:len(v.Index)], d.Weight
	for i, k := range v.Index {
		q := (*[DeltaHeads]int16)(weight[deltaBucket(k)*DeltaHeads:])
		if *q == [DeltaHeads]int16{} {
			continue
		}
		x := site[i] * WeightStep
		a += float32(x * float32(q[0]))
		b += float32(x * float32(q[1]))
		c += float32(x * float32(q[2]))
		e += float32(x * float32(q[3]))
		f += float32(x * float32(q[4]))
		g += float32(x * float32(q[5]))
	}
	*out = [DeltaHeads]float32{a, b, c, e, f, g}
}

// Score is a head's log-odds from its words' sum, dense features and prior.
func (h *DeltaHead) Score(words float32, dense []float32, prior float32) float32 {
	z := words + h.Bias + float32(h.Trust*prior)
	for i, x := range dense {
		z += float32(h.Dense[i] * x)
	}
	return z
}

// Share adds each token's part in a head's log-odds.
func (d *Delta) Share(v *Vector, w *Weighted, head int, tokens []float32) {
	site, count, parts := w.Site[:len(v.Index)], v.Count[:len(v.Index)], w.parts[:len(v.Index)]
	for i, k := range v.Index {
		q := d.Weight[int(deltaBucket(k))*DeltaHeads+head]
		if q == 0 {
			parts[i] = 0
			continue
		}
		parts[i] = site[i] * float32(q) * WeightStep / count[i]
	}
	v.deal(parts, tokens)
}

// Lesson is one decision as the learner sees it.
type Lesson struct {
	Index []uint32 // buckets of the site's table
	Value []float32
	Dense []float32 // as the last head, "would be refused", sees it
	Bare  []float32 // as the rules' heads see it: without the rules' own priors
	Prior [DeltaHeads]float32
	// Label by head: 1 a breach, 0 none, -1 nothing known.
	Label [DeltaHeads]int8
	Scale float32 // weight of the decision, 1 for a recent one
}

// NewLesson copies a weighted vector into a lesson.
func NewLesson(v *Vector, w *Weighted, dense, bare []float32) Lesson {
	l := Lesson{Index: make([]uint32, len(v.Index)), Value: append([]float32(nil), w.Site...), Dense: dense, Bare: bare, Scale: 1}
	for i, k := range v.Index {
		l.Index[i] = deltaBucket(k)
	}
	return l
}

// denseOf is what head h sees beside the words.
func (l *Lesson) denseOf(h int) []float32 {
	if h == DeltaHeads-1 {
		return l.Dense
	}
	return l.Bare
}

// onlineRate is the step of a single decision between two retrains.
const onlineRate = 0.15

// Step teaches one decision: one gradient step on every head that it says
// something about.
func (d *Delta) Step(l *Lesson) {
	for h := range d.Heads {
		if l.Label[h] < 0 {
			continue
		}
		head := &d.Heads[h]
		d.count(h, l.Label[h])
		if !head.Taught() {
			continue
		}
		var words float32
		for i, k := range l.Index {
			words += float32(float32(d.Weight[int(k)*DeltaHeads+h]) * WeightStep * l.Value[i])
		}
		g := float32((Sigmoid(head.Score(words, l.denseOf(h), l.Prior[h])) - float32(l.Label[h])) * l.Scale * onlineRate)
		for i, k := range l.Index {
			at := int(k)*DeltaHeads + h
			d.Weight[at] = fixed(float32(float32(d.Weight[at])*WeightStep) - float32(g*l.Value[i]))
		}
		head.Bias -= float32(g * 0.2)
	}
}

func (d *Delta) count(h int, label int8) {
	if label > 0 {
		d.Heads[h].Positive++
	} else {
		d.Heads[h].Negative++
	}
}

// LeastPositive is how many refused, and how many released, decisions a rule
// needs before a site's own weights count.
const LeastPositive = 30

// Taught reports that a head has seen enough decisions to count.
func (h *DeltaHead) Taught() bool { return h.Positive >= LeastPositive && h.Negative >= LeastPositive }

func fixed(w float32) int16 {
	return int16(math.RoundToEven(float64(max(-7.9, min(7.9, w))) / WeightStep))
}

// DeltaDefaults were chosen on replayed streams of decisions.
var DeltaDefaults = Options{Passes: 8, Seed: 7, Balance: true, Cost: 2, DenseScale: 0.15, Contrast: []float32{0.4}, Bayes: 0.05}

// Course is lessons made ready to train from: the features that occur in them are
// numbered anew, so that a regression's weights lie close together.
type Course struct {
	lessons []Lesson
	buckets []uint32 // by number
}

// NewCourse makes lessons ready. They are of no other use afterwards.
func NewCourse(lessons []Lesson) *Course {
	number := numbers{make([]uint32, deltaBuckets), nil}
	for i := range lessons {
		number.all(lessons[i].Index)
	}
	return &Course{lessons, number.bucket}
}

// Retrain teaches the first n lessons from the start. Heads are independent and
// run at the same time, as many as there are processors: a head's tables take
// some ten megabytes. The result does not depend on how many.
func (c *Course) Retrain(n, dense int, o Options) *Delta {
	d := NewDelta(dense)
	var wg sync.WaitGroup
	heads := make(chan int)
	for range min(runtime.GOMAXPROCS(0), DeltaHeads) {
		wg.Go(func() {
			for h := range heads {
				d.retrainHead(c.lessons[:n], c.buckets, h, o)
			}
		})
	}
	for h := range d.Heads {
		heads <- h
	}
	close(heads)
	wg.Wait()
	return d
}

// retrainHead fits one head. The prior enters as one more dense feature.
func (d *Delta) retrainHead(lessons []Lesson, buckets []uint32, h int, o Options) {
	var samples []Sample
	for i := range lessons {
		l := &lessons[i]
		if l.Label[h] < 0 {
			continue
		}
		d.count(h, l.Label[h])
		samples = append(samples, Sample{Index: l.Index, Value: l.Value, Label: l.Label[h] > 0, Scale: l.Scale,
			Dense: append(slices.Clone(l.denseOf(h)), l.Prior[h])})
	}
	head := &d.Heads[h]
	if !head.Taught() {
		return
	}
	m := Exact(thin(samples, head), len(buckets), len(head.Dense)+1, o)
	for i, k := range buckets {
		d.Weight[int(k)*DeltaHeads+h] = fixed(m.Weight[i])
	}
	n := len(head.Dense)
	copy(head.Dense, m.Dense[:n])
	head.Bias, head.Trust = m.Bias, m.Dense[n]
}

// perPositive is how many released comments a rule's model learns from for each
// refused one: more add time and hardly anything else.
const perPositive = 5

// thin keeps every so-many-th released comment where there are far more of them
// than refused ones.
func thin(samples []Sample, h *DeltaHead) []Sample {
	every := int(h.Negative) / (perPositive * max(int(h.Positive), 400))
	if every < 2 {
		return samples
	}
	kept, n := samples[:0], 0
	for i := range samples {
		if !samples[i].Label {
			n++
			if n%every != 0 {
				continue
			}
		}
		kept = append(kept, samples[i])
	}
	return kept
}

const deltaMagic = "FGSITE2\n"

// Encode writes the difference with the name of its base and its position in the
// chain of decisions.
func (d *Delta) Encode(w io.Writer, base string, position uint64) error {
	var raw bytes.Buffer
	e := encoder{w: &raw}
	e.text(base)
	raw.Write(binary.LittleEndian.AppendUint64(nil, position))
	e.u32(uint32(len(d.Heads[0].Dense)))
	for h := range d.Heads {
		x := &d.Heads[h]
		e.f32(x.Bias, x.Trust, x.Slope, x.Shift)
		e.u32(x.Positive, x.Negative)
		e.f32(x.Dense...)
		last := 0
		for k := range deltaBuckets {
			if q := d.Weight[k*DeltaHeads+h]; q != 0 {
				raw.Write(binary.AppendUvarint(nil, uint64(k-last+1)))
				raw.Write(binary.AppendVarint(nil, int64(q)))
				last = k
			}
		}
		raw.WriteByte(0)
	}
	return writeSealed(w, deltaMagic, raw.Bytes())
}

// DecodeDelta reads a difference for the given number of dense features.
func DecodeDelta(r io.Reader, dense int) (d *Delta, base string, position uint64, err error) {
	raw, _, err := readSealed(r, deltaMagic)
	if err != nil {
		return nil, "", 0, err
	}
	in := decoder{b: raw}
	base = in.text()
	if p := in.bytes(8); p != nil {
		position = binary.LittleEndian.Uint64(p)
	}
	if int(in.u32()) != dense || in.bad {
		return nil, "", 0, ErrDamaged
	}
	d = NewDelta(dense)
	for h := range d.Heads {
		x := &d.Heads[h]
		x.Bias, x.Trust, x.Slope, x.Shift = in.f32(), in.f32(), in.f32(), in.f32()
		x.Positive, x.Negative = in.u32(), in.u32()
		x.Dense = in.floats(dense)
		in.weights(d, h)
	}
	if in.bad || len(in.b) != 0 || !d.finite() {
		return nil, "", 0, ErrDamaged
	}
	return d, base, position, nil
}

// weights reads one head's gaps and weights up to the closing zero.
func (d *decoder) weights(out *Delta, h int) {
	k := uint64(0)
	for first := true; !d.bad; first = false {
		gap, n := binary.Uvarint(d.b)
		if n <= 0 {
			d.bad = true
			return
		}
		d.b = d.b[n:]
		if gap == 0 {
			return
		}
		q, m := binary.Varint(d.b)
		k += gap - 1
		if m <= 0 || gap > deltaBuckets || k >= deltaBuckets || !first && gap == 1 || q < math.MinInt16 || q > math.MaxInt16 {
			d.bad = true
			return
		}
		d.b = d.b[m:]
		out.Weight[int(k)*DeltaHeads+h] = int16(q)
	}
}

func (d *Delta) finite() bool {
	for h := range d.Heads {
		x := &d.Heads[h]
		for _, f := range append([]float32{x.Bias, x.Trust, x.Slope, x.Shift}, x.Dense...) {
			if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
				return false
			}
		}
	}
	return len(d.Heads[0].Dense) > 0
}
