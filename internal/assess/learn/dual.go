package learn

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// Exact fits a logistic regression with an L2 penalty by coordinate descent on
// its dual (Yu, Huang and Lin 2011), which comes to the optimum of small sets in
// a dozen passes where stochastic steps stay short of it. On the
// measured sets it is ahead of AdaGrad by one to three points of AUC.
// Sample.Index are numbers below features.
func Exact(samples []Sample, features, dense int, o Options) *Linear {
	fits := make([]*dual, len(o.Contrast))
	var wg sync.WaitGroup
	for i, c := range o.Contrast {
		wg.Go(func() { fits[i] = newDual(samples, features, dense, c, o).fit() })
	}
	wg.Wait()
	sum := &Linear{Weight: make([]float32, features), Dense: make([]float32, dense)}
	for _, f := range fits {
		f.addTo(sum, 1/float32(len(o.Contrast)))
	}
	if o.Bayes != 0 {
		for k, r := range Ratios(samples, features, o.Balance) {
			sum.Weight[k] += float32(o.Bayes * r)
		}
	}
	return sum
}

// fit runs coordinate descent until it has come to rest.
func (s *dual) fit() *dual {
	o := s.o
	rng := rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15))
	order := rng.Perm(len(s.samples))
	for range o.Passes {
		rng.Shuffle(len(order), func(a, b int) { order[a], order[b] = order[b], order[a] })
		moved := 0.0
		for n, i := range order {
			s.o.pause(n)
			moved = max(moved, s.step(i))
		}
		if moved < 0.02 {
			break
		}
	}
	return s
}

type dual struct {
	samples []Sample
	o       Options
	cells   []cell // by number of the feature
	dense   []float32
	bias    float32
	alpha   [][2]float64
	upper   []float64
	square  []float64
}

// cell is a feature's weight beside its scale (how far the classes differ there)
// squared, which a step needs together. The weight holds the scale already, so
// that a score is weight times value.
type cell struct{ weight, square float32 }

func newDual(samples []Sample, features, dense int, amount float32, o Options) *dual {
	s := &dual{samples: samples, o: o, cells: make([]cell, features), dense: make([]float32, dense),
		alpha: make([][2]float64, len(samples)), upper: make([]float64, len(samples)), square: make([]float64, len(samples))}
	pos, neg := balance(samples, o.Balance)
	for b, k := range contrast(samples, features, o.Balance, amount) {
		s.cells[b].square = float32(k * k)
	}
	for i := range samples {
		o.pause(i)
		x := &samples[i]
		w := neg
		if x.Label {
			w = pos
		}
		c := float64(o.Cost * w * x.Scale)
		s.upper[i] = c
		s.alpha[i] = [2]float64{min(0.001*c, 1e-8), 0}
		s.alpha[i][1] = c - s.alpha[i][0]
		q := 1.0
		for j, v := range x.Value {
			q += float64(v) * float64(v) * float64(s.cells[x.Index[j]].square)
		}
		for _, v := range x.Dense {
			v = float32(v * o.DenseScale)
			q += float64(v) * float64(v)
		}
		s.square[i] = q
		s.add(x, s.alpha[i][0]*sign(x.Label))
	}
	return s
}

func sign(label bool) float64 {
	if label {
		return 1
	}
	return -1
}

// score sums in four parts, which do not wait for each other.
func (s *dual) score(x *Sample) float64 {
	var a, b, c, d float32
	index, value, i := x.Index, x.Value[:len(x.Index)], 0
	for ; i+4 <= len(index); i += 4 {
		k, v := index[i:i+4:i+4], value[i:i+4:i+4]
		a += float32(s.cells[k[0]].weight * v[0])
		b += float32(s.cells[k[1]].weight * v[1])
		c += float32(s.cells[k[2]].weight * v[2])
		d += float32(s.cells[k[3]].weight * v[3])
	}
	for ; i < len(index); i++ {
		a += float32(s.cells[index[i]].weight * value[i])
	}
	for j, v := range x.Dense {
		b += float32(s.dense[j] * float32(v*s.o.DenseScale))
	}
	return float64(s.bias + float32(float32(a+b)+float32(c+d)))
}

func (s *dual) add(x *Sample, d float64) {
	f := float32(d)
	value := x.Value[:len(x.Index)]
	for i, b := range x.Index {
		c := &s.cells[b]
		c.weight += float32(f * float32(value[i]*c.square))
	}
	for i, v := range x.Dense {
		s.dense[i] += float32(f * float32(v*s.o.DenseScale))
	}
	s.bias += f
}

// step solves the problem of one sample exactly by Newton's method and returns
// how far its multiplier moved, relative to its bound.
func (s *dual) step(i int) float64 {
	x, c := &s.samples[i], s.upper[i]
	if c <= 0 {
		return 0
	}
	y, a := sign(x.Label), s.square[i]
	b := y * s.score(x)
	one, two, side := 0, 1, 1.0
	if 0.5*a*(s.alpha[i][1]-s.alpha[i][0])+b < 0 {
		one, two, side = 1, 0, -1
	}
	old := s.alpha[i][one]
	z := old
	if c-z < 0.5*c {
		z *= 0.1
	}
	slope := func() float64 { return a*(z-old) + side*b + math.Log(z/(c-z)) }
	for range 50 {
		g := slope()
		if math.Abs(g) < 1e-4 {
			break
		}
		if next := z - g/(a+c/(c-z)/z); next <= 0 {
			z *= 0.1
		} else {
			z = min(next, c*(1-1e-12))
		}
	}
	s.alpha[i][one], s.alpha[i][two] = z, c-z
	if d := side * (z - old) * y; d != 0 {
		s.add(x, d)
	}
	return math.Abs(z-old) / c
}

// addTo adds a share of the regression to a mean.
func (s *dual) addTo(m *Linear, share float32) {
	for b := range s.cells {
		m.Weight[b] += float32(s.cells[b].weight * share)
	}
	for i, w := range s.dense {
		m.Dense[i] += float32(float32(w*s.o.DenseScale) * share)
	}
	m.Bias += float32(s.bias * share)
}

// contrast scales each feature by how far its share differs between the classes
// (Wang and Manning 2012), softened by amount: 0 leaves every feature as it is.
func contrast(samples []Sample, features int, balance bool, amount float32) []float32 {
	if amount == 0 {
		return slices.Repeat([]float32{1}, features)
	}
	scale := Ratios(samples, features, balance)
	for k, r := range scale {
		scale[k] = 1 - amount + float32(amount*min(max(r, -r), 3)*1.6)
	}
	return scale
}

// Ratios are the weights of naive Bayes: of each feature the logarithm of how much
// larger its share is among the positive rows.
func Ratios(samples []Sample, features int, balanced bool) []float32 {
	pos, neg := balance(samples, balanced)
	p, n := make([]float64, features), make([]float64, features)
	var sp, sn float64
	for i := range samples {
		x := &samples[i]
		if x.Label {
			sp += float64(pos * x.Scale)
		} else {
			sn += float64(neg * x.Scale)
		}
		for _, b := range x.Index {
			if x.Label {
				p[b] += float64(pos * x.Scale)
			} else {
				n[b] += float64(neg * x.Scale)
			}
		}
	}
	ratio := make([]float32, features)
	for k := range ratio {
		ratio[k] = float32(math.Log((p[k] + 1) / (sp + 2) / ((n[k] + 1) / (sn + 2))))
	}
	return ratio
}
