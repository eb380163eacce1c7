package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/desk/bound"
)

// frozen scores texts for bundles by one model that never learns from this
// site's decisions: the base that ships with the program, on the text alone. So
// the same text has the same score for ever, and a blind decision can measure it.
type frozen struct {
	model *assess.Model

	mu    sync.Mutex
	known map[string]frozenScore // by comment and revision
}

// frozenScore is a text's score; fit is false for what never enters a bundle:
// texts with a flag, or that the model could not judge.
type frozenScore struct {
	score float64
	fit   bool
}

const mostKnown = 50_000

func newFrozen() *frozen { return &frozen{model: assess.Default(), known: map[string]frozenScore{}} }

func (z *frozen) of(comment string, revision int, text, lang string) frozenScore {
	key := fmt.Sprintf("%s/%d", comment, revision)
	z.mu.Lock()
	s, ok := z.known[key]
	z.mu.Unlock()
	if ok {
		return s
	}
	a := z.model.Assess(assess.Input{Text: text, Site: assess.Settings{Language: lang}})
	if a.Refuse != nil && len(a.Flags) == 0 {
		s = frozenScore{*a.Refuse, true}
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(z.known) >= mostKnown {
		clear(z.known)
	}
	z.known[key] = s
	return s
}

// bundleSettings are what a chief sets for a site.
type bundleSettings struct {
	On      bool `json:"on"`
	Percent int  `json:"percent"` // of rightly released comments, at least; 98 where 0
}

func bundlesOf(s store.Site) bundleSettings {
	var b bundleSettings
	if json.Unmarshal(s.Extra["bundles"], &b) != nil {
		b = bundleSettings{} // nothing set yet: off
	}
	if b.Percent < 90 || b.Percent > 99 {
		b.Percent = 98
	}
	return b
}

// The window of blind decisions that a bound rests on: what lies further back
// says little about today's readers.
const (
	labelWindow = 500
	confidence  = 0.95
	mostWaiting = 2000 // of the comments that wait, the oldest, are looked at
	sampleSize  = 10
)

// handles tests each place of the handle on the site's newest blind decisions.
func (d *Desk) handles(ctx context.Context, site store.Site) ([]bound.Handle, error) {
	found, err := d.store.Labels(ctx, site.ID, labelWindow)
	if err != nil {
		return nil, err
	}
	var labels []bound.Label
	for _, l := range found {
		if s := d.frozen.of(l.Comment, 0, l.Text, site.Lang); s.fit {
			labels = append(labels, bound.Label{Score: s.score, Refused: l.Refused})
		}
	}
	return bound.Test(labels, float64(bundlesOf(site).Percent)/100, confidence), nil
}

// scoredWaiting is a waiting comment with its frozen score.
type scoredWaiting struct {
	store.Waiting
	Score float64
	Out   bool // beyond the handle
}

// fit lists the oldest waiting comments that may enter a bundle: none that was
// drawn for blind control, that has a flag, or whose article always needs two readers.
func (d *Desk) fit(ctx context.Context, site store.Site) ([]scoredWaiting, error) {
	var out []scoredWaiting
	f := store.QueueFilter{Site: site.ID, State: moderation.Pending, NotBlind: true, Limit: 200}
	two := map[string]bool{}
	for range mostWaiting / f.Limit {
		list, next, err := d.store.Queue(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, w := range list {
			needs, known := two[w.Article]
			if !known {
				a, err := d.store.Article(ctx, w.Article)
				if err != nil {
					return nil, err
				}
				needs, two[w.Article] = a.TwoReads, a.TwoReads
			}
			if s := d.frozen.of(w.ID, w.Revision, w.Text, site.Lang); s.fit && !needs {
				out = append(out, scoredWaiting{Waiting: w, Score: s.score})
			}
		}
		if next == "" {
			break
		}
		f.Cursor = next
	}
	return out, nil
}
