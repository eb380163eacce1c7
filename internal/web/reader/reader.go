package reader

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/freigabe/freigabe/frontend"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/wait"
)

// Waiter says how long a comment will probably wait: what its author is promised
// at submission, and that promise later. It is never given the comment's text.
type Waiter interface {
	Promise(ctx context.Context, site store.Site) (store.Promise, error)
	For(ctx context.Context, rec store.Receipt) (wait.Range, error)
}

// Options is what the readers' pages stand on.
type Options struct {
	Server  *web.Server
	Pages   *thread.Pages
	Wait    Waiter                          // nil: by the record and the opening hours
	Public  string                          // public address, such as https://kommentare.example; "": as asked
	Mailbox *mail.Catcher                   // of the demo, shown at /demo/mail; nil: there is no such page
	Mails   bool                            // mails can be sent: digests and news of answers are offered
	Ready   func(ctx context.Context) error // nil, or says why the node should get no requests yet
}

// Reader serves the readers' pages.
type Reader struct {
	Options
	store    *store.Store
	names    Names
	signon   signon.Verifier
	provider signon.OIDC
}

// Routes lists the readers' routes.
func Routes(o Options) []web.Route {
	if o.Wait == nil {
		o.Wait = &wait.Estimator{Store: o.Server.Store}
	}
	rd := &Reader{Options: o, store: o.Server.Store, names: Names{Store: o.Server.Store},
		signon:   signon.Verifier{Client: http.DefaultClient, Clock: o.Server.Store.Now},
		provider: signon.OIDC{Client: http.DefaultClient, Clock: o.Server.Store.Now}}
	get := func(path string, h web.Handler) web.Route {
		return web.Route{Pattern: "GET " + path, Access: web.Public, Handler: h}
	}
	post := func(path string, h web.Handler) web.Route {
		return web.Route{Pattern: "POST " + path, Access: web.Public, Handler: h}
	}
	routes := []web.Route{
		get("/{$}", rd.front),
		get("/a/{id}", rd.article),
		post("/a/{id}", rd.submit),
		get("/report/{id}", rd.reportForm),
		post("/report/{id}", rd.report),
		get("/notice/{id}", rd.noticeForm),
		post("/notice/{id}", rd.notice),
		get("/react/{id}", rd.reactions),
		post("/react/{id}", rd.react),
		get("/policy", rd.policy),
		get("/feeds/{file}", rd.feed),
		get("/embed/articles/{id}", rd.fragment),
		get("/embed.js", fixed("embed.js")),
		get("/embed.css", fixed("embed.css")),
		get("/count.js", fixed("count.js")),
		get("/static/", static),
		get("/images/{id}", rd.picture),
		get("/healthz", healthy),
		get("/readyz", rd.ready),
		{Pattern: "GET /receipts/{token}", Access: web.Secret, Handler: rd.receipt},
		{Pattern: "POST /receipts/{token}", Access: web.Secret, Handler: rd.receiptStep},
		get("/mine", rd.mineForm),
		post("/mine", rd.mine),
		{Pattern: "GET /mine/{token}", Access: web.Secret, Handler: rd.mineList},
		get("/signin/{id}", rd.signInForm),
		post("/signin/{id}", rd.signInByMail),
		get("/signin/{id}/oidc", rd.oidcStart),
		get("/signin/oidc/callback", rd.oidcBack),
		post("/signin/{id}/name", rd.chooseName),
		{Pattern: "GET /signed-in/{token}", Access: web.Secret, Handler: rd.mailedSignIn},
		{Pattern: "GET /receipts/{token}/again", Access: web.Secret, Handler: rd.again},
		{Pattern: "GET /verify/{token}", Access: web.Secret, Handler: rd.verifyPage},
		{Pattern: "POST /verify/{token}", Access: web.Secret, Handler: rd.verify},
		{Pattern: "GET /notices/{token}", Access: web.Secret, Handler: rd.noticeReceipt},
		{Pattern: "GET /confirm/{token}", Access: web.Secret, Handler: rd.wishPage(store.NotifyConfirmed)},
		{Pattern: "POST /confirm/{token}", Access: web.Secret, Handler: rd.wish(store.NotifyConfirmed)},
		{Pattern: "GET /unsubscribe/{token}", Access: web.Secret, Handler: rd.wishPage("")},
		{Pattern: "POST /unsubscribe/{token}", Access: web.Secret, Handler: rd.wish("")},
	}
	return append(routes, rd.otherRoutes()...)
}

