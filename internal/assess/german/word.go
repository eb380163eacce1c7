package german

import "unicode/utf8"

func appendRune(b []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(b, byte(r))
	}
	return utf8.AppendRune(b, r)
}

// leetLetter is the letter a digit or sign is written for, 0 if it is none. "1"
// and "!" may also stand for l: the lexicon tries both.
func leetLetter(r rune) rune {
	switch r {
	case '4', '@':
		return 'a'
	case '3', '€':
		return 'e'
	case '1', '!', '|', '¡':
		return 'i'
	case '0':
		return 'o'
	case '5', '$', '§':
		return 's'
	case '7':
		return 't'
	case '8':
		return 'b'
	case '9', '6':
		return 'g'
	}
	return 0
}

// maskSign reports signs that stand for a left-out letter inside a word.
func maskSign(r rune) bool {
	switch r {
	case '*', '#', '•', '●', '×', '∗', '✱', '%', '¤', '°', '·', '◦', '☆', '★':
		return true
	}
	return false
}

func joiner(r rune) bool { return r == '\'' || r == '`' }

func (p *tokenizer) char(i int) rune {
	if i < 0 || i >= p.limit {
		return ' '
	}
	return p.chars[i].r
}

// leetStart reports a sign for a letter at the start of a word: $chwein, @rsch.
func (p *tokenizer) leetStart() bool {
	r := p.char(p.i)
	if r != '$' && r != '@' && r != '€' && r != '|' && r != '§' {
		return false
	}
	n := 0
	for j := p.i + 1; isLetter(p.char(j)); j++ {
		n++
	}
	if r == '@' {
		// A name after @ is a mention, unless the letters begin like a word that
		// needs the a: "@rsch", "@ffe".
		return n >= 3 && !isVowel(p.char(p.i+1)) && !isVowel(p.char(p.i+2))
	}
	return n >= 3
}

// plainWord reads a word of nothing but German letters, two or more and none
// three times in a row, as nearly all are. It does what word would, at less cost.
func (p *tokenizer) plainWord() bool {
	from, j, uppers := p.i, p.i, 0
	fold, at := p.Fold, p.at
	var last rune
	for run := 0; j < p.limit; j++ {
		c := &p.chars[j]
		if run++; c.r != last {
			last, run = c.r, 1
		}
		if c.r >= 'a' && c.r <= 'z' {
			fold, at = append(fold, byte(c.r)), append(at, int32(j))
		} else if e := umlaut(c.r); e != "" {
			fold, at = append(fold, e...), append(at, int32(j), int32(j))
		} else {
			break
		}
		if run == 3 {
			return false
		}
		uppers += int(c.flags & charUpper)
	}
	if j < from+2 || !p.wordEnds(j) {
		return false
	}
	k := p.open(Word, from)
	k.Mark |= p.position()
	if p.chars[from].flags&charUpper != 0 {
		k.Mark |= Title
	}
	if uppers == j-from {
		k.Mark |= Upper
		p.Stats.CapsWords++
	}
	p.Fold, p.at, p.i = fold, at, j
	p.close(k, from, j)
	p.Stats.Words++
	return true
}

// wordEnds reports that the character at j, which follows letters, is surely no
// part of their word.
func (p *tokenizer) wordEnds(j int) bool {
	r := p.char(j)
	if r == '!' {
		return !isLetter(p.char(j + 1))
	}
	return !isLetter(r) && !isDigit(r) && !joiner(r) && !maskSign(r) && leetLetter(r) == 0
}

// umlaut is how a letter is written that becomes two, "" for others.
func umlaut(r rune) string {
	switch r {
	case 'ä':
		return "ae"
	case 'ö':
		return "oe"
	case 'ü':
		return "ue"
	case 'ß':
		return "ss"
	}
	return ""
}

