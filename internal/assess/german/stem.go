package german

import "strings"

// FoldWord writes one word as Tokens would: lower case, umlauts as two letters,
// look-alike letters as plain ones.
func FoldWord(w string) string {
	var t Text
	t.Scan(w)
	var b strings.Builder
	for _, c := range t.chars {
		if e := umlaut(c.r); e != "" {
			b.WriteString(e)
		} else {
			b.WriteRune(c.r)
		}
	}
	return b.String()
}

// Stem cuts the ending of a folded German word, in the manner of the German
// Snowball stemmer (steps 1 to 3, without its handling of umlauts, which are two
// letters here). It returns a part of w.
func Stem(w []byte) []byte {
	if len(w) < 5 {
		return w
	}
	for _, s := range [...]string{"innen", "ern", "em", "er", "en", "es", "e"} {
		if cutIf(&w, s, 4) {
			if s == "innen" {
				return w
			}
			if s != "em" && s != "er" && s != "ern" && len(w) > 4 && hasEnd(w, "niss") {
				w = w[:len(w)-1]
			}
			break
		}
	}
	if len(w) >= 5 && w[len(w)-1] == 's' && strings.IndexByte("bdfghklmnrt", w[len(w)-2]) >= 0 {
		w = w[:len(w)-1]
	}
	for _, s := range [...]string{"est", "er", "en", "st"} {
		if s == "st" && len(w) >= 6 && strings.IndexByte("bdfghklmnt", w[len(w)-3]) < 0 {
			continue
		}
		if cutIf(&w, s, 4) {
			break
		}
	}
	for _, s := range [...]string{"lichkeit", "igkeit", "heit", "keit", "lich", "isch", "ung", "end", "ig"} {
		if cutIf(&w, s, 4) {
			break
		}
	}
	return w
}

func hasEnd(w []byte, s string) bool {
	return len(w) >= len(s) && string(w[len(w)-len(s):]) == s
}

func cutIf(w *[]byte, s string, least int) bool {
	if len(*w)-len(s) < least || !hasEnd(*w, s) {
		return false
	}
	*w = (*w)[:len(*w)-len(s)]
	return true
}

// Join is what German puts between the parts of a compound.
var joins = [...]string{"", "s", "es", "n", "en", "er"}

// Split cuts a compound of known parts: it returns the length of the first part
// and where the second begins, 0 if no split is known. Known is asked with
// stems; begins tells from their first letters (see Start) which ones need not be
// asked for. The longest first part wins.
func Split(w []byte, begins func(start uint32) bool, known func(part []byte) bool) (end, next int) {
	if len(w) < 6 || !begins(Start(w)) {
		return 0, 0
	}
	for cut := len(w) - 3; cut >= 3; cut-- {
		if !begins(Start(w[cut:])) || !known(Stem(w[cut:])) && !known(w[cut:]) {
			continue
		}
		for _, j := range joins {
			e := cut - len(j)
			if e < 3 || string(w[e:cut]) != j {
				continue
			}
			if known(w[:e]) {
				return e, cut
			}
		}
		if known(Stem(w[:cut])) {
			return len(Stem(w[:cut])), cut
		}
	}
	return 0, 0
}

// Root appends the stem of a folded word with its umlauts undone, so that
// "Räder" and "Rad" come to the same.
func Root(dst, w []byte) []byte {
	w = Stem(w)
	for i := 0; i < len(w); i++ {
		dst = append(dst, w[i])
		if i+1 < len(w) && w[i+1] == 'e' && (w[i] == 'a' || w[i] == 'o' || w[i] == 'u') && i+2 < len(w) {
			i++
		}
	}
	return dst
}
