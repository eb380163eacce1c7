package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/alike"
	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/frozen"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/turn"
)

// Brain assesses by each site's own model and teaches it. A site's model is the
// shared base and a small difference; the models of the sites in use are kept,
// the others are loaded on demand.
type Brain struct {
	Store *store.Store
	Base  *assess.Model
	Log   *slog.Logger
	Node  string // names this node in leases
	Texts *alike.Texts
	Busy  func() bool // people wait for this node: trainings take their time; nil: never

	mu      sync.Mutex
	sites   map[string]*pupil
	threads map[string]relation
	scorers map[string]*scorer

	training sync.Mutex // one model is trained at a time
}

// pupil is a site's model and how far it has come. The model and its report are
// replaced as a whole, so that assessing never waits for learning.
type pupil struct {
	model  atomic.Pointer[assess.Site]
	report atomic.Pointer[assess.Report]

	teach   sync.Mutex // one teacher at a time; guards what follows
	lessons int
	pending int       // lessons since the last training
	learned time.Time // when the last decision learned was taken
	saved   int64     // position last written to the database
	savedAt time.Time

	used time.Time // guarded by the brain
}

// relation is an article prepared for the question whether a comment is about it.
type relation struct {
	made time.Time
	rel  *assess.Relation
}

// Bounds of what is kept in memory.
const (
	maxSites   = 128
	maxThreads = 256
	threadLife = 5 * time.Minute // after that the thread's newer comments are taken in
)

// NewBrain makes a brain on the shipped base.
func NewBrain(st *store.Store, log *slog.Logger) *Brain {
	return &Brain{Store: st, Base: assess.Default(), Log: log, Node: store.NewID(), Texts: alike.New(st),
		sites: map[string]*pupil{}, threads: map[string]relation{}, scorers: map[string]*scorer{}}
}

// Assess judges a revision by its site's model and keeps what it saw.
func (b *Brain) Assess(ctx context.Context, t store.ToAssess) (moderation.Assessment, error) {
	p, err := b.pupil(ctx, t.Site.ID)
	if err != nil {
		return moderation.Assessment{}, err
	}
	print := assess.Fingerprint(t.Text)
	in := b.input(t)
	if in.Similar, err = b.similar(ctx, t, print); err != nil {
		return moderation.Assessment{}, err
	}
	outside, err := b.ask(ctx, t)
	if err != nil {
		return moderation.Assessment{}, err
	}
	if outside != nil {
		in.External = outside.Scores
	}
	calm := frozen.New(b.Base)
	var a moderation.Assessment
	var score store.Calm
	turn.Long(func() {
		a = p.model.Load().Assess(in)
		turn.Offer()
		score = store.Calm{Score: calm.Score(t.Text, t.Site.Lang, len(a.Flags) > 0), Model: calm.Version()}
	})
	a.External = outside
	banded(&a, p.report.Load())
	seen := observed(t, print, in.Author)
	if len(in.External) > 0 {
		text, err := json.Marshal(in.External)
		if err != nil {
			return moderation.Assessment{}, err
		}
		seen.External = string(text)
	}
	seen.Calm = score
	return a, b.Store.SaveObserved(ctx, seen)
}

// banded notes the bands that the scores lie in by the site's own bounds, where it
// has any, and the rule whose score is most beyond its bound.
func banded(a *moderation.Assessment, report *assess.Report) {
	best := 1.0
	for _, r := range moderation.Rules {
		s := a.Rules[r]
		if s.Value == nil || !report.Heads[string(r)].Own {
			continue
		}
		cuts := report.CutsOf(string(r))
		s.Band = cuts.Of(*s.Value)
		a.Rules[r] = s
		if beyond := *s.Value / cuts.Breach; beyond >= best {
			best, a.Likely = beyond, r
		}
	}
	if a.Refuse != nil && report.Heads[assess.Refuse].Own {
		a.Band = report.CutsOf(assess.Refuse).Of(*a.Refuse)
	}
}

func observed(t store.ToAssess, print uint64, h *assess.History) store.Observed {
	o := store.Observed{Comment: t.Comment, Revision: t.Revision, Site: t.Site.ID, Author: t.Author, Fingerprint: print, Answers: t.Answers}
	if h != nil {
		o.Proven, o.Submitted, o.Approved, o.Rejected, o.AgeDays = true, h.Submitted, h.Approved, h.Rejected, h.AgeDays
	}
	return o
}

func (b *Brain) input(t store.ToAssess) assess.Input {
	in := assess.Input{
		Text: t.Text, Parent: t.Parent, Relation: b.relation(t),
		Site: assess.Settings{
			AllowedHosts: append(slices.Clone(t.Site.AllowedHosts), hostsOf(t.Site)...),
			Watchlist:    append(slices.Clone(t.Site.Watchlist), t.Article.Watchlist...),
			Language:     t.Site.Lang,
		},
		Article: articleOf(t.Article),
	}
	if r := t.Record; r != nil {
		in.Author = &assess.History{Submitted: r.Submitted, Approved: r.Approved, Rejected: r.Rejected + r.Removed, AgeDays: int(b.Store.Now().Sub(r.Since).Hours() / 24)}
	}
	return in
}