// word reads one word or number, letters written apart included.
func (p *tokenizer) word() {
	if p.plainWord() {
		return
	}
	if end := p.spacedEnd(); end > p.i {
		p.emitSpaced(end)
		return
	}
	from := p.i
	var letters, digits, signs, masks int
	for p.i < p.limit {
		n := p.wordPart(&letters, &digits, &signs, &masks)
		if n == 0 {
			break
		}
		p.i += n
	}
	if p.i == from { // a sign that starts nothing
		p.i++
		signs++
	}
	p.emitWord(from, p.i, letters, digits, signs, masks)
}

// wordPart returns how many characters from p.i on belong to the word.
func (p *tokenizer) wordPart(letters, digits, signs, masks *int) int {
	r, next := p.char(p.i), p.char(p.i+1)
	switch {
	case isLetter(r):
		*letters++
		return 1
	case isDigit(r):
		*digits++
		return 1
	case joiner(r) && isLetter(next) && *letters > 0:
		return 1
	case maskSign(r) && *letters > 0:
		n := 1
		for maskSign(p.char(p.i + n)) {
			n++
		}
		open := n >= 2 && *letters <= 4 && !isLetter(p.char(p.i+n))
		if n <= 12 && (isLetter(p.char(p.i+n)) || open) {
			*masks += n
			return n
		}
	case leetLetter(r) != 0 && r != '!' && r != '|' && (isLetter(next) || leetLetter(next) != 0 && next != '!'):
		*signs++
		return 1
	case (r == '!' || r == '|') && *letters > 0 && isLetter(next) && p.chars[p.i+1].flags&charUpper == p.chars[p.i-1].flags&charUpper:
		*signs++
		return 1
	case leetLetter(r) != 0 && (r == '$' || r == '@') && *letters >= 3:
		*signs++
		return 1
	}
	return 0
}

func spacer(r rune) bool {
	switch r {
	case ' ', '.', '_', '-', '*', '·', '/', '|', '~', ',', '+', '\'', '•', ':', '#', '\u00a0':
		return true
	}
	return false
}

// spacedEnd returns the end of a run of at least four single letters that stand
// apart by one or two spacers, or p.i.
func (p *tokenizer) spacedEnd() int {
	j, n, last := p.i, 0, p.i
	for isLetter(p.char(j)) || n > 0 && p.char(j) != '!' && leetLetter(p.char(j)) != 0 && !spacer(p.char(j)) {
		n++
		last = j + 1
		k := last
		for spacer(p.char(k)) && k < last+2 && k < p.limit {
			k++
		}
		if k == last || k >= p.limit {
			break
		}
		if w := p.char(k + 1); isLetter(w) || isDigit(w) { // a longer word begins: it is not part
			break
		}
		j = k
	}
	if n < 4 || isLetter(p.char(last)) {
		return p.i
	}
	return last
}

func (p *tokenizer) emitSpaced(end int) {
	from := p.i
	k := p.open(Word, from)
	k.Mark |= Spaced | p.position()
	for j := from; j < end; j++ {
		r := p.chars[j].r
		if isLetter(r) {
			p.writeRune(r, j)
		} else if l := leetLetter(r); l != 0 && !spacer(r) {
			p.writeRune(l, j)
		}
	}
	p.close(k, from, end)
	p.Stats.Words++
	p.i = end
}

func (p *tokenizer) position() uint16 {
	var m uint16
	if p.first {
		m |= First
	}
	if p.quoted {
		m |= Quoted
	}
	p.first = false
	return m
}

func (p *tokenizer) emitWord(from, to, letters, digits, signs, masks int) {
	if letters == 0 {
		if digits > 0 {
			p.emitFixed(Number, "0", from, to)
			return
		}
		p.emitFixed(Mark, "?", from, to)
		return
	}
	k := p.open(Word, from)
	k.Mark |= p.position() | p.caseOf(from, to)
	if masks > 0 {
		k.Mark |= Masked
	}
	leet := digits+signs > 0 && letters >= 2 && p.standsForLetters(from, to)
	if leet {
		k.Mark |= Leet
	}
	if p.writeWord(from, to, leet) {
		k.Mark |= Stretched
	}
	p.close(k, from, to)
	p.Stats.Words++
	if k.Mark&Upper != 0 {
		p.Stats.CapsWords++
	}
}

