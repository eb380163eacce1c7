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
	"math/bits"

	"github.com/freigabe/freigabe/internal/assess/german"
)

// Buckets is the number of hashed features, in three blocks: words and pairs of
// words; runs of three to five letters inside words; runs of three and four
// characters of the text as it stands, with capitals, spaces and marks.
const (
	blockBits = 19
	block     = 1 << blockBits
	Blocks    = 3
	Buckets   = Blocks * block
)

// Vector holds the features of one text before weighting: distinct buckets with
// their counts, and where each came from. It may be used again and is not safe
// for concurrent use.
type Vector struct {
	Index []uint32  // bucket
	Count []float32 // occurrences
	Grams []Gram    // every occurrence
	Dense []float32

	slots []uint64 // open addressing: turn, bucket and place in Index, see count
	cased []byte
	turn  uint64
}

// Gram is one occurrence of a feature: its place in Index and its token.
type Gram struct {
	bucket  uint32
	Feature uint16
	Token   uint16
}

const (
	// A slot holds the turn in which it was taken, so that the table need not be
	// cleared for every text.
	placeBits, bucketBits, turnBits = 15, 21, 28
	leastSlots, mostSlots           = 10, 15 // as powers of two
	// maxGrams caps the features looked at in one text.
	maxGrams = 8000
	// maxRuns caps the places at which runs of characters begin, two each. Both
	// caps together stay below the number of slots.
	maxRuns = 5000
	// maxLetters is how much of a word is read letter by letter.
	maxLetters = 60
)

// neutral stands for a word whose letters must not count.
var neutral = german.HashOf([]byte("\x01group"))

// Extract reads the features of a prepared text. Tokens marked in masked (which
// may be short or nil) enter as one neutral word, without their letters.
func (v *Vector) Extract(t *german.Text, masked []bool) {
	v.Grams = v.Grams[:0]
	prev := uint32(offset)
	for i := range t.Tokens {
		if len(v.Grams) > maxGrams || i > math.MaxUint16-1 {
			break
		}
		k := t.Tokens[i]
		h, hide := k.Hash, i < len(masked) && masked[i]
		if hide {
			h = neutral
		}
		v.add(mix(h)&(block-1), i)
		v.add(mix(prev*16777619^h)&(block-1), i)
		prev = h
		if !hide && (k.Kind == german.Word || k.Kind == german.Picture) {
			v.letters(t.Folded(k), i)
		}
	}
	v.runs(t, masked)
	v.count()
}

func (v *Vector) add(bucket uint32, token int) {
	v.Grams = append(v.Grams, Gram{bucket: bucket, Token: uint16(token)})
}

// count finds the distinct buckets among those found, in their order, and how
// often each occurs.
func (v *Vector) count() {
	most := len(v.Grams)
	if cap(v.Index) < most {
		v.Index, v.Count = make([]uint32, most+most/2), make([]float32, most+most/2)
	}
	index, counts := v.Index[:most], v.Count[:most]
	width := min(max(bits.Len(uint(most))+1, leastSlots), mostSlots)
	slots := v.nextTurn()[:1<<width]
	turn, n := v.turn, 0
	for i := range v.Grams {
		g := &v.Grams[i]
		key := turn<<bucketBits | uint64(g.bucket)
		p := int(g.bucket*2654435761>>(32-width)) & (len(slots) - 1)
		s := slots[p]
		for s>>placeBits != key && s>>(placeBits+bucketBits) == turn {
			p = (p + 1) & (len(slots) - 1)
			s = slots[p]
		}
		if s>>placeBits == key {
			g.Feature = uint16(s & (1<<placeBits - 1))
			counts[g.Feature]++
			continue
		}
		slots[p] = key<<placeBits | uint64(n)
		index[n], counts[n], g.Feature = g.bucket, 1, uint16(n)
		n++
	}
	v.Index, v.Count = index[:n], counts[:n]
}

// nextTurn makes every slot free.
func (v *Vector) nextTurn() []uint64 {
	if v.turn++; v.turn >= 1<<turnBits || v.slots == nil {
		v.slots, v.turn = make([]uint64, 1<<mostSlots), 1
	}
	return v.slots
}

// What stands in Vector.cased for what must not be read letter by letter.
const (
	hiddenName    = 1
	hiddenLink    = 2
	hiddenMention = 3
)

// runs adds the runs of three and four characters over the whole text. Links,
// mentions and masked words are one sign however long they are.
func (v *Vector) runs(t *german.Text, masked []bool) {
	c := v.veiled(t, masked)
	if len(c) > maxRuns+3 {
		c = c[:maxRuns+3]
	}
	token, end := -1, 0
	for i := 0; i+2 < len(c); i++ {
		for end <= i+1 && token+1 < len(t.Tokens) {
			token++
			_, end = t.Tokens[token].Extent()
		}
		x, y, z := c[i], c[i+1], c[i+2]
		if x <= hiddenMention && x == y && y == z {
			continue
		}
		run := uint32(x)<<16 | uint32(y)<<8 | uint32(z)
		v.add(2*block+mix(run)&(block-1), max(token, 0))
		if i+3 < len(c) {
			v.add(2*block+mix(run<<8|uint32(c[i+3]))&(block-1), max(token, 0))
		}
	}
}

// veiled is the text as it was written, with a sign for each character of what
// must not be read letter by letter.
func (v *Vector) veiled(t *german.Text, masked []bool) []byte {
	c := t.Cased()
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
		if len(v.cased) == 0 || &c[0] != &v.cased[0] {
			v.cased = append(v.cased[:0], c...)
			c = v.cased
		}
		from, to := k.Extent()
		for j := from; j < to && j < len(c); j++ {
			c[j] = sign
		}
	}
	return c
}

const offset = uint32(2166136261)

// step continues an FNV-1a hash (german.HashOf) by one byte.
func step(h uint32, c byte) uint32 { return (h ^ uint32(c)) * 16777619 }

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
	var room [maxLetters + 2]byte
	p := room[:min(len(w), maxLetters)+2]
	copy(p[1:], w)
	p[0], p[len(p)-1] = ' ', ' '
	for ; len(p) >= 3; p = p[1:] {
		h := step(step(step(offset, p[0]), p[1]), p[2])
		v.add(block+mix(h)&(block-1), token)
		if len(p) > 3 {
			h = step(h, p[3])
			v.add(block+mix(h)&(block-1), token)
		}
		if len(p) > 4 {
			v.add(block+mix(step(h, p[4]))&(block-1), token)
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
