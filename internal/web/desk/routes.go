package desk

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/freigabe/freigabe/internal/alike"
	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/frozen"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/wait"
)

// Options are what the desk needs beside the server.
type Options struct {
	// Fetch brings a page of one of the site's own origins as an article, with its
	// picture where there is one. Nil: articles come as text or file only.
	Fetch func(ctx context.Context, site store.Site, address string) (article.Article, *store.Image, error)
	// Wait knows the model behind the waiting times that readers see. Nil: an own one.
	Wait *wait.Estimator
	// Texts finds near-identical texts. Nil: an own one.
	Texts *alike.Texts
	// Pages are the readers' pages in memory, whose size the page of health shows.
	// Nil: it does not.
	Pages *thread.Pages

	Public string // public address of this installation; "": as asked
	OIDC   OIDC   // the publisher's own provider; the zero value: none
	Mails  bool   // a mail server brings people of the desk their links
}

// claimLife is how long a comment stays on a screen that shows no sign of life.
const claimLife = 2 * time.Minute

// Desk answers the requests to the desk.
type Desk struct {
	srv    *web.Server
	store  *store.Store
	fetch  func(ctx context.Context, site store.Site, address string) (article.Article, *store.Image, error)
	hashes chan struct{} // bounds how many passwords are hashed at once
	public string
	oidc   OIDC
	mails  bool

	provider  *signon.OIDC
	frozen    *scores
	estimator *wait.Estimator
	pages     *thread.Pages
	texts     *alike.Texts

	counts  kept[map[string]int] // of what waits, by reach
	views   kept[map[string]int] // of what kept views hold, by person and views
	guides  kept[store.Guide]    // in force, by site
	reports kept[assess.Report]  // of models, by site
}

// For how long the desk believes what it has read. Counting a million rows takes
// longer than showing a page; guides and reports change rarely.
const (
	countsFor  = 2 * time.Second
	viewsFor   = 10 * time.Second
	guidesFor  = 3 * time.Second
	reportsFor = 5 * time.Second
)

// newDesk is a desk that has read nothing yet.
func newDesk(srv *web.Server) *Desk {
	now := srv.Store.Now
	return &Desk{
		srv: srv, store: srv.Store,
		texts:   alike.New(srv.Store),
		hashes:  make(chan struct{}, 4),
		frozen:  newScores(frozen.New(assess.Default())),
		counts:  kept[map[string]int]{life: countsFor, now: now},
		views:   kept[map[string]int]{life: viewsFor, now: now},
		guides:  kept[store.Guide]{life: guidesFor, now: now},
		reports: kept[assess.Report]{life: reportsFor, now: now},
	}
}

