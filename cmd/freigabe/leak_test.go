package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"pgregory.net/rapid"
)

// house is a whole node with a site, an article and people, and what its readers
// may know.
type house struct {
	t        testing.TB
	stop     func() // ends the node; a test of many houses ends each with its history
	n        *node
	site     store.Site
	article  string
	people   []store.Editor
	posted   []store.Submitted
	texts    map[string]map[int]string // by comment and revision
	names    map[string]string
	released map[string]string // the text that readers may see, by comment
	ever     map[string]bool   // texts that were released at some time: letters of that time may tell of them
	box      *mail.Catcher     // every letter that was sent
	asked    []store.Submitted // whose ids the next crawl asks for
	count    int
	steps    int
}

func newHouse(t testing.TB, dsn, hold string) *house {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	n, err := newNode(ctx, &settings{db: dsn, addr: "127.0.0.1:0", hold: hold, limits: "off", data: t.TempDir()}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- n.serve(ctx, func(string) {}) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	h := &house{t: t, n: n, stop: stop, texts: map[string]map[int]string{}, names: map[string]string{}, released: map[string]string{}, ever: map[string]bool{},
		box: n.runner.Teller.(*jobs.Postman).Sender.(*mail.Catcher)}
	no := 0.0
	if h.site, err = n.store.AddSite(ctx, store.Site{Name: "blatt", Origin: "https://blatt.example", Settings: store.Settings{BlindPercent: &no, Extra: store.Extra{"reader": json.RawMessage(`{"who":["guest","email","oidc"],"avatars":"initials","reactions":["helpful"]}`)}}}); err != nil {
		t.Fatal(err)
	}
	for i, role := range []moderation.Role{moderation.Editor, moderation.Editor, moderation.Chief} {
		e, err := n.store.AddEditor(ctx, store.Editor{Email: fmt.Sprintf("e%d@blatt.example", i), Name: "Redaktion", Role: role})
		if err != nil {
			t.Fatal(err)
		}
		h.people = append(h.people, e)
	}
	doc := article.Article{Headline: "Die Brücke", Lede: "Sie wird saniert.", URL: "https://blatt.example/a", Date: "2026-11-20", Blocks: []article.Block{{Kind: "paragraph", Text: "Ab Mai."}}}
	a, err := n.store.AddArticle(ctx, store.Article{Site: h.site.ID, Doc: doc}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.article = a.ID
	h.eventually("readiness", func() bool { return h.get("/readyz").Code == http.StatusOK })
	h.subscribe(store.Subscription{Site: h.site.ID, Kind: store.ThreadDigest, Article: h.article, Email: digestReader, Lang: "de"})
	return h
}

// digestReader gets the thread's digest.
const digestReader = "digest@leser.example"

// subscribe orders a digest and confirms it by the mailed link.
func (h *house) subscribe(x store.Subscription) {
	h.t.Helper()
	ctx := context.Background()
	if err := h.n.store.Subscribe(ctx, x); err != nil {
		h.t.Fatal(err)
	}
	h.eventually("the letter that asks", func() bool { return len(h.box.Messages()) > 0 })
	_, after, _ := strings.Cut(h.box.Messages()[0].Text, "/digest/confirm/")
	s, err := h.n.store.ByDigestToken(ctx, strings.Fields(after)[0])
	if err == nil {
		err = h.n.store.ConfirmDigest(ctx, s.ID)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// eventually waits for a condition; promise: two seconds are enough.
func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (h *house) get(path string) *httptest.ResponseRecorder {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	if strings.HasSuffix(path, h.article+"/events") { // the one line that stays open; any other is answered
		ctx, cancel = context.WithTimeout(context.Background(), 200*time.Millisecond)
	}
	defer cancel()
	rec := httptest.NewRecorder()
	h.n.server.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, "GET", "http://kommentare.example"+path, nil))
	return rec
}

func (h *house) secret() string {
	h.count++
	return fmt.Sprintf("Geheimwort%dEnde", h.count)
}

func (h *house) submit(t *rapid.T) {
	text, name := h.secret(), h.secret()
	parent := ""
	if ids := slices.Sorted(maps.Keys(h.released)); len(ids) > 0 && rapid.Bool().Draw(t, "reply") {
		parent = rapid.SampledFrom(ids).Draw(t, "parent")
		h.eventually("the parent to be public", func() bool { return h.shows() == "" })
	}
	out, err := h.n.store.Submit(context.Background(), store.Submission{Article: h.article, Parent: parent, Text: text, Name: name, Email: mailOf(text), Notify: store.NotifyConfirmed})
	if err != nil {
		t.Fatal(err)
	}
	h.posted = append(h.posted, out)
	h.texts[out.Comment], h.names[out.Comment] = map[int]string{1: text}, name
}

func (h *house) decide(t *rapid.T) {
	if len(h.posted) == 0 {
		return
	}
	req := store.Request{
		Comment: rapid.SampledFrom(h.posted).Draw(t, "comment").Comment,
		Actor:   rapid.SampledFrom(h.people).Draw(t, "who").Actor(),
		Step: rapid.SampledFrom([]moderation.Step{moderation.Approve, moderation.Approve, moderation.Approve, moderation.Reject, moderation.Return, moderation.Decline,
			moderation.Escalate, moderation.Remove, moderation.Restore, moderation.Reconsider, moderation.Uphold, moderation.Overturn, moderation.Undo}).Draw(t, "step"),
		Rule: moderation.Digression, Reason: "capacity",
	}
	res, err := h.n.store.Apply(context.Background(), req)
	if err != nil {
		if moderation.KindOf(err) == 0 {
			t.Fatal(err)
		}
		return
	}
	switch res.Decision.Step {
	case moderation.Approve, moderation.Overturn, moderation.Restore:
		if !res.Decision.Held(h.n.store.Now()) {
			h.released[req.Comment] = h.texts[req.Comment][res.Revision]
			h.ever[h.released[req.Comment]], h.ever[h.names[req.Comment]] = true, true
		}
	case moderation.Remove:
		delete(h.released, req.Comment)
	}
}

func (h *house) author(t *rapid.T) {
	if len(h.posted) == 0 {
		return
	}
	p := rapid.SampledFrom(h.posted).Draw(t, "comment")
	r, err := h.n.store.Receipt(context.Background(), p.Token)
	if err != nil {
		t.Fatal(err)
	}
	text := h.secret()
	req := store.Request{Comment: p.Comment, Actor: moderation.Actor{ID: r.Author, Role: moderation.Author}, Text: text, Reason: text,
		Step: rapid.SampledFrom([]moderation.Step{moderation.Edit, moderation.Resubmit, moderation.Withdraw, moderation.Appeal}).Draw(t, "step")}
	res, err := h.n.store.Apply(context.Background(), req)
	if err != nil {
		if moderation.KindOf(err) == 0 {
			t.Fatal(err)
		}
		return
	}
	switch req.Step {
	case moderation.Withdraw:
		delete(h.released, p.Comment)
	case moderation.Edit, moderation.Resubmit:
		h.texts[p.Comment][res.Revision] = text
	}
}

func mailOf(text string) string { return strings.ToLower(text) + "@leser.example" }

// react lets a reader react to any comment, released or not.
func (h *house) react(t *rapid.T) {
	if len(h.posted) == 0 {
		return
	}
	id := rapid.SampledFrom(h.posted).Draw(t, "comment").Comment
	rec := httptest.NewRecorder()
	h.n.server.ServeHTTP(rec, httptest.NewRequest("PUT", "http://kommentare.example/api/v1/comments/"+id+"/reactions/helpful", nil))
	if _, public := h.released[id]; public {
		return // it is counted, or not yet public
	}
	if rec.Code != http.StatusNotFound && h.shows() == "" {
		t.Fatalf("a reaction to the unreleased %s gives %d", id, rec.Code)
	}
}

// digest sends the day's digests.
func (h *house) digest(t *rapid.T) {
	if _, err := h.n.store.PlanDigests(context.Background(), h.n.store.Now()); err != nil {
		t.Fatal(err)
	}
}

// letters fails on a letter that tells somebody of words of others that were never
// released.
func (h *house) letters(t *rapid.T) {
	for _, m := range h.box.Messages() {
		all := m.Subject + m.Text + m.HTML
		for id, byRevision := range h.texts {
			if m.To == mailOf(byRevision[1]) {
				continue // the author's own
			}
			for _, text := range byRevision {
				if !h.ever[text] && strings.Contains(all, text) {
					t.Fatalf("a letter to %s tells of the unreleased %s: %s", m.To, id, m.Text)
				}
			}
			if !h.ever[h.names[id]] && strings.Contains(all, h.names[id]) {
				t.Fatalf("a letter to %s names the author of the unreleased %s", m.To, id)
			}
		}
	}
}

// crawl reads every public route of the access list, with the ids of some
// comments, and fails on a byte that is not released. What was released appears.
func (h *house) crawl(t *rapid.T) {
	if h.steps++; h.steps%5 != 0 {
		return // a history is read every few steps: what it wrote stays wrong if it is
	}
	h.eventually("the page to show just what is released", func() bool { return h.shows() == "" })
	h.letters(t)
	unknown := store.NewID()
	h.asked = nil
	for i := range min(3, len(h.posted)) {
		h.asked = append(h.asked, h.posted[(h.steps+i*7)%len(h.posted)])
	}
	for _, rt := range h.n.server.Routes {
		pattern, ok := strings.CutPrefix(rt.Pattern, "GET ")
		if !ok || rt.Access != web.Public || strings.HasPrefix(pattern, "/static/") || pattern == "/demo/mail" { // the demo's box of letters: letters reads it
			continue
		}
		for _, path := range h.paths(pattern) {
			h.clean(t, path)
		}
		if !strings.Contains(pattern, "{id}") {
			continue
		}
		want := h.get(strings.Replace(pattern, "{id}", unknown, 1))
		for _, p := range h.asked {
			if _, public := h.released[p.Comment]; public || strings.Contains(h.get("/a/"+h.article).Body.String(), p.Comment) {
				continue
			}
			got := h.get(strings.Replace(pattern, "{id}", p.Comment, 1))
			if got.Code != want.Code || strings.ReplaceAll(got.Body.String(), p.Comment, unknown) != want.Body.String() {
				t.Fatalf("%s answers an unreleased id with %d %s, an unknown one with %d %s", pattern, got.Code, got.Body, want.Code, want.Body)
			}
		}
	}
}

// shows says what is wrong with the article's page, "" where nothing is.
func (h *house) shows() string {
	page := h.get("/a/" + h.article).Body.String()
	for _, byRevision := range h.texts {
		for _, text := range byRevision {
			public := slices.Contains(slices.Collect(maps.Values(h.released)), text)
			if strings.Contains(page, text) != public {
				return text
			}
		}
	}
	return ""
}

func (h *house) paths(pattern string) []string {
	p := strings.TrimSuffix(pattern, "{$}")
	switch {
	case strings.Contains(p, "{file}"):
		return []string{"/feeds/" + h.article + ".atom", "/feeds/" + h.article + ".json", "/feeds/site.atom", "/feeds/site.json", "/feeds/picks.atom", "/feeds/answers.atom"}
	case strings.HasPrefix(p, "/signin/{id}"):
		base := strings.Replace(p, "{id}", h.site.ID, 1)
		all := []string{base, base + "?article=" + h.article, base + "?lang=en"}
		for _, c := range h.asked {
			all = append(all, base+"?article="+c.Comment, strings.Replace(p, "{id}", c.Comment, 1))
		}
		return all
	case strings.Contains(p, "{id}"):
		base := strings.Replace(p, "{id}", h.article, 1)
		all := []string{base, base + "?sort=newest", base + "?sort=picks", base + "?lang=en", base + "?box=1"}
		if strings.HasSuffix(p, "/events") {
			return []string{base}
		}
		for _, c := range h.asked {
			all = append(all, base+"?reply="+c.Comment, strings.Replace(p, "{id}", c.Comment, 1))
		}
		return all
	case strings.HasSuffix(p, "/digest"):
		return []string{p, p + "?article=" + h.article}
	case strings.HasSuffix(p, "/counts"):
		return []string{p + "?id=" + h.article}
	case strings.HasSuffix(p, "/articles"):
		return []string{p + "?url=https%3A%2F%2Fblatt.example%2Fa"}
	}
	return []string{p}
}

func (h *house) clean(t *rapid.T, path string) {
	res := h.get(path)
	all := res.Body.String() + fmt.Sprint(res.Result().Header)
	for id, byRevision := range h.texts {
		for _, text := range byRevision {
			if h.released[id] != text && strings.Contains(all, text) {
				t.Fatalf("%s shows the unreleased text of %s: %s", path, id, all)
			}
		}
		if _, public := h.released[id]; !public && strings.Contains(all, h.names[id]) {
			t.Fatalf("%s shows the name of the unreleased %s", path, id)
		}
	}
}

// Promise 1: whatever readers, authors and editors do in whatever order, no byte
// of what is not released is on any public route of the access list. Half of the
// histories run with a hold that never ends: then nothing must ever appear.
//
// FREIGABE_HISTORIES says how many histories (make soak: 100).
func TestNoPublicRouteLeaks(t *testing.T) {
	if err := flag.Set("rapid.checks", or(os.Getenv("FREIGABE_HISTORIES"), "6")); err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, dsn func() string) {
		rapid.Check(t, func(rt *rapid.T) {
			h := newHouse(t, dsn(), rapid.SampledFrom([]string{"0", "3600"}).Draw(rt, "hold"))
			rt.Cleanup(h.stop)
			rt.Repeat(map[string]func(*rapid.T){"submit": h.submit, "decide": h.decide, "decide again": h.decide, "author": h.author, "react": h.react, "digest": h.digest, "": h.crawl})
		})
	}
	t.Run("sqlite", func(t *testing.T) {
		n := 0
		run(t, func() string { n++; return "sqlite:" + filepath.Join(t.TempDir(), fmt.Sprint(n, ".db")) })
	})
	t.Run("postgres", func(t *testing.T) { run(t, func() string { return pgtest.New(t) }) })
}
