package assess

import (
	"math"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/lexicon"
	"github.com/freigabe/freigabe/internal/assess/vocab"
	"github.com/freigabe/freigabe/internal/moderation"
)

// odds of a breach for one word by its severity: a mild word alone stays in the
// fine band, one gross word is enough.
var severityOdds = [4]float64{0, 0.6, 4, 5.4}

// profanity scores abusive words: every finding adds to the log-odds, the first
// of a severity fully, further ones less.
func (r *result) profanity() {
	z := -3.4
	var passages []moderation.Passage
	var words []moderation.Weight
	seen := [4]int{}
	for i := range r.finder.Hits {
		h := &r.finder.Hits[i]
		w := r.odds(i)
		z += w / float64(1+seen[h.Entry.Severity])
		seen[h.Entry.Severity]++
		if h.Entry.Severity >= 2 || len(r.finder.Hits) < 4 {
			p := r.passage(h.First, h.Last, "word."+codeOf(h), "")
			passages = append(passages, p)
			words = append(words, moderation.Weight{Word: p.Text, Weight: round(w)})
		}
	}
	r.values[slotProfanity] = r.learned(moderation.Profanity, z)
	r.set(moderation.Profanity, slotProfanity, r.values[slotProfanity], moderation.Score{Passages: passages, For: top(words)})
}

var codes = func() (c [lexicon.Classes][2]string) {
	for i := range c {
		c[i] = [2]string{lexicon.Class(i).String(), lexicon.Class(i).String() + "_hidden"}
	}
	return c
}()

func codeOf(h *lexicon.Hit) string {
	hidden := 0
	if h.How != lexicon.Plain && h.How != lexicon.InPhrase {
		hidden = 1
	}
	return codes[h.Entry.Class][hidden]
}

// directOdds is what a mild word weighs that is said to the reader's face:
// "Lump" alone is rough, "du Lump" an insult.
const directOdds = 3.9

// odds is the weight of a finding: less where it is quoted, more where the other
// person is addressed.
func (r *result) odds(i int) float64 {
	h := &r.finder.Hits[i]
	w := severityOdds[h.Entry.Severity]
	switch {
	case r.text.Tokens[h.First].Mark&german.Quoted != 0 && h.First != h.Last:
		return 0.9 * w
	case h.Entry.Severity > 1:
		return w
	case r.aims[i] == aimReader && !r.reader.Words[h.First].Has(vocab.Foul):
		return directOdds
	case r.nearAddress(h.First, h.Last):
		return 1.8 * w
	}
	return w
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func logit(p float64) float64 {
	p = min(max(p, 1e-4), 1-1e-4)
	return math.Log(p / (1 - p))
}

func round(x float64) float64 { return math.Round(x*1000) / 1000 }
