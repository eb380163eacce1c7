package learn

import (
	"math"
	"math/rand/v2"
)

// Sample is one labelled row, weighted: the features of its text as indices and
// values (both blocks normalised), and its dense features.
type Sample struct {
	Index []uint32
	Value []float32
	Dense []float32
	Label bool
	Scale float32 // weight of the row, 1 for an ordinary one
}

// Options steer the training. The zero value is replaced by Defaults.
type Options struct {
	Epochs    int
	Rate, L2  float32
	DenseRate float32
	Seed      uint64
	Balance   bool // weigh both classes alike
}

// Defaults were chosen by cross-validation; they are flat around these values.
var Defaults = Options{Epochs: 8, Rate: 0.1, L2: 3e-6, DenseRate: 0.03, Seed: 1, Balance: true}

// Linear is one logistic regression.
type Linear struct {
	Weight []float32 // by bucket
	Dense  []float32
	Bias   float32
}

// Train fits one logistic regression by AdaGrad. The last epochs' weights are
// averaged, which steadies the result.
func Train(samples []Sample, dense int, o Options) *Linear {
	m := &Linear{Weight: make([]float32, Buckets), Dense: make([]float32, dense)}
	s := sgd{Linear: m, o: o, sum: make([]float32, Buckets), dsum: make([]float32, dense), avg: make([]float32, Buckets), davg: make([]float32, dense)}
	pos, neg := balance(samples, o.Balance)
	rng := rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15))
	order := rng.Perm(len(samples))
	averaged := 0
	for e := range o.Epochs {
		rng.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		for _, i := range order {
			w := neg
			if samples[i].Label {
				w = pos
			}
			s.step(&samples[i], w*samples[i].Scale)
		}
		if e >= o.Epochs/2 {
			s.keep()
			averaged++
		}
	}
	if averaged > 0 {
		s.average(float32(averaged))
	}
	return m
}

// balance returns the weight of a positive and of a negative row.
func balance(samples []Sample, on bool) (pos, neg float32) {
	var p, n float32
	for i := range samples {
		if samples[i].Label {
			p += samples[i].Scale
		} else {
			n += samples[i].Scale
		}
	}
	if !on || p == 0 || n == 0 {
		return 1, 1
	}
	return (p + n) / (2 * p), (p + n) / (2 * n)
}

type sgd struct {
	*Linear
	o         Options
	sum, dsum []float32 // squared gradients
	bsum      float32
	avg, davg []float32
	bavg      float32
}

// Score is the log-odds of a sample.
func (m *Linear) Score(s *Sample) float32 {
	z := m.Bias
	for i, b := range s.Index {
		z += float32(m.Weight[b] * s.Value[i])
	}
	for i, d := range s.Dense {
		z += float32(m.Dense[i] * d)
	}
	return z
}

// Sigmoid turns log-odds into a probability.
func Sigmoid(z float32) float32 { return float32(1 / (1 + math.Exp(-float64(z)))) }

func (s *sgd) step(x *Sample, scale float32) {
	y := float32(0)
	if x.Label {
		y = 1
	}
	g := (Sigmoid(s.Score(x)) - y) * scale
	for i, b := range x.Index {
		d := float32(g*x.Value[i]) + float32(s.o.L2*s.Weight[b])
		s.sum[b] += float32(d * d)
		s.Weight[b] -= s.o.Rate * d / sqrt(s.sum[b]+1e-8)
	}
	for i, v := range x.Dense {
		d := float32(g*v) + float32(s.o.L2*s.Linear.Dense[i])
		s.dsum[i] += float32(d * d)
		s.Linear.Dense[i] -= s.o.DenseRate * d / sqrt(s.dsum[i]+1e-8)
	}
	s.bsum += float32(g * g)
	s.Bias -= s.o.Rate * g / sqrt(s.bsum+1e-8)
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func (s *sgd) keep() {
	for i, w := range s.Weight {
		s.avg[i] += w
	}
	for i, w := range s.Linear.Dense {
		s.davg[i] += w
	}
	s.bavg += s.Bias
}

func (s *sgd) average(n float32) {
	for i := range s.Weight {
		s.Weight[i] = s.avg[i] / n
	}
	for i := range s.Linear.Dense {
		s.Linear.Dense[i] = s.davg[i] / n
	}
	s.Bias = s.bavg / n
}
