package lexicon

import (
	"bytes"
	"strings"

	"github.com/freigabe/freigabe/internal/assess/german"
)

// How a word was found.
const (
	Plain    = "plain"
	Stretch  = "stretched"
	LeetL    = "leet"
	Mask     = "mask"
	Swap     = "swapped"
	Cut      = "cut"
	InPhrase = "phrase"
)

// Hit is one finding: tokens First to Last of the text, of which the bytes from
// From to To of the folded form are the stem (equal when the whole token counts).
type Hit struct {
	Entry       Entry
	First, Last int
	From, To    int32
	How         string
}

// Finder looks for hits; it keeps buffers between texts and is not safe for
// concurrent use.
type Finder struct {
	*Lexicon
	buf   []byte
	runes []rune
	Hits  []Hit
}

// maxHits caps the findings of one text.
const maxHits = 200

// Find looks through a prepared text and sets Hits.
func (f *Finder) Find(t *german.Text) {
	f.Hits = f.Hits[:0]
	for i := range t.Tokens {
		if len(f.Hits) >= maxHits {
			return
		}
		f.token(t, i)
	}
}

func (f *Finder) token(t *german.Text, i int) {
	k := t.Tokens[i]
	if k.Kind == german.Picture {
		f.word(i, k.From, t.Folded(k), false)
	}
	if k.Kind != german.Word {
		return
	}
	f.phrase(t, i)
	w := t.Folded(k)
	if len(w) > 80 {
		w = w[:80]
	}
	if k.Has(german.Masked) {
		f.masked(t, i)
		return
	}
	if f.word(i, k.From, w, k.Has(german.Spaced)) {
		return
	}
	switch {
	case k.Has(german.Leet) && f.asL(t, i, w):
	case f.stretchedWord(i, w, k.Has(german.Stretched)):
	case f.cut(t, i):
	default:
		f.swapped(i, w)
	}
}

func (f *Finder) hit(e int32, first, last int, from, to int32, how string) {
	f.Hits = append(f.Hits, Hit{Entry: f.entries[e], First: first, Last: last, From: from, To: to, How: how})
}

// word looks for stems in a word as it is; inside says that the stem may stand
// anywhere (letters were written apart, so words may have run together).
func (f *Finder) word(i int, base int32, w []byte, inside bool) bool {
	e, from, to := f.search(w, inside)
	if e < 0 {
		return false
	}
	f.hit(e, i, i, base+int32(from), base+int32(to), Plain)
	return true
}

// search returns the gravest stem that counts in w and where it stands, -1 if
// there is none.
func (f *Finder) search(w []byte, inside bool) (entry int32, from, to int) {
	best := int32(-1)
	if len(w) < 3 {
		return -1, 0, 0
	}
	k := german.Start(w)
	for s := 0; ; s++ {
		if f.starts.Has(k) {
			if n := f.at(w, s, k, inside); n >= 0 && (best < 0 || f.entries[n].Severity > f.entries[best].Severity) {
				best, from, to = n, s, s+len(f.entries[n].Stem)
			}
		}
		if s+3 >= len(w) {
			break
		}
		k = german.NextStart(k, w[s+3])
	}
	if best < 0 || !inside && f.harmless(w, from, to) {
		return -1, 0, 0
	}
	return best, from, to
}

// at returns the longest stem that counts at s, whose packed beginning is k, -1 if
// there is none.
func (f *Finder) at(w []byte, s int, k uint32, inside bool) int32 {
	for _, n := range f.byStart[k] {
		e := &f.entries[n]
		if len(e.Stem) <= len(w)-s && string(w[s:s+len(e.Stem)]) == e.Stem && f.counts(e, w, s, inside) {
			return n
		}
	}
	return -1
}

// counts says whether a stem at s counts in w, by the stem's mode.
func (f *Finder) counts(e *Entry, w []byte, s int, inside bool) bool {
	rest := w[s+len(e.Stem):]
	if inside && len(e.Stem) >= 4 && e.mode != exact {
		return true
	}
	switch e.mode {
	case exact:
		return s == 0 && len(rest) == 0
	case whole:
		return s == 0 && ending(rest)
	case head:
		return (s == 0 || s >= 2) && ending(rest)
	case mod:
		return s == 0
	}
	return s == 0 || s >= 2 || len(e.Stem) >= 6
}

// endings are what German appends to a noun, adjective or verb.
var endings = makeEndings(`e en er es em n s se sen ern ens in innen chen lein le la li i erl al st t te ten tes ter tem est et end ende enden
	ender endes endem ste sten ster sche schen scher sches isch ische ischen ischer isches heit heiten keit ung ungen igkeit erei ereien haft hafte haften hafter haftes
	ig ige igen iger iges igem lich liche lichen licher liches mus ismus ei eien el eln elt elte elten ler ers erin erinnen tum trie ie ien a o u as os us y ys ed ing ings erz z
	hafteste sten stem stes ere eren erer eres erem`)

