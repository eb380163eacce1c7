package assess

import (
	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/vocab"
	"github.com/freigabe/freigabe/internal/moderation"
)

// cueFactor weighs the kinds of cue of insinuation and of support. The values
// are set by judgement, before the pairs they are measured on were written.
var cueFactor = map[string]float64{
	"gossip": 1, "wink": 1, "whoprofits": 1, "coincidence": 0.9, "bribery": 1, "clique": 1, "puppet": 0.9, "coverup": 0.9,
	"motive": 0.8, "certainty": 0.6, "guess": 0.7, "disbelief": 0.8, "personal": 0.5,
	"source": 0.7, "opinion": 0.7, "proposal": 0.6, "assessment": 0.6,
}

// insinuation looks for a claim about somebody that nothing supports: cues, a
// target, and what is missing. It gives a hint, never a verdict.
func (r *result) insinuation() {
	var s suspicion
	s.result = r
	s.cues()
	s.form()
	z := -1.2 + s.cue + s.extra - s.support
	if s.cue == 0 {
		z = min(z, -1.6)
	}
	p := r.learned(moderation.Insinuation, z)
	r.set(moderation.Insinuation, slotInsinuation, p, moderation.Score{
		Passages: s.passages, For: top(s.words), Against: top(s.against), Hint: true})
}

type suspicion struct {
	*result
	cue, support, extra float64
	passages            []moderation.Passage
	words, against      []moderation.Weight
	targets             int
}

func (s *suspicion) cues() {
	n, m := 0, 0
	alone := s.loneWord()
	for _, h := range s.reader.Cues {
		w := h.Cue.Weight * cueFactor[h.Cue.Code]
		if alone && h.Cue.Kind == vocab.Insinuation {
			w *= loneFactor
		}
		switch h.Cue.Kind {
		case vocab.Insinuation:
			w /= 1 + 0.45*float64(n)
			n++
			s.cue += w
			if n <= 6 {
				p := s.passage(h.First, h.Last, "insinuation."+h.Cue.Code, "")
				s.passages = append(s.passages, p)
				s.words = append(s.words, moderation.Weight{Word: p.Text, Weight: round(w)})
			}
		case vocab.Support:
			w /= 1 + 0.6*float64(m)
			m++
			s.support += w
			if m <= 5 {
				s.against = append(s.against, moderation.Weight{Word: s.src[s.text.Tokens[h.First].Start:s.text.Tokens[h.Last].End], Weight: round(-w)})
			}
		}
	}
}

// loneFactor is what a single word counts that nothing else in the text bears
// out: people have brothers-in-law, and buy things.
const loneFactor = 0.75

// loneWord reports that all there is to go by is one cue of one word.
func (s *suspicion) loneWord() bool {
	n, words := 0, 0
	for _, h := range s.reader.Cues {
		if h.Cue.Kind == vocab.Insinuation {
			n++
			words += h.Cue.Words
		}
	}
	return n == 1 && words == 1
}

// form weighs what is no word: a target, scare quotes, a question that is none,
// trailing dots, a link or number as support.
func (s *suspicion) form() {
	toks := s.text.Tokens
	for i, k := range toks {
		if s.reader.Words[i].Has(vocab.Office) || k.Kind == german.Word && k.Has(german.Title) && !k.Has(german.First) && !s.reader.Words[i].Has(vocab.Stop) {
			s.targets++
		}
		if k.Kind == german.Mark && s.cue > 0 && string(s.text.Folded(k)) == "..." && s.extra < 1 {
			s.extra += 0.4
		}
		if k.Kind == german.Number {
			s.support += 0.25
		}
	}
	s.quotes()
	if s.cue > 0 && s.text.Stats.Question > 0 {
		s.extra += 0.5
	}
	if s.targets > 0 {
		s.extra += 0.4
	}
	if s.text.Stats.Links > 0 {
		s.support += 1
	}
	s.support = min(s.support, 3.5)
}

// quotes marks one or two words in quotation marks that are no quotation.
func (s *suspicion) quotes() {
	toks := s.text.Tokens
	for i := 0; i+2 < len(toks); i++ {
		if !s.quoteAt(i) || toks[i+1].Kind != german.Word {
			continue
		}
		end := i + 2
		if !s.quoteAt(end) && end+1 < len(toks) && s.quoteAt(end+1) {
			end++
		}
		if s.quoteAt(end) {
			s.extra += 0.5
			s.passages = append(s.passages, s.passage(i, end, "insinuation.quotes", ""))
			return
		}
	}
}

func (s *suspicion) quoteAt(i int) bool {
	k := s.text.Tokens[i]
	return k.Kind == german.Mark && s.text.Fold[k.From] == '"'
}
