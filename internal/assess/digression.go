package assess

import (
	"hash/maphash"
	"strings"
	"sync"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/assess/relevance"
	"github.com/freigabe/freigabe/internal/assess/vocab"
	"github.com/freigabe/freigabe/internal/moderation"
)

// Relation is an article with its thread, prepared once for all comments below
// it. It is immutable.
type Relation struct{ profile *relevance.Profile }

// Relate prepares an article and the released texts of its thread.
func (m *Model) Relate(a Article, thread []string) *Relation {
	return &Relation{relevance.NewProfile(a.Headline, a.Lede, a.Body, thread, m.stemIDF)}
}

// commonStem is taken off every stem's weight, so that words of everyday hardly
// tie a comment to an article.
const commonStem = 3

// stemIDF is the inverse document frequency of a stem in the base's corpus.
func (m *Model) stemIDF(stem []byte) float64 {
	return max(0.3, float64(m.base.Stems[learn.StemHash(stem)])*learn.IDFStep-commonStem)
}

// relations keeps the last prepared articles, so that a caller who assesses many
// comments below one article pays for it once.
type relations struct {
	mu   sync.Mutex
	seed maphash.Seed
	kept map[uint64]*Relation
	keys []uint64
}

const keptRelations = 64

func (m *Model) related(in *Input) *Relation {
	if in.Relation != nil {
		return in.Relation
	}
	c := &m.relations
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept, c.seed = map[uint64]*Relation{}, maphash.MakeSeed()
	}
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, s := range [...]string{in.Article.Headline, in.Article.Lede, in.Article.Body} {
		h.WriteString(s)
		h.WriteByte(0)
	}
	for _, s := range in.Thread {
		h.WriteString(s)
		h.WriteByte(0)
	}
	key := h.Sum64()
	if r := c.kept[key]; r != nil {
		return r
	}
	r := m.Relate(*in.Article, in.Thread)
	if len(c.keys) >= keptRelations {
		delete(c.kept, c.keys[0])
		c.keys = c.keys[1:]
	}
	c.kept[key] = r
	c.keys = append(c.keys, key)
	return r
}

// turns are openings with which a writer says that the subject changes.
var turns = []string{"anderes thema", "ganz anderes", "was anderes", "mal was anderes", "off topic", "offtopic", "themenwechsel", "hat zwar nichts mit",
	"nichts mit dem artikel", "nichts mit dem thema", "passt nicht zum thema", "passt zwar nicht", "gehoert nicht hierher", "gehoert zwar nicht", "apropos", "nebenbei bemerkt",
	"wo wir schon", "wenn wir schon dabei", "da faellt mir ein", "bei der gelegenheit", "was ist eigentlich mit", "und was ist mit", "warum schreibt keiner ueber",
	"warum berichtet niemand", "kuemmert euch lieber", "kuemmern sie sich lieber", "schreibt lieber mal", "schreibt doch mal", "weiss jemand wann", "kennt jemand einen",
	"kann mir jemand", "sucht noch jemand", "ich suche", "am rande", "unabhaengig davon", "viel wichtiger", "es gibt wichtigeres", "haben wir keine anderen", "keine anderen probleme", "andere probleme", "andere sorgen"}

// digression measures the relation to the article, to the parent and to what was
// released in the thread. Short agreement, thanks, questions and corrections are
// never held against a comment.
func (r *result) digression() {
	if r.in.Article == nil && r.in.Relation == nil {
		r.out.Rules[moderation.Digression] = moderation.Score{NotChecked: NoArticle, Version: r.version}
		return
	}
	profile := r.m.related(r.in).profile
	var parent *relevance.Profile
	if r.in.Parent != "" {
		parent = relevance.NewProfile("", "", r.in.Parent, nil, r.m.stemIDF)
	}
	rel := profile.Compare(&r.text, r.reader.Words, parent)
	z, passages := r.stray(rel, parent != nil)
	p := r.learned(moderation.Digression, z)
	r.set(moderation.Digression, slotDigression, p, moderation.Score{Passages: passages, Hint: true})
}

// stray turns a relation into log-odds and passages.
func (r *result) stray(rel relevance.Relation, reply bool) (float64, []moderation.Passage) {
	var passages []moderation.Passage
	apart := rel.Stray >= 0 && rel.Topic < 0.35
	shared, matches := rel.Shared, float64(min(rel.Matches, 4))
	if apart { // one word in common is chance where the field of talk is another
		if rel.Matches < 2 {
			shared *= 0.15
		}
		shared, matches = 0.6*shared, 0
	}
	z := -1.5 - 4.5*shared - 0.25*matches
	if rel.Topic >= 0 {
		z += 1.2 - 3.2*rel.Topic
	}
	if apart {
		z += 1.5 * rel.Strength
		passages = append(passages, r.passage(rel.StrayAt, rel.StrayAt, "digression.topic", relevance.Topics[rel.Stray]))
	}
	turn := r.turn()
	if turn >= 0 {
		z += 1.6
		passages = append(passages, r.passage(turn, turn, "digression.turn", ""))
	}
	z -= r.pardon(rel, turn >= 0, apart)
	if reply {
		z -= 0.7
	}
	return z, passages
}

// pardon is what speaks for a comment that shares no words: it is short, thanks,
// agrees, asks, corrects or speaks of the article itself.
func (r *result) pardon(rel relevance.Relation, turned, apart bool) float64 {
	w := 0.0
	if rel.Content < 6 {
		w += 0.55 * float64(6-rel.Content)
	}
	if turned {
		return w / 2
	}
	if apart {
		w *= 0.3
	}
	agree := 0
	for i := range r.reader.Words {
		if r.reader.Words[i].Has(vocab.Agree) {
			agree++
		}
	}
	w += min(1.6, 0.6*float64(agree))
	if r.text.Stats.Question > 0 && r.text.Stats.Words < 18 {
		w += 0.6
	}
	return w
}

// turnsBy are the turns by their first word.
var turnsBy = func() map[string][]string {
	by := map[string][]string{}
	for _, t := range turns {
		first, _, _ := strings.Cut(t, " ")
		by[first] = append(by[first], t)
	}
	return by
}()

// turnWords holds the hashes of the turns' first words by their low bits.
var turnWords = func() (bits [1 << 10 / 64]uint64) {
	for first := range turnsBy {
		h := german.HashOf([]byte(first))
		bits[h>>6&15] |= 1 << (h & 63)
	}
	return bits
}()

// turn returns the token at which the writer says that the subject changes, -1
// if there is none.
func (r *result) turn() int {
	for i, k := range r.text.Tokens {
		if k.Kind != german.Word || turnWords[k.Hash>>6&15]>>(k.Hash&63)&1 == 0 {
			continue
		}
		for _, t := range turnsBy[string(r.text.Folded(k))] {
			rest := r.text.Fold[k.From:]
			if len(rest) > len(t) && string(rest[:len(t)]) == t {
				return i
			}
		}
	}
	return -1
}
