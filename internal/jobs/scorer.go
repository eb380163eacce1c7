package jobs

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/assess/external"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// scorer is a site's external scorer, as an admin set it.
type scorer struct {
	set    store.Scorer
	client *external.Scorer

	mu    sync.Mutex
	cause string // as last noted
	noted time.Time
}

// noteEvery is how often it is noted that a scorer does as before.
const noteEvery = time.Minute

// ask asks a site's external scorer about a text; nil where the site has none.
// A scorer that does not answer is an outcome, not an error: its part is shown as
// not checked, and the comment waits like any other.
func (b *Brain) ask(ctx context.Context, t store.ToAssess) (*moderation.External, error) {
	secrets, err := b.Store.Secrets(ctx, t.Site.ID)
	if err != nil || secrets.Scorer == nil {
		return nil, err
	}
	out := &moderation.External{}
	if u, err := url.Parse(secrets.Scorer.URL); err == nil {
		out.Host = u.Host
	}
	s, err := b.scorer(t.Site.ID, *secrets.Scorer)
	if err != nil {
		out.NotChecked = external.Unusable
		return out, nil
	}
	out.Scores, out.NotChecked = s.client.Score(ctx, t.Text)
	return out, s.note(ctx, b.Store, t.Site.ID, out.NotChecked)
}

// scorer gives the client with its circuit breaker, made anew where an admin
// changed the settings.
func (b *Brain) scorer(site string, set store.Scorer) (*scorer, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.scorers[site]; s != nil && s.set == set {
		return s, nil
	}
	client, err := external.New(external.Config{URL: set.URL, Key: set.Secret, Timeout: time.Duration(set.Seconds) * time.Second, Now: b.Store.Now})
	if err != nil {
		return nil, err
	}
	s := &scorer{set: set, client: client}
	b.scorers[site] = s
	return s, nil
}

// note keeps how the scorer does where that changed, and now and then.
func (s *scorer) note(ctx context.Context, st *store.Store, site, cause string) error {
	now := st.Now()
	s.mu.Lock()
	old := !s.noted.IsZero() && cause == s.cause && now.Sub(s.noted) < noteEvery
	if !old {
		s.cause, s.noted = cause, now
	}
	s.mu.Unlock()
	if old {
		return nil
	}
	return st.NoteScorer(ctx, site, cause)
}
