package assess

import (
	"sort"

	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/moderation"
)

// Causes for "not checked". They are shown to editors and part of the record.
const (
	NoArticle      = "no article given"
	ForeignText    = "no knowledge of this language"
	EmptyText      = "the text is empty"
	NoText         = "no words to judge"
	internalFailed = "the assessment failed"
)

// rulesVersion counts changes of the rules that are code: lists, cues, weights.
const rulesVersion = "r2"

// Assess judges one comment by the base alone. All five rules are always in the
// result, each with a score or the cause why it was not checked. It never
// panics, whatever the bytes.
func (m *Model) Assess(in Input) moderation.Assessment { return assess(m, nil, in) }

func assess(m *Model, s *Site, in Input) (out moderation.Assessment) {
	a := analyses.Get().(*analysis)
	defer func() {
		if recover() != nil {
			// A bug must not take the queue down: nothing is known of this text, and
			// it goes to people as "not checked". The buffers are not used again.
			out = moderation.NotChecked(internalFailed)
			out.Version = versionOf(m, s)
			return
		}
		a.src, a.text.Src = "", ""
		analyses.Put(a)
	}()
	a.read(in.Text, in.Site.Language)
	r := result{analysis: a, m: m, s: s, in: &in, version: versionOf(m, s)}
	return r.all()
}

// result collects the outcome of one assessment.
type result struct {
	*analysis
	m       *Model
	s       *Site
	in      *Input
	out     moderation.Assessment
	values  *[6]float64 // backs the scores' pointers
	version string
	priors  [6]float64 // log-odds by slot before a site's model
	sums    [learn.DeltaHeads]float32
	summed  bool
}

func versionOf(m *Model, s *Site) string {
	if s != nil {
		return s.Version()
	}
	return m.Version()
}

func (r *result) all() moderation.Assessment {
	r.out = moderation.Assessment{
		Rules: make(map[moderation.Rule]moderation.Score, len(moderation.Rules)), Flags: []moderation.Flag{},
		Language: r.language, Version: r.version,
	}
	if r.text.Stats.Chars == 0 {
		for _, rule := range moderation.Rules {
			r.out.Rules[rule] = moderation.Score{NotChecked: EmptyText, Version: r.version}
		}
		return r.out
	}
	r.values = new([6]float64)
	r.fillDense()
	r.predict()
	r.profanity()
	r.advertising()
	if r.foreign() {
		for _, rule := range [...]moderation.Rule{moderation.Insinuation, moderation.Aggression, moderation.Digression} {
			r.out.Rules[rule] = moderation.Score{NotChecked: ForeignText, Version: r.version}
		}
		if r.language == "en" {
			r.aggressionEnglish()
		}
	} else {
		r.insinuation()
		r.aggression()
		r.digression()
		r.refuse()
	}
	r.flags()
	return r.out
}

// foreign reports a text that is surely not German.
func (r *result) foreign() bool { return r.sure && r.language != "de" }

// set stores a rule's score.
func (r *result) set(rule moderation.Rule, slot int, value float64, s moderation.Score) {
	r.values[slot] = value
	s.Value = &r.values[slot]
	s.Version = r.version
	sort.SliceStable(s.Passages, func(i, j int) bool { return s.Passages[i].Start < s.Passages[j].Start })
	s.Passages = merge(s.Passages, r.src)
	r.out.Rules[rule] = s
}

// The places of the scores in result.values.
const (
	slotInsinuation = iota
	slotProfanity
	slotAggression
	slotAdvertising
	slotDigression
	slotRefuse
)
