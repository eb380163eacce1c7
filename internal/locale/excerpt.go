package locale

import (
	"strings"
	"unicode/utf8"
)

// Excerpt is the beginning of a text on one line, of at most so many characters,
// cut between words where it is cut at all.
func Excerpt(text string, length int) string {
	line := strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(line) <= length {
		return line
	}
	cut := string([]rune(line)[:length])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + " …"
}
