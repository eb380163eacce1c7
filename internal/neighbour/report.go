package neighbour

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/perspective"
)

// Neighbours lists the desks that teach.
func (n *Neighbours) Neighbours(ctx context.Context, site string) ([]perspective.Neighbour, error) {
	list, err := n.Store.Communities(ctx, site)
	if err != nil {
		return nil, err
	}
	out := make([]perspective.Neighbour, 0, len(list))
	for _, c := range list {
		x, err := n.neighbour(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func (n *Neighbours) neighbour(ctx context.Context, c store.Community) (perspective.Neighbour, error) {
	decisions, refused, err := n.Store.CommunityCounts(ctx, c.ID)
	return perspective.Neighbour{ID: c.ID, Name: c.Name, Decisions: decisions, Refused: refused, Since: c.Created, Last: c.Taught,
		Model: n.pupil(c).current().Version()}, err
}

// Report compares a community's desk with its model.
func (n *Neighbours) Report(ctx context.Context, site, id string) (perspective.Report, error) {
	c, err := n.Store.Community(ctx, site, id)
	if err != nil {
		return perspective.Report{}, err
	}
	r := perspective.Report{}
	if r.Neighbour, err = n.neighbour(ctx, c); err != nil {
		return r, err
	}
	var all []store.Suggestion
	err = n.every(ctx, c.ID, func(x store.Suggestion) error {
		x.Comment, x.Parent, x.Article = "", "", ""
		all = append(all, x)
		return nil
	})
	r.All, r.Weeks, r.Bands, r.Drift = agreement(all), weeks(all), bands(all), drift(all)
	return r, err
}

// every reads the verdicts in force, in their order.
func (n *Neighbours) every(ctx context.Context, id string, each func(store.Suggestion) error) error {
	for after := int64(0); ; {
		page, err := n.Store.Suggestions(ctx, id, after, pageSize, false)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, x := range page {
			if err := each(x); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Seq
	}
}

// Decisions exports a community's verdicts without their texts.
func (n *Neighbours) Decisions(ctx context.Context, site, id string, each func(perspective.Decided) error) error {
	c, err := n.Store.Community(ctx, site, id)
	if err != nil {
		return err
	}
	return n.every(ctx, c.ID, func(x store.Suggestion) error {
		return each(perspective.Decided{Seq: x.Seq, At: x.At.Format(time.RFC3339), Ref: x.Ref, Refused: x.Refused, Score: x.Scored, Base: x.Base, Model: x.Version})
	})
}

// agreement measures scores against verdicts; what was not checked is left out of
// the figures, not out of the counts.
func agreement(list []store.Suggestion) perspective.Agreement {
	a := perspective.Agreement{Decisions: len(list)}
	var own, base []float64
	var ownSaid, baseSaid []bool
	for _, x := range list {
		if x.Refused {
			a.Refused++
		}
		if x.Scored != nil {
			own, ownSaid = append(own, *x.Scored), append(ownSaid, x.Refused)
		}
		if x.Base != nil {
			base, baseSaid = append(base, *x.Base), append(baseSaid, x.Refused)
		}
	}
	a.AUC, a.Base = auc(own, ownSaid), auc(base, baseSaid)
	if len(own) > 0 {
		a.Brier, _ = learn.Calibration(own, ownSaid)
	}
	return a
}

func auc(scores []float64, refused []bool) *float64 {
	v := learn.AUC(scores, refused)
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// weeks splits verdicts into weeks that begin on Monday, UTC.
func weeks(list []store.Suggestion) []perspective.Week {
	var out []perspective.Week
	for len(list) > 0 {
		from := monday(list[0].At)
		to := from.AddDate(0, 0, 7)
		k := 0
		for k < len(list) && list[k].At.Before(to) {
			k++
		}
		if k == 0 { // a clock that went back: count it where it stands
			k = 1
		}
		out = append(out, perspective.Week{From: from, Agreement: agreement(list[:k]), Mean: mean(list[:k])})
		list = list[k:]
	}
	return out
}

func monday(t time.Time) time.Time {
	t = t.UTC()
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, time.UTC)
}

func mean(list []store.Suggestion) float64 {
	sum, n := 0.0, 0
	for _, x := range list {
		if x.Scored != nil {
			sum, n = sum+*x.Scored, n+1
		}
	}
	return sum / float64(max(n, 1))
}

// bands counts where comments would have been sorted on a desk of Freigabe.
func bands(list []store.Suggestion) []perspective.Band {
	cut := assess.DefaultCuts
	out := []perspective.Band{{Name: "calm", To: cut.Fine}, {Name: "middle", From: cut.Fine, To: cut.Breach}, {Name: "hot", From: cut.Breach, To: 1}}
	for _, x := range list {
		if x.Scored == nil {
			continue
		}
		b := &out[map[string]int{assess.Fine: 0, assess.Unclear: 1, assess.Breach: 2}[cut.Of(*x.Scored)]]
		b.Decisions++
		if x.Refused {
			b.Refused++
		}
	}
	for i := range out {
		out[i].Low, out[i].High = learn.Wilson(out[i].Refused, out[i].Decisions)
	}
	return out
}

const (
	driftLeast = 50  // verdicts that each side of a comparison needs
	driftMost  = 500 // and has at most
	driftBins  = 10
)

// drift compares the scores of the last verdicts with the first by the population
// stability index: the sum over bins of (now-then)*ln(now/then), the bins being
// tenths of the first ones. It uses the base's scores, which do not move by
// learning: what moves is the comments, or their authors.
func drift(list []store.Suggestion) *perspective.Drift {
	var scores []float64
	var refused []bool
	for _, x := range list {
		if x.Base != nil {
			scores, refused = append(scores, *x.Base), append(refused, x.Refused)
		}
	}
	n := min(driftMost, len(scores)/2)
	if n < driftLeast {
		return nil
	}
	then, now := scores[:n], scores[len(scores)-n:]
	return &perspective.Drift{Index: stability(then, now), RefusedThen: share(refused[:n]), RefusedNow: share(refused[len(refused)-n:]), Sample: n}
}

func share(refused []bool) float64 {
	n := 0
	for _, r := range refused {
		if r {
			n++
		}
	}
	return float64(n) / float64(len(refused))
}

func stability(then, now []float64) float64 {
	sorted := slices.Sorted(slices.Values(then))
	edges := make([]float64, 0, driftBins-1)
	for i := 1; i < driftBins; i++ {
		edges = append(edges, sorted[i*len(sorted)/driftBins])
	}
	a, b := shares(then, edges), shares(now, edges)
	sum := 0.0
	for i := range a {
		sum += (b[i] - a[i]) * math.Log(b[i]/a[i])
	}
	return sum
}

// shares gives the share of scores in each bin, none of them zero.
func shares(scores, edges []float64) []float64 {
	out := make([]float64, len(edges)+1)
	for i := range out {
		out[i] = 0.5
	}
	for _, s := range scores {
		i, _ := slices.BinarySearch(edges, math.Nextafter(s, 2))
		out[i]++
	}
	for i := range out {
		out[i] /= float64(len(scores)) + 0.5*float64(len(out))
	}
	return out
}
