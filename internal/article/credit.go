package article

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const creditWords = `(?:Symbol|Archiv|Agentur|Luft|Presse|Titel|Beispiel)?(?:[Ff]otos?|[Bb]ild(?:er|nachweis|quelle)?|[Gg]rafik|[Mm]ontage)|Photo|Image|Picture|Credit|Copyright|Fotocredit|Quelle`

var (
	creditInParens = regexp.MustCompile(`[(\[]\s*(` + creditWords + `)\s*(?::|©|\(c\))\s*([^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*)[)\]]\.?$`)
	creditAtEnd    = regexp.MustCompile(`(` + creditWords + `)\s*(?::|\s©)\s*`)
	copyrightMark  = regexp.MustCompile(`(©|\(c\)|\(C\))\s*`)
	initialAtEnd   = regexp.MustCompile(`(?:^|[\s.])\p{L}{1,2}\.$`) // "Anna B.", "u. a."
	symbolPicture  = regexp.MustCompile(`^(?:Symbol|Archiv|Beispiel)(?:bild|foto)$`)
)

// maxCredit is the longest credit in characters: beyond it, "Foto:" is part of a text.
const maxCredit = 150

// maxCaption is the longest line in bytes that can be a caption with its credit.
const maxCaption = 2000

// creditForm is how a credit stands in its caption.
type creditForm int

const (
	creditParens creditForm = iota + 1 // "Text (Foto: Name)"
	creditGlued                        // "Text.Foto: Name", as crawlers join elements
	creditSpaced                       // "Text. Foto: Name"
	creditSign                         // "Text © Name"
)

// credited is a caption with its credit.
type credited struct {
	caption, credit string
	word            string // "Foto", "Symbolbild"; "" for ©
	form            creditForm
}

// splitCaption parts a caption from the credit at its end. A picture marked as
// Symbolbild or Archivfoto stays marked, in the caption. ok is false where there
// is no credit.
func splitCaption(s string) (c credited, ok bool) {
	if len(s) > maxCaption {
		return credited{caption: s}, false
	}
	if m := creditInParens.FindStringSubmatchIndex(s); m != nil {
		c = credited{s[:m[0]], s[m[4]:m[5]], s[m[2]:m[3]], creditParens}
	} else if m := lastCredit(s); m != nil {
		c = credited{s[:m[0]], s[m[1]:], s[m[2]:m[3]], creditSpaced}
		if m[0] > 0 && !strings.ContainsRune(" |–/", rune(s[m[0]-1])) {
			c.form = creditGlued
		}
	} else if m := lastMatch(copyrightMark, s); m != nil {
		c = credited{s[:m[0]], s[m[1]:], "", creditSign}
	}
	c.credit = trimCredit(c.credit)
	if c.credit == "" || runeLen(c.credit) > maxCredit || innerSentence(c.credit) {
		return credited{caption: s}, false
	}
	c.caption = strings.TrimRight(strings.TrimSpace(c.caption), " |–—-/([")
	if symbolPicture.MatchString(c.word) {
		c.caption = strings.TrimSpace(c.caption + " (" + c.word + ")")
	}
	return c, true
}

// lastCredit finds the last "Foto:" that stands at a word's beginning, or glued
// to the end of the sentence before it as crawlers do.
func lastCredit(s string) []int {
	all := creditAtEnd.FindAllStringSubmatchIndex(s, -1)
	for i := len(all) - 1; i >= 0; i-- {
		before, _ := utf8.DecodeLastRuneInString(s[:all[i][0]])
		first, _ := utf8.DecodeRuneInString(s[all[i][2]:])
		glued := unicode.IsLower(before) && unicode.IsUpper(first)
		if all[i][0] == 0 || glued || !(unicode.IsLetter(before) || unicode.IsDigit(before) || before == '-') {
			return all[i]
		}
	}
	return nil
}

func lastMatch(re *regexp.Regexp, s string) []int {
	all := re.FindAllStringIndex(s, -1)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// trimCredit takes the marks round a credit off: "© Anna Beispiel/dpa." is "Anna Beispiel/dpa".
func trimCredit(s string) string {
	s = strings.TrimSpace(s)
	if m := copyrightMark.FindStringIndex(s); m != nil && m[0] == 0 {
		s = s[m[1]:]
	}
	if m := creditAtEnd.FindStringIndex(s); m != nil && m[0] == 0 {
		s = s[m[1]:]
	}
	s = strings.Trim(s, " |–—-/,;")
	if !initialAtEnd.MatchString(s) {
		s = strings.TrimSuffix(s, ".")
	}
	if strings.HasSuffix(s, ")") && !strings.Contains(s, "(") {
		s = strings.TrimSuffix(s, ")")
	}
	return strings.TrimSpace(s)
}

var sentenceBreak = regexp.MustCompile(`\p{Ll}{2,}[.!?]\s+\p{Lu}`)

// innerSentence reports that a sentence ends within s: then it is a text, not a credit.
func innerSentence(s string) bool { return sentenceBreak.MatchString(s) }

// readCaption recognises, among the lines of a body, the caption of a picture. It
// is stricter than splitCaption: "Das Foto: ein Beweis." and a paragraph that ends
// in "(Quelle: Statistikamt)" are prose.
func readCaption(s string) (credited, bool) {
	c, ok := splitCaption(s)
	if !ok || runeLen(c.credit) > 90 || runeLen(c.caption) > 600 || c.word == "Quelle" {
		return credited{}, false
	}
	prose := endsSentence(c.credit) || len(strings.Fields(c.credit)) > 8
	switch c.form {
	case creditSpaced:
		if prose || !endsSentence(c.caption) && len(strings.Fields(c.credit)) > 5 {
			return credited{}, false
		}
	case creditGlued, creditSign:
		if prose {
			return credited{}, false
		}
	}
	return c, true
}
