package german

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// invisible reports characters without width that are put into words to break
// them: zero-width and joining characters, directional marks, soft hyphen,
// variation selectors, tags.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x034F, r == 0x061C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x180E,
		r == 0x3164, r == 0xFEFF, r == 0xFFA0:
		return true
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F,
		r >= 0xFE00 && r <= 0xFE0F, r >= 0x1F3FB && r <= 0x1F3FF, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}

// lookalike maps letters of other alphabets, and Latin letters that have no
// decomposition, to the Latin letters they are mistaken for. Lower case only:
// the caller folds case first, so capitals whose small form looks different
// (Greek Η, Ρ; Cyrillic В, Н) have a table of their own.
var lookalike = map[rune]rune{
	// Cyrillic
	'а': 'a', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'ё': 'e', 'һ': 'h', 'і': 'i', 'ї': 'i', 'ј': 'j', 'ӏ': 'l',
	'о': 'o', 'р': 'p', 'ԛ': 'q', 'ѕ': 's', 'ԝ': 'w', 'х': 'x', 'у': 'y', 'к': 'k', 'м': 'm', 'т': 't',
	'п': 'n', 'г': 'r', 'ь': 'b', 'в': 'b', 'н': 'h', 'ү': 'y', 'ѵ': 'v', 'з': 'z', 'и': 'u', 'ц': 'u',
	// Greek
	'α': 'a', 'β': 'ß', 'γ': 'y', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p',
	'σ': 'o', 'ς': 's', 'τ': 't', 'υ': 'u', 'χ': 'x', 'ω': 'w', 'μ': 'u', 'ζ': 'z', 'ϲ': 'c', 'ϳ': 'j',
	// Latin of other kinds, IPA, small capitals
	'ı': 'i', 'ł': 'l', 'ø': 'o', 'đ': 'd', 'ħ': 'h', 'ŧ': 't', 'æ': 'ä', 'œ': 'ö', 'ɑ': 'a', 'ɐ': 'a',
	'ɓ': 'b', 'ɔ': 'c', 'ɖ': 'd', 'ə': 'e', 'ɛ': 'e', 'ɟ': 'f', 'ɡ': 'g', 'ɢ': 'g', 'ɦ': 'h', 'ɪ': 'i',
	'ɩ': 'i', 'ʝ': 'j', 'ʞ': 'k', 'ʟ': 'l', 'ɭ': 'l', 'ɱ': 'm', 'ɴ': 'n', 'ɳ': 'n', 'ɵ': 'o', 'ɹ': 'r',
	'ʀ': 'r', 'ʁ': 'r', 'ʂ': 's', 'ʃ': 's', 'ƒ': 'f', 'ʈ': 't', 'ʇ': 't', 'ʉ': 'u', 'ʋ': 'v', 'ʌ': 'v',
	'ʍ': 'w', 'ʏ': 'y', 'ʐ': 'z', 'ᴀ': 'a', 'ʙ': 'b', 'ᴄ': 'c', 'ᴅ': 'd', 'ᴇ': 'e', 'ꜰ': 'f', 'ʜ': 'h',
	'ᴊ': 'j', 'ᴋ': 'k', 'ᴍ': 'm', 'ᴏ': 'o', 'ᴘ': 'p', 'ꜱ': 's', 'ᴛ': 't', 'ᴜ': 'u', 'ᴠ': 'v', 'ᴡ': 'w',
	'ᴢ': 'z', 'ƈ': 'c', 'ɗ': 'd', 'ɠ': 'g', 'ƙ': 'k', 'ɲ': 'n', 'ƥ': 'p', 'ƭ': 't', 'ʒ': 'z', 'ƅ': 'b',
	'ẞ': 'ß', 'ſ': 's', 'ð': 'd', 'þ': 'p',
	// Cherokee, Armenian and others used for the same purpose
	'ո': 'n', 'ս': 'u', 'օ': 'o', 'հ': 'h', 'ց': 'g', 'զ': 'q', 'ɯ': 'w', '∂': 'd', '∑': 'e', '€': 'e',
}

