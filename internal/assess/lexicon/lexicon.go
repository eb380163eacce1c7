// Package lexicon finds abusive words in prepared German text: a list of stems
// written for the project, with class, severity and whether a stem counts inside
// compounds, and a list of harmless words that hold the same letters.
//
// A match is looked for in the word as it is, then in the readings a disguise
// leaves open: stretched letters, "1" for l, masked letters, letters swapped,
// a word cut by marks or spaces.
package lexicon

import (
	_ "embed"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/freigabe/freigabe/internal/assess/german"
)

//go:embed stems.txt
var stemsText string

//go:embed traps.txt
var trapsText string

// Class is the kind of an abusive word.
type Class uint8

// The classes of the list.
const (
	Insult Class = iota
	Vulgar
	Slur
	Disparage
	Body
	English
	Foreign
	Phrase
	EnglishOnly // counts only in an English text: "dick" is a German adjective
	Called      // counts only where a person is called it
	classes
)

var classNames = [...]string{"insult", "vulgar", "slur", "disparage", "body", "english", "foreign", "phrase", "enonly", "called"}

// Classes is the number of classes.
const Classes = int(classes)

func (c Class) String() string { return classNames[c] }

// mode says where in a word a stem counts.
type mode uint8

const (
	exact mode = iota // the whole word
	whole             // the whole word with an ending
	head              // last part of a compound, with an ending
	mod               // first part, or alone
	free              // anywhere
)

var modeNames = map[string]mode{"exact": exact, "word": whole, "head": head, "mod": mod, "free": free}

// Entry is one stem of the list.
type Entry struct {
	Stem     string // folded
	Class    Class
	Severity int // 1 mild, 2 insult or vulgar, 3 gross
	mode     mode
	runes    []rune // as written, for masks
}

// Lexicon is a compiled list. It is immutable and safe for concurrent use.
type Lexicon struct {
	entries   []Entry
	starts    german.Starts      // of all stems
	grave     german.Starts      // of the stems that are looked for in other readings too
	byStart   map[uint32][]int32 // german.Start -> entries, longest first
	collapsed map[string]int32   // stem with runs of letters cut to one -> entry
	byFirst   map[rune][]int32   // entries by first letter, for masks
	phrases   map[uint64]node
	openings  [1 << 12 / 64]uint64 // hashes of the phrases' first words, by their low bits
	traps     []string             // folded, whole words
	prefixes  []string             // folded, traps with any ending
	trapSet   map[string]bool
	trapStart german.Starts       // of prefixes
	trapsBy   map[uint32][]string // prefixes by german.Start
}

// node is a step of a phrase, keyed by the hash of the words so far.
type node struct {
	entry int32 // -1 while incomplete
}

// Default is the compiled list of the project.
var Default = mustCompile()

func mustCompile() *Lexicon {
	l, err := Compile(stemsText, trapsText)
	if err != nil {
		panic("lexicon: " + err.Error())
	}
	return l
}

// Compile reads lists in the form of stems.txt and traps.txt.
func Compile(stems, traps string) (*Lexicon, error) {
	l := &Lexicon{byStart: map[uint32][]int32{}, collapsed: map[string]int32{}, byFirst: map[rune][]int32{},
		phrases: map[uint64]node{}, trapSet: map[string]bool{}, trapsBy: map[uint32][]string{}}
	for n, line := range strings.Split(stems, "\n") {
		if err := l.addLine(line); err != nil {
			return nil, fmt.Errorf("read word list line %d: %w", n+1, err)
		}
	}
	for _, list := range l.byStart {
		sort.SliceStable(list, func(a, b int) bool {
			return len(l.entries[list[a]].Stem) > len(l.entries[list[b]].Stem)
		})
	}
	for line := range strings.SplitSeq(traps, "\n") {
		if !strings.HasPrefix(line, "#") {
			l.addTraps(line)
		}
	}
	return l, nil
}

func (l *Lexicon) addTraps(line string) {
	for w := range strings.FieldsSeq(line) {
		w = strings.ReplaceAll(w, "-", "")
		if p, ok := strings.CutSuffix(w, "*"); ok {
			l.addPrefix(german.FoldWord(p))
			continue
		}
		l.trapSet[german.FoldWord(w)] = true
		l.traps = append(l.traps, german.FoldWord(w))
	}
}

