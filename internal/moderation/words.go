package moderation

import (
	"strings"
	"unicode"
)

// Mentions gives the first of some words that a text holds as a whole word, "" for
// none. Case does not count; a word that ends in * stands for all that begin so,
// and a term of several words for just these, one after the other.
func Mentions(text string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	cut := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	}
	have := cut(text)
	for _, w := range words {
		want, open := cut(w), strings.HasSuffix(strings.TrimSpace(w), "*")
		for i := 0; len(want) > 0 && i+len(want) <= len(have); i++ {
			if begins(have[i:], want, open) {
				return w
			}
		}
	}
	return ""
}

// begins tells whether words start with those wanted; the last one may be longer
// where it is open.
func begins(have, want []string, open bool) bool {
	for i, w := range want {
		last := i == len(want)-1
		if have[i] != w && !(last && open && strings.HasPrefix(have[i], w)) {
			return false
		}
	}
	return true
}
