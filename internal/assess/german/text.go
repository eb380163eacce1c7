package german

import (
	"unicode"
	"unicode/utf8"
)

// MaxRunes is how much of a text is looked at. A reader's comment is far
// shorter; the limit bounds the work a hostile one can cause.
const MaxRunes = 10_000

const charUpper = 1 << iota

// char is one visible character: what it was folded to and the bytes of the
// original it stands for.
type char struct {
	r          rune
	start, end int32
	flags      uint8
}

// Kind says what a token is.
type Kind uint8

// The kinds of token.
const (
	Word Kind = iota
	Number
	Link
	Mention
	Picture // emoji
	Mark    // a run of one punctuation mark
)

// Marks on a token: how it was written.
const (
	Upper     uint16 = 1 << iota // all capitals, at least two letters
	Title                        // begins with a capital
	Stretched                    // had a letter three times or more in a row
	Leet                         // had digits or signs for letters
	Spaced                       // was written with its letters apart
	Masked                       // holds mask characters, folded to '*'
	First                        // first word of a sentence
	Glued                        // follows its predecessor with one mark and no space
	Hash                         // written with a # before it
	Quoted                       // stands inside quotation marks
	Line                         // first token of a line
)

// Token is one unit of a prepared text.
type Token struct {
	Kind       Kind
	Mark       uint16
	From, To   int32  // bytes of Text.Fold
	Start, End int32  // bytes of Text.Src
	c0, c1     int32  // characters
	Hash       uint32 // of its folded form, see HashOf
}

// Has reports whether the token carries every one of the marks.
func (k Token) Has(marks uint16) bool { return k.Mark&marks == marks }

// Span is a stretch of characters that is one token whatever is in it (a link).
type Span struct{ From, To int }

// Text is a prepared text. The zero value is ready for Scan; a Text may be
// used again for the next text and is not safe for concurrent use.
type Text struct {
	Src    string  // the original, as given
	Fold   []byte  // the tokens' folded letters, each token followed by one space
	Tokens []Token // in the order of the text
	Stats  Stats

	chars []char
	plain []byte  // one byte a character: ASCII as folded, 0xFF for others
	cased []byte  // one byte a character, capitals kept: see Cased
	at    []int32 // for each byte of Fold its character
}

// Stats are counts over the visible characters of a text.
type Stats struct {
	Chars, Letters, Uppers, Words, CapsWords int
	Exclaim, Question                        int // marks
	ExclaimRun, QuestionRun                  int // longest run
	Pictures, Links, Mentions, Digits        int
	Latin, Cyrillic, Greek, Arabic, Hebrew   int // letters as written, before look-alikes are folded
	Asian                                    int
	Invisible                                int // characters without width that were taken out
	Truncated                                bool
}

