package jobs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/frozen"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// Brain assesses by each site's own model and teaches it. A site's model is the
// shared base and a small difference; the models of the sites in use are kept,
// the others are loaded on demand.
type Brain struct {
	Store    *store.Store
	Base     *assess.Model
	Log      *slog.Logger
	Node     string // names this node in leases
	External External

	mu      sync.Mutex
	sites   map[string]*pupil
	threads map[string]relation
	prints  map[string]*prints
}

// External asks a scorer of the publisher's own. A nil map with an error means
// that it was not checked.
type External interface {
	Score(ctx context.Context, text string) (map[string]float64, error)
}

// pupil is a site's model and how far it has come.
type pupil struct {
	mu      sync.Mutex // one teacher at a time
	model   *assess.Site
	lessons int
	saved   int64 // position last written to the database
	savedAt time.Time
	used    time.Time
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
	return &Brain{Store: st, Base: assess.Default(), Log: log, Node: store.NewID(), sites: map[string]*pupil{}, threads: map[string]relation{}, prints: map[string]*prints{}}
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
	missing := false
	if b.External != nil {
		if in.External, err = b.External.Score(ctx, t.Text); err != nil {
			b.Log.Warn("external scorer not available", "error", err)
			missing = true
		}
	}
	p.mu.Lock()
	model := p.model
	p.mu.Unlock()
	a := model.Assess(in)
	if missing {
		a.Flags = append(a.Flags, moderation.Flag{Kind: "external_not_checked", Why: "externe Bewertung nicht erreichbar"})
	}
	o := observed(t, print, in.Author)
	calm := frozen.New(b.Base)
	o.Calm = store.Calm{Score: calm.Score(t.Text, t.Site.Lang, len(a.Flags) > 0), Model: calm.Version()}
	return a, b.Store.SaveObserved(ctx, o)
}

func observed(t store.ToAssess, print uint64, h *assess.History) store.Observed {
	o := store.Observed{Comment: t.Comment, Revision: t.Revision, Site: t.Site.ID, Author: t.Author, Fingerprint: print}
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

// load reads the newest saved model that this program can use: one that is
// damaged, or was learned on another base, is passed over and learned anew.
func (b *Brain) load(ctx context.Context, site string) (*pupil, error) {
	p := &pupil{model: b.Base.NewSite(), used: b.Store.Now()}
	saved, err := b.Store.Models(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("load model of site %s: %w", site, err)
	}
	for _, m := range saved {
		model, err := b.Base.DecodeSite(bytes.NewReader(m.Delta))
		if err != nil {
			b.Log.Warn("a saved model cannot be used", "site", site, "version", m.Version, "error", err)
			continue
		}
		p.model, p.lessons, p.saved, p.savedAt = model, m.Lessons, m.Position, m.Created
		break
	}
	return p, nil
}

// Run takes in the models that other nodes save, until the context ends.
func (b *Brain) Run(ctx context.Context) error {
	at, err := b.Store.Head(ctx)
	if err != nil {
		return fmt.Errorf("follow the sites' models: %w", err)
	}
	bell, stop := b.Store.Bell()
	defer stop()
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
		select {
		case <-ctx.Done():
		case <-bell:
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// renew drops a site's model from memory where a newer one was saved; the next
// use loads it.
func (b *Brain) renew(ctx context.Context, site string) {
	b.mu.Lock()
	p := b.sites[site]
	b.mu.Unlock()
	if p == nil || !p.mu.TryLock() {
		return // not in use, or this node is the one that teaches it
	}
	defer p.mu.Unlock()
	position, err := b.Store.ModelPosition(ctx, site)
	if err != nil || position <= int64(p.model.Position()) {
		return
	}
	b.mu.Lock()
	delete(b.sites, site)
	b.mu.Unlock()
}