// Routes lists the desk's routes, and lets the server show errors of the desk's
// pages in the desk's frame.
func Routes(srv *web.Server, o Options) []web.Route {
	d := newDesk(srv)
	d.texts, d.estimator = cmp.Or(o.Texts, d.texts), cmp.Or(o.Wait, &wait.Estimator{Store: srv.Store})
	d.fetch, d.public, d.oidc, d.pages, d.mails = o.Fetch, o.Public, o.OIDC, o.Pages, o.Mails
	d.provider = &signon.OIDC{Client: &http.Client{}, Clock: srv.Store.Now}
	srv.DeskError = d.showError
	routes := []web.Route{
		{Pattern: "GET /desk/login", Access: web.Public, Handler: d.loginPage},
		{Pattern: "POST /desk/login", Access: web.Public, Handler: d.login},
		{Pattern: "POST /desk/logout", Access: web.Desk, Handler: d.logout},
		{Pattern: "GET /desk", Access: web.Desk, Handler: toDesk},
		{Pattern: "GET /desk/{$}", Access: web.Desk, Handler: d.triage},
		{Pattern: "POST /desk/later", Access: web.Desk, Handler: d.later},
		{Pattern: "POST /desk/lease", Access: web.Desk, Handler: d.lease},
		{Pattern: "POST /desk/release", Access: web.Desk, Handler: d.release},
		{Pattern: "GET /desk/events", Access: web.Desk, Handler: d.events},
		{Pattern: "GET /desk/queue", Access: web.Desk, Handler: d.queuePage},
		{Pattern: "GET /desk/comments/{id}", Access: web.Desk, Handler: d.commentPage},
		{Pattern: "POST /desk/comments/{id}", Access: web.Desk, Handler: d.decideForm},
		{Pattern: "POST /desk/comments/{id}/letter", Access: web.Desk, Handler: d.letterPage},
		{Pattern: "GET /desk/articles", Access: web.Desk, Handler: d.articlesPage},
		{Pattern: "POST /desk/articles", Access: web.Desk, Handler: d.addArticle},
		{Pattern: "GET /desk/articles/{id}", Access: web.Desk, Handler: d.articlePage},
		{Pattern: "POST /desk/articles/{id}", Access: web.Desk, Handler: d.saveArticle},
		{Pattern: "GET /desk/bundles", Access: web.Desk, Handler: d.bundlesPage},
		{Pattern: "POST /desk/bundles", Access: web.Desk, Handler: d.makeBundle},
		{Pattern: "POST /desk/bundles/settings", Access: web.Desk, Handler: d.setBundles},
		{Pattern: "GET /desk/bundles/{id}", Access: web.Desk, Handler: d.bundlePage},
		{Pattern: "POST /desk/bundles/{id}", Access: web.Desk, Handler: d.stepBundle},
		{Pattern: "GET /desk/stats", Access: web.Desk, Handler: d.statsPage},
		{Pattern: "GET /desk/staffing", Access: web.Desk, Handler: d.staffingPage},
		{Pattern: "POST /desk/staffing", Access: web.Chief, Handler: d.saveStaffing},
		{Pattern: "GET /desk/health", Access: web.Admin, Handler: d.healthPage},
		{Pattern: "GET /desk/model", Access: web.Desk, Handler: d.machinePage},
		{Pattern: "POST /desk/model", Access: web.Admin, Handler: d.setMachine},
		{Pattern: "GET /desk/authors/{id}", Access: web.Desk, Handler: d.authorPage},
		{Pattern: "POST /desk/authors/{id}", Access: web.Desk, Handler: d.measureAuthor},
		{Pattern: "GET /desk/section", Access: web.Desk, Handler: d.sectionPage},
		{Pattern: "POST /desk/section", Access: web.Chief, Handler: d.saveSection},
		{Pattern: "GET /desk/reasons", Access: web.Desk, Handler: d.reasonsPage},
		{Pattern: "POST /desk/reasons", Access: web.Chief, Handler: d.saveReasons},
		{Pattern: "GET /desk/similar/{id}", Access: web.Desk, Handler: d.similarPage},
		{Pattern: "POST /desk/similar/{id}", Access: web.Desk, Handler: d.decideSimilar},
		{Pattern: "GET /desk/notices", Access: web.Desk, Handler: d.noticesPage},
		{Pattern: "POST /desk/notices/{id}", Access: web.Desk, Handler: d.answerNotice},
		{Pattern: "GET /desk/settings", Access: web.Desk, Handler: d.settingsPage},
		{Pattern: "POST /desk/settings", Access: web.Desk, Handler: d.saveSettings},
		{Pattern: "POST /desk/sessions", Access: web.Desk, Handler: inPerson(d.endSession)},
		{Pattern: "POST /desk/sessions/others", Access: web.Desk, Handler: inPerson(d.endOthers)},
		{Pattern: "GET /desk/help", Access: web.Desk, Handler: d.helpPage},

		{Pattern: "GET /api/v1/desk/queue", Access: web.Desk, Handler: d.queueJSON},
		{Pattern: "GET /api/v1/desk/comments/{id}", Access: web.Desk, Handler: d.commentJSON},
		{Pattern: "POST /api/v1/desk/comments/{id}/{step}", Access: web.Desk, Handler: d.decideJSON},
		{Pattern: "POST /api/v1/desk/batches", Access: web.Desk, Handler: d.batchJSON},
	}
	return append(append(routes, d.identity()...), d.sharedRoutes()...)
}

