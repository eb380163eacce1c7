package api

import (
	"context"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

// originFor is how long an origin that some site names is known to be one, and
// maxOrigins how many are. In a rush every reader's browser asks twice, and the
// answer to the hundredth needs no look at all sites.
const (
	originFor  = 2 * time.Second
	maxOrigins = 4096
)

// origins knows the origins that sites name.
type origins struct {
	mu    sync.Mutex
	known map[string]time.Time // when it was looked up
}

// named tells whether some site names an origin.
func (o *origins) named(ctx context.Context, st *store.Store, origin string) bool {
	now := time.Now()
	o.mu.Lock()
	at, known := o.known[origin]
	o.mu.Unlock()
	if known && now.Sub(at) < originFor {
		return true
	}
	sites, err := st.Sites(ctx)
	if err != nil {
		return false // the browser keeps the answer from the page; the status is in its log
	}
	for _, s := range sites {
		for _, allowed := range s.AllowedOrigins() {
			if allowed == origin {
				o.remember(origin, now)
				return true
			}
		}
	}
	return false
}

func (o *origins) remember(origin string, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil || len(o.known) >= maxOrigins {
		o.known = map[string]time.Time{} // bounded memory
	}
	o.known[origin] = now
}
