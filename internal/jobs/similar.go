package jobs

import (
	"context"
	"net/url"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/store"
)

// similarDays is how far back near-identical texts are looked for.
const similarDays = 7 * 24 * time.Hour

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