func makeEndings(s string) map[string]bool {
	m := map[string]bool{"": true}
	for w := range strings.FieldsSeq(s) {
		m[w] = true
	}
	return m
}

func ending(rest []byte) bool { return len(rest) <= 8 && endings[string(rest)] }

// harmless reports that the finding lies inside a word that only holds the same
// letters.
func (f *Finder) harmless(w []byte, from, to int) bool {
	if f.trapSet[string(w)] {
		return true
	}
	for _, e := range [...]string{"s", "n", "en", "e", "er", "es", "in"} {
		if n := len(w) - len(e); n >= 5 && string(w[n:]) == e && f.trapSet[string(w[:n])] {
			return true
		}
	}
	for at := 0; at <= from && at+3 <= len(w); at++ {
		k := german.Start(w[at:])
		if !f.trapStart.Has(k) {
			continue
		}
		for _, p := range f.trapsBy[k] {
			if f.hides(p, w, at, from, to) {
				return true
			}
		}
	}
	return false
}

// hides reports that the harmless word p stands at its first place in w, the
// letter at, and covers what was found from from to to. A compound may put a word
// before it, as long as the finding is not longer than it.
func (f *Finder) hides(p string, w []byte, at, from, to int) bool {
	if len(p) > len(w)-at || string(w[at:at+len(p)]) != p || at+len(p) < min(to, from+3) || bytes.Index(w, []byte(p)) < at {
		return false
	}
	return (at == 0 || at >= 3) && (at+len(p) >= to || at == 0 && len(p) >= from+3)
}

// phrase looks for listed sequences of words that begin with token i.
func (f *Finder) phrase(t *german.Text, i int) {
	h := phraseSeed
	best, last := int32(-1), i
	for j := i; j < len(t.Tokens) && j < i+9; j++ {
		k := t.Tokens[j]
		if k.Kind != german.Word {
			break
		}
		h = phraseStep(h, t.Folded(k))
		if j == i && f.openings[h>>6&63]>>(h&63)&1 == 0 {
			return
		}
		n, ok := f.phrases[h]
		if !ok {
			break
		}
		if n.entry >= 0 {
			best, last = n.entry, j
		}
	}
	if best >= 0 {
		f.hit(best, i, last, t.Tokens[i].From, t.Tokens[last].To, InPhrase)
	}
}

// asL reads the i that a "1" or "!" was taken for as l.
func (f *Finder) asL(t *german.Text, i int, w []byte) bool {
	k := t.Tokens[i]
	f.buf = f.buf[:0]
	changed := false
	for j := range w {
		c := w[j]
		start, _ := t.Origin(k.From+int32(j), k.From+int32(j)+1)
		if c == 'i' && (t.Src[start] == '1' || t.Src[start] == '!' || t.Src[start] == '|') {
			c, changed = 'l', true
		}
		f.buf = append(f.buf, c)
	}
	if !changed {
		return false
	}
	e, _, _ := f.search(f.buf, false)
	if e >= 0 {
		f.hit(e, i, i, k.From, k.To, LeetL)
	}
	return e >= 0
}

// stretchedWord compares with every run of letters cut to one. A word that was
// not stretched needs two doubled letters and a long stem.
func (f *Finder) stretchedWord(i int, w []byte, stretched bool) bool {
	if !stretched && doubled(w) < 2 {
		return false
	}
	f.buf = collapse(f.buf[:0], w)
	if len(f.buf) < 4 {
		return false
	}
	if e := f.byEnding(f.buf, 4); e >= 0 && (stretched || len(f.entries[e].Stem) >= 6) && f.entries[e].mode != exact {
		f.hit(e, i, i, 0, 0, Stretch)
		return true
	}
	return false
}

// doubled counts letters that repeat the one before them.
func doubled(w []byte) int {
	n := 0
	for j := 1; j < len(w); j++ {
		if w[j] == w[j-1] {
			n++
		}
	}
	return n
}

// byEnding looks up the collapsed word, whole and without its ending.
func (f *Finder) byEnding(w []byte, least int) int32 {
	for cut := 0; cut <= 5 && len(w)-cut >= least; cut++ {
		if !ending(w[len(w)-cut:]) {
			continue
		}
		if e, ok := f.collapsed[string(w[:len(w)-cut])]; ok {
			return e
		}
	}
	return -1
}

