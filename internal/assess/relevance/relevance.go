// Package relevance measures how much a comment has to do with an article: by
// shared stems and parts of compounds, weighted by how rare they are, and by the
// fields of talk both belong to. It finds misplaced texts better than human
// digression, so its result is a hint.
package relevance

import (
	_ "embed"
	"math"
	"strings"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/vocab"
)

//go:embed topics.txt
var topicsText string

// Topics are the names of the fields of talk.
var Topics []string

// fields maps a stem to the fields it belongs to, as bits.
var fields = map[string]uint64{}

// knownStems are stems that compounds may be split into.
var knownStems = map[string]bool{}

// With what the keys of fields and of knownStems begin.
var fieldStarts, knownStarts german.Starts

// may reports that a stem can be among those whose beginnings are in starts.
func may(starts *german.Starts, stem []byte) bool {
	return len(stem) < 3 || starts.Has(german.Start(stem))
}

// fieldsOf gives the fields of talk of a stem.
func fieldsOf(stem []byte) uint64 {
	if !may(&fieldStarts, stem) {
		return 0
	}
	return fields[string(stem)]
}

func init() {
	for line := range strings.SplitSeq(topicsText, "\n") {
		name, words, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		bit := uint64(1) << len(Topics)
		Topics = append(Topics, name)
		for w := range strings.FieldsSeq(words) {
			s := string(german.Root(nil, []byte(german.FoldWord(strings.ReplaceAll(w, "-", "")))))
			fields[s] |= bit
			if len(s) >= 3 {
				fieldStarts.Add([]byte(s))
			}
			if len(s) >= 4 {
				knownStems[s] = true
				knownStarts.Add([]byte(s))
			}
		}
	}
}

// IDF tells how rare a stem is.
type IDF func(stem []byte) float64

// Words is the content of a text: stems with weights, and its fields.
type Words struct {
	Stem   map[string]float64 // summed idf by stem or part of a compound
	Head   map[string]bool    // first letters of long stems, for kin words
	Topics []float64          // weight by field, length one
	Total  float64
	Empty  bool
	starts german.Starts // with what the keys of Stem begin
}

// Profile is an article with what was said below it, prepared for comparison.
type Profile struct {
	words Words
	idf   IDF
	key   map[string]bool // stems of headline and lede
}

// kin is the length at which two stems with the same beginning count as kin.
const kin = 6

// NewProfile prepares an article. Weights of headline and lede count more than
// those of the body; a thread's texts count little.
func NewProfile(headline, lede, body string, thread []string, idf IDF) *Profile {
	p := &Profile{idf: idf, words: newWords(), key: map[string]bool{}}
	for _, part := range []struct {
		text   string
		weight float64
	}{{headline, 1.5}, {lede, 1.3}, {body, 1}} {
		p.add(part.text, part.weight)
	}
	for i, t := range thread {
		if i >= len(thread)-50 {
			p.add(t, 0.35)
		}
	}
	p.words.normalise()
	return p
}

func newWords() Words {
	return Words{Stem: map[string]float64{}, Head: map[string]bool{}, Topics: make([]float64, len(Topics))}
}

func (p *Profile) add(text string, weight float64) {
	var t german.Text
	t.Scan(text)
	t.Tokenize(nil)
	eachStem(&t, nil, p, func(_ int, s []byte, share float64) {
		w := p.idf(s) * weight * share
		p.words.add(string(s), w, weight*share)
		if weight > 1 {
			p.key[string(s)] = true
		}
	})
}

func (p *Profile) known(part []byte) bool {
	if len(part) < 4 || !p.begins(german.Start(part)) {
		return false
	}
	if knownStems[string(part)] {
		return true
	}
	_, ok := p.words.Stem[string(part)]
	return ok
}

// begins reports that a known stem may begin with the packed letters.
func (p *Profile) begins(start uint32) bool {
	return knownStarts.Has(start) || p.words.starts.Has(start)
}

func (w *Words) add(stem string, weight, share float64) {
	w.Stem[stem] = max(w.Stem[stem], weight)
	w.Total += weight
	if len(stem) >= 3 {
		w.starts.Add([]byte(stem))
	}
	if len(stem) >= kin {
		w.Head[stem[:kin]] = true
	}
	addFields(w.Topics, stem, share)
}

func addFields(topics []float64, stem string, share float64) {
	f := fields[stem]
	if f == 0 {
		return
	}
	n := 0
	for b := f; b != 0; b &= b - 1 {
		n++
	}
	for i := range topics {
		if f>>i&1 != 0 {
			topics[i] += share / float64(n)
		}
	}
}

