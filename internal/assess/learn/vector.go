// Package learn is the learned part of the assessment: hashed features of a
// prepared text, logistic regression, its file format, the
// small difference a site learns on top of a base, calibration and the measures
// of quality.
//
// Everything is deterministic: a fixed seed, a fixed order and arithmetic that
// is rounded at each step, so that the same rows give the same model, byte for
// byte.
package learn

import (
	"math"

	"github.com/freigabe/freigabe/internal/assess/german"
)

// Buckets is the number of hashed features, in three blocks: words and pairs of
// words; runs of three to five letters inside words; runs of three characters of
// the text as it stands, with capitals, spaces and marks.
const (
	blockBits = 18
	block     = 1 << blockBits
	runBits   = 17
	Buckets   = 2*block + 1<<runBits
	Blocks    = 3
)

// Vector holds the features of one text before weighting: distinct buckets with
// their counts, and where each came from. It may be used again and is not safe
// for concurrent use.
type Vector struct {
	Index []uint32  // bucket
	Count []float32 // occurrences
	Grams []Gram    // every occurrence
	Dense []float32

	slots []slot
	cased []byte
	gen   uint32
	gram  int // occurrences so far
}

// Gram is one occurrence of a feature: its place in Index and its token.
type Gram struct {
	Feature uint16
	Token   uint16
}

type slot struct {
	gen    uint32
	bucket uint32
	at     uint16
}

const (
	slotBits = 14
	// maxGrams caps the features looked at in one text.
	maxGrams = 8000
	// maxRuns caps the places at which runs of characters begin. Both caps
	// together stay below the number of slots.
	maxRuns = 5000
)

// neutral stands for a word whose letters must not count.
var neutral = []byte("\x01group")

// Extract reads the features of a prepared text. Tokens marked in masked (which
// may be short or nil) enter as one neutral word, without their letters.
func (v *Vector) Extract(t *german.Text, masked []bool) {
	v.reset()
	prev := uint32(offset)
	for i := range t.Tokens {
		if v.gram > maxGrams || i > math.MaxUint16-1 {
			break
		}
		k := t.Tokens[i]
		w, hide := t.Folded(k), i < len(masked) && masked[i]
		if hide {
			w = neutral
		}
		h := hash(w)
		v.add(mix(h)&(block-1), i)
		v.add(mix(prev*16777619^h)&(block-1), i)
		prev = h
		if !hide && (k.Kind == german.Word || k.Kind == german.Picture) {
			v.letters(t.Fold[k.From:k.To], i)
		}
	}
	v.runs(t, masked)
}

// What stands in Vector.cased for what must not be read letter by letter.
const (
	hiddenName    = 1
	hiddenLink    = 2
	hiddenMention = 3
)

// runs adds the runs of three characters over the whole text. Links, mentions
// and masked words are one sign however long they are.
func (v *Vector) runs(t *german.Text, masked []bool) {
	v.cased = append(v.cased[:0], t.Cased()...)
	c := v.cased
	for i, k := range t.Tokens {
		sign := byte(0)
		switch {
		case i < len(masked) && masked[i]:
			sign = hiddenName
		case k.Kind == german.Link:
			sign = hiddenLink
		case k.Kind == german.Mention:
			sign = hiddenMention
		default:
			continue
		}
		from, to := k.Extent()
		for j := from; j < to && j < len(c); j++ {
			c[j] = sign
		}
	}
	token, end := -1, 0
	for i := 0; i+2 < len(c) && i < maxRuns; i++ {
		for token+1 < len(t.Tokens) && end <= i+1 {
			token++
			_, end = t.Tokens[token].Extent()
		}
		if c[i] <= hiddenMention && c[i] == c[i+1] && c[i] == c[i+2] {
			continue
		}
		run := uint32(c[i])<<16 | uint32(c[i+1])<<8 | uint32(c[i+2])
		v.add(2*block+mix(run)&(1<<runBits-1), max(token, 0))
	}
}

func (v *Vector) reset() {
	if v.slots == nil {
		v.slots = make([]slot, 1<<slotBits)
	}
	v.gen++
	if v.gen == 0 {
		clear(v.slots)
		v.gen = 1
	}
	v.Index, v.Count, v.Grams, v.gram = v.Index[:0], v.Count[:0], v.Grams[:0], 0
}

const offset = uint32(2166136261)

// hash is FNV-1a.
func hash(w []byte) uint32 {
	h := offset
	for _, c := range w {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// mix spreads a hash over all bits (the finalizer of MurmurHash3).
func mix(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}

// letters adds the runs of three to five letters of a word with a space on
// either side.
func (v *Vector) letters(w []byte, token int) {
	if len(w) > 60 {
		w = w[:60]
	}
	for s := -1; s < len(w)-1; s++ {
		h := offset
		for n := 0; n < 5 && s+n <= len(w); n++ {
			c := byte(' ')
			if p := s + n; p >= 0 && p < len(w) {
				c = w[p]
			}
			h = (h ^ uint32(c)) * 16777619
			if n >= 2 {
				v.add(block+mix(h)&(block-1), token)
			}
		}
	}
}

func (v *Vector) add(bucket uint32, token int) {
	v.gram++
	for p := bucket * 2654435761 >> (32 - slotBits); ; p = (p + 1) & (1<<slotBits - 1) {
		s := &v.slots[p]
		if s.gen != v.gen {
			*s = slot{v.gen, bucket, uint16(len(v.Index))}
			v.Index = append(v.Index, bucket)
			v.Count = append(v.Count, 1)
			v.Grams = append(v.Grams, Gram{s.at, uint16(token)})
			return
		}
		if s.bucket == bucket {
			v.Count[s.at]++
			v.Grams = append(v.Grams, Gram{s.at, uint16(token)})
			return
		}
	}
}

// logTable holds 1+ln(n) for small counts.
var logTable = func() (t [64]float32) {
	for i := 1; i < len(t); i++ {
		t[i] = float32(1 + math.Log(float64(i)))
	}
	return t
}()

func sublinear(n float32) float32 {
	if int(n) < len(logTable) {
		return logTable[int(n)]
	}
	return float32(1 + math.Log(float64(n)))
}
