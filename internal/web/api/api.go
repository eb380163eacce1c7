package api

import (
	"context"
	_ "embed" // for the description of the interface
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/reader"
	"github.com/freigabe/freigabe/internal/web/wait"
)

//go:embed openapi.json
var openapi []byte

// Hinter finds what an author may want to reconsider. It keeps nothing.
type Hinter interface {
	Hints(ctx context.Context, site store.Site, art store.Article, text string) ([]Hint, error)
}

// Hint is a passage and the rule that it may break, never a score.
type Hint struct {
	Rule     moderation.Rule
	Passages []moderation.Passage
}

// Options is what the interface stands on.
type Options struct {
	Server *web.Server
	Pages  *thread.Pages
	Wait   reader.Waiter
	Hinter Hinter  // nil: hints are off
	Public string  // as for the readers' pages
	Fetch  Fetcher // nil: unknown pages stay unknown
}

// Fetcher brings a page of one of a site's origins, with its picture if it has one.
type Fetcher func(ctx context.Context, site store.Site, address string) (article.Article, *store.Image, error)

// API serves the interface.
type API struct {
	Options
	store  *store.Store
	names  reader.Names
	signon signon.Verifier
	lines  atomic.Int64 // of events that are open

	origins origins
}

// Routes lists the routes of the interface.
func Routes(o Options) []web.Route {
	if o.Wait == nil {
		o.Wait = &wait.Estimator{Store: o.Server.Store}
	}
	a := &API{Options: o, store: o.Server.Store, names: reader.Names{Store: o.Server.Store},
		signon: signon.Verifier{Client: http.DefaultClient, Clock: o.Server.Store.Now}}
	routes := []web.Route{
		public("GET /api/v1/articles", a.articleByURL),
		public("GET /api/v1/articles/{id}", a.article),
		public("GET /api/v1/articles/{id}/comments", a.comments),
		public("POST /api/v1/articles/{id}/comments", a.submit),
		public("POST /api/v1/articles/{id}/hints", a.hints),
		public("GET /api/v1/articles/{id}/events", a.events),
		public("GET /api/v1/counts", a.counts),
		public("GET /api/v1/articles/{id}/reactions", a.reactions),
		public("PUT /api/v1/comments/{id}/reactions/{kind}", a.react),
		public("DELETE /api/v1/comments/{id}/reactions/{kind}", a.react),
		public("POST /api/v1/comments/{id}/flags", a.flag),
		public("POST /api/v1/comments/{id}/notices", a.notice),
		public("GET /api/v1/openapi.json", description),
		{Pattern: "GET /api/v1/receipts/{token}", Access: web.Secret, Handler: a.receipt},
		{Pattern: "PUT /api/v1/receipts/{token}", Access: web.Secret, Handler: a.edit},
		{Pattern: "DELETE /api/v1/receipts/{token}", Access: web.Secret, Handler: a.withdraw},
		{Pattern: "POST /api/v1/receipts/{token}/appeal", Access: web.Secret, Handler: a.appeal},
	}
	for _, path := range []string{"articles", "articles/", "counts", "comments/", "receipts/"} {
		routes = append(routes, public("OPTIONS /api/v1/"+path, a.preflight))
	}
	return routes
}

func public(pattern string, h web.Handler) web.Route {
	return web.Route{Pattern: pattern, Access: web.Public, Handler: h}
}

func description(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(openapi) // the asker has gone: nobody to tell
	return nil
}

// allow lets the origins of a site's pages read the answer.
func allow(w http.ResponseWriter, r *http.Request, site store.Site) { reader.AllowOrigin(w, r, site) }

// allowAny does so for answers that belong to no site, errors above all: any
// origin that some site names.
func (a *API) allowAny(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	if a.origins.named(r.Context(), a.store, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Expose-Headers", "Etag, Retry-After")
	}
}