func (p *tokenizer) caseOf(from, to int) uint16 {
	var m uint16
	upper, letters := 0, 0
	for j := from; j < to; j++ {
		if !isLetter(p.chars[j].r) {
			continue
		}
		letters++
		if p.chars[j].flags&charUpper != 0 {
			upper++
		}
	}
	if p.chars[from].flags&charUpper != 0 {
		m |= Title
	}
	if letters >= 2 && upper == letters {
		m |= Upper
	}
	return m
}

// writeWord writes the folded letters from one character to another: digits
// for letters where leet, runs of three and more shortened, mask runs as one
// '*'. It reports whether a run was shortened.
func (p *tokenizer) writeWord(from, to int, leet bool) bool {
	stretched := false
	for j := from; j < to; {
		r := p.chars[j].r
		run := 1
		for j+run < to && p.chars[j+run].r == r {
			run++
		}
		switch {
		case maskSign(r):
			for j+run < to && maskSign(p.chars[j+run].r) {
				run++
			}
			r, stretched = '*', stretched || false
			p.writeRune(r, j)
		case joiner(r):
		default:
			if l := leetLetter(r); leet && l != 0 {
				r = l
			}
			n := run
			if run >= 3 && isLetter(r) {
				stretched = true
				n = shortened(r)
			}
			for x := range n {
				p.writeRune(r, j+x*(run-1)/max(n-1, 1))
			}
		}
		j += run
	}
	return stretched
}

// shortened is how often a letter that was written three times or more is kept:
// vowels and letters that German hardly doubles once, the others twice.
func shortened(r rune) int {
	switch r {
	case 'f', 'l', 'm', 'n', 'p', 'r', 's', 't':
		return 2
	}
	return 1
}

// standsForLetters decides whether the digits and signs of a word are read as
// letters: "Sch31ße" and "$au" are, "20er", "Covid19", "3fach" and "G7" not.
func (p *tokenizer) standsForLetters(from, to int) bool {
	j, lead, letters := from, 0, 0
	for j < to && isDigit(p.chars[j].r) {
		j++
		lead++
	}
	rest := to - j
	if lead >= 2 || lead == 1 && (rest < 3 || p.measureAt(j, to)) {
		return false
	}
	inner, tail := 0, 0
	for ; j < to; j++ {
		r := p.chars[j].r
		if isLetter(r) {
			letters++
			inner += tail
			tail = 0
		} else if leetLetter(r) != 0 {
			tail++
		} else if isDigit(r) { // a digit that looks like no letter
			return false
		}
	}
	if inner+lead > 0 {
		return true
	}
	return tail == 1 && letters >= 3 || tail > 0 && !isDigit(p.chars[to-1].r)
}

// measureAt reports endings that make a leading digit a number.
func (p *tokenizer) measureAt(from, to int) bool {
	var b [16]byte
	n := 0
	for j := from; j < to && n < len(b); j++ {
		if p.chars[j].r >= 0x80 {
			b[n] = '?'
		} else {
			b[n] = byte(p.chars[j].r)
		}
		n++
	}
	s := string(b[:n])
	for _, m := range [...]string{"fach", "mal", "jahr", "j?hr", "jaehr", "prozent", "euro", "uhr", "stell", "tage",
		"t?g", "mio", "mrd", "std", "min", "sek", "meter", "zimmer", "k?pf", "teil", "seit", "bein", "stufig",
		"stunden", "wochen", "monat", "klass", "liter", "gewinnt", "kmh", "mm", "cm", "kg", "km", "ers", "ern", "rad", "tlg", "spurig", "minuten"} {
		if len(s) >= len(m) && s[:len(m)] == m {
			return true
		}
	}
	return false
}
