// Package vocab knows single words and set phrases: what language a word speaks
// for, which words carry no content, which name a group of people or an office,
// and the phrases (cues) that hint at insinuation, threat, advertising or at
// support for a claim. Lists are written for the project; see the files beside.
package vocab

import (
	_ "embed"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/freigabe/freigabe/internal/assess/german"
)

//go:embed words.txt
var wordsText string

//go:embed cues.txt
var cuesText string

//go:embed groups.txt
var groupsText string

// Bits that a word can carry.
const (
	Stop uint32 = 1 << iota
	You
	Agree
	Question
	Office
	Group
	Foul      // an adjective that belittles a person
	Moral     // one that only a person can be: no animal is corrupt
	Camp      // a political camp
	Small     // a particle between "du bist" and the insult
	Abuse     // stands in a finding of abuse; set while a text is read
	langShift = iota
)

// Languages are the codes of the languages told apart, in the order of the bits.
var Languages = [...]string{"de", "en", "fr", "it", "es", "tr", "nl", "pl", "hr"}

// Language returns the bits for languages of a word: bit i for Languages[i].
func (w Word) Language() uint32 { return w.Bits >> langShift }

// Has reports whether a word carries a bit.
func (w Word) Has(bit uint32) bool { return w.Bits&bit != 0 }

// Word is what is known of one word.
type Word struct {
	Bits  uint32
	Group uint8 // index into Groups, for words with the bit Group
	id    int32 // in phrases
}

// Kind says what a cue hints at.
type Kind uint8

// The kinds of cue.
const (
	Insinuation Kind = iota
	Support
	Threat
	SelfHarm
	Advert
	Contact
	Cite
	Kinds
)

var kindNames = [...]string{"insinuation", "support", "threat", "selfharm", "advert", "contact", "cite"}

// Cue is a set phrase.
type Cue struct {
	Kind   Kind
	Weight float64
	Code   string
	Words  int
}

// Hit is a cue found in a text, over the tokens First to Last.
type Hit struct {
	Cue         *Cue
	First, Last int
}

const anyWord = int32(1)

var (
	words    = map[string]*Word{}
	prefixes = map[string]int32{}
	lead     = map[[4]byte]bool{} // first four letters of prefixes
	starts   german.Starts        // first three letters of prefixes
	next     = map[uint64]int32{} // node and word -> node
	ends     = map[int32]*Cue{}
	roots    []int32 // by word: the node after it, for the first word of a phrase
	nodes    int32
	lastID   = anyWord
	index    []place // of words, see look

	// Groups are the names of the groups of people that are told apart.
	Groups []string
)

func init() {
	for _, load := range []func() error{loadWords, loadGroups, loadCues} {
		if err := load(); err != nil {
			panic("vocab: " + err.Error())
		}
	}
	indexWords()
	roots = make([]int32, lastID+1)
	for id := range roots {
		roots[id] = next[uint64(id)]
	}
}

// place is where a word is found by its hash, in a table with room for four times
// as many.
type place struct {
	hash uint32
	text string
	word *Word
}

func indexWords() {
	index = make([]place, 1<<bits.Len(uint(4*len(words))))
	for text, w := range words {
		h := german.HashOf([]byte(text))
		p := int(h) & (len(index) - 1)
		for index[p].word != nil {
			p = (p + 1) & (len(index) - 1)
		}
		index[p] = place{h, text, w}
	}
}

func word(w string) *Word {
	f := german.FoldWord(w)
	if words[f] == nil {
		words[f] = &Word{}
	}
	return words[f]
}

func loadWords() error {
	bits := map[string]uint32{"stop": Stop, "you": You, "agree": Agree, "question": Question, "office": Office,
		"foul": Foul, "moral": Foul | Moral, "camp": Camp, "small": Small}
	for i, l := range Languages {
		bits[l] = 1 << (langShift + i)
	}
	for line := range strings.SplitSeq(wordsText, "\n") {
		kind, list, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if bits[kind] == 0 {
			return fmt.Errorf("unknown kind of word %q", kind)
		}
		for w := range strings.FieldsSeq(list) {
			for _, e := range inflections(bits[kind]) {
				word(w + e).Bits |= bits[kind]
			}
		}
	}
	return nil
}

// inflections are the endings that a listed word is found with: adjectives are
// listed without.
func inflections(bit uint32) []string {
	if bit&(Foul|Camp) != 0 {
		return []string{"", "e", "en", "er", "es", "em", "ste", "sten", "ster"}
	}
	return []string{""}
}

func loadGroups() error {
	for line := range strings.SplitSeq(groupsText, "\n") {
		name, list, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for w := range strings.FieldsSeq(list) {
			k := word(w)
			k.Bits |= Group
			k.Group = uint8(len(Groups))
		}
		Groups = append(Groups, name)
	}
	return nil
}