// preflight answers a browser that asks what it may send.
func (a *API) preflight(w http.ResponseWriter, r *http.Request) error {
	a.allowAny(w, r)
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
		h.Set("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key, If-None-Match, Authorization")
		h.Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// articleJSON is an article as programs get it.
type articleJSON struct {
	ID        string `json:"id"`
	URL       string `json:"url,omitempty"`
	Page      string `json:"page"`
	Headline  string `json:"headline"`
	Lede      string `json:"lede"`
	Date      string `json:"date"`
	Section   string `json:"section,omitempty"`
	Publisher string `json:"publisher,omitempty"`
	Language  string `json:"language"`
	Status    string `json:"status"` // open, not_yet, closed, ended, capacity, night
	Notice    string `json:"notice,omitempty"`
	Opens     string `json:"opens_at,omitempty"`
	Closes    string `json:"closes_at,omitempty"`
	Count     int    `json:"count"`
	MaxLength int    `json:"max_length"`
	Hints     bool   `json:"hints"`
}

func (a *API) articleOut(base string, art store.Article, site store.Site) articleJSON {
	status := art.Status(a.store.Now())
	out := articleJSON{
		ID: art.ID, URL: art.Doc.URL, Page: base + "/a/" + art.ID, Headline: art.Doc.Headline, Lede: art.Doc.Lede, Date: art.Doc.Date,
		Section: art.Doc.Section, Publisher: art.Doc.Publisher, Language: site.Lang, Status: status,
		Notice: reader.ThreadNotice(site.Lang, art, status), Count: art.Released, MaxLength: site.Length(), Hints: a.Hinter != nil && !site.NoHints,
	}
	if out.Language = art.Doc.Language; out.Language == "" {
		out.Language = site.Lang
	}
	if !art.Opens.IsZero() {
		out.Opens = web.Stamp(art.Opens)
	}
	if !art.Closes.IsZero() {
		out.Closes = web.Stamp(art.Closes)
	}
	return out
}

// fail keeps an error readable for the site's own pages.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) error {
	a.allowAny(w, r)
	return reader.Anonymous(err)
}

func (a *API) article(w http.ResponseWriter, r *http.Request) error {
	id, base := r.PathValue("id"), web.PublicAddress(a.Public, r)
	page, err := reader.Cached(a.Pages, r, thread.Key{Article: id, Name: "api article\x00" + base}, func(ctx context.Context) (thread.Rendered, error) {
		art, err := a.store.Article(ctx, id)
		if err != nil {
			return thread.Rendered{}, err
		}
		return a.renderArticle(ctx, base, art)
	})
	return a.serve(w, r, page, err)
}

func (a *API) renderArticle(ctx context.Context, base string, art store.Article) (thread.Rendered, error) {
	site, err := a.store.Site(ctx, art.Site)
	if err != nil {
		return thread.Rendered{}, err
	}
	return encode(a.articleOut(base, art, site), art, site, a.store)
}

func (a *API) articleByURL(w http.ResponseWriter, r *http.Request) error {
	address, base := r.URL.Query().Get("url"), web.PublicAddress(a.Public, r)
	if len(address) > 2048 {
		return a.fail(w, r, moderation.Missing("article"))
	}
	page, err := reader.Cached(a.Pages, r, thread.Key{Name: "api url\x00" + base + "\x00" + address}, func(ctx context.Context) (thread.Rendered, error) {
		art, err := a.store.ArticleByURL(ctx, "", address)
		if moderation.KindOf(err) == moderation.NotFound {
			art, err = a.takeIn(ctx, r, address, err)
		}
		if err != nil {
			return thread.Rendered{}, err
		}
		out, err := a.renderArticle(ctx, base, art)
		out.Articles = []string{art.ID}
		return out, err
	})
	return a.serve(w, r, page, err)
}

// takeIn makes an article of a page seen for the first time, where its site wants
// that; otherwise it answers with the error given.
func (a *API) takeIn(ctx context.Context, r *http.Request, address string, unknown error) (store.Article, error) {
	u, err := url.Parse(address)
	if err != nil || a.Fetch == nil {
		return store.Article{}, unknown
	}
	sites, err := a.store.Sites(ctx)
	if err != nil {
		return store.Article{}, err
	}
	i := slices.IndexFunc(sites, func(s store.Site) bool {
		return s.AutoArticles && slices.Contains(s.AllowedOrigins(), u.Scheme+"://"+u.Host)
	})
	if i < 0 {
		return store.Article{}, unknown
	}
	sender, err := a.Server.Sender(r)
	if err != nil {
		return store.Article{}, err
	}
	if err := a.Server.Limits.Take("article", sender.Now, web.FlagRate); err != nil {
		return store.Article{}, err
	}
	doc, picture, err := a.Fetch(ctx, sites[i], address)
	if err != nil {
		return store.Article{}, unknown // a page that cannot be had is no article
	}
	doc.URL = address
	return a.store.AddArticle(ctx, store.Article{Site: sites[i].ID, Doc: doc}, picture)
}

func (a *API) serve(w http.ResponseWriter, r *http.Request, page *thread.Page, err error) error {
	if err != nil {
		return a.fail(w, r, err)
	}
	allow(w, r, page.Site)
	page.Serve(w, r)
	return nil
}

func encode(v any, art store.Article, site store.Site, st *store.Store) (thread.Rendered, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return thread.Rendered{}, fmt.Errorf("encode answer: %w", err)
	}
	return thread.Rendered{Body: append(body, '\n'), Type: "application/json; charset=utf-8", Until: thread.NextChange(art, st.Now()), Site: site}, nil
}

