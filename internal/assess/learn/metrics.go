package learn

import (
	"math"
	"sort"
)

// AUC is the probability that a random positive scores above a random negative,
// ties counting half. It is NaN where one class is missing.
func AUC(scores []float64, labels []bool) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return scores[order[a]] < scores[order[b]] })
	var rankSum float64
	var pos, neg int
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && scores[order[j]] == scores[order[i]] {
			j++
		}
		rank := float64(i+j+1) / 2
		for ; i < j; i++ {
			if labels[order[i]] {
				rankSum += rank
				pos++
			} else {
				neg++
			}
		}
	}
	if pos == 0 || neg == 0 {
		return math.NaN()
	}
	return (rankSum - float64(pos)*float64(pos+1)/2) / (float64(pos) * float64(neg))
}

// MacroF1 is the unweighted mean of both classes' F1 with probabilities of at
// least the threshold taken as positive.
func MacroF1(scores []float64, labels []bool, threshold float64) float64 {
	var tp, fp, fn, tn float64
	for i, s := range scores {
		switch {
		case s >= threshold && labels[i]:
			tp++
		case s >= threshold:
			fp++
		case labels[i]:
			fn++
		default:
			tn++
		}
	}
	return (f1(tp, fp, fn) + f1(tn, fn, fp)) / 2
}

func f1(tp, fp, fn float64) float64 {
	if tp == 0 {
		return 0
	}
	return 2 * tp / (2*tp + fp + fn)
}

// Calibration returns the Brier score and the expected calibration error over
// ten bins of equal width.
func Calibration(p []float64, labels []bool) (brier, ece float64) {
	var n, sum, hits [10]float64
	for i, x := range p {
		y := 0.0
		if labels[i] {
			y = 1
		}
		brier += (x - y) * (x - y)
		b := min(int(x*10), 9)
		n[b]++
		sum[b] += x
		hits[b] += y
	}
	for b := range n {
		if n[b] > 0 {
			ece += math.Abs(sum[b]-hits[b]) / float64(len(p))
		}
	}
	return brier / float64(len(p)), ece
}

// Wilson is the score interval of a share k of n at 95 %: lower and upper bound.
// With n = 0 it is the whole range.
func Wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	center := p + z*z/(2*m)
	spread := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, (center-spread)/(1+z*z/m)), min(1, (center+spread)/(1+z*z/m))
}

// BestCut is the probability at which MacroF1 is expected to be highest where the
// probabilities are true, looked for on a grid. Unlike the peak over the labels it
// does not follow their chance.
func BestCut(p []float64) float64 {
	const steps = 100
	var above, breaches [steps + 1]float64 // how many lie above each cut, how many of them are breaches
	for _, x := range p {
		k := max(0, min(int(x*steps), steps-1))
		above[k]++
		breaches[k] += x
	}
	for k := steps - 1; k >= 0; k-- {
		above[k] += above[k+1]
		breaches[k] += breaches[k+1]
	}
	cut, best := 0.5, 0.0
	for k := 1; k < steps; k++ {
		tp, fp := breaches[k], above[k]-breaches[k]
		fn, tn := breaches[0]-tp, above[0]-breaches[0]-fp
		if f := (f1(tp, fp, fn) + f1(tn, fn, fp)) / 2; f > best {
			cut, best = float64(k)/steps, f
		}
	}
	return cut
}
