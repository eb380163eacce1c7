package main

import (
	"context"
	"net/http"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web/api"
	"github.com/freigabe/freigabe/internal/web/desk"
	"github.com/freigabe/freigabe/internal/web/reader"
)

// pageMemory bounds the readers' pages kept in memory, in bytes.
const pageMemory = 64 << 20

// wire joins the parts of a node. It is the one place that knows them all.
func (n *node) wire(ctx context.Context) error {
	brain := jobs.NewBrain(n.store, n.log)
	n.runner = &jobs.Runner{Store: n.store, Log: n.log, Assessor: brain, Learner: brain}
	pages := thread.New(n.store, pageMemory)
	n.loops = append(n.loops, n.runner.Run, pages.Run)
	n.server.Handle(reader.Routes(reader.Options{Server: n.server, Pages: pages})...)
	n.server.Handle(api.Routes(api.Options{Server: n.server, Pages: pages})...)
	n.server.Handle(desk.Routes(n.server, desk.Options{Fetch: fetchArticle})...)
	return nil
}

// fetchArticle brings a page of the site's own origins, with its picture.
func fetchArticle(ctx context.Context, site store.Site, address string) (article.Article, *store.Image, error) {
	doc, err := article.Fetch(ctx, http.DefaultClient, address, site.AllowedOrigins())
	if err != nil || doc.Image == nil || doc.Image.Src == "" {
		return doc, nil, err
	}
	b, kind, err := article.FetchImage(ctx, http.DefaultClient, doc.Image.Src, site.AllowedOrigins())
	if err != nil {
		return doc, nil, nil //nolint:nilerr // an article without its picture is better than none
	}
	return doc, &store.Image{Type: kind, Bytes: b}, nil
}
