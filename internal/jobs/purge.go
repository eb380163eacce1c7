package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/purge"
	"github.com/freigabe/freigabe/internal/store"
)

// Purger tells the caches in front of Freigabe what has changed.
type Purger struct {
	Caches []purge.Cache
	Public string // the address that readers know, by which caches know their pages
}

const (
	purgeLease = 20 * time.Second
	purgeTries = 12 // with the pauses between, more than an hour
)

// purgeClient waits for no cache so long that the lease ends.
var purgeClient = &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// purge tells every cache of one change. Where one fails all are told again:
// telling twice is harmless.
func (r *Runner) purge(ctx context.Context, j store.Job) error {
	if r.Purger == nil {
		return nil // no cache any more
	}
	parts := strings.Split(j.Key, "/")
	if len(parts) != 3 {
		return fmt.Errorf("job key %q names no page", j.Key)
	}
	var failed error
	for _, c := range r.Purger.Caches {
		failed = errors.Join(failed, purge.Send(ctx, purgeClient, c, purge.Change{Site: parts[0], Article: parts[1]}, r.Purger.Public))
	}
	if failed != nil && j.Attempts >= purgeTries {
		r.Log.Error("purging given up", "attempts", j.Attempts, "error", failed)
		return nil
	}
	return failed
}
