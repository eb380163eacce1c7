package store_test

import (
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// A permalink finds the page on which its comment stands, in each order.
func TestPageWithAComment(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		var ids []string
		for range 7 {
			c := h.Post("", "Mira", "Beitrag "+store.NewID())
			h.Release(h.Anna, c.Comment)
			ids = append(ids, c.Comment)
		}
		for _, order := range []store.Sort{store.Oldest, store.Newest} {
			for _, id := range ids {
				cursor, err := h.PageWith(t.Context(), h.Article.ID, id, order, 3)
				if err != nil {
					t.Fatal(err)
				}
				page, _, err := h.Thread(t.Context(), h.Article.ID, order, 3, cursor)
				if err != nil {
					t.Fatal(err)
				}
				found := false
				for _, c := range page {
					found = found || c.ID == id
				}
				if !found {
					t.Errorf("%s: the page of %s does not hold it", order, id)
				}
			}
		}
		waiting := h.Post("", "Mira", "Wartet.")
		for _, id := range []string{waiting.Comment, store.NewID()} {
			if _, err := h.PageWith(t.Context(), h.Article.ID, id, store.Oldest, 3); moderation.KindOf(err) != moderation.NotFound {
				t.Errorf("an unreleased comment's page: %v", err)
			}
		}
		if _, err := h.PageWith(t.Context(), store.NewID(), ids[0], store.Oldest, 3); moderation.KindOf(err) != moderation.NotFound {
			t.Errorf("a comment of another article: %v", err)
		}
	})
}

func TestReportsOnEach(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		c := h.Post("", "Mira", "Ein Kommentar.")
		flag := store.Notice{Comment: c.Comment, Kind: store.Flagged, Rule: moderation.Profanity, Sender: store.Sender{Now: "a", Before: "b"}}
		if _, err := h.Report(ctx, flag); moderation.KindOf(err) != moderation.NotFound {
			t.Fatalf("an unreleased comment was reported: %v", err)
		}
		h.Release(h.Anna, c.Comment)
		for range 2 {
			if _, err := h.Report(ctx, flag); err != nil {
				t.Fatal(err)
			}
		}
		notice := store.Notice{Comment: c.Comment, Kind: store.Illegal, Reason: "Beleidigung.", Email: "vera@example.org", GoodFaith: true, Sender: store.Sender{Now: "a", Before: "b"}}
		token, err := h.Report(ctx, notice)
		if err != nil {
			t.Fatal(err)
		}
		if open, err := h.OpenNotices(ctx, store.AtSite(h.Site.ID), "", 10); err != nil || len(open) != 2 {
			t.Errorf("%d open, want one flag and one notice, %v", len(open), err)
		}
		for site, want := range map[string]int{h.Site.ID: 2, "": 2, "-": 0} {
			if n, err := h.CountNotices(ctx, store.AtSite(site)); err != nil || n != want {
				t.Errorf("site %q: %d open, want %d, %v", site, n, want, err)
			}
		}
		n, err := h.NoticeByToken(ctx, token)
		if err != nil || n.Email != "vera@example.org" {
			t.Fatal(n, err)
		}
		if err := h.AnswerNotice(ctx, n.ID, h.Anna.ID, store.NoticeKept, "Zulässig."); err != nil {
			t.Fatal(err)
		}
		if n, err := h.CountNotices(ctx, store.Everywhere); err != nil || n != 1 {
			t.Errorf("after an answer %d are open, want the flag, %v", n, err)
		}
		h.Clock.Pass(366 * 24 * time.Hour)
		if _, err := h.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		if n, err = h.NoticeByToken(ctx, token); err != nil || n.Email != "" || n.Outcome != store.NoticeKept {
			t.Errorf("after a year: %+v, %v", n, err)
		}
	})
}

func TestMineOnEach(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		_, err := h.Submit(t.Context(), store.Submission{Article: h.Article.ID, Name: "Mira", Email: "Mira@example.org", Text: "Ein Gedanke.", Sender: store.Sender{Now: "a", Before: "a"}})
		if err != nil {
			t.Fatal(err)
		}
		token, err := h.MineToken(t.Context(), store.Mine{Site: h.Site.ID, Email: "mira@Example.org"})
		if err != nil {
			t.Fatal(err)
		}
		if _, list, err := h.ByMineToken(t.Context(), token); err != nil || len(list) != 1 {
			t.Errorf("%d comments, %v", len(list), err)
		}
		if err := h.SetNotify(t.Context(), list1(t, h, token), store.NotifyConfirmed); err != nil {
			t.Error(err)
		}
	})
}

func list1(t *testing.T, h *storetest.House, token string) string {
	t.Helper()
	_, list, err := h.ByMineToken(t.Context(), token)
	if err != nil || len(list) == 0 {
		t.Fatal(err)
	}
	return list[0].Comment
}
