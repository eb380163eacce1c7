package german

// Tokenize cuts the scanned text into tokens and writes their folded letters.
// Spans are links, in ascending order; each becomes one token.
func (t *Text) Tokenize(links []Span) {
	p := tokenizer{Text: t, first: true, line: true}
	for p.i < len(t.chars) {
		if len(links) > 0 && p.i >= links[0].From {
			if links[0].To > p.i {
				p.emitFixed(Link, "\x01url", p.i, min(links[0].To, len(t.chars)))
				t.Stats.Links++
				p.i = min(links[0].To, len(t.chars))
			}
			links = links[1:]
			continue
		}
		p.limit = len(t.chars)
		if len(links) > 0 {
			p.limit = links[0].From
		}
		p.next()
	}
}

// tokenizer is the state of one pass.
type tokenizer struct {
	*Text
	i, limit int
	first    bool // the next word begins a sentence
	line     bool // the next token begins a line
	quoted   bool
	glue     int // character after which a token would be glued, 0 for none
}

func (p *tokenizer) next() {
	c := p.chars[p.i].r
	switch {
	case c == '\n':
		p.first, p.line, p.quoted = true, true, false
		p.i++
	case c == ' ' || c == '\t' || c == '\r':
		p.i++
	case isLetter(c) || isDigit(c) || p.leetStart():
		p.word()
	case c == '@' && p.mention():
	case c == '#' && p.i+1 < p.limit && isLetter(p.chars[p.i+1].r):
		p.i++
		p.word()
		p.Tokens[len(p.Tokens)-1].Mark |= Hash
	case Emoji(c):
		p.picture()
	default:
		p.punctuation()
	}
}

func (p *tokenizer) picture() {
	from := p.i
	p.i++
	p.Stats.Pictures++
	k := p.open(Picture, from)
	p.writeRune(p.chars[from].r, from)
	p.close(k, from, p.i)
}

// mention reads an @ followed by a name. A word written with @ for a is no name.
func (p *tokenizer) mention() bool {
	j := p.i + 1
	for j < p.limit && (isLetter(p.chars[j].r) || isDigit(p.chars[j].r) || p.chars[j].r == '_') {
		j++
	}
	if j < p.i+3 {
		return false
	}
	p.emitFixed(Mention, "\x01user", p.i, j)
	p.Stats.Mentions++
	p.i = j
	return true
}

func (p *tokenizer) punctuation() {
	from, c := p.i, p.chars[p.i].r
	for p.i < p.limit && p.chars[p.i].r == c {
		p.i++
	}
	n := p.i - from
	switch c {
	case '!':
		p.Stats.Exclaim += n
		p.Stats.ExclaimRun = max(p.Stats.ExclaimRun, n)
		p.first = true
	case '?':
		p.Stats.Question += n
		p.Stats.QuestionRun = max(p.Stats.QuestionRun, n)
		p.first = true
	case '.', ':', '…':
		p.first = true
	case '"':
		p.quoted = !p.quoted
	}
	k := p.open(Mark, from)
	for j := from; j < min(p.i, from+3); j++ {
		p.writeRune(c, j)
	}
	p.close(k, from, p.i)
	if n == 1 && (c == '.' || c == '-' || c == '_' || c == '/' || c == '*') {
		p.glue = p.i
	}
}

func (p *tokenizer) open(kind Kind, from int) Token {
	k := Token{Kind: kind, From: int32(len(p.Fold)), Start: p.chars[from].start, c0: int32(from)}
	if p.line {
		k.Mark |= Line
		p.line = false
	}
	if p.glue == from && from > 0 {
		k.Mark |= Glued
	}
	return k
}

func (p *tokenizer) close(k Token, from, to int) {
	k.To, k.End, k.c1 = int32(len(p.Fold)), p.chars[to-1].end, int32(to)
	k.Hash = HashOf(p.Fold[k.From:])
	p.Fold = append(p.Fold, ' ')
	p.at = append(p.at, int32(to-1))
	p.Tokens = append(p.Tokens, k)
}

func (p *tokenizer) emitFixed(kind Kind, text string, from, to int) {
	k := p.open(kind, from)
	for range len(text) {
		p.at = append(p.at, int32(from))
	}
	p.Fold = append(p.Fold, text...)
	p.close(k, from, to)
	p.first = false
}

// writeRune appends a folded rune's bytes and where they came from; umlauts
// become two letters, sharp s becomes ss.
func (p *tokenizer) writeRune(r rune, at int) {
	n := len(p.Fold)
	if e := umlaut(r); e != "" {
		p.Fold = append(p.Fold, e...)
	} else {
		p.Fold = appendRune(p.Fold, r)
	}
	for range len(p.Fold) - n {
		p.at = append(p.at, int32(at))
	}
}
