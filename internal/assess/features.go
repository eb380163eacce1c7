package assess

import (
	"math"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/lexicon"
	"github.com/freigabe/freigabe/internal/assess/vocab"
)

// The dense features of a text, beside its hashed words. Counts enter as
// ln(1+n), shares as they are.
const (
	fInsult = iota
	fVulgar
	fSlur
	fDisparage
	fForeign
	fPhrase
	fWorst   // severity of the gravest word, 0 to 3
	fGrave   // words of severity 2 and 3
	fTarget  // abuse beside a word of address
	fCapital // share of capital letters
	fShouted // share of words in capitals
	fExclaim
	fExclaimRun
	fQuestion
	fQuestionRun
	fLinks
	fLength
	fMentions
	fPictures
	fAddress // share of words of address
	fInsinuation
	fSupport
	fThreat
	fAdvert
	fOffice
	fGroup
	fDisguise
	fQuoted
	fShort
	fMildWords
	denseFeatures
)

func log1p(n float64) float32 { return float32(math.Log1p(n)) }

// fillDense computes the dense features.
func (a *analysis) fillDense() {
	d := &a.dense
	*d = [denseFeatures]float32{}
	a.denseAbuse(d)
	a.denseForm(d)
	var sum [vocab.Kinds]float64
	for _, h := range a.reader.Cues {
		sum[h.Cue.Kind] += h.Cue.Weight
	}
	d[fInsinuation], d[fSupport] = log1p(sum[vocab.Insinuation]), log1p(sum[vocab.Support])
	d[fThreat], d[fAdvert] = log1p(sum[vocab.Threat]), log1p(sum[vocab.Advert])
	a.vector.Dense = d[:]
}

func (a *analysis) denseAbuse(d *[denseFeatures]float32) {
	var by [lexicon.Classes]float64
	grave, mild, target := 0.0, 0.0, 0.0
	for _, h := range a.finder.Hits {
		by[h.Entry.Class] += float64(h.Entry.Severity)
		d[fWorst] = max(d[fWorst], float32(h.Entry.Severity))
		if h.Entry.Severity < 2 {
			mild++
			continue
		}
		grave++
		if a.nearAddress(h.First, h.Last) {
			target++
		}
	}
	d[fInsult], d[fVulgar], d[fSlur] = log1p(by[lexicon.Insult]+by[lexicon.Body]+by[lexicon.Called]), log1p(by[lexicon.Vulgar]), log1p(by[lexicon.Slur])
	d[fDisparage], d[fPhrase] = log1p(by[lexicon.Disparage]), log1p(by[lexicon.Phrase])
	d[fForeign] = log1p(by[lexicon.English] + by[lexicon.Foreign] + by[lexicon.EnglishOnly])
	d[fGrave], d[fTarget], d[fMildWords] = log1p(grave), log1p(target), log1p(mild)
}

// nearAddress reports a word of address within three words of a finding.
func (a *analysis) nearAddress(first, last int) bool {
	for i := max(0, first-3); i <= min(last+3, len(a.reader.Words)-1); i++ {
		if a.reader.Words[i].Has(vocab.You) {
			return true
		}
	}
	return false
}

func (a *analysis) denseForm(d *[denseFeatures]float32) {
	s := &a.text.Stats
	words := float64(max(s.Words, 1))
	d[fCapital] = float32(s.Uppers) / float32(max(s.Letters, 1))
	d[fShouted] = float32(float64(s.CapsWords) / words)
	d[fExclaim], d[fExclaimRun] = log1p(float64(s.Exclaim)), log1p(float64(s.ExclaimRun))
	d[fQuestion], d[fQuestionRun] = log1p(float64(s.Question)), log1p(float64(s.QuestionRun))
	d[fLinks], d[fLength] = log1p(float64(s.Links)), log1p(words)
	d[fMentions], d[fPictures] = log1p(float64(s.Mentions)), log1p(float64(s.Pictures))
	var you, office, group, disguise, quoted float64
	for i, k := range a.text.Tokens {
		w := a.reader.Words[i]
		if w.Has(vocab.You) {
			you++
		}
		if w.Has(vocab.Office) {
			office++
		}
		if w.Has(vocab.Group) {
			group++
		}
		if k.Mark&(german.Stretched|german.Leet|german.Spaced|german.Masked) != 0 {
			disguise++
		}
		if k.Mark&german.Quoted != 0 {
			quoted++
		}
	}
	d[fAddress], d[fOffice], d[fGroup] = float32(you/words), log1p(office), log1p(group)
	d[fDisguise], d[fQuoted] = log1p(disguise), float32(quoted/words)
	if words < 8 {
		d[fShort] = 1
	}
}
