// Package storetest is the contract of package store: what Freigabe expects of a
// database, as one suite that runs on each of them.
package storetest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
)

// Clock is a clock that tests move by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock gives a clock that stands at a fixed moment.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass lets time pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// OnEach runs a test on both databases.
func OnEach(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "freigabe.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, pgtest.New(t))
	})
}

// House is a store with a site, an article and people, ready for a test.
type House struct {
	*store.Store
	T       testing.TB
	Clock   *Clock
	Site    store.Site
	Article store.Article
	Anna    store.Editor // editor
	Jonas   store.Editor // editor
	Chief   store.Editor
}

// NewHouse opens a store with a site, an article, two editors and a chief.
func NewHouse(t testing.TB, dsn string) *House {
	t.Helper()
	clock := NewClock()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{DSN: dsn, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &House{Store: s, T: t, Clock: clock}
	no := 0.0
	h.Site = must(s.AddSite(ctx, store.Site{Name: "blatt", Origin: "https://blatt.example", Settings: store.Settings{BlindPercent: &no}}))(t)
	h.Anna = h.person("anna@blatt.example", "Anna Kern", moderation.Editor)
	h.Jonas = h.person("jonas@blatt.example", "Jonas Behl", moderation.Editor)
	h.Chief = h.person("chef@blatt.example", "Ruth Amann", moderation.Chief)
	doc := article.Article{Headline: "Die Brücke wird saniert", Lede: "Ab Mai ist sie gesperrt.", Blocks: []article.Block{{Kind: "paragraph", Text: "Der Stadtrat hat es beschlossen."}}, Boxes: []string{}}
	h.Article = must(s.AddArticle(ctx, store.Article{Site: h.Site.ID, Doc: doc}, nil))(t)
	return h
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (h *House) person(email, name string, role moderation.Role) store.Editor {
	h.T.Helper()
	return must(h.AddEditor(context.Background(), store.Editor{Email: email, Name: name, Role: role, Password: "-"}))(h.T)
}

// SaveSettings replaces a site's settings.
func (h *House) SaveSettings(ctx context.Context, site string, set store.Settings) error {
	return h.ChangeSettings(ctx, site, func(now *store.Settings) error {
		*now = set
		return nil
	})
}

// Post submits a comment and gives its id and receipt token.
func (h *House) Post(parent, name, text string) store.Submitted {
	h.T.Helper()
	return must(h.Submit(context.Background(), store.Submission{Article: h.Article.ID, Parent: parent, Name: name, Text: text, Sender: store.Sender{Now: name, Before: name}}))(h.T)
}

// Step takes a step of an editor.
func (h *House) Step(by store.Editor, step moderation.Step, comment string) (store.Result, error) {
	req := store.Request{Comment: comment, Step: step, Actor: by.Actor()}
	switch step {
	case moderation.Reject, moderation.Return, moderation.Remove:
		req.Rule, req.Reason = moderation.Profanity, "Bitte ohne das Schimpfwort."
	case moderation.Decline:
		req.Reason = "capacity"
	case moderation.Uphold, moderation.Overturn:
		req.Reason = "Wir haben es noch einmal gelesen."
	}
	return h.Apply(context.Background(), req)
}

// Do takes a step that must succeed.
func (h *House) Do(by store.Editor, step moderation.Step, comment string) store.Result {
	h.T.Helper()
	return must(h.Step(by, step, comment))(h.T)
}

// ByAuthor takes a step of a comment's author.
func (h *House) ByAuthor(step moderation.Step, posted store.Submitted, words string) (store.Result, error) {
	h.T.Helper()
	r := must(h.Receipt(context.Background(), posted.Token))(h.T)
	req := store.Request{Comment: posted.Comment, Step: step, Actor: moderation.Actor{ID: r.Author, Role: moderation.Author}}
	if step == moderation.Appeal {
		req.Reason = words
	} else {
		req.Text = words
	}
	return h.Apply(context.Background(), req)
}

// Release approves a comment, lets the hold pass and publishes it.
func (h *House) Release(by store.Editor, comment string) {
	h.T.Helper()
	res := h.Do(by, moderation.Approve, comment)
	h.EndHold(res)
}

// EndHold lets a decision's hold pass and publishes what it released.
func (h *House) EndHold(res store.Result) {
	h.T.Helper()
	h.Clock.Pass(res.Decision.HoldUntil.Sub(h.Now()))
	if err := h.Publish(context.Background(), res.Decision.ID); err != nil {
		h.T.Fatal(err)
	}
}

// Visible gives the texts that readers see, oldest first.
func (h *House) Visible() []string {
	h.T.Helper()
	page, _, err := h.Thread(context.Background(), h.Article.ID, store.Oldest, 50, "")
	if err != nil {
		h.T.Fatal(err)
	}
	texts := []string{}
	for _, c := range page {
		texts = append(texts, c.Text)
	}
	return texts
}

// Whole fails the test unless the record holds.
func (h *House) Whole() store.Checked {
	h.T.Helper()
	return must(h.Check(context.Background(), ""))(h.T)
}