// commentJSON is a released comment, or the place of one that was taken down.
type commentJSON struct {
	ID       string     `json:"id"`
	Parent   string     `json:"parent_id"`
	Author   authorJSON `json:"author"`
	Text     string     `json:"text"`
	HTML     string     `json:"html"`
	Approved string     `json:"approved_at"`
	Edited   bool       `json:"edited"`
	EditedAt string     `json:"edited_at,omitempty"`
	Pick     bool       `json:"pick"`
	Replies  int        `json:"replies_count"`
	ReplyTo  string     `json:"reply_to,omitempty"`
	Depth    int        `json:"depth"`
	Language string     `json:"language"`
	URL      string     `json:"url"`
	Gone     string     `json:"gone,omitempty"` // "removed" or "withdrawn"
	GoneText string     `json:"gone_text,omitempty"`
}

type authorJSON struct {
	Name  string `json:"name"`
	Staff bool   `json:"staff"`
}

func commentOut(base, lang string, c store.Released) commentJSON {
	out := commentJSON{
		ID: c.ID, Parent: c.Parent, Author: authorJSON{c.Name, c.Staff}, Text: c.Text, Approved: web.Stamp(c.First), Edited: c.Edited,
		Pick: c.Picked, Replies: c.Replies, ReplyTo: c.ReplyTo, Depth: c.Depth, Language: c.Lang, Gone: c.Gone,
		URL: base + "/a/" + c.Article + "?k=" + c.ID + "#k" + c.ID,
	}
	if c.Edited {
		out.EditedAt = web.Stamp(c.Published)
	}
	if c.Gone != "" {
		out.GoneText = thread.GoneWords(lang, c.Gone, c.GoneRule)
	} else {
		out.HTML = string(thread.Text(nil, c.Text))
	}
	return out
}

type pageJSON struct {
	Article  articleJSON   `json:"article"`
	Count    int           `json:"count"`
	Comments []commentJSON `json:"comments"`
	Next     string        `json:"next_cursor"`
}

func (a *API) comments(w http.ResponseWriter, r *http.Request) error {
	id, q, base := r.PathValue("id"), r.URL.Query(), web.PublicAddress(a.Public, r)
	order, limit, err := orderAndLimit(q.Get("sort"), q.Get("limit"))
	if err != nil {
		return a.fail(w, r, err)
	}
	cursor := q.Get("cursor")
	name := strings.Join([]string{"api comments", base, string(order), strconv.Itoa(limit), cursor}, "\x00")
	page, err := reader.Cached(a.Pages, r, thread.Key{Article: id, Name: name}, func(ctx context.Context) (thread.Rendered, error) {
		art, site, err := a.store.InPlace(ctx, id)
		if err != nil {
			return thread.Rendered{}, err
		}
		found, next, err := a.store.Thread(ctx, id, order, limit, cursor)
		if err != nil {
			return thread.Rendered{}, err
		}
		out := pageJSON{Article: a.articleOut(base, art, site), Count: art.Released, Comments: []commentJSON{}, Next: next}
		for _, c := range found {
			out.Comments = append(out.Comments, commentOut(base, site.Lang, c))
		}
		return encode(out, art, site, a.store)
	})
	return a.serve(w, r, page, err)
}

// maxPage is the greatest number of comments in one answer.
const maxPage = 100

func orderAndLimit(sort, limit string) (store.Sort, int, error) {
	n := thread.PageSize
	if limit != "" {
		var err error
		if n, err = strconv.Atoi(limit); err != nil || n < 1 {
			return "", 0, moderation.BadField("limit", "error.limit_number")
		}
		n = min(n, maxPage) // whoever asks for more goes on with the cursor
	}
	switch s := store.Sort(sort); s {
	case "":
		return store.Oldest, n, nil
	case store.Oldest, store.Newest, store.Picks:
		return s, n, nil
	}
	return "", 0, moderation.BadField("sort", "error.sort")
}

// counts gives the number of released comments of each article that exists.
func (a *API) counts(w http.ResponseWriter, r *http.Request) error {
	ids := r.URL.Query()["id"]
	if len(ids) == 0 || len(ids) > 100 {
		return a.fail(w, r, moderation.BadField("id", "error.ids"))
	}
	page, err := reader.Cached(a.Pages, r, thread.Key{Name: "api counts\x00" + strings.Join(ids, "\x00")}, func(ctx context.Context) (thread.Rendered, error) {
		counts, err := a.store.Counts(ctx, ids)
		if err != nil {
			return thread.Rendered{}, err
		}
		out, err := encode(map[string]any{"counts": counts}, store.Article{}, store.Site{}, a.store)
		out.Articles = ids
		return out, err
	})
	if err != nil {
		return a.fail(w, r, err)
	}
	a.allowAny(w, r)
	page.Serve(w, r)
	return nil
}
