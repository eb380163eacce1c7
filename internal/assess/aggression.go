package assess

import (
	"sort"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/assess/lexicon"
	"github.com/freigabe/freigabe/internal/assess/vocab"
	"github.com/freigabe/freigabe/internal/moderation"
)

// predict reads the learned features once for all heads.
func (r *result) predict() {
	r.extract(r.m.base.Neutral)
	r.m.base.Weigh(&r.vector, &r.weighted)
	r.m.base.Predict(&r.vector, &r.weighted, r.logits[:len(r.m.base.Heads)])
}

// groupMask marks the words that name a group of people.
func groupMask(words []vocab.Word, dst []bool) []bool {
	for i := range words {
		dst = append(dst, words[i].Has(vocab.Group))
	}
	return dst
}

// The share of breaches in the base's corpus and, roughly, in what a newsroom
// gets before it has decided enough to know its own.
const corpusShare, usualShare = 0.38, 0.2

// baseLogit is the calibrated log-odds of the base for a rule at the usual share
// of breaches; ok is false where the base has no head for it.
func (r *result) baseLogit(slot int) (z float64, ok bool) {
	h := r.m.heads[slot]
	if h < 0 {
		return 0, false
	}
	head := &r.m.base.Heads[h]
	return learn.Prior(float64(head.Slope*r.logits[h]+head.Shift), corpusShare, usualShare), true
}

// aggression joins the learned score with what is certain: threats, wishes of
// violence, abuse aimed at somebody.
func (r *result) aggression() {
	z, ok := r.baseLogit(slotAggression)
	if !ok {
		z = -2.2
	}
	z = min(z, 3)
	passages, words, extra := r.attacks()
	z += extra
	if r.insulted() || r.threatened() {
		z = max(z, insultOdds)
	}
	pro, con := r.explain(slotAggression)
	if len(passages) == 0 && z > 0 {
		passages = r.markWords(pro, passages)
	}
	r.set(moderation.Aggression, slotAggression, r.learned(moderation.Aggression, z),
		moderation.Score{Passages: passages, For: top(append(words, weights(r, pro)...)), Against: top(weights(r, con))})
}

// insultOdds is the least for a threat or an insult to the reader's face: whatever
// else the text says, it is aggressive.
const insultOdds = 1

// insulted reports abuse that is aimed at the reader.
func (r *result) insulted() bool {
	for i, at := range r.aims {
		if c := r.finder.Hits[i].Entry.Class; at == aimReader && c != lexicon.Disparage {
			return true
		}
	}
	return false
}

// threatened reports what raises the flag of a threat.
func (r *result) threatened() bool {
	for _, h := range r.reader.Cues {
		if h.Cue.Kind == vocab.Threat && h.Cue.Weight >= threatWeight && !r.reported(h) {
			return true
		}
	}
	return false
}

// aggressionEnglish judges an English text by what is known of English: threats
// and insults to the reader's face. Without any it is not checked.
func (r *result) aggressionEnglish() {
	passages, words, z := r.attacks()
	z -= 2.2
	if r.insulted() || r.threatened() {
		z = max(z, insultOdds)
	}
	if z > 0 {
		r.set(moderation.Aggression, slotAggression, sigmoid(z), moderation.Score{Passages: passages, For: top(words)})
	}
}

// attacks finds threats and abuse that is aimed at somebody.
func (r *result) attacks() (passages []moderation.Passage, words []moderation.Weight, z float64) {
	for _, h := range r.reader.Cues {
		if h.Cue.Kind != vocab.Threat || r.reported(h) {
			continue
		}
		code := "aggression.threat"
		if h.Cue.Code == "scorn" {
			code = "aggression.scorn"
		}
		p := r.passage(h.First, h.Last, code, "")
		passages = append(passages, p)
		words = append(words, moderation.Weight{Word: p.Text, Weight: h.Cue.Weight})
		z += h.Cue.Weight / (1 + z/3)
	}
	for i := range r.finder.Hits {
		h := &r.finder.Hits[i]
		w := r.blow(i)
		if w == 0 {
			continue
		}
		z += w / (1 + z/2)
		passages = append(passages, r.passage(h.First, h.Last, "aggression.abuse", ""))
	}
	return passages, words, z
}

// blow is how hard a finding hits: a swear word is rough, said of a person it is
// an attack, said to the reader's face an insult.
func (r *result) blow(i int) float64 {
	h := &r.finder.Hits[i]
	mild := h.Entry.Severity < 2
	switch {
	case r.aims[i] == aimReader && h.Entry.Class != lexicon.Disparage:
		return 3
	case mild:
		return 0
	case r.aims[i] == aimOther:
		return 1.5
	case r.nearAddress(h.First, h.Last):
		return 1.3
	}
	return 0.4
}

// reported says that a word of violence is told as news rather than wished:
// passive past forms beside words of report. "wurde erschossen" is no threat.
func (r *result) reported(h vocab.Hit) bool {
	if h.Cue.Code == "kill" || h.First != h.Last {
		return false
	}
	for i := max(0, h.First-5); i <= min(h.Last+3, len(r.text.Tokens)-1); i++ {
		switch string(r.text.Folded(r.text.Tokens[i])) {
		case "wurde", "wurden", "worden", "laut", "damals", "krieg", "prozess", "taeter", "urteil", "angeklagte", "angeklagter", "opfer", "gericht",
			"regime", "diktatur", "film", "geschichte", "niemand", "nicht", "kein", "keine", "verurteilt", "verbot", "verboten":
			return true
		}
	}
	return !r.wished(h)
}

