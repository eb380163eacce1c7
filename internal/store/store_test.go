package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

var ctx = context.Background()

func onHouse(t *testing.T, test func(t *testing.T, h *storetest.House)) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) { test(t, storetest.NewHouse(t, dsn)) })
}

func wantKind(t *testing.T, err error, kind moderation.Kind) {
	t.Helper()
	if moderation.KindOf(err) != kind {
		t.Fatalf("got error %v, want kind %d", err, kind)
	}
}

func wantTexts(t *testing.T, h *storetest.House, want ...string) {
	t.Helper()
	if got := h.Visible(); !slices.Equal(got, want) {
		t.Fatalf("readers see %q, want %q", got, want)
	}
}

func TestReleaseWaitsForTheHold(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Endlich.")
		wantTexts(t, h)
		res := h.Do(h.Anna, moderation.Approve, c.Comment)
		if err := h.Publish(ctx, res.Decision.ID); err != nil {
			t.Fatal(err)
		}
		wantTexts(t, h)
		r, err := h.Receipt(ctx, c.Token)
		if err != nil || r.Status != moderation.Pending || !r.Deciding {
			t.Fatalf("receipt in the hold: %v %v deciding %v", err, r.Status, r.Deciding)
		}
		h.EndHold(res)
		wantTexts(t, h, "Endlich.")
		h.Whole()
	})
}

func TestUndoLeavesNoTraceForReaders(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		for _, step := range []moderation.Step{moderation.Approve, moderation.Reject, moderation.Return, moderation.Decline, moderation.Escalate} {
			c := h.Post("", "Berta", "Text zu "+string(step))
			res := h.Do(h.Anna, step, c.Comment)
			if _, err := h.Step(h.Jonas, moderation.Undo, c.Comment); moderation.KindOf(err) != moderation.Conflict {
				t.Fatalf("%s undone by another: %v", step, err)
			}
			h.Do(h.Anna, moderation.Undo, c.Comment)
			h.EndHold(res)
			r, err := h.Receipt(ctx, c.Token)
			if err != nil || r.Status != moderation.Pending {
				t.Fatalf("%s: status %s, %v", step, r.Status, err)
			}
			res = h.Do(h.Anna, step, c.Comment)
			h.Clock.Pass(9 * time.Second)
			_, err = h.Step(h.Anna, moderation.Undo, c.Comment)
			wantKind(t, err, moderation.Conflict)
			h.EndHold(res)
		}
		wantTexts(t, h, "Text zu approve")
		h.Whole()
	})
}

func TestChangedTextWaitsWhileTheReleasedOneStays(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Erste Fassung.")
		h.Release(h.Anna, c.Comment)
		if _, err := h.ByAuthor(moderation.Edit, c, "Zweite Fassung."); err != nil {
			t.Fatal(err)
		}
		wantTexts(t, h, "Erste Fassung.")
		h.Release(h.Jonas, c.Comment)
		wantTexts(t, h, "Zweite Fassung.")
		if _, err := h.ByAuthor(moderation.Edit, c, "Dritte Fassung."); err != nil {
			t.Fatal(err)
		}
		h.Do(h.Anna, moderation.Remove, c.Comment)
		wantTexts(t, h, "")
		r, err := h.Receipt(ctx, c.Token)
		if err != nil || r.Status != moderation.Removed || r.Decision == nil {
			t.Fatalf("status %s %v", r.Status, err)
		}
		if n := h.Whole().Publications; n != 1 {
			t.Fatalf("%d publications", n)
		}
	})
}

