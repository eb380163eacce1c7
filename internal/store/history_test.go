package store_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"pgregory.net/rapid"
)

// model is what readers may see by the words of the design, kept beside the
// store in the plainest way: per comment, the text last released and not taken
// down since.
type model struct {
	h       *storetest.House
	posted  []store.Submitted
	held    map[string]store.Result // releases in their hold, by comment
	visible map[string]string
	texts   map[string]map[int]string
	n       int
}

func (m *model) secret() string {
	m.n++
	return fmt.Sprintf("Geheimnis-%d-", m.n)
}

func (m *model) submit(t *rapid.T) {
	parent := ""
	if page, _, err := m.h.Thread(ctx, m.h.Article.ID, store.Oldest, 50, ""); err == nil && len(page) > 0 && rapid.Bool().Draw(t, "reply") {
		if c := page[rapid.IntRange(0, len(page)-1).Draw(t, "parent")]; c.Gone == "" {
			parent = c.ID
		}
	}
	text := m.secret()
	out, err := m.h.Submit(ctx, store.Submission{Article: m.h.Article.ID, Parent: parent, Name: "Name " + text, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	m.posted = append(m.posted, out)
	m.texts[out.Comment] = map[int]string{1: text}
}

func (m *model) editor(t *rapid.T) {
	if len(m.posted) == 0 {
		return
	}
	c := m.posted[rapid.IntRange(0, len(m.posted)-1).Draw(t, "comment")].Comment
	steps := []moderation.Step{moderation.Approve, moderation.Approve, moderation.Approve, moderation.Reject, moderation.Return, moderation.Decline, moderation.Escalate,
		moderation.Remove, moderation.Restore, moderation.Reconsider, moderation.Undo, moderation.Uphold, moderation.Overturn, moderation.Pick}
	who := []store.Editor{m.h.Anna, m.h.Jonas, m.h.Chief}[rapid.IntRange(0, 2).Draw(t, "who")]
	res, err := m.h.Step(who, rapid.SampledFrom(steps).Draw(t, "step"), c)
	if err != nil {
		if moderation.KindOf(err) == 0 {
			t.Fatal(err)
		}
		return
	}
	switch res.Decision.Step {
	case moderation.Approve, moderation.Overturn, moderation.Restore:
		m.held[c] = res
	case moderation.Remove:
		delete(m.held, c)
		delete(m.visible, c)
	case moderation.Undo:
		if h, ok := m.held[c]; ok && h.Decision.ID == res.Decision.Undoes {
			delete(m.held, c)
		}
	}
}

func (m *model) author(t *rapid.T) {
	if len(m.posted) == 0 {
		return
	}
	p := m.posted[rapid.IntRange(0, len(m.posted)-1).Draw(t, "comment")]
	step := rapid.SampledFrom([]moderation.Step{moderation.Edit, moderation.Resubmit, moderation.Withdraw, moderation.Appeal}).Draw(t, "step")
	text := m.secret()
	res, err := m.h.ByAuthor(step, p, text)
	if err != nil {
		if moderation.KindOf(err) == 0 {
			t.Fatal(err)
		}
		return
	}
	switch step {
	case moderation.Withdraw:
		delete(m.held, p.Comment)
		delete(m.visible, p.Comment)
	case moderation.Edit, moderation.Resubmit:
		m.texts[p.Comment][res.Revision] = text
	}
}

// pass lets holds end and publishes what they released, some of it twice.
func (m *model) pass(t *rapid.T) {
	m.h.Clock.Pass(time.Duration(rapid.IntRange(1, 9).Draw(t, "seconds")) * time.Second)
	for c, res := range m.held {
		if err := m.h.Publish(ctx, res.Decision.ID); err != nil {
			t.Fatal(err)
		}
		if !res.Decision.Held(m.h.Now()) {
			m.visible[c] = m.texts[c][res.Revision]
			delete(m.held, c)
		}
	}
}

func (m *model) check(t *rapid.T) {
	page, _, err := m.h.Thread(ctx, m.h.Article.ID, store.Oldest, 200, "")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, c := range page {
		if c.Gone == "" {
			seen[c.ID] = c.Text
		} else if c.Text != "" || c.Name != "" {
			t.Fatalf("%s is %s, but its words are still there", c.ID, c.Gone)
		}
		if c.Gone == "" && c.Name != "Name "+m.texts[c.ID][1] {
			t.Fatalf("%s shows the name %q", c.ID, c.Name)
		}
		if c.ReplyTo != "" && !strings.HasPrefix(c.ReplyTo, "Name ") {
			t.Fatalf("%s answers %q", c.ID, c.ReplyTo)
		}
	}
	if len(seen) != len(m.visible) {
		t.Fatalf("readers see %v, want %v", seen, m.visible)
	}
	for id, text := range m.visible {
		if seen[id] != text {
			t.Fatalf("%s shows %q, want %q", id, seen[id], text)
		}
	}
	n, err := m.h.Counts(ctx, []string{m.h.Article.ID})
	if err != nil || n[m.h.Article.ID] != len(m.visible) {
		t.Fatalf("the count is %v for %d comments (%v)", n, len(m.visible), err)
	}
	if _, err := m.h.Check(ctx, ""); err != nil {
		t.Fatal(err)
	}
}

// Promise 1, at the store: whatever happens in whatever order, readers see
// exactly what was released and not taken down since, and the record holds.
// FREIGABE_HISTORIES says how many histories (make soak: 100).
func TestRandomHistoriesLeakNothing(t *testing.T) {
	histories := os.Getenv("FREIGABE_HISTORIES")
	if histories == "" {
		histories = "20"
	}
	if err := flag.Set("rapid.checks", histories); err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	run := func(t *testing.T, dsn func() string) {
		rapid.Check(t, func(rt *rapid.T) {
			h := storetest.NewHouse(t, dsn())
			rt.Cleanup(func() {
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			})
			m := &model{h: h, held: map[string]store.Result{}, visible: map[string]string{}, texts: map[string]map[int]string{}}
			rt.Repeat(map[string]func(*rapid.T){"submit": m.submit, "editor": m.editor, "editor again": m.editor, "author": m.author, "pass": m.pass, "": m.check})
		})
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		n := 0
		run(t, func() string { n++; return fmt.Sprintf("sqlite:%s", filepath.Join(t.TempDir(), fmt.Sprint(n, ".db"))) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, func() string { return pgtest.New(t) })
	})
}