// wished says that a single word of violence is wanted, ordered or threatened:
// washing is hung up too.
func (r *result) wished(h vocab.Hit) bool {
	if r.text.Tokens[h.First].Has(german.First) || r.text.Stats.Words <= 4 {
		return true
	}
	for i := max(0, h.First-6); i <= min(h.Last+4, len(r.text.Tokens)-1); i++ {
		if r.reader.Words[i].Has(vocab.You | vocab.Abuse) {
			return true
		}
		switch string(r.text.Folded(r.text.Tokens[i])) {
		case "gehoert", "gehoeren", "gehoerte", "sollte", "sollten", "muesste", "muessten", "soll", "sollen", "werde", "werden", "wuerde", "wuerden",
			"wollen", "will", "wuensche", "hoffentlich", "hoffe", "einfach", "endlich", "sofort", "alle", "alles", "should", "must", "deserve":
			return true
		}
	}
	return false
}

// explain sums the learned weights by token for a head and returns the tokens
// that speak for and against a breach, heaviest first, at most five each.
func (r *result) explain(slot int) (pro, con []tokenWeight) {
	h := r.m.heads[slot]
	taught := r.s != nil && r.s.delta.Heads[slot].Taught()
	if h < 0 && !taught {
		return nil, nil
	}
	n := len(r.text.Tokens)
	if cap(r.shares) < n {
		r.shares = make([]float32, n+n/2)
	}
	r.shares = r.shares[:n]
	clear(r.shares)
	if h >= 0 {
		r.m.base.Share(&r.vector, &r.weighted, h, r.shares)
	}
	if taught { // the base counts through the site's trust in it (see clampPrior)
		for i := range r.shares {
			r.shares[i] *= r.s.delta.Heads[slot].Trust / 2
		}
		r.s.delta.Share(&r.vector, &r.weighted, slot, r.shares)
	}
	return strongest(r.text.Tokens, r.shares)
}

type tokenWeight struct {
	token  int
	weight float32
}

const explained = 5

// strongest picks the heaviest words for and against.
func strongest(tokens []german.Token, shares []float32) (pro, con []tokenWeight) {
	var p, c [explained]tokenWeight
	np, nc := 0, 0
	for i, k := range tokens {
		w := shares[i]
		if k.Kind != german.Word || w > -0.08 && w < 0.08 {
			continue
		}
		if w > 0 {
			np = insert(&p, np, tokenWeight{i, w})
		} else {
			nc = insert(&c, nc, tokenWeight{i, -w})
		}
	}
	return append(pro, p[:np]...), append(con, c[:nc]...)
}

// insert keeps the heaviest tokens in order.
func insert(best *[explained]tokenWeight, n int, t tokenWeight) int {
	at := n
	for at > 0 && best[at-1].weight < t.weight {
		at--
	}
	if at == explained {
		return n
	}
	n = min(n+1, explained)
	copy(best[at+1:n], best[at:n-1])
	best[at] = t
	return n
}

// weights turns tokens into words as written.
func weights(r *result, tokens []tokenWeight) []moderation.Weight {
	out := make([]moderation.Weight, 0, len(tokens))
	for _, t := range tokens {
		k := r.text.Tokens[t.token]
		out = append(out, moderation.Weight{Word: r.src[k.Start:k.End], Weight: round(float64(t.weight))})
	}
	return out
}

// markWords marks the learned words where no rule found a passage.
func (r *result) markWords(pro []tokenWeight, passages []moderation.Passage) []moderation.Passage {
	for i, t := range pro {
		if i < 3 && t.weight > 0.2 && !r.reader.Words[t.token].Has(vocab.Stop|vocab.Group) {
			passages = append(passages, r.passage(t.token, t.token, "aggression.word", ""))
		}
	}
	return passages
}

// top sorts words by the size of their weight, merges none and keeps five.
func top(w []moderation.Weight) []moderation.Weight {
	sort.SliceStable(w, func(i, j int) bool { return abs(w[i].Weight) > abs(w[j].Weight) })
	return w[:min(len(w), explained)]
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}

// refuse is "would be refused": the learned head where there is one, never less
// than what the rules are sure of.
func (r *result) refuse() {
	z, ok := r.baseLogit(slotRefuse)
	if !ok {
		z = -2
	}
	z = min(max(z, -3), 2)
	worst := -4.0
	for _, rule := range [...]moderation.Rule{moderation.Profanity, moderation.Aggression, moderation.Advertising} {
		if v := r.out.Rules[rule].Value; v != nil {
			worst = max(worst, logit(*v))
		}
	}
	if worst > 0 {
		z = max(z, 0) + 0.8*worst
	}
	if v := r.out.Rules[moderation.Insinuation].Value; v != nil && *v > 0.5 {
		z += 0.5 * logit(*v)
	}
	r.values[slotRefuse] = r.learned(Refuse, z)
	r.out.Refuse = &r.values[slotRefuse]
}