func (w *Words) normalise() {
	unit(w.Topics)
}

func unit(v []float64) {
	var q float64
	for _, x := range v {
		q += x * x
	}
	if q == 0 {
		return
	}
	for i := range v {
		v[i] /= math.Sqrt(q)
	}
}

// eachStem calls f with the stems of the content words and, at a lower share,
// with the parts of compounds that the profile knows. Words holds what is known of each token, or nil.
func eachStem(t *german.Text, words []vocab.Word, p *Profile, f func(token int, stem []byte, share float64)) {
	for i, k := range t.Tokens {
		if k.Kind != german.Word || i > 4000 {
			continue
		}
		w := t.Folded(k)
		if len(w) < 3 || len(w) > 60 {
			continue
		}
		var info vocab.Word
		if words != nil {
			info = words[i]
		} else {
			info = vocab.Look(w)
		}
		if info.Has(vocab.Stop | vocab.Abuse) { // a person called a cow does not talk of cattle
			continue
		}
		share := 1.0
		if !k.Has(german.Title) {
			share = 0.7 // names of things weigh more than verbs and adjectives
		}
		var buf [64]byte
		s := german.Root(buf[:0], w)
		f(i, s, share)
		if len(s) >= 7 {
			p.parts(s, func(part []byte) { f(i, part, share*0.5) })
		}
	}
}

// parts calls f with the parts of a compound that are known: both halves where
// both are, else a known beginning or end.
func (p *Profile) parts(s []byte, f func([]byte)) {
	if end, next := german.Split(s, p.begins, p.known); end > 0 {
		f(s[:end])
		f(s[next:])
		return
	}
	if p.begins(german.Start(s)) {
		for n := len(s) - 3; n >= 4; n-- {
			if p.known(s[:n]) {
				f(s[:n])
				break
			}
		}
	}
	for n := 3; n <= len(s)-4; n++ {
		if p.known(s[n:]) {
			f(s[n:])
			break
		}
	}
}

// Relation is how a comment relates to an article.
type Relation struct {
	Content  int     // content words of the comment
	Shared   float64 // weight of shared words among all of the comment, 0 to 1
	Matches  int     // words shared
	Key      int     // words shared with headline or lede
	Topic    float64 // cosine of the fields, 0 to 1; -1 where the comment names none
	Stray    int     // field of the comment that the article has not, -1 if none
	StrayAt  int     // token that names it
	Strength float64 // weight of the stray field in the comment
}

// Compare relates a prepared comment to the article. Parent, if not nil, is what
// the comment replies to.
func (p *Profile) Compare(t *german.Text, words []vocab.Word, parent *Profile) Relation {
	r := Relation{Topic: -1, Stray: -1}
	var topics [64]float64
	var first [64]int
	var total, shared, named float64
	last := -1
	eachStem(t, words, p, func(token int, s []byte, share float64) {
		w := p.idf(s) * share
		m := p.match(s)
		if parent != nil {
			m = max(m, 0.9*parent.match(s))
		}
		if token != last {
			r.Content++
			total += w
			last = token
		}
		if m > 0 && share > 0.3 {
			r.Matches++
			if p.key[string(s)] {
				r.Key++
			}
		}
		shared += w * m
		f := fieldsOf(s)
		for i := 0; f != 0; i, f = i+1, f>>1 {
			if f&1 != 0 {
				if topics[i] == 0 {
					first[i] = token
				}
				topics[i] += share
				named += share
			}
		}
	})
	if total > 0 {
		r.Shared = min(1, shared/total)
	}
	if named > 0 {
		r.fields(p, parent, topics[:len(Topics)], first[:], named)
	}
	return r
}

func (r *Relation) fields(p, parent *Profile, topics []float64, first []int, named float64) {
	v := append([]float64(nil), topics...)
	unit(v)
	r.Topic = 0
	best := 0.0
	for i, x := range v {
		a := p.words.Topics[i]
		if parent != nil {
			a = max(a, parent.words.Topics[i])
		}
		r.Topic += x * a
		if a < strayShare && topics[i] > best {
			best, r.Stray, r.StrayAt = topics[i], i, first[i]
		}
	}
	r.Strength = best / named
}

// strayShare is the part of an article below which a field counts as none of its own.
const strayShare = 0.4

// match is how well a stem is covered by the article: 1 the same stem, less for
// a kin word.
func (p *Profile) match(s []byte) float64 {
	if !may(&p.words.starts, s) {
		return 0
	}
	if _, ok := p.words.Stem[string(s)]; ok {
		return 1
	}
	if len(s) >= kin && p.words.Head[string(s[:kin])] {
		return 0.6
	}
	return 0
}