func articleOf(a store.Article) *assess.Article {
	return &assess.Article{Headline: a.Doc.Headline, Lede: a.Doc.Lede, Body: a.Doc.Body()}
}

// relation prepares an article and its thread once for the comments that come in
// over some minutes.
func (b *Brain) relation(t store.ToAssess) *assess.Relation {
	now := b.Store.Now()
	b.mu.Lock()
	r, ok := b.threads[t.Article.ID]
	b.mu.Unlock()
	if ok && now.Sub(r.made) < threadLife {
		return r.rel
	}
	r = relation{now, b.Base.Relate(*articleOf(t.Article), t.Thread)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.threads) >= maxThreads {
		clear(b.threads)
	}
	b.threads[t.Article.ID] = r
	return r.rel
}

// pupil gives a site's model, loading it where it is not in memory.
func (b *Brain) pupil(ctx context.Context, site string) (*pupil, error) {
	b.mu.Lock()
	p := b.sites[site]
	if p != nil {
		p.used = b.Store.Now()
	}
	b.mu.Unlock()
	if p != nil {
		return p, nil
	}
	p, err := b.load(ctx, site)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if other := b.sites[site]; other != nil {
		return other, nil
	}
	b.forgetOldest()
	b.sites[site] = p
	return p, nil
}

// forgetOldest makes room for another site's model. The caller holds the lock.
func (b *Brain) forgetOldest() {
	if len(b.sites) < maxSites {
		return
	}
	oldest := ""
	for id, p := range b.sites {
		if oldest == "" || p.used.Before(b.sites[oldest].used) {
			oldest = id
		}
	}
	delete(b.sites, oldest)
}

// load reads the newest saved model that this program can use. One that is
// damaged is refused with its cause, one that was learned on another base passed
// over; the last good one is used and learns again what came after it.
func (b *Brain) load(ctx context.Context, site string) (*pupil, error) {
	p := &pupil{used: b.Store.Now()}
	p.model.Store(b.Base.NewSite())
	p.report.Store(&assess.Report{})
	saved, err := b.Store.Models(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("load model of site %s: %w", site, err)
	}
	found := false
	for _, m := range saved {
		if m.Refused != "" || !strings.HasPrefix(m.Version, b.Base.Version()+"+") || found && !m.Retrained {
			continue
		}
		model, err := b.Base.DecodeSite(bytes.NewReader(m.Delta))
		var report assess.Report
		if err == nil && m.Report != "" {
			err = json.Unmarshal([]byte(m.Report), &report)
		}
		if err != nil {
			b.Log.Warn("a saved model is damaged and not used", "site", site, "version", m.Version, "error", err)
			if err := b.Store.RefuseModel(ctx, m, err.Error()); err != nil {
				return nil, fmt.Errorf("refuse model %s: %w", m.Version, err)
			}
			continue
		}
		if !found {
			found = true
			p.model.Store(model)
			p.lessons, p.pending, p.learned, p.saved, p.savedAt = m.Lessons, m.Pending, m.Learned, m.Position, m.Created
		}
		if m.Retrained {
			p.report.Store(&report)
			break
		}
	}
	return p, nil
}

// Run takes in the models that other nodes save, until the context ends.
func (b *Brain) Run(ctx context.Context) error {
	at, err := b.Store.Head(ctx)
	if err != nil {
		return fmt.Errorf("follow the sites' models: %w", err)
	}
	for ctx.Err() == nil {
		events, next, err := b.Store.Events(ctx, at)
		if err != nil && ctx.Err() == nil {
			b.Log.Warn("news of other nodes' models not read", "error", err)
		}
		at = next
		for _, e := range events {
			if e.Topic == "model" {
				b.renew(ctx, e.Site)
			}
		}
		if len(events) >= store.EventsAtOnce {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollEvery): // a model is in no hurry: no bell, which rings with every submission
		}
	}
	return nil
}

// renew takes in a site's model where another node saved a newer one. What that
// node saved may be unusable: then the model in memory stays.
func (b *Brain) renew(ctx context.Context, site string) {
	b.mu.Lock()
	p := b.sites[site]
	b.mu.Unlock()
	if p == nil || !p.teach.TryLock() {
		return // not in use, or this node is the one that teaches it
	}
	defer p.teach.Unlock()
	now := p.model.Load()
	position, version, err := b.Store.ModelNow(ctx, site)
	if err != nil || position < int64(now.Position()) || version == now.Version() {
		return
	}
	fresh, err := b.load(ctx, site)
	if err != nil || fresh.model.Load().Position() < now.Position() {
		return
	}
	p.model.Store(fresh.model.Load())
	p.report.Store(fresh.report.Load())
	p.lessons, p.pending, p.learned, p.saved, p.savedAt = fresh.lessons, fresh.pending, fresh.learned, fresh.saved, fresh.savedAt
}