func loadCues() error {
	for n, line := range strings.Split(cuesText, "\n") {
		head, list, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(head)
		if len(f) != 3 {
			return fmt.Errorf("read cues line %d: want \"kind weight code: phrases\"", n+1)
		}
		kind := -1
		for i, k := range kindNames {
			if k == f[0] {
				kind = i
			}
		}
		weight, err := strconv.ParseFloat(f[1], 64)
		if kind < 0 || err != nil {
			return fmt.Errorf("read cues line %d: unknown kind or weight %q", n+1, head)
		}
		for p := range strings.SplitSeq(list, "|") {
			addCue(strings.Fields(p), Cue{Kind: Kind(kind), Weight: weight, Code: f[2]})
		}
	}
	return nil
}

func addCue(phrase []string, c Cue) {
	node := int32(0)
	c.Words = len(phrase)
	for _, w := range phrase {
		k := uint64(node)<<32 | uint64(wordID(w))
		if next[k] == 0 {
			nodes++
			next[k] = nodes
		}
		node = next[k]
	}
	if node != 0 && ends[node] == nil {
		ends[node] = &c
	}
}

func wordID(w string) int32 {
	if w == "_" {
		return anyWord
	}
	if p, ok := strings.CutSuffix(w, "*"); ok {
		f := german.FoldWord(p)
		if prefixes[f] == 0 {
			lastID++
			prefixes[f] = lastID
			lead[[4]byte([]byte(f + "    ")[:4])] = true
			starts.Add([]byte(f + "    "))
		}
		return prefixes[f]
	}
	k := word(w)
	if k.id == 0 {
		lastID++
		k.id = lastID
	}
	return k.id
}

// Look returns what is known of a folded word; the zero Word if nothing.
func Look(folded []byte) Word { return look(folded, german.HashOf(folded)) }

func look(folded []byte, hash uint32) Word {
	for p := int(hash) & (len(index) - 1); ; p = (p + 1) & (len(index) - 1) {
		switch at := &index[p]; {
		case at.word == nil:
			return Word{}
		case at.hash == hash && at.text == string(folded):
			return *at.word
		}
	}
}

// prefixID returns the id of the longest listed beginning of a word, 0 if none.
func prefixID(w []byte) int32 {
	if len(w) < 4 || !starts.Has(german.Start(w)) || !lead[[4]byte(w[:4])] {
		return 0
	}
	for n := len(w); n >= 4; n-- {
		if id := prefixes[string(w[:n])]; id != 0 {
			return id
		}
	}
	return 0
}

// Reader finds words and cues in texts. It keeps buffers between texts and is
// not safe for concurrent use.
type Reader struct {
	Words []Word // by token
	Cues  []Hit
	pre   []int32
}

// maxCues caps the cues of one text.
const maxCues = 300

// Read looks up every token of a prepared text and finds its cues. Where cues of
// one kind begin at the same word, only the longest counts.
func (r *Reader) Read(t *german.Text) {
	r.Words, r.Cues, r.pre = r.Words[:0], r.Cues[:0], r.pre[:0]
	for _, k := range t.Tokens {
		if k.Kind != german.Word {
			r.Words = append(r.Words, Word{})
			r.pre = append(r.pre, 0)
			continue
		}
		w := t.Folded(k)
		r.Words = append(r.Words, look(w, k.Hash))
		r.pre = append(r.pre, prefixID(w))
	}
	var until [Kinds]int
	for i := range t.Tokens {
		if t.Tokens[i].Kind != german.Word || len(r.Cues) >= maxCues || !r.opens(i) {
			continue
		}
		var best [Kinds]Hit
		r.step(t, i, i, 0, &best)
		for k, h := range best {
			if h.Cue != nil && i >= until[k] {
				r.Cues = append(r.Cues, h)
				until[k] = h.Last + 1
			}
		}
	}
}

// opens reports that a phrase may begin with word i.
func (r *Reader) opens(i int) bool {
	return roots[r.Words[i].id]|roots[r.pre[i]]|roots[anyWord] != 0
}

func (r *Reader) step(t *german.Text, first, i int, node int32, best *[Kinds]Hit) {
	for i > first && i < len(t.Tokens) && t.Tokens[i].Kind == german.Mark && skipped(t, i) {
		i++
	}
	if i >= len(t.Tokens) || t.Tokens[i].Kind != german.Word || i > first+14 {
		return
	}
	for _, id := range [...]int32{r.Words[i].id, r.pre[i], anyWord} {
		if id == 0 {
			continue
		}
		n := next[uint64(node)<<32|uint64(id)]
		if n == 0 {
			continue
		}
		if c := ends[n]; c != nil && (best[c.Kind].Cue == nil || i > best[c.Kind].Last) {
			best[c.Kind] = Hit{Cue: c, First: first, Last: i}
		}
		r.step(t, first, i+1, n, best)
	}
}

// skipped reports marks that may stand inside a phrase.
func skipped(t *german.Text, i int) bool {
	c := t.Fold[t.Tokens[i].From]
	return c == ',' || c == '"' || c == '\'' || c == '-'
}