func TestAppealIsDecidedBySomeoneElse(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "So ein Mist.")
		h.EndHold(h.Do(h.Chief, moderation.Reject, c.Comment))
		if _, err := h.ByAuthor(moderation.Appeal, c, "Das ist kein Schimpfwort."); err != nil {
			t.Fatal(err)
		}
		_, err := h.Step(h.Chief, moderation.Overturn, c.Comment)
		wantKind(t, err, moderation.Forbidden)
		h.EndHold(h.Do(h.Anna, moderation.Uphold, c.Comment)) // the only chief took the decision
		_, err = h.ByAuthor(moderation.Appeal, c, "Noch einmal.")
		wantKind(t, err, moderation.Conflict)

		d := h.Post("", "Carl", "Noch so ein Mist.")
		h.EndHold(h.Do(h.Anna, moderation.Reject, d.Comment))
		if _, err := h.ByAuthor(moderation.Appeal, d, "Bitte noch einmal lesen."); err != nil {
			t.Fatal(err)
		}
		_, err = h.Step(h.Jonas, moderation.Overturn, d.Comment)
		wantKind(t, err, moderation.Forbidden)
		h.EndHold(h.Do(h.Chief, moderation.Overturn, d.Comment))
		wantTexts(t, h, "Noch so ein Mist.")
		h.Whole()
	})
}

func TestFiftyEditorsOneDecision(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Wer gewinnt?")
		var people []store.Editor
		for i := range 50 {
			e, err := h.AddEditor(ctx, store.Editor{Email: fmt.Sprintf("e%d@blatt.example", i), Name: "Redaktion", Role: moderation.Editor})
			if err != nil {
				t.Fatal(err)
			}
			people = append(people, e)
		}
		results := make([]error, 50)
		var wg sync.WaitGroup
		var won store.Result
		var mu sync.Mutex
		for i, e := range people {
			wg.Go(func() {
				step := []moderation.Step{moderation.Approve, moderation.Reject}[i%2]
				res, err := h.Step(e, step, c.Comment)
				results[i] = err
				if err == nil {
					mu.Lock()
					won = res
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		wins := 0
		for _, err := range results {
			if err == nil {
				wins++
				continue
			}
			e, ok := errors.AsType[*moderation.Error](err)
			if !ok || e.Kind != moderation.Conflict || e.Decision == nil || e.Decision.Email == "" {
				t.Fatalf("loser got %v", err)
			}
		}
		if wins != 1 {
			t.Fatalf("%d editors won", wins)
		}
		h.EndHold(won)
		if n := h.Whole().Decisions; n != 1 {
			t.Fatalf("%d decisions", n)
		}
	})
}

func TestTheSameSubmissionIsOneComment(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		in := store.Submission{Article: h.Article.ID, Name: "Berta", Text: "Doppelt.", Sender: store.Sender{Now: "x", Before: "x"}}
		out := make([]store.Submitted, 20)
		var wg sync.WaitGroup
		for i := range out {
			wg.Go(func() {
				var err error
				if out[i], err = h.Submit(ctx, in); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, o := range out {
			if o.Comment != out[0].Comment || o.Token != out[0].Token {
				t.Fatal("two comments from one submission")
			}
		}
		other := in
		other.Sender = store.Sender{Now: "y", Before: "y"}
		if o, err := h.Submit(ctx, other); err != nil || o.Comment == out[0].Comment {
			t.Fatalf("another sender's comment is the same one: %v", err)
		}
		h.Clock.Pass(11 * time.Minute)
		if o, err := h.Submit(ctx, in); err != nil || o.Comment == out[0].Comment {
			t.Fatalf("after eleven minutes it is still the same comment: %v", err)
		}
	})
}

func TestRepliesStayUnderAPlaceholder(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		a := h.Post("", "Berta", "Oben.")
		h.Release(h.Anna, a.Comment)
		b := h.Post(a.Comment, "Carl", "Darunter.")
		_, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Parent: b.Comment, Name: "Dora", Text: "Zu früh."})
		wantKind(t, err, moderation.Invalid)
		h.Release(h.Anna, b.Comment)
		c := h.Post(b.Comment, "Dora", "Noch tiefer.")
		h.Release(h.Anna, c.Comment)
		d := h.Post(c.Comment, "Emil", "Zu tief.")
		h.Release(h.Anna, d.Comment)
		page, _, err := h.Thread(ctx, h.Article.ID, store.Oldest, 50, "")
		if err != nil || len(page) != 4 || page[3].Depth != 2 || page[3].ReplyTo != "Dora" || page[0].Replies != 1 {
			t.Fatalf("thread: %+v %v", page, err)
		}
		h.Do(h.Jonas, moderation.Remove, a.Comment)
		if _, err := h.ByAuthor(moderation.Withdraw, b, ""); err != nil {
			t.Fatal(err)
		}
		page, _, _ = h.Thread(ctx, h.Article.ID, store.Oldest, 50, "")
		if len(page) != 4 || page[0].Gone != "removed" || page[0].Text != "" || page[0].GoneRule != moderation.Profanity || page[1].Gone != "withdrawn" || page[1].Name != "" {
			t.Fatalf("thread after removal: %+v", page)
		}
		_, err = h.Submit(ctx, store.Submission{Article: h.Article.ID, Parent: a.Comment, Name: "Fritz", Text: "An wen?"})
		wantKind(t, err, moderation.Invalid)
		if n, err := h.Counts(ctx, []string{h.Article.ID, "unknown"}); err != nil || n[h.Article.ID] != 2 || len(n) != 1 {
			t.Fatalf("counts %v %v", n, err)
		}
		_, err = h.Step(h.Jonas, moderation.Restore, a.Comment)
		wantKind(t, err, moderation.Forbidden)
		h.EndHold(h.Do(h.Anna, moderation.Restore, a.Comment))
		wantTexts(t, h, "Oben.", "", "Noch tiefer.", "Zu tief.")
		h.Whole()
	})
}

