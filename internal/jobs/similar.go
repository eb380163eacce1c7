package jobs

import (
	"context"
	"net/url"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/store"
)

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

// similar finds near-identical texts of the last days.
func (b *Brain) similar(ctx context.Context, t store.ToAssess, print uint64) ([]assess.Similar, error) {
	near, err := b.Texts.Near(ctx, t.Site.ID, t.Comment, t.Author, print, assess.NearlySame, assess.EnoughSimilar)
	out := make([]assess.Similar, 0, len(near))
	for _, n := range near {
		out = append(out, assess.Similar{ID: n.Comment, OtherAuthor: n.OtherAuthor, Distance: n.Distance})
	}
	return out, err
}
