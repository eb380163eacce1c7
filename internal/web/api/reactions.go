package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/reader"
)

// reactions gives the counts of reactions of one page of comments.
func (a *API) reactions(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	order := store.Oldest
	if s := store.Sort(q.Get("sort")); s == store.Newest || s == store.Picks {
		order = s
	}
	k := thread.Key{Article: r.PathValue("id"), Name: strings.Join([]string{"api reactions", string(order), q.Get("cursor")}, "\x00")}
	page, err := reader.Cached(a.Pages, r, k, func(ctx context.Context) (thread.Rendered, error) {
		return reader.PageReactions(ctx, a.store, r.PathValue("id"), order, q.Get("cursor"))
	})
	return a.serve(w, r, page, err)
}

// react counts a reader's reaction, or takes it back, and answers with the counts
// of the comment.
func (a *API) react(w http.ResponseWriter, r *http.Request) error {
	a.allowAny(w, r)
	counts, err := reader.TakeReaction(a.Server, r, r.PathValue("kind"), r.Method == http.MethodPut)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, map[string]any{"reactions": counts})
}