func TestErasureKeepsTheRecordWhole(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Das nehme ich zurück.")
		h.Release(h.Anna, c.Comment)
		if _, err := h.ByAuthor(moderation.Withdraw, c, ""); err != nil {
			t.Fatal(err)
		}
		d := h.Post("", "Carl", "Das bleibt.")
		h.EndHold(h.Do(h.Anna, moderation.Reject, d.Comment))
		h.Clock.Pass(8 * 24 * time.Hour)
		done, err := h.Expire(ctx)
		if err != nil || done.Texts != 1 || done.Senders != 1 {
			t.Fatalf("erased %+v %v", done, err)
		}
		r, err := h.Receipt(ctx, c.Token)
		if err != nil || r.Text != "" || !r.Erased || r.Status != moderation.Withdrawn {
			t.Fatalf("receipt %+v %v", r, err)
		}
		h.Whole()
		h.Clock.Pass(300 * 24 * time.Hour)
		if done, err = h.Expire(ctx); err != nil || done.Texts != 1 {
			t.Fatalf("erased %+v %v", done, err)
		}
		h.Whole()
	})
}

func TestQueueOrdersAndPages(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		var ids []string
		for i := range 7 {
			h.Clock.Pass(time.Second)
			c := h.Post("", "Berta", fmt.Sprintf("Nummer %d Ärger", i))
			v := float64(6-i) / 10
			a := moderation.NotChecked("test")
			a.Refuse = &v
			if err := h.SaveAssessment(ctx, c.Comment, 1, a); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, c.Comment)
		}
		for order, want := range map[string][]int{"oldest": {0, 1, 2, 3, 4, 5, 6}, "calm": {6, 5, 4, 3, 2, 1, 0}, "hot": {0, 1, 2, 3, 4, 5, 6}} {
			var got []string
			cursor := ""
			for {
				page, next, err := h.Queue(ctx, store.QueueFilter{Order: order, Limit: 3, Cursor: cursor, Text: "ÄRGER"})
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range page {
					got = append(got, w.ID)
				}
				if cursor = next; next == "" {
					break
				}
			}
			for i, n := range want {
				if len(got) != 7 || got[i] != ids[n] {
					t.Fatalf("%s: %v", order, got)
				}
			}
		}
	})
}
