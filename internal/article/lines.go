package article

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// line is one line of a page, whatever its form was.
type line struct {
	text string
	gap  int  // empty lines before it
	head bool // known to be a heading, from HTML or Markdown
	mark bool // from a form that marks headings: the shape alone makes none
}

// readLines cuts a text into lines, without the empty ones.
func readLines(text string) []line {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n\n", "\v", "\n", "\u2028", "\n", "\u2029", "\n\n").Replace(text)
	var lines []line
	gap := 0
	for _, raw := range strings.Split(text, "\n") {
		s := clean(raw)
		if s == "" {
			gap++
			continue
		}
		lines = append(lines, line{text: s, gap: gap})
		gap = 0
	}
	return unwrap(lines)
}

// Bounds of a text that was broken at a fixed width, in characters.
const (
	wrapMin, wrapMax = 45, 90
	wrapLines        = 5
)

// unwrap joins the lines of a text that was broken at a fixed width, as e-mail
// programs do. Such a text has no long line at all, and most lines that another
// follows directly are nearly full.
func unwrap(lines []line) []line {
	full, followed := 0, 0
	for i, l := range lines {
		n := runeLen(l.text)
		if n > wrapMax+10 {
			return lines
		}
		if i+1 < len(lines) && lines[i+1].gap == 0 {
			followed++
			if n >= wrapMin {
				full++
			}
		}
	}
	if full < wrapLines || full*10 < followed*6 {
		return lines
	}
	var out []line
	last := 0 // characters of the previous line before joining
	for i, l := range lines {
		if n := len(out); i > 0 && l.gap == 0 && last >= wrapMin && !l.bullet() {
			out[n-1].text = joinWrapped(out[n-1].text, l.text)
		} else {
			out = append(out, l)
		}
		last = runeLen(l.text)
	}
	return out
}

// joinWrapped undoes a break, and a hyphenation where a small letter follows.
func joinWrapped(a, b string) string {
	next, _ := utf8.DecodeRuneInString(b)
	if cut, ok := strings.CutSuffix(a, "-"); ok && unicode.IsLower(next) && !strings.HasPrefix(b, "und ") && !strings.HasPrefix(b, "oder ") {
		return cut + b
	}
	return a + " " + b
}

// bullet reports an item of a list.
func (l line) bullet() bool {
	for _, mark := range []string{"• ", "- ", "– ", "* ", "· ", "▪ ", "■ "} {
		if strings.HasPrefix(l.text, mark) {
			return true
		}
	}
	return false
}

// short reports the shape of a subheading or a box: a few words that do not end
// as a sentence does. A short question may be a subheading.
func (l line) short() bool {
	n := runeLen(l.text)
	if l.head {
		return n <= maxBox
	}
	if n > 90 || len(strings.Fields(l.text)) > 13 || l.bullet() || strings.HasSuffix(l.text, ",") || strings.HasSuffix(l.text, ";") {
		return false
	}
	if rest, sign := takeSignOff(l.text); sign != "" && rest != "" || innerSentence(l.text) {
		return false
	}
	return !endsSentence(l.text) || strings.HasSuffix(l.text, "?") && n <= 60
}

// endsSentence reports a full stop, exclamation or question mark, ellipsis or
// colon at the end, closing quotation marks and brackets aside.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, " ”“\"»«›‹’‘')]")
	r, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune(".!?…:", r)
}

func runeLen(s string) int { return utf8.RuneCountInString(s) }

// fold makes lines comparable: letters and digits alone, in lower case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}