// lookalikeUpper holds capitals whose small form looks like another letter.
var lookalikeUpper = map[rune]rune{
	'В': 'b', 'Н': 'h', 'Р': 'p', 'С': 'c', 'У': 'y', 'Х': 'x', 'Ζ': 'z', 'Η': 'h', 'Ν': 'n', 'Ρ': 'p',
	'Υ': 'y', 'Χ': 'x', 'Μ': 'm', 'Β': 'b', 'Γ': 'r', 'Σ': 'e', 'Ꭺ': 'a', 'Ᏼ': 'b', 'Ꮯ': 'c', 'Ꭰ': 'd',
	'Ꭼ': 'e', 'Ꮋ': 'h', 'Ꭻ': 'j', 'Ꮶ': 'k', 'Ꮮ': 'l', 'Ꮇ': 'm', 'Ꮲ': 'p', 'Ꭱ': 'r', 'Ꮪ': 's', 'Ꭲ': 't',
	'Ꮩ': 'v', 'Ꮃ': 'w', 'Ꮓ': 'z',
}

// foldRune appends what a rune above ASCII stands for. It returns the number of
// characters appended.
func (t *Text) foldRune(r rune, start, end int32) {
	upper := unicode.IsUpper(r)
	var flag uint8
	if upper {
		flag = charUpper
	}
	if l, ok := plainForeign(r); ok {
		t.chars = append(t.chars, char{l, start, end, flag})
		return
	}
	if d := norm.NFKD.PropertiesString(t.Src[start:end]).Decomposition(); len(d) > 0 {
		t.foldDecomposed(string(d), start, end, flag)
		return
	}
	t.chars = append(t.chars, char{unicode.ToLower(r), start, end, flag})
}

// plainForeign gives the letter for the umlauts, sharp s, look-alikes and the
// enclosed letters that have no decomposition.
func plainForeign(r rune) (rune, bool) {
	switch r {
	case 'ä', 'Ä':
		return 'ä', true
	case 'ö', 'Ö':
		return 'ö', true
	case 'ü', 'Ü':
		return 'ü', true
	case 'ß', 'ẞ':
		return 'ß', true
	}
	if l, ok := lookalikeUpper[r]; ok {
		return l, true
	}
	if l, ok := lookalike[unicode.ToLower(r)]; ok {
		return l, true
	}
	switch {
	case r >= 0x1F150 && r <= 0x1F169:
		return 'a' + r - 0x1F150, true
	case r >= 0x1F170 && r <= 0x1F189:
		return 'a' + r - 0x1F170, true
	}
	return 0, false
}

// foldDecomposed appends the letters of a compatibility decomposition: a base
// letter with its marks, or several letters of a ligature.
func (t *Text) foldDecomposed(d string, start, end int32, flag uint8) {
	for _, r := range d {
		if unicode.Is(unicode.Mn, r) {
			t.mark(r, end)
			continue
		}
		if unicode.IsUpper(r) {
			flag = charUpper
		}
		l, ok := plainForeign(r)
		if !ok {
			l = unicode.ToLower(r)
		}
		t.chars = append(t.chars, char{l, start, end, flag})
	}
}

// mark joins a combining mark to the letter before it: two dots make an umlaut,
// anything else is dropped.
func (t *Text) mark(r rune, end int32) {
	if len(t.chars) == 0 {
		return
	}
	last := &t.chars[len(t.chars)-1]
	last.end = end
	if r != 0x308 {
		return
	}
	switch last.r {
	case 'a':
		last.r = 'ä'
	case 'o':
		last.r = 'ö'
	case 'u':
		last.r = 'ü'
	}
}

// Emoji reports pictures and the symbols used like them.
func Emoji(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF || r >= 0x2B00 && r <= 0x2BFF ||
		r >= 0x2190 && r <= 0x21FF || r >= 0x2300 && r <= 0x23FF || r == 0x20E3
}

func isLetter(r rune) bool {
	if r < 0x80 {
		return r >= 'a' && r <= 'z'
	}
	return unicode.IsLetter(r)
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func isVowel(r rune) bool {
	switch r {
	case 'a', 'e', 'i', 'o', 'u', 'y', 'ä', 'ö', 'ü':
		return true
	}
	return false
}
