package learn

import "math"

// Sample is one labelled row, weighted: the features of its text as indices and
// values (each block normalised), and its dense features.
type Sample struct {
	Index []uint32 // numbers of the features, see Corpus
	Value []float32
	Dense []float32
	Label bool
	Scale float32 // weight of the row, 1 for an ordinary one
}

// Options steer the training of a base.
type Options struct {
	Passes     int
	Seed       uint64
	Balance    bool    // weigh both classes alike
	Cost       float32 // weight of the errors against the penalty
	DenseScale float32 // scale of the dense features
	// Contrast says how far features that tell the classes apart are favoured, 0
	// to 1. One regression is fitted for each value and their mean is taken, which
	// is one regression again.
	Contrast []float32
	// Bayes is how much of naive Bayes' weights (see Ratios) is added.
	Bayes float32
	// Pause is called after each few samples, by several goroutines at once, for
	// whoever wants the work to give way to other work; nil: never. It changes
	// nothing of the result.
	Pause func()
}

// pauseEvery is how many samples lie between two pauses, some tens of microseconds.
const pauseEvery = 32

// pause pauses where it is time to, after the nth sample.
func (o *Options) pause(n int) {
	if o.Pause != nil && n%pauseEvery == 0 {
		o.Pause()
	}
}

// Defaults were chosen by cross-validation over four sets; they are flat around
// these values.
var Defaults = Options{Passes: 6, Seed: 1, Balance: true, Cost: 1.5, DenseScale: 0.15, Contrast: []float32{0.5}}

// Linear is one logistic regression.
type Linear struct {
	Weight []float32 // by number of the feature
	Dense  []float32
	Bias   float32
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

// Score is the log-odds of a sample.
func (m *Linear) Score(s *Sample) float32 {
	z := m.Bias + m.Words(s)
	for i, d := range s.Dense {
		z += float32(m.Dense[i] * d)
	}
	return z
}

// Words is the hashed words' part in it.
func (m *Linear) Words(s *Sample) (z float32) {
	for i, b := range s.Index {
		z += float32(m.Weight[b] * s.Value[i])
	}
	return z
}

// Sigmoid turns log-odds into a probability.
func Sigmoid(z float32) float32 { return float32(1 / (1 + math.Exp(-float64(z)))) }

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