// Scan takes in a text: it drops invisible characters and folds each visible
// one. Bytes that are no UTF-8 count as a mark.
func (t *Text) Scan(src string) {
	if len(src) > 4*MaxRunes {
		src = src[:4*MaxRunes]
		t.Stats = Stats{Truncated: true}
	} else {
		t.Stats = Stats{}
	}
	t.Src = src
	t.chars, t.plain = t.chars[:0], t.plain[:0]
	t.Fold, t.at, t.Tokens = t.Fold[:0], t.at[:0], t.Tokens[:0]
	for i := 0; i < len(src) && len(t.chars) < MaxRunes; {
		c := src[i]
		if c < utf8.RuneSelf {
			a := &ascii[c]
			t.chars = append(t.chars, char{rune(a.lower), int32(i), int32(i + 1), a.flags})
			t.Stats.Latin += int(a.letter)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(src[i:])
		t.scanRune(r, int32(i), int32(i+n))
		i += n
	}
	t.countChars()
}

// ascii is what Scan makes of the characters of one byte.
var ascii = func() (t [utf8.RuneSelf]struct{ lower, flags, letter, digit uint8 }) {
	for c := range t {
		a := &t[c]
		a.lower = uint8(c)
		switch {
		case c >= 'A' && c <= 'Z':
			a.lower, a.flags, a.letter = uint8(c)+'a'-'A', charUpper, 1
		case c >= 'a' && c <= 'z':
			a.letter = 1
		case c >= '0' && c <= '9':
			a.digit = 1
		}
	}
	return t
}()

func (t *Text) scanRune(r rune, start, end int32) {
	switch r {
	case 'ä', 'ö', 'ü', 'ß':
		t.chars = append(t.chars, char{r, start, end, 0})
		t.Stats.Latin++
		return
	case 'Ä', 'Ö', 'Ü':
		t.chars = append(t.chars, char{r + 'ä' - 'Ä', start, end, charUpper})
		t.Stats.Latin++
		return
	}
	if invisible(r) {
		t.Stats.Invisible++
		return
	}
	if unicode.Is(unicode.Mn, r) {
		t.mark(r, end)
		return
	}
	t.countScript(r)
	switch {
	case r == utf8.RuneError:
		t.chars = append(t.chars, char{'\uFFFD', start, end, 0})
	case unicode.IsSpace(r):
		t.chars = append(t.chars, char{' ', start, end, 0})
	default:
		t.foldRune(foldQuote(r), start, end)
	}
}

func foldQuote(r rune) rune {
	switch r {
	case '„', '“', '”', '«', '»', '‟', '‹', '›', '″':
		return '"'
	case '‚', '‘', '’', '´', 'ʼ', '′':
		return '\''
	case '–', '—', '‐', '‑', '‒', '−':
		return '-'
	}
	return r
}

func (t *Text) countScript(r rune) {
	s := &t.Stats
	switch {
	case r < 0x250 || r >= 0xFF21 && r <= 0xFF5A:
		if unicode.IsLetter(r) {
			s.Latin++
		}
	case r >= 0x370 && r < 0x400:
		s.Greek++
	case r >= 0x400 && r < 0x530:
		s.Cyrillic++
	case r >= 0x590 && r < 0x600:
		s.Hebrew++
	case r >= 0x600 && r < 0x780:
		s.Arabic++
	case r >= 0x3040 && r < 0xA000 || r >= 0xAC00 && r < 0xD7B0:
		s.Asian++
	}
}

func (t *Text) countChars() {
	s := &t.Stats
	s.Chars = len(t.chars)
	t.plain, t.cased = sized(t.plain, s.Chars), sized(t.cased, s.Chars)
	for i := range t.chars {
		c := &t.chars[i]
		if c.r < utf8.RuneSelf {
			a := &ascii[c.r]
			t.plain[i] = byte(c.r)
			s.Letters += int(a.letter)
			s.Uppers += int(a.letter & c.flags)
			s.Digits += int(a.digit)
			if a.letter != 0 {
				t.cased[i] = byte(c.r) - c.flags&charUpper*('a'-'A')
				continue
			}
		} else {
			t.plain[i] = 0xFF
			if isLetter(c.r) {
				s.Letters++
				s.Uppers += int(c.flags & charUpper)
			}
		}
		t.cased[i] = casedByte(c)
	}
}

// sized is b with n bytes, whatever they hold.
func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n+n/2)[:n]
	}
	return b[:n]
}

// casedByte is a character that is no letter from a to z in one byte: digits are
// alike, and letters above ASCII share 128 values.
func casedByte(c *char) byte {
	switch r := c.r; {
	case isDigit(r):
		return '0'
	case r < ' ':
		return ' '
	case r < 0x80:
		return byte(r)
	default:
		return 0x80 | byte(r)&0x7F
	}
}

// Cased is the scanned text with one byte a character, for runs of characters
// that reach over words: how somebody writes, with capitals, spaces and marks.
func (t *Text) Cased() []byte { return t.cased }

// Plain is the scanned text with one byte a character, so that its indices are
// those of Span: ASCII in lower case, 0xFF for anything else.
func (t *Text) Plain() []byte { return t.plain }

// Bytes gives the stretch of the original for characters from to to.
func (t *Text) Bytes(from, to int) (start, end int) {
	if from >= to || from < 0 || to > len(t.chars) {
		return 0, 0
	}
	return int(t.chars[from].start), int(t.chars[to-1].end)
}

// Extent gives the characters of a token, from and up to.
func (k Token) Extent() (from, to int) { return int(k.c0), int(k.c1) }

// HashOf is the FNV-1a hash of a folded word.
func HashOf(w []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range w {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// Folded is a token's folded form.
func (t *Text) Folded(k Token) []byte { return t.Fold[k.From:k.To] }

// Origin gives the original bytes for bytes from to to of Fold, which must lie
// inside one token.
func (t *Text) Origin(from, to int32) (start, end int) {
	if from >= to || int(to) > len(t.at) {
		return 0, 0
	}
	return int(t.chars[t.at[from]].start), int(t.chars[t.at[to-1]].end)
}

// Chars gives the token's letters before umlauts are written as two, for
// comparing lengths with a mask. Marks stand as they were written.
func (t *Text) Chars(k Token, dst []rune) []rune {
	for i := k.c0; i < k.c1; i++ {
		dst = append(dst, t.chars[i].r)
	}
	return dst
}
