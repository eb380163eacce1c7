// Package frozen scores texts for bundles by a model that never learns from a
// site's decisions: the base that ships with the program, on the text alone. So
// the same text has the same score for ever, and a blind decision can measure it.
package frozen

import (
	"github.com/freigabe/freigabe/internal/assess"
)

// Unfit is the score of a text that never enters a bundle.
const Unfit = -1

// Scorer scores texts by one frozen model. It is safe for concurrent use.
type Scorer struct{ model *assess.Model }

// New makes a scorer by a model, which must not be taught any more.
func New(m *assess.Model) Scorer { return Scorer{m} }

// Version names the model.
func (s Scorer) Version() string { return s.model.Version() }

// Score gives the score "would be refused" in hundredths, from 0 to 100, or Unfit
// for a text with a flag or that the model could not judge. Flagged tells whether
// the assessment of the text, which knows its site and article, raised one.
func (s Scorer) Score(text, lang string, flagged bool) int {
	a := s.model.Assess(assess.Input{Text: text, Site: assess.Settings{Language: lang}})
	if a.Refuse == nil || len(a.Flags) > 0 || flagged {
		return Unfit
	}
	return int(*a.Refuse * 100)
}

// Model is the frozen model itself.
func (s Scorer) Model() *assess.Model { return s.model }
