package jobs

import (
	"context"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// Hints finds the passages of a text that probably break a rule, for its author
// to reconsider before sending. It keeps nothing, and gives no scores: a hint
// names the rule, and only where the score is beyond the unclear band.
func (b *Brain) Hints(ctx context.Context, site store.Site, art store.Article, text string) (map[moderation.Rule][]moderation.Passage, error) {
	p, err := b.pupil(ctx, site.ID)
	if err != nil {
		return nil, err
	}
	report := p.report.Load()
	a := p.model.Load().Assess(b.input(store.ToAssess{Text: text, Article: art, Site: site}))
	out := map[moderation.Rule][]moderation.Passage{}
	for rule, score := range a.Rules {
		if score.Value != nil && report.CutsOf(string(rule)).Of(*score.Value) == assess.Breach && len(score.Passages) > 0 {
			out[rule] = score.Passages
		}
	}
	return out, nil
}
