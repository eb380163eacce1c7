package store_test

import (
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// jobsOf takes the jobs of a kind that wait, and gives their keys.
func jobsOf(t *testing.T, h *storetest.House, kind string) (keys []string) {
	t.Helper()
	jobs, err := h.ClaimJobs(t.Context(), []string{kind}, 100, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		keys = append(keys, j.Key)
		if err := h.FinishJob(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// A digest begins with its confirmation, tells of each released comment once, and
// of none that was taken down before it was sent.
func TestDigestsOnEach(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		wish := store.Subscription{Site: h.Site.ID, Kind: store.ThreadDigest, Article: h.Article.ID, Email: "Mira@Example.org", Lang: "de"}
		picks := store.Subscription{Site: h.Site.ID, Kind: store.PicksDigest, Email: "mira@example.org", Lang: "de"}
		for _, w := range []store.Subscription{wish, wish, picks} {
			if err := h.Subscribe(ctx, w); err != nil {
				t.Fatal(err)
			}
		}
		asked := jobsOf(t, h, "digest-confirm")
		if len(asked) != 2 {
			t.Fatalf("%d mails ask for two wishes", len(asked))
		}
		release := func(words string) string {
			c := h.Post("", "Jon", words)
			h.Release(h.Anna, c.Comment)
			h.Clock.Pass(time.Minute)
			return c.Comment
		}
		release("Vor der Bestätigung.")
		if n, err := h.PlanDigests(ctx, h.Now()); err != nil || n != 0 {
			t.Fatalf("%d digests before anybody confirmed (%v)", n, err)
		}
		for _, id := range asked {
			if err := h.ConfirmDigest(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		h.Clock.Pass(time.Second)
		first, gone := release("Danach."), release("Wird entfernt.")
		waiting := h.Post("", "Jon", "Wartet noch.")
		if _, err := h.Step(h.Anna, moderation.Pick, first); err != nil {
			t.Fatal(err)
		}
		h.Clock.Pass(time.Second)
		if n, err := h.PlanDigests(ctx, h.Now()); err != nil || n != 2 {
			t.Fatalf("%d digests planned (%v)", n, err)
		}
		if n, err := h.PlanDigests(ctx, h.Now()); err != nil || n != 0 {
			t.Fatalf("%d digests planned again (%v)", n, err)
		}
		h.Do(h.Anna, moderation.Remove, gone)
		planned := jobsOf(t, h, "digest")
		for _, key := range planned {
			d, err := h.DigestOf(ctx, key, 20)
			if err != nil || d.Total != 1 || len(d.Comments) != 1 || d.Comments[0].ID != first {
				t.Errorf("the digest %s tells of %v (%v), want %s alone", d.Kind, d.Comments, err, first)
			}
		}
		h.Release(h.Anna, waiting.Comment)
		h.Clock.Pass(time.Second)
		if n, err := h.PlanDigests(ctx, h.Now()); err != nil || n != 2 {
			t.Fatalf("%d digests planned on the next day (%v)", n, err)
		}
		for _, key := range jobsOf(t, h, "digest") {
			d, err := h.DigestOf(ctx, key, 20)
			if want := map[string]int{store.ThreadDigest: 1, store.PicksDigest: 0}[d.Kind]; err != nil || d.Total != want {
				t.Errorf("the second digest %s tells of %d (%v), want %d", d.Kind, d.Total, err, want)
			}
		}
		if err := h.EndDigest(ctx, asked[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Subscription(ctx, asked[0]); moderation.KindOf(err) != moderation.NotFound {
			t.Errorf("an ended digest: %v", err)
		}
	})
}

// A comment picked long after its release is news for those who read the picks.
func TestLatePicksAreTold(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		c := h.Post("", "Jon", "Früh veröffentlicht.")
		h.Release(h.Anna, c.Comment)
		h.Clock.Pass(48 * time.Hour)
		if err := h.Subscribe(ctx, store.Subscription{Site: h.Site.ID, Kind: store.PicksDigest, Email: "mira@example.org", Lang: "de"}); err != nil {
			t.Fatal(err)
		}
		if err := h.ConfirmDigest(ctx, jobsOf(t, h, "digest-confirm")[0]); err != nil {
			t.Fatal(err)
		}
		h.Clock.Pass(time.Hour)
		if _, err := h.Step(h.Anna, moderation.Pick, c.Comment); err != nil {
			t.Fatal(err)
		}
		h.Clock.Pass(time.Hour)
		if _, err := h.PlanDigests(ctx, h.Now()); err != nil {
			t.Fatal(err)
		}
		d, err := h.DigestOf(ctx, jobsOf(t, h, "digest")[0], 20)
		if err != nil || len(d.Comments) != 1 || d.Comments[0].ID != c.Comment {
			t.Errorf("the digest tells of %v (%v)", d.Comments, err)
		}
	})
}

// Nobody can flood a stranger's box with questions, and wishes that nobody
// confirmed are forgotten with their address.
func TestDigestsAreNoWeapon(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		sent := 0
		for range 30 {
			a, err := h.AddArticle(ctx, store.Article{Site: h.Site.ID, Doc: h.Article.Doc}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Subscribe(ctx, store.Subscription{Site: h.Site.ID, Kind: store.ThreadDigest, Article: a.ID, Email: "mira@example.org", Lang: "de"}); err != nil {
				t.Fatal(err)
			}
			sent += len(jobsOf(t, h, "digest-confirm"))
		}
		if sent == 0 || sent > 5 {
			t.Errorf("%d mails to one address within the hour", sent)
		}
		h.Clock.Pass(8 * 24 * time.Hour)
		if _, err := h.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		if err := h.ExportAuthor(ctx, "mira@example.org", func(x store.Exported) error {
			t.Errorf("still kept: %v", x)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// Muting a thread ends all news of it and no other's.
func TestMutingAThread(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		other, err := h.AddArticle(ctx, store.Article{Site: h.Site.ID, Doc: h.Article.Doc}, nil)
		if err != nil {
			t.Fatal(err)
		}
		post := func(article, text string) string {
			out, err := h.Submit(ctx, store.Submission{Article: article, Text: text, Name: "Mira", Email: "mira@example.org", Notify: store.NotifyConfirmed})
			if err != nil {
				t.Fatal(err)
			}
			return out.Comment
		}
		a, b, elsewhere := post(h.Article.ID, "Eins."), post(h.Article.ID, "Zwei."), post(other.ID, "Drei.")
		if err := h.Subscribe(ctx, store.Subscription{Site: h.Site.ID, Kind: store.ThreadDigest, Article: h.Article.ID, Email: "mira@example.org", Lang: "de"}); err != nil {
			t.Fatal(err)
		}
		if err := h.MuteThread(ctx, a); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{a: "", b: "", elsewhere: store.NotifyConfirmed} {
			if rec, err := h.ReceiptOf(ctx, id); err != nil || rec.Notify != want {
				t.Errorf("%s is told %q (%v), want %q", id, rec.Notify, err, want)
			}
		}
		if _, err := h.Subscription(ctx, jobsOf(t, h, "digest-confirm")[0]); moderation.KindOf(err) != moderation.NotFound {
			t.Errorf("the thread's digest goes on: %v", err)
		}
		if err := h.AskForNews(ctx, a, "other@example.org"); err != nil {
			t.Fatal(err)
		}
		rec, err := h.ReceiptOf(ctx, a)
		if err != nil || rec.Email != "mira@example.org" || rec.Notify != store.NotifyAsked {
			t.Errorf("asked again: %q %q (%v)", rec.Email, rec.Notify, err)
		}
	})
}
