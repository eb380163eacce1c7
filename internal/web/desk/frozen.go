package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/freigabe/freigabe/internal/assess/frozen"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/desk/bound"
)

// bundleSettings are what a chief sets for a site.
type bundleSettings struct {
	On      bool `json:"on"`
	Percent int  `json:"percent"` // of rightly released comments, at least; 98 where 0
}

// bundlesPart names these settings.
const bundlesPart = "bundles"

func bundlesOf(s store.Site) bundleSettings {
	var b bundleSettings
	if json.Unmarshal(s.Extra[bundlesPart], &b) != nil {
		b = bundleSettings{} // nothing set yet: off
	}
	if b.Percent < 90 || b.Percent > 99 {
		b.Percent = 98
	}
	return b
}

func (b bundleSettings) wished() float64 { return float64(b.Percent) / 100 }

// The window of blind decisions that a bound rests on: what lies further back
// says little about today's readers.
const (
	labelWindow = 500
	confidence  = 0.95
	mostInOne   = 200 // comments of a bundle: as many as one person looks through
	sampleSize  = 10
)

// basis is what blind decisions say about a site's bundles.
type basis struct {
	Ranges []bound.Range
	Drift  bound.Drift // of the blind decisions
	Moved  store.Drift // of all that the site's model sees
	Labels int         // blind decisions that count
}

// Closed tells whether the watch keeps all bundles shut at the moment.
func (b basis) Closed() bool { return b.Moved.Alarm() }

// First is the range that is tested first.
func (b basis) First() bound.Range { return b.Ranges[0] }

// find is the range between two places of the handles.
func (b basis) find(lower, upper int) (bound.Range, bool) {
	for _, r := range b.Ranges {
		if r.Lower == lower && r.Upper == upper {
			return r, true
		}
	}
	return bound.Range{}, false
}

// widest is the widest range from zero that holds, or else the first.
func (b basis) widest() bound.Range {
	out := b.First()
	for _, r := range b.Ranges {
		if r.Holds && r.Lower == 0 {
			out = r
		}
	}
	return out
}

// basis tests the ranges on a site's newest blind decisions. A drift of the site
// closes them all: what was measured is about other comments than today's.
func (d *Desk) basis(ctx context.Context, site store.Site) (basis, error) {
	labels, err := d.labels(ctx, site)
	if err != nil {
		return basis{}, err
	}
	var b basis
	b.Ranges, b.Drift = bound.Offered(labels, bundlesOf(site).wished(), confidence)
	b.Labels = b.Drift.Since
	if b.Moved, err = d.store.DriftAlarm(ctx, site.ID); err != nil {
		return b, err
	}
	if b.Closed() {
		for i := range b.Ranges {
			b.Ranges[i].Holds = false
		}
	}
	return b, nil
}

// labels gives a site's newest blind decisions with their frozen scores, newest
// first. What never enters a bundle is no label either.
func (d *Desk) labels(ctx context.Context, site store.Site) ([]bound.Label, error) {
	found, err := d.store.Labels(ctx, site.ID, labelWindow)
	if err != nil {
		return nil, err
	}
	var labels []bound.Label
	for _, l := range found {
		score := d.frozen.of(l, site.Lang)
		if score != frozen.Unfit {
			labels = append(labels, bound.Label{Score: score, Refused: l.Refused})
		}
	}
	return labels, nil
}

// scores knows the frozen scores of labels: those that the record keeps, and,
// after a change of the model that ships, those it computes anew.
type scores struct {
	frozen.Scorer

	mu    sync.Mutex
	known map[string]int // by comment and revision
}

const mostKnown = 50_000

func newScores(s frozen.Scorer) *scores { return &scores{Scorer: s, known: map[string]int{}} }

func (z *scores) of(l store.Label, lang string) int {
	if l.Calm != nil && l.Model == z.Version() {
		return *l.Calm
	}
	key := fmt.Sprintf("%s/%d", l.Comment, l.Revision)
	z.mu.Lock()
	score, ok := z.known[key]
	z.mu.Unlock()
	if ok {
		return score
	}
	score = z.Score(l.Text, lang, l.Flagged)
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(z.known) >= mostKnown {
		clear(z.known)
	}
	z.known[key] = score
	return score
}

// planScores has the waiting texts scored that the frozen model in use has not
// seen, as after an update of the program, and tells whether there are any. The
// work is a job; package jobs does it.
func (d *Desk) planScores(ctx context.Context, site store.Site) (bool, error) {
	left, err := d.store.Uncalmed(ctx, site.ID, d.frozen.Version(), 1)
	if err != nil || len(left) == 0 {
		return false, err
	}
	return true, d.store.AddJob(ctx, "calm", site.ID, "", d.store.Now())
}
