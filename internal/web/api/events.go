package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
)

const (
	heartbeat = 20 * time.Second // keeps proxies from closing a silent line
	lineLife  = 10 * time.Minute // then the browser connects afresh
	maxLines  = 2000             // open lines of a node; further readers poll
)

// events tells a page, as server-sent events, how many released comments its
// article has: at once, and each time its thread changes. Nothing else ever
// passes here, and a submission sends nothing.
func (a *API) events(w http.ResponseWriter, r *http.Request) error {
	art, site, err := a.of(w, r)
	if err != nil {
		return err
	}
	defer a.lines.Add(-1)
	if a.lines.Add(1) > maxLines {
		return &web.Unavailable{Status: http.StatusServiceUnavailable, Key: "error.stale", After: time.Minute}
	}
	changes, stop := a.Pages.Watch(art.ID)
	defer stop()
	control := http.NewResponseController(w)
	err = errors.Join(control.SetWriteDeadline(time.Time{}), control.SetReadDeadline(time.Time{}))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("open a line of events: %w", err)
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	l := line{w, control}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	end := time.NewTimer(lineLife)
	defer end.Stop()
	for send := true; ; {
		if send && a.tellCount(r, l, site, art.ID) != nil || !send && l.write(": still here\n\n") != nil {
			return nil // the answer has begun; the browser connects again by itself
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-end.C:
			return nil
		case <-beat.C:
			send = false
		case _, more := <-changes:
			if !more {
				return nil // the node is stopping
			}
			send = true
		}
	}
}

type line struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (l line) write(text string) error {
	if _, err := l.w.Write([]byte(text)); err != nil {
		return err
	}
	return l.control.Flush()
}

// tellCount sends the count, which is read once for all lines of an article: after
// a change they all ask at once.
func (a *API) tellCount(r *http.Request, l line, site store.Site, article string) error {
	page, err := a.Pages.Get(r.Context(), thread.Key{Article: article, Name: "line"}, func(ctx context.Context) (thread.Rendered, error) {
		counts, err := a.store.Counts(ctx, []string{article})
		return thread.Rendered{Body: strconv.AppendInt(nil, int64(counts[article]), 10), Site: site}, err
	})
	if err != nil {
		return err
	}
	return l.write(fmt.Sprintf("event: count\ndata: {\"count\":%s}\n\n", page.Body()))
}
