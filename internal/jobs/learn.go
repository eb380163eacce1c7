package jobs

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// Learning in numbers.
const (
	retrainEvery = 200             // decisions between two retrainings from the start
	retrainMost  = 20000           // decisions that a retraining looks back on
	heldOut      = 100             // latest decisions on which a retrained model is tried first
	tolerance    = 0.02            // AUC that it may lose there before it is rejected
	saveEvery    = 20              // decisions between two savings of the online steps
	saveAfter    = time.Minute     // or this long, whichever is first
	teaching     = 2 * time.Minute // lease of the one node that teaches a site
	page         = 500             // decisions read at once
	similarDays  = 7 * 24 * time.Hour
)

// Learn takes in a site's decisions up to the one named, in the order of the
// chain, once their holds have passed. One node teaches a site at a time; the
// others load what it saved. Each 200th decision the model is trained afresh
// from all of them; so the same decisions give the same model anywhere.
func (b *Brain) Learn(ctx context.Context, decision string) error {
	d, err := b.Store.Decision(ctx, decision)
	if err != nil {
		return err
	}
	_, mine, err := b.Store.Lease(ctx, "learn/"+d.Site, b.Node, teaching)
	if err != nil {
		return err
	}
	if !mine {
		return &postpone{b.Store.Now().Add(teaching)}
	}
	p, err := b.pupil(ctx, d.Site)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for int64(p.model.Position()) < d.Seq {
		before := p.model.Position()
		if err := b.advance(ctx, d.Site, p); err != nil {
			return fmt.Errorf("learn at site %s: %w", d.Site, err)
		}
		if p.model.Position() == before {
			break // the rest is still in its hold, or holds nothing to learn
		}
	}
	return b.save(ctx, d.Site, p, false)
}

// advance takes in the next page of decisions.
func (b *Brain) advance(ctx context.Context, site string, p *pupil) error {
	lessons, _, err := b.Store.Lessons(ctx, site, int64(p.model.Position()), page)
	if err != nil {
		return err
	}
	for len(lessons) > 0 {
		room := retrainEvery - p.lessons%retrainEvery
		n := min(room, len(lessons))
		ds, err := b.decisions(ctx, lessons[:n])
		if err != nil {
			return err
		}
		p.model, p.lessons, lessons = p.model.Learn(ds...), p.lessons+n, lessons[n:]
		if n < room {
			continue
		}
		if err := b.retrain(ctx, site, p); err != nil {
			return err
		}
	}
	return nil
}

// retrain trains a model afresh from all decisions so far. It is tried on the
// latest ones, which it has not seen, and takes over unless it is worse there
// than the scores that were shown at the time.
func (b *Brain) retrain(ctx context.Context, site string, p *pupil) error {
	lessons, err := b.upTo(ctx, site, int64(p.model.Position()))
	if err != nil {
		return err
	}
	ds, err := b.decisions(ctx, lessons)
	if err != nil {
		return err
	}
	cut := max(0, len(ds)-heldOut)
	trial := b.Base.Retrain(ds[:cut])
	was, is := tried(lessons[cut:], ds[cut:], trial)
	if is < was-tolerance {
		b.Log.Warn("a retrained model was worse on the latest decisions and is not used", "site", site, "auc", is, "before", was)
		return b.save(ctx, site, p, true)
	}
	p.model = b.Base.Retrain(ds)
	return b.saveWith(ctx, site, p, &is)
}

// upTo reads a site's lessons up to a position, the latest retrainMost of them.
func (b *Brain) upTo(ctx context.Context, site string, position int64) ([]store.Lesson, error) {
	var out []store.Lesson
	for after := int64(0); after < position; {
		more, reached, err := b.Store.Lessons(ctx, site, after, 5000)
		if err != nil {
			return nil, err
		}
		for _, l := range more {
			if l.Position <= position {
				out = append(out, l)
			}
		}
		if reached == after {
			break
		}
		after = reached
	}
	return out[max(0, len(out)-retrainMost):], nil
}