// swapped looks for a listed stem with two neighbouring letters exchanged. The
// first letter stays, as it does in typing slips and in disguises that are meant
// to be read. Umlauts and sharp s are two letters here and move as one.
func (f *Finder) swapped(i int, w []byte) {
	if len(w) < 5 || len(w) > 24 {
		return
	}
	f.buf = append(f.buf[:0], w...)
	last := min(len(w)-2, max(2, f.alike(w)))
	for j := 1; j <= last; j++ {
		if f.exchange(i, w, j, 1, 1) || j+2 < len(w) && (pair(w[j], w[j+1]) && f.exchange(i, w, j, 2, 1) ||
			pair(w[j+1], w[j+2]) && f.exchange(i, w, j, 1, 2)) {
			return
		}
	}
}

// alike is how many letters from its start w has in common with a grave stem: an
// exchange further on cannot give one.
func (f *Finder) alike(w []byte) int {
	k := german.Start(w)
	if !f.grave.Has(k) {
		return 0
	}
	most := 0
	for _, n := range f.byStart[k] {
		stem, same := f.entries[n].Stem, 0
		for same < len(stem) && same < len(w) && stem[same] == w[same] {
			same++
		}
		most = max(most, same)
	}
	return most
}

// pair reports two letters that stand for one.
func pair(a, b byte) bool {
	return a == 's' && b == 's' || b == 'e' && (a == 'a' || a == 'o' || a == 'u')
}

// exchange tries w with the a letters at j and the b letters after them in the
// other order.
func (f *Finder) exchange(i int, w []byte, j, a, b int) bool {
	if a == 1 && b == 1 {
		f.buf[j], f.buf[j+1] = w[j+1], w[j]
	} else {
		copy(f.buf[j:], w[j+a:j+a+b])
		copy(f.buf[j+b:], w[j:j+a])
	}
	e := int32(-1)
	if k := german.Start(f.buf); f.grave.Has(k) {
		e = f.stemWithEnding(f.buf, k, j+a+b-1)
	}
	copy(f.buf[j:j+a+b], w[j:])
	if e < 0 || f.harmless(w, 0, min(len(w), 6)) {
		return false
	}
	f.hit(e, i, i, 0, 0, Swap)
	return true
}

// stemWithEnding finds a grave stem at the start of w that spans the letter at
// and is followed by nothing but an ending. K is the packed beginning of w.
func (f *Finder) stemWithEnding(w []byte, k uint32, at int) int32 {
	for _, n := range f.byStart[k] {
		e := &f.entries[n]
		least := 5
		if e.mode != exact && (e.Class == Foreign || e.Class == English) {
			least = 6
		}
		if e.Severity >= 2 && len(e.Stem) >= least && len(e.Stem) > at && len(e.Stem) <= len(w) &&
			(e.mode != exact || len(e.Stem) == len(w)) &&
			string(w[:len(e.Stem)]) == e.Stem && ending(w[len(e.Stem):]) && !f.harmless(w, 0, len(e.Stem)) {
			return n
		}
	}
	return -1
}

// cut joins a word that marks or spaces cut in pieces: "Ar-sch-loch", "Huren
// sohn". Of pieces joined by marks the longest run counts; a space may stand only
// between two pieces, which must give the stem with no more than an ending.
func (f *Finder) cut(t *german.Text, i int) bool {
	if w := t.Folded(t.Tokens[i]); len(w) >= 3 && !f.grave.Has(german.Start(w)) {
		return false
	}
	f.buf = append(f.buf[:0], t.Folded(t.Tokens[i])...)
	glued, best, last := true, int32(-1), i
	for j := i + 1; j < len(t.Tokens) && j < i+12 && len(f.buf) < 60; j++ {
		n := t.Tokens[j]
		if n.Kind == german.Mark {
			continue
		}
		if n.Kind != german.Word || n.Has(german.Masked) {
			break
		}
		if !n.Has(german.Glued) {
			glued = false
			if last > i || best >= 0 {
				break
			}
		}
		f.buf = append(f.buf, t.Folded(n)...)
		if e := f.joined(glued); e >= 0 {
			best, last = e, j
		}
		if !glued {
			break
		}
	}
	if best < 0 {
		return false
	}
	f.hit(best, i, last, 0, 0, Cut)
	return true
}

func (f *Finder) joined(glued bool) int32 {
	least := 8
	if glued {
		least = 5
	}
	if len(f.buf) < least {
		return -1
	}
	k := german.Start(f.buf)
	if !f.grave.Has(k) {
		return -1
	}
	for _, n := range f.byStart[k] {
		e := &f.entries[n]
		if e.Severity >= 2 && len(e.Stem) >= least && len(e.Stem) <= len(f.buf) && string(f.buf[:len(e.Stem)]) == e.Stem &&
			ending(f.buf[len(e.Stem):]) && !f.harmless(f.buf, 0, len(e.Stem)) {
			return n
		}
	}
	return -1
}
