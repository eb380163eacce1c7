package main

import (
	"context"
	"net/http"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/purge"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web/api"
	"github.com/freigabe/freigabe/internal/web/desk"
	"github.com/freigabe/freigabe/internal/web/reader"
	"github.com/freigabe/freigabe/internal/web/wait"
)

// pageMemory bounds the readers' pages kept in memory, in bytes.
const pageMemory = 64 << 20

// wire joins the parts of a node. It is the one place that knows them all.
func (n *node) wire(_ context.Context) error {
	if n.set.only == "score" {
		n.wireScore()
		return nil
	}
	brain := jobs.NewBrain(n.store, n.log)
	n.runner = &jobs.Runner{Store: n.store, Log: n.log, Assessor: brain, Learner: brain, Lease: n.set.lease}
	n.runner.Handle("calm", brain.Calm)
	if n.server.Limits != nil {
		busy := n.server.Limits.Pressure.Busy
		n.runner.Busy, brain.Busy = busy, busy
	}
	pages := thread.New(n.store, pageMemory)
	n.watch.registry.MustRegister(pagesOf(pages))
	if len(n.caches) > 0 {
		pages.Tag(purge.Tag)
		n.runner.Purger = &jobs.Purger{Caches: n.caches, Public: n.set.public}
	}
	waits := &wait.Estimator{Store: n.store}
	box, err := n.wirePost(waits)
	if err != nil {
		return err
	}
	n.loops = append(n.loops, n.runner.Run, pages.Run, brain.Run)
	n.server.Handle(reader.Routes(reader.Options{Server: n.server, Pages: pages, Wait: waits, Public: n.set.public, Mailbox: box, Mails: n.runner.Teller != nil})...)
	n.server.Handle(api.Routes(api.Options{Server: n.server, Pages: pages, Wait: waits, Public: n.set.public, Hinter: hinter{brain}, Fetch: fetchArticle})...)
	n.server.Handle(desk.Routes(n.server, desk.Options{Fetch: fetchArticle, Public: n.set.public, OIDC: n.set.oidc, Wait: waits, Pages: pages, Texts: brain.Texts, Mails: n.set.smtp != ""})...)
	score, finish := scoreRoutes(n.store, n.server, n.watch.registry)
	n.finish = finish
	n.server.Handle(score...)
	return nil
}

// hinter gives the brain's hints the rules' order.
type hinter struct{ brain *jobs.Brain }

// Hints lists what an author may want to reconsider.
func (h hinter) Hints(ctx context.Context, site store.Site, art store.Article, text string) ([]api.Hint, error) {
	found, err := h.brain.Hints(ctx, site, art, text)
	var out []api.Hint
	for _, rule := range moderation.Rules {
		if p := found[rule]; len(p) > 0 {
			out = append(out, api.Hint{Rule: rule, Passages: p})
		}
	}
	return out, err
}

// fetchArticle brings a page of the site's own origins, with its picture. An
// article whose picture cannot be had is taken in without it.
func fetchArticle(ctx context.Context, site store.Site, address string) (article.Article, *store.Image, error) {
	doc, err := article.Fetch(ctx, http.DefaultClient, address, site.AllowedOrigins())
	if err != nil || doc.Image == nil || doc.Image.Src == "" {
		return doc, nil, err
	}
	b, kind, failed := article.FetchImage(ctx, http.DefaultClient, doc.Image.Src, site.AllowedOrigins())
	if failed != nil {
		return doc, nil, nil
	}
	return doc, &store.Image{Type: kind, Bytes: b}, nil
}