// addPrefix adds a harmless word that may have any ending; those of fewer than
// three letters would hide too much and are left out of the search.
func (l *Lexicon) addPrefix(p string) {
	l.prefixes = append(l.prefixes, p)
	if len(p) >= 3 {
		l.trapStart.Add([]byte(p))
		k := german.Start([]byte(p))
		l.trapsBy[k] = append(l.trapsBy[k], p)
	}
}

// Size returns how many stems and harmless words the list holds.
func (l *Lexicon) Size() (stems, harmless int) {
	return len(l.entries), len(l.traps) + len(l.prefixes)
}

func (l *Lexicon) addLine(line string) error {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	name, rest, ok := strings.Cut(line, ":")
	f := strings.Fields(name)
	if !ok || len(f) != 3 {
		return fmt.Errorf("want \"class severity mode: stems\"")
	}
	class := -1
	for i, c := range classNames {
		if c == f[0] {
			class = i
		}
	}
	severity, err := strconv.Atoi(f[1])
	if class < 0 || err != nil || severity < 1 || severity > 3 {
		return fmt.Errorf("unknown class or severity %q", name)
	}
	if f[2] == "phrase" {
		for p := range strings.SplitSeq(rest, "|") {
			l.addPhrase(strings.Fields(p), Class(class), severity)
		}
		return nil
	}
	m, ok := modeNames[f[2]]
	if !ok {
		return fmt.Errorf("unknown mode %q", f[2])
	}
	for w := range strings.FieldsSeq(rest) {
		l.add(Entry{Stem: german.FoldWord(w), Class: Class(class), Severity: severity, mode: m, runes: []rune(strings.ToLower(w))})
	}
	return nil
}

func (l *Lexicon) add(e Entry) {
	n := int32(len(l.entries))
	l.entries = append(l.entries, e)
	if stem := []byte(e.Stem); len(stem) >= 3 {
		k := german.Start(stem)
		l.byStart[k] = append(l.byStart[k], n)
		l.starts.Add(stem)
		if e.Severity >= 2 && len(stem) >= 5 {
			l.grave.Add(stem)
		}
	}
	if len(e.Stem) >= 4 {
		c := string(collapse(nil, []byte(e.Stem)))
		if _, taken := l.collapsed[c]; !taken {
			l.collapsed[c] = n
		}
	}
	if e.Severity >= 2 && len(e.runes) >= 4 {
		l.byFirst[e.runes[0]] = append(l.byFirst[e.runes[0]], n)
	}
}

func (l *Lexicon) addPhrase(words []string, c Class, severity int) {
	if len(words) == 0 {
		return
	}
	n := int32(len(l.entries))
	l.entries = append(l.entries, Entry{Stem: strings.Join(words, " "), Class: c, Severity: severity, mode: exact})
	h := phraseSeed
	for i, w := range words {
		h = phraseStep(h, []byte(german.FoldWord(w)))
		if i == 0 {
			l.openings[h>>6&63] |= 1 << (h & 63)
		}
		cur, ok := l.phrases[h]
		if !ok {
			cur = node{entry: -1}
		}
		if i == len(words)-1 {
			cur.entry = n
		}
		l.phrases[h] = cur
	}
}

const phraseSeed = uint64(14695981039346656037)

// phraseStep continues an FNV-1a hash by one word.
func phraseStep(h uint64, word []byte) uint64 {
	for _, c := range word {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return (h ^ ' ') * 1099511628211
}

// collapse appends w with every run of one letter cut to one.
func collapse(dst, w []byte) []byte {
	for i, c := range w {
		if i == 0 || c != w[i-1] {
			dst = append(dst, c)
		}
	}
	return dst
}

// Stems returns the stems of at least the given severity as they are written in
// the list, without phrases.
func (l *Lexicon) Stems(severity int) []string {
	var out []string
	for i := range l.entries {
		if e := &l.entries[i]; e.Severity >= severity && e.runes != nil && e.Class != EnglishOnly && e.Class != Called {
			out = append(out, string(e.runes))
		}
	}
	return out
}

// Harmless returns the folded words that never count, without their "*".
func (l *Lexicon) Harmless() []string {
	return append(append([]string(nil), l.traps...), l.prefixes...)
}
