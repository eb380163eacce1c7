package assess

import (
	"math/bits"

	"github.com/freigabe/freigabe/internal/assess/german"
)

// NearlySame is the greatest distance in bits at which two fingerprints count as
// the same text.
const NearlySame = 8

// Fingerprint is the SimHash of a text's words: texts that share most of their
// words and order have fingerprints that differ in few bits. Texts of fewer than
// five words have the fingerprint 0, which is near nothing.
func Fingerprint(text string) uint64 {
	a := analyses.Get().(*analysis)
	defer analyses.Put(a)
	a.text.Scan(text)
	a.text.Tokenize(nil)
	var sum [64]int32
	words := 0
	var h1, h2 uint64
	for _, k := range a.text.Tokens {
		if k.Kind == german.Mark || k.Kind == german.Picture {
			continue
		}
		words++
		h := wordHash(a.text.Folded(k))
		vote(&sum, h, 2)
		if words > 1 {
			vote(&sum, spread(h1*31+h), 1)
		}
		if words > 2 {
			vote(&sum, spread((h2*31+h1)*31+h), 1)
		}
		h2, h1 = h1, h
	}
	if words < 5 {
		return 0
	}
	var f uint64
	for i, s := range sum {
		if s > 0 {
			f |= 1 << i
		}
	}
	return f
}

// Distance is the number of bits in which two fingerprints differ; 64 where one
// of them is of a text too short to compare.
func Distance(a, b uint64) int {
	if a == 0 || b == 0 {
		return 64
	}
	return bits.OnesCount64(a ^ b)
}

func vote(sum *[64]int32, h uint64, weight int32) {
	for i := range sum {
		if h>>i&1 != 0 {
			sum[i] += weight
		} else {
			sum[i] -= weight
		}
	}
}

func wordHash(w []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range w {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return spread(h)
}

// spread is the finalizer of SplitMix64.
func spread(h uint64) uint64 {
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}
