package jobs

import (
	"context"
	"fmt"

	"github.com/freigabe/freigabe/internal/assess/frozen"
	"github.com/freigabe/freigabe/internal/store"
)

// calmAtOnce is how many texts are scored in one transaction.
const calmAtOnce = 1000

// Calm scores a site's waiting texts that have no score by the frozen model in
// use: what came in before this version of the program. It is the work of jobs of
// the kind "calm", keyed by the site.
func (b *Brain) Calm(ctx context.Context, j store.Job) error {
	site, err := b.Store.Site(ctx, j.Key)
	if err != nil {
		return err
	}
	scorer := frozen.New(b.Base)
	for ctx.Err() == nil {
		left, err := b.Store.Uncalmed(ctx, site.ID, scorer.Version(), calmAtOnce)
		if err != nil || len(left) == 0 {
			return err
		}
		scores := make([]store.Calm, len(left))
		for i, u := range left {
			scores[i] = store.Calm{Comment: u.Comment, Revision: u.Revision, Score: scorer.Score(u.Text, site.Lang, u.Flagged), Model: scorer.Version()}
		}
		if err := b.Store.SaveCalm(ctx, site.ID, scores); err != nil {
			return err
		}
	}
	return fmt.Errorf("score waiting texts of site %s: %w", j.Key, ctx.Err())
}
