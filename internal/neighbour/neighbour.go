// Package neighbour learns from desks that do not run Freigabe. Their systems
// tell which comments they released and refused (package perspective speaks
// their languages); from that each community gets a model of its own, months
// before its newsroom moves, and a report of how well the two agree.
//
// A verdict is written to the store first and learned afterwards, in the order in
// which it was written, so the same verdicts give the same model on any node.
// Each is scored before it is learned: what the report says is never hindsight.
package neighbour

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/perspective"
)

const (
	fresh    = 2 * time.Second      // how long a name's lookup is believed
	maxNames = 4096                 // looked-up names kept
	maxKept  = 64                   // models kept in memory
	keepText = 180 * 24 * time.Hour // texts of other desks are erased after
)

// Neighbours answers and learns for all communities of a node. Make it with New.
type Neighbours struct {
	Store *store.Store
	Base  *assess.Model
	Log   *slog.Logger
	HTTP  *http.Client // reads texts from other systems, only where a key says so

	mu     sync.Mutex
	names  map[name]lookup
	pupils map[string]*pupil
	erased time.Time
	work   sync.WaitGroup
}

type name struct{ site, community, key string }

type lookup struct {
	pupil *pupil // nil: no such community
	until time.Time
}

// New makes the neighbours of a node.
func New(st *store.Store, base *assess.Model, log *slog.Logger) *Neighbours {
	return &Neighbours{Store: st, Base: base, Log: log, HTTP: &http.Client{Timeout: 10 * time.Second},
		names: map[name]lookup{}, pupils: map[string]*pupil{}}
}

// Lookup finds a key for scoring by its secret; any other is not found.
func (n *Neighbours) Lookup(ctx context.Context, secret string) (perspective.Key, error) {
	k, err := n.Store.Key(ctx, secret)
	if err != nil {
		return perspective.Key{}, outside(err)
	}
	if k.Scope != "score" {
		return perspective.Key{}, moderation.Missing("key")
	}
	policy, err := perspective.ParsePolicy(k.Settings)
	return perspective.Key{ID: k.ID, Site: k.Site, Policy: policy}, err
}

// outside marks the database's absence in the words of package perspective,
// which does not know the store.
func outside(err error) error {
	if errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("%w: %w", perspective.ErrUnavailable, err)
	}
	return err
}

// For gives the model that answers for a community. Where the database does not
// answer, the last known model does: a score is worth more than an error.
func (n *Neighbours) For(ctx context.Context, k perspective.Key, community string) perspective.Scorer {
	if p := n.named(ctx, k, community); p != nil {
		return p.current()
	}
	return n.Base
}

// named finds the pupil of a community: the one named, else the key's own.
func (n *Neighbours) named(ctx context.Context, k perspective.Key, community string) *pupil {
	if community == "" {
		community = k.Policy.Community
	}
	id := name{k.Site, community, ""}
	if community == "" {
		id.key = k.ID
	}
	now := n.Store.Now()
	n.mu.Lock()
	known, ok := n.names[id]
	n.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.pupil
	}
	c, err := n.Store.CommunityNamed(ctx, k.Site, community, k.ID)
	switch {
	case moderation.KindOf(err) == moderation.NotFound:
		known.pupil = nil
		if community != "" && k.Policy.Community != community {
			known.pupil = n.named(ctx, k, "") // an unknown name: the key's own community
		}
	case err != nil:
		n.Log.Warn("community not looked up", "error", err)
	default:
		known.pupil = n.pupil(c)
		if known.pupil.behind(c.Seq) {
			n.catchUp(known.pupil)
		}
	}
	n.remember(id, lookup{known.pupil, now.Add(fresh)})
	return known.pupil
}

func (n *Neighbours) remember(id name, l lookup) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.names) >= maxNames {
		clear(n.names)
	}
	n.names[id] = l
}

// pupil gives the model of a community, loaded from what was saved last.
func (n *Neighbours) pupil(c store.Community) *pupil {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.pupils[c.ID]; p != nil {
		return p
	}
	if len(n.pupils) >= maxKept {
		for id := range n.pupils { // any: it is loaded again on demand
			delete(n.pupils, id)
			break
		}
		clear(n.names)
	}
	p := newPupil(c, n.Base)
	n.pupils[c.ID] = p
	return p
}

// Teach keeps a verdict and lets the community's model learn it in the background.
func (n *Neighbours) Teach(ctx context.Context, k perspective.Key, l perspective.Lesson) error {
	community := l.Community
	if community == "" {
		community = or(k.Policy.Community, "key:"+k.ID)
	}
	in := store.Suggestion{Ref: l.Ref, Comment: l.Input.Text, Parent: l.Input.Parent, Rule: worst(l.Labels), Refused: l.Refused}
	if l.Input.Article != nil {
		b, err := json.Marshal(l.Input.Article)
		if err != nil {
			return fmt.Errorf("encode the article of a suggestion: %w", err)
		}
		in.Article = string(b)
	}
	before := n.For(ctx, k, community).Assess(l.Input)
	in.Scored, in.Version, in.Base = before.Refuse, before.Version, n.Base.Assess(l.Input).Refuse
	c, isNew, err := n.Store.Suggest(ctx, k.Site, community, k.ID, in)
	if err != nil {
		return outside(fmt.Errorf("keep a suggestion: %w", err))
	}
	if c.Seq == 1 {
		n.forget(k, community)
	}
	if isNew {
		n.catchUp(n.pupil(c))
	}
	return n.erase(ctx)
}

// forget lets a community be found at once after its first suggestion.
func (n *Neighbours) forget(k perspective.Key, community string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.names, name{k.Site, community, ""})
	delete(n.names, name{k.Site, "", k.ID})
}

// worst is the rule that a suggestion says is broken most, "" for none.
func worst(labels map[moderation.Rule]float64) moderation.Rule {
	best, rule := 0.5, moderation.Rule("")
	for _, r := range moderation.Rules {
		if v, said := labels[r]; said && v >= best && (rule == "" || v > best) {
			best, rule = v, r
		}
	}
	return rule
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// Settle takes in a verdict on a comment named by its id.
func (n *Neighbours) Settle(ctx context.Context, k perspective.Key, d perspective.Settlement) error {
	lesson := perspective.Lesson{Community: d.Community, Ref: d.Ref, Refused: d.Refused}
	c, err := n.Store.CommunityNamed(ctx, k.Site, d.Community, k.ID)
	if err == nil {
		var known store.Suggestion
		if known, err = n.Store.Suggested(ctx, c.ID, d.Ref); err == nil && known.Comment != "" {
			if known.Refused == d.Refused {
				return nil
			}
			lesson.Input = inputOf(known)
			return n.Teach(ctx, k, lesson)
		}
	}
	if err != nil && moderation.KindOf(err) != moderation.NotFound {
		return outside(err)
	}
	if lesson.Input.Text, err = n.fetch(ctx, k.Policy, d.Comment); err != nil {
		return err
	}
	return n.Teach(ctx, k, lesson)
}

// erase empties texts that were kept long enough, once an hour.
func (n *Neighbours) erase(ctx context.Context) error {
	now := n.Store.Now()
	n.mu.Lock()
	due := now.Sub(n.erased) >= time.Hour
	if due {
		n.erased = now
	}
	n.mu.Unlock()
	if !due {
		return nil
	}
	if _, err := n.Store.EraseSuggestions(ctx, now.Add(-keepText)); err != nil {
		return outside(fmt.Errorf("erase old suggestions: %w", err))
	}
	return nil
}