// tried gives the AUC of the scores at submission and of a trial model on
// decisions that the trial has not seen; one half where there is nothing to rank.
func tried(lessons []store.Lesson, ds []assess.Decision, trial *assess.Site) (was, is float64) {
	var old, now []float64
	var refused []bool
	for i, l := range lessons {
		a := trial.Assess(ds[i].Input)
		if l.Refuse == nil || a.Refuse == nil {
			continue
		}
		old, now, refused = append(old, *l.Refuse), append(now, *a.Refuse), append(refused, ds[i].Outcome == assess.Refused)
	}
	return learn.AUC(old, refused), learn.AUC(now, refused)
}

// decisions turns lessons into what the model learns from.
func (b *Brain) decisions(ctx context.Context, lessons []store.Lesson) ([]assess.Decision, error) {
	out := make([]assess.Decision, 0, len(lessons))
	articles := map[string]*assess.Relation{}
	var newest time.Time
	if len(lessons) > 0 {
		newest = lessons[len(lessons)-1].At
	}
	for _, l := range lessons {
		rel, ok := articles[l.Article]
		if !ok {
			a, err := b.Store.Article(ctx, l.Article)
			if err != nil {
				return nil, err
			}
			rel = b.Base.Relate(*articleOf(a), nil)
			articles[l.Article] = rel
		}
		d := assess.Decision{Position: uint64(l.Position), Rule: l.Rule, AgeDays: newest.Sub(l.At).Hours() / 24, Input: assess.Input{Text: l.Text, Relation: rel}}
		if o := l.Observed; o.Proven {
			d.Input.Author = &assess.History{Submitted: o.Submitted, Approved: o.Approved, Rejected: o.Rejected, AgeDays: o.AgeDays}
		}
		if l.Step != moderation.Approve && l.Step != moderation.Overturn {
			d.Outcome = assess.Refused
		}
		out = append(out, d)
	}
	return out, nil
}

// save writes the model where enough has been learned since the last time.
func (b *Brain) save(ctx context.Context, site string, p *pupil, now bool) error {
	position := int64(p.model.Position())
	if position == p.saved || !now && position-p.saved < saveEvery && b.Store.Now().Sub(p.savedAt) < saveAfter {
		return nil
	}
	return b.saveWith(ctx, site, p, nil)
}

func (b *Brain) saveWith(ctx context.Context, site string, p *pupil, quality *float64) error {
	var delta bytes.Buffer
	if err := p.model.Encode(&delta); err != nil {
		return err
	}
	m := store.SiteModel{Site: site, Version: p.model.Version(), Position: int64(p.model.Position()), Lessons: p.lessons, Delta: delta.Bytes(), Quality: quality}
	if err := b.Store.SaveModel(ctx, m); err != nil {
		return err
	}
	p.saved, p.savedAt = m.Position, b.Store.Now()
	return nil
}

// hostsOf are the publisher's own hosts: a link to them is no advertisement.
func hostsOf(s store.Site) []string {
	var out []string
	for _, o := range s.AllowedOrigins() {
		if u, err := url.Parse(o); err == nil && u.Hostname() != "" {
			out = append(out, u.Hostname())
		}
	}
	return out
}

// prints are the fingerprints of a site's texts of the last days.
type prints struct {
	list []store.Observed
	upTo time.Time
}

// similar finds near-identical texts of the last days. The list in memory grows
// by what is new and loses what is too old.
func (b *Brain) similar(ctx context.Context, t store.ToAssess, print uint64) ([]assess.Similar, error) {
	if print == 0 {
		return nil, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.prints[t.Site.ID]
	oldest := b.Store.Now().Add(-similarDays)
	if p == nil {
		p = &prints{upTo: oldest}
		b.prints[t.Site.ID] = p
	}
	more, err := b.Store.Fingerprints(ctx, t.Site.ID, p.upTo)
	if err != nil {
		return nil, err
	}
	if len(more) > 0 {
		p.list, p.upTo = append(p.list, more...), more[len(more)-1].At
	}
	for len(p.list) > 0 && p.list[0].At.Before(oldest) {
		p.list = p.list[1:]
	}
	var out []assess.Similar
	for _, o := range p.list {
		if d := assess.Distance(print, o.Fingerprint); d <= assess.NearlySame && o.Comment != t.Comment {
			out = append(out, assess.Similar{ID: o.Comment, OtherAuthor: o.Author != t.Author, Distance: d})
		}
	}
	return out, nil
}
