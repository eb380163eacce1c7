package assess

import (
	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/lexicon"
	"github.com/freigabe/freigabe/internal/assess/vocab"
)

// Aim says whom an insult is aimed at.
type aim uint8

const (
	aimNone   aim = iota // at nobody, at the writer, or it cannot be told
	aimOther             // a person or people spoken of: "der Landrat ist ein feiges Schwein"
	aimReader            // whoever is spoken to: "du Esel", "Sie sind zu dumm"
)

// approach is what stands between an insult and the person it is aimed at.
type approach struct {
	aim     aim
	foul    bool // an adjective that belittles stands directly before the insult
	moral   bool // one that no animal can be
	camp    bool // a political camp stands before it
	kind    bool // an adjective of another sort: "du armer Hund" is pity
	article bool // "ein" or "eine"
}

// approachSteps bounds how far back the person is looked for.
const approachSteps = 6

// approach walks back from the word at token i over adjectives, particles and
// articles to the pronoun or verb that ties it to a person.
func (a *analysis) approach(i int) (p approach) {
	toks := a.text.Tokens
	for j, n := i-1, 0; j >= 0 && n < approachSteps; j, n = j-1, n+1 {
		k := toks[j]
		if k.Kind != german.Word {
			if n == 0 && k.Kind == german.Mark && a.text.Fold[k.From] == ',' {
				continue // "du, Idiot"
			}
			return p
		}
		w := a.reader.Words[j]
		switch {
		case w.Has(vocab.Foul):
			p.foul = p.foul || n == 0
			p.moral = p.moral || w.Has(vocab.Moral)
		case w.Has(vocab.Camp):
			p.camp = true
		case w.Has(vocab.Small):
			f := a.text.Folded(k)
			p.article = p.article || string(f) == "ein" || string(f) == "eine"
		case adjective(a.text.Folded(k), w):
			p.kind = true
		default:
			p.aim = a.person(j, i, &p)
			return p
		}
	}
	return p
}

// adjective reports a word that is inflected as one before its noun.
func adjective(w []byte, known vocab.Word) bool {
	if known.Has(vocab.Stop|vocab.You|vocab.Group) || len(w) < 5 {
		return false
	}
	switch string(w[len(w)-2:]) {
	case "er", "es":
		return true
	}
	return w[len(w)-1] == 'e'
}

// person says whom the pronoun or verb at token j ties the insult at token i to.
func (a *analysis) person(j, i int, p *approach) aim {
	t := &a.text
	word := t.Folded(t.Tokens[i])
	switch string(t.Folded(t.Tokens[j])) {
	case "du":
		return a.called(j, word, p)
	case "sie":
		if t.Tokens[j].Has(german.Title) {
			return a.called(j, word, p)
		}
	case "bist", "seid":
		return aimReader
	case "are", "re":
		if a.near(j, "you") {
			return aimReader
		}
		return aimOther
	case "you", "youre":
		return aimReader
	case "ihr": // "ihr Affen" is spoken to them; "ihr Esel" may be hers, "habt ihr Hunde" asks
		if several(word) && (j == 0 || t.Tokens[j-1].Kind != german.Word) {
			return aimReader
		}
	case "sind", "waren":
		return a.subject(j)
	case "ist", "war", "bleibt", "bleiben":
		if a.near(j, "ich", "wir") {
			return aimNone
		}
		return aimOther
	case "dieser", "diese", "dieses", "diesen", "diesem", "solche", "solcher", "solchen", "lauter":
		return aimOther
	}
	return aimNone
}

// called tells "du Esel" and "bist du ein Esel" from "hast du einen Esel" and
// "haben Sie Schafe": a noun in the singular without an article is no object.
func (a *analysis) called(j int, word []byte, p *approach) aim {
	if a.near(j, "bist", "sind", "seid") {
		return aimReader
	}
	if p.article || several(word) {
		return aimNone
	}
	return aimReader
}

// several reports a noun that is most likely in the plural.
func several(w []byte) bool {
	switch string(w) {
	case "schweine", "hunde", "tiere", "schafe", "kamele", "kuehe", "gaense", "laeuse", "saeue", "wuermer", "huehner", "rinder", "schakale", "arschloecher":
		return true
	case "schwein", "huhn":
		return false
	}
	return len(w) > 4 && w[len(w)-1] == 'n' && w[len(w)-2] == 'e'
}

// subject tells "Sie sind", which is spoken to the reader, from others.
func (a *analysis) subject(j int) aim {
	if a.near(j, "wir") {
		return aimNone
	}
	for _, n := range [...]int{j - 1, j + 1} {
		if n >= 0 && n < len(a.text.Tokens) && a.text.Tokens[n].Has(german.Title) && string(a.text.Folded(a.text.Tokens[n])) == "sie" {
			return aimReader
		}
	}
	return aimOther
}

// near reports one of the words directly beside token j.
func (a *analysis) near(j int, words ...string) bool {
	for _, n := range [...]int{j - 1, j + 1} {
		if n < 0 || n >= len(a.text.Tokens) {
			continue
		}
		for _, w := range words {
			if string(a.text.Folded(a.text.Tokens[n])) == w {
				return true
			}
		}
	}
	return false
}

// aimHits finds out whom each finding is aimed at and drops what is abuse only
// where it is aimed at a person: animals, and in any text but an English one the
// words that are abuse in English alone.
func (a *analysis) aimHits() {
	kept := a.finder.Hits[:0]
	a.aims = a.aims[:0]
	for _, h := range a.finder.Hits {
		p := a.approach(h.First)
		switch h.Entry.Class {
		case lexicon.EnglishOnly:
			if a.language != "en" {
				continue
			}
		case lexicon.Called:
			if !a.namesPerson(&h, p) {
				continue
			}
		}
		for i := h.First; i <= h.Last; i++ {
			a.reader.Words[i].Bits |= vocab.Abuse
		}
		kept, a.aims = append(kept, h), append(a.aims, a.aimOf(&h, p.aim))
	}
	a.finder.Hits = kept
}

// aimOf is whom a finding is aimed at, with what its kind says about that.
func (a *analysis) aimOf(h *lexicon.Hit, to aim) aim {
	switch {
	case a.text.Tokens[h.First].Has(german.Quoted):
		return aimNone
	case h.How == lexicon.InPhrase && a.spoken(h):
		return aimReader
	case h.Entry.Class == lexicon.Vulgar || h.Entry.Class == lexicon.Disparage: // "ach du Scheiße" names nobody
		return min(to, aimOther)
	}
	return to
}

// spoken reports a phrase that addresses somebody or is an order.
func (a *analysis) spoken(h *lexicon.Hit) bool {
	switch string(a.text.Folded(a.text.Tokens[h.First])) {
	case "halt", "halts", "haltet", "fick", "fickt", "verpiss", "verpisst", "leck", "leckt", "geh", "kiss", "suck", "fuck", "screw", "shut", "go", "drop":
		return true
	}
	for i := h.First; i <= h.Last; i++ {
		if a.reader.Words[i].Has(vocab.You) {
			return true
		}
	}
	return false
}

// namesPerson reports that the animal's name is given to a person.
func (a *analysis) namesPerson(h *lexicon.Hit, p approach) bool {
	if h.How != lexicon.Plain || p.kind && !p.foul {
		return false
	}
	if p.aim == aimReader || p.moral {
		return true
	}
	if p.foul && p.aim == aimOther {
		return true
	}
	return p.camp && p.aim == aimOther || p.camp && p.foul
}
