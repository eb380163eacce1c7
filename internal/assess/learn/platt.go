package learn

import "math"

// Point is a score in log-odds with what turned out to be true.
type Point struct {
	Z      float64
	Label  bool
	Weight float64
}

// Balanced weighs both classes alike, so that a calibration is for an even share
// of breaches; Prior moves it to a site's own share.
func Balanced(points []Point) []Point {
	var p, n float64
	for _, x := range points {
		if x.Label {
			p += x.Weight
		} else {
			n += x.Weight
		}
	}
	if p == 0 || n == 0 {
		return points
	}
	out := append([]Point(nil), points...)
	for i := range out {
		if out[i].Label {
			out[i].Weight *= (p + n) / (2 * p)
		} else {
			out[i].Weight *= (p + n) / (2 * n)
		}
	}
	return out
}

// Platt fits sigmoid(slope*z + shift) by Newton's method with the smoothed
// targets of Platt (1999) and Lin, Lin and Weng (2007). Without points of both
// classes, or where the scores run against the labels, it returns the identity.
func Platt(points []Point) (slope, shift float64) {
	var np, nn float64
	for _, x := range points {
		if x.Label {
			np += x.Weight
		} else {
			nn += x.Weight
		}
	}
	if np == 0 || nn == 0 {
		return 1, 0
	}
	hi, lo := (np+1)/(np+2), 1/(nn+2)
	slope, shift = 1, 0
	for range 50 {
		var g0, g1, h00, h01, h11 float64
		for _, x := range points {
			t := lo
			if x.Label {
				t = hi
			}
			p := 1 / (1 + math.Exp(-(slope*x.Z + shift)))
			d, w := (p-t)*x.Weight, max(p*(1-p), 1e-9)*x.Weight
			g0 += d * x.Z
			g1 += d
			h00 += w * x.Z * x.Z
			h01 += w * x.Z
			h11 += w
		}
		h00 += 1e-6
		h11 += 1e-6
		det := h00*h11 - h01*h01
		if det <= 0 {
			break
		}
		da, db := (h11*g0-h01*g1)/det, (h00*g1-h01*g0)/det
		slope -= max(-2, min(2, da))
		shift -= max(-4, min(4, db))
		if math.Abs(da)+math.Abs(db) < 1e-7 {
			break
		}
	}
	if math.IsNaN(slope) || math.IsNaN(shift) || slope <= 0 {
		return 1, 0
	}
	return slope, shift
}

// Prior corrects log-odds that were fitted at one share of breaches for another.
func Prior(z, fitted, actual float64) float64 {
	fitted = min(max(fitted, 1e-3), 1-1e-3)
	actual = min(max(actual, 1e-3), 1-1e-3)
	return z + math.Log(actual/(1-actual)) - math.Log(fitted/(1-fitted))
}
