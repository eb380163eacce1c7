package lexicon

import "github.com/freigabe/freigabe/internal/assess/german"

// masked compares a word with left-out letters ("Sch***e", "A****loch", "F*ck")
// with the list: the letters shown must stand in a stem in their order and
// place. One sign stands for one letter; a run of signs may be one letter more
// or less than what it hides.
func (f *Finder) masked(t *german.Text, i int) {
	k := t.Tokens[i]
	f.runes = t.Chars(k, f.runes[:0])
	p := f.runes
	if len(p) < 3 || len(p) > 40 || genderSign(p) {
		f.word(i, k.From, withoutMask(f, t.Folded(k)), false)
		return
	}
	shown, signs := 0, 0
	for _, r := range p {
		if isSign(r) {
			signs++
		} else {
			shown++
		}
	}
	if shown < 2 || signs == 0 || signs > 3*shown+3 {
		return
	}
	// A stem inside a compound may be the masked part: "Kinder***ker".
	for s := 0; s < len(p)-2 && !isSign(p[s]); s++ {
		for _, n := range f.byFirst[p[s]] {
			e := &f.entries[n]
			if s > 0 && (s < 2 || e.mode != head && e.mode != free) || !f.maskFits(e, p[s:], signs) {
				continue
			}
			f.hit(n, i, i, k.From, k.To, Mask)
			return
		}
	}
}

func (f *Finder) maskFits(e *Entry, p []rune, signs int) bool {
	if signs >= 2 && len(e.runes)-signs < 1 {
		return false
	}
	if e.Severity < 3 && signs > len(p)/2+1 {
		return false
	}
	return fits(e.runes, p, e.mode != exact, 64)
}

// fits matches a pattern against a stem followed, where allowed, by an ending.
// Budget bounds the work of the backtracking.
func fits(stem, p []rune, endings bool, budget int) bool {
	if budget == 0 {
		return false
	}
	if len(stem) == 0 {
		return len(p) == 0 || endings && len(p) <= 4 && ending([]byte(german.FoldWord(string(p))))
	}
	if len(p) == 0 {
		return false
	}
	if !isSign(p[0]) {
		return p[0] == stem[0] && fits(stem[1:], p[1:], endings, budget-1)
	}
	run := 1
	for run < len(p) && isSign(p[run]) {
		run++
	}
	if run == 1 {
		return fits(stem[1:], p[1:], endings, budget-1)
	}
	for _, n := range [...]int{run, run + 1, run - 1, run + 2} {
		if n <= len(stem) && fits(stem[n:], p[run:], endings, budget/2) {
			return true
		}
	}
	return false
}

func isSign(r rune) bool {
	switch r {
	case '*', '#', '•', '●', '×', '∗', '✱', '%', '¤', '°', '·', '◦', '☆', '★':
		return true
	}
	return false
}

// genderSign reports "Lehrer*innen" and the like: one sign before a feminine or
// case ending.
func genderSign(p []rune) bool {
	for i, r := range p {
		if !isSign(r) {
			continue
		}
		switch string(p[i+1:]) {
		case "in", "innen", "e", "r", "n", "en", "er", "frau", "frauen", "ins":
			return i >= 4
		}
		return false
	}
	return false
}

func withoutMask(f *Finder, w []byte) []byte {
	f.buf = f.buf[:0]
	for _, c := range w {
		if c == '*' {
			break
		}
		f.buf = append(f.buf, c)
	}
	return f.buf
}