// sharedRoutes are the pages by which a desk finds a common line.
func (d *Desk) sharedRoutes() []web.Route {
	return []web.Route{
		{Pattern: "POST /desk/filters", Access: web.Desk, Handler: d.saveFilter},
		{Pattern: "GET /desk/guide", Access: web.Desk, Handler: d.guidePage},
		{Pattern: "GET /desk/guide/draft", Access: web.Chief, Handler: d.draftPage},
		{Pattern: "POST /desk/guide/draft", Access: web.Chief, Handler: d.saveDraft},
		{Pattern: "GET /desk/guide/trial", Access: web.Chief, Handler: d.trialPage},
		{Pattern: "POST /desk/guide/switch", Access: web.Chief, Handler: d.switchGuide},
		{Pattern: "GET /desk/second", Access: web.Desk, Handler: d.secondPage},
		{Pattern: "POST /desk/second", Access: web.Chief, Handler: d.setDoubles},
		{Pattern: "POST /desk/doubles/{id}", Access: web.Desk, Handler: d.judgeForm},
		{Pattern: "GET /desk/rounds", Access: web.Desk, Handler: d.roundsPage},
		{Pattern: "POST /desk/rounds", Access: web.Chief, Handler: d.openRound},
		{Pattern: "GET /desk/rounds/{id}", Access: web.Desk, Handler: d.roundPage},
		{Pattern: "POST /desk/rounds/{id}", Access: web.Desk, Handler: d.answerCase},
		{Pattern: "POST /desk/rounds/{id}/close", Access: web.Chief, Handler: d.closeRound},
		{Pattern: "POST /desk/cases", Access: web.Chief, Handler: d.saveCase},
		{Pattern: "POST /desk/objections/{id}", Access: web.Desk, Handler: d.answerObjection},
	}
}

// inPerson keeps programs out: a key decides as its editor, but it must not become
// a way to sign in as them, or to let others in.
func inPerson(h web.Handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if web.WhoOf(r).ByKey() {
			return &moderation.Error{Kind: moderation.Forbidden, Key: "error.key_scope"}
		}
		return h(w, r)
	}
}

// identity lists the routes about who works at the desk and how they sign in.
func (d *Desk) identity() []web.Route {
	return []web.Route{
		{Pattern: "POST /desk/login/passkey/options", Access: web.Public, Handler: d.loginOptions},
		{Pattern: "POST /desk/login/passkey", Access: web.Public, Handler: d.loginPasskey},
		{Pattern: "GET /desk/oidc", Access: web.Public, Handler: d.oidcStart},
		{Pattern: "GET /desk/oidc/callback", Access: web.Public, Handler: d.oidcBack},
		{Pattern: "GET /desk/entry/{token}", Access: web.Secret, Handler: d.entryPage},
		{Pattern: "POST /desk/entry/{token}", Access: web.Secret, Handler: d.entry},
		{Pattern: "GET /desk/account", Access: web.Desk, Handler: d.accountPage},
		{Pattern: "POST /desk/password", Access: web.Desk, Handler: inPerson(d.changePassword)},
		{Pattern: "POST /desk/passkeys/options", Access: web.Desk, Handler: inPerson(d.passkeyOptions)},
		{Pattern: "POST /desk/passkeys", Access: web.Desk, Handler: inPerson(d.addPasskey)},
		{Pattern: "POST /desk/passkeys/change", Access: web.Desk, Handler: inPerson(d.changePasskeys)},
		{Pattern: "GET /desk/readers", Access: web.Desk, Handler: d.readersPage},
		{Pattern: "POST /desk/readers", Access: web.Chief, Handler: inPerson(d.saveReaders)},
		{Pattern: "GET /desk/people", Access: web.Desk, Handler: d.peoplePage},
		{Pattern: "POST /desk/people", Access: web.Chief, Handler: inPerson(d.addPerson)},
		{Pattern: "GET /desk/people/{id}", Access: web.Chief, Handler: d.personPage},
		{Pattern: "POST /desk/people/{id}", Access: web.Chief, Handler: inPerson(d.changePerson)},
	}
}

func toDesk(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/desk/", http.StatusSeeOther)
	return nil
}

// admitted checks that the comment's article lies within reach of the person, and
// of the key where there is one; to anyone else the comment does not exist.
func (d *Desk) admitted(r *http.Request, comment string) error {
	site, section, err := d.store.PlaceOf(r.Context(), comment)
	if err != nil {
		return err
	}
	if !web.WhoOf(r).Sees(site, section) {
		return moderation.Missing("comment")
	}
	return nil
}

// ruled narrows a filter to what lies within reach of the person and the key.
// Where they have no site in common, nothing is left.
func ruled(who web.Who, f store.QueueFilter) store.QueueFilter {
	f.Reach, f.Site = who.Reach(), who.Reach().Only()
	return f
}