// otherRoutes are there where mails can be sent, and in the demo.
func (rd *Reader) otherRoutes() (routes []web.Route) {
	if rd.Mailbox != nil {
		for path, h := range map[string]web.Handler{"/demo/mail": rd.mailbox, "/demo/{slug}": rd.original, "/impressum": rd.notePage("imprint"), "/datenschutz": rd.notePage("privacy")} {
			routes = append(routes, web.Route{Pattern: "GET " + path, Access: web.Public, Handler: h})
		}
	}
	if !rd.Mails {
		return routes
	}
	return append(routes, []web.Route{
		{Pattern: "GET /digest", Access: web.Public, Handler: rd.digestForm},
		{Pattern: "POST /digest", Access: web.Public, Handler: rd.digest},
		{Pattern: "GET /digest/confirm/{token}", Access: web.Secret, Handler: rd.digestPage(false)},
		{Pattern: "POST /digest/confirm/{token}", Access: web.Secret, Handler: rd.digestStep(false)},
		{Pattern: "GET /digest/end/{token}", Access: web.Secret, Handler: rd.digestPage(true)},
		{Pattern: "POST /digest/end/{token}", Access: web.Secret, Handler: rd.digestStep(true)},
	}...)
}

// base is the address that links from elsewhere begin with.
func (rd *Reader) base(r *http.Request) string { return web.PublicAddress(rd.Public, r) }

// Cached answers with a page from memory, rendered where it is not there.
func Cached(pages *thread.Pages, r *http.Request, k thread.Key, render func(context.Context) (thread.Rendered, error)) (*thread.Page, error) {
	page, err := pages.Recent(r.Context(), k, render)
	if err == thread.ErrStale {
		return nil, &web.Unavailable{Status: http.StatusServiceUnavailable, Key: "error.stale", After: time.Second}
	}
	return page, err
}

func (rd *Reader) cached(w http.ResponseWriter, r *http.Request, k thread.Key, render func(context.Context) (thread.Rendered, error)) error {
	page, err := Cached(rd.Pages, r, k, render)
	if err != nil {
		return err
	}
	page.Serve(w, r)
	return nil
}

// cleanID is an id from an address, "" where it cannot be one.
func cleanID(id string) string {
	if len(id) > 40 || strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return id
}

// lang is the language that the address asks for, "" for the site's.
func lang(q url.Values) string {
	if l := q.Get("lang"); l == "de" || l == "en" {
		return l
	}
	return ""
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// fixed serves an asset under an address that publishers write into their pages.
func fixed(name string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, ok := frontend.Lookup(name)
		if !ok {
			return moderation.Missing("page")
		}
		forOtherHosts(w)
		a.Serve(w, r, frontend.Briefly)
		return nil
	}
}

var assets = frontend.Handler()

func static(w http.ResponseWriter, r *http.Request) error {
	forOtherHosts(w)
	assets.ServeHTTP(w, r)
	return nil
}

// forOtherHosts: scripts and styles hold nothing of anyone and may be loaded from
// any page.
func forOtherHosts(w http.ResponseWriter) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// picture serves an article's picture; its address never gets another content.
func (rd *Reader) picture(w http.ResponseWriter, r *http.Request) error {
	img, err := rd.store.Picture(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", img.Type)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cache-Control", frontend.Forever)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, _ = w.Write(img.Bytes) // the reader has gone: nobody to tell
	return nil
}

func healthy(w http.ResponseWriter, _ *http.Request) error {
	return plain(w, "ok\n")
}

func (rd *Reader) ready(w http.ResponseWriter, r *http.Request) error {
	if rd.Ready != nil {
		if err := rd.Ready(r.Context()); err != nil {
			return &web.Unavailable{Status: http.StatusServiceUnavailable, Key: "error.starting", After: time.Second}
		}
	}
	if err := rd.Pages.Fresh(r.Context()); err != nil {
		return &web.Unavailable{Status: http.StatusServiceUnavailable, Key: "error.stale", After: time.Second}
	}
	return plain(w, "ready\n")
}

func plain(w http.ResponseWriter, words string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(words)) // the asker has gone: nobody to tell
	return nil
}
