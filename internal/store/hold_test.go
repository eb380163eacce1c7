package store_test

import (
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// What happens between a decision and the end of its hold, and beside a released
// text, is where a state can go astray: each test tells one such story.

func mustEdit(t *testing.T, h *storetest.House, c store.Submitted, words string) {
	t.Helper()
	if _, err := h.ByAuthor(moderation.Edit, c, words); err != nil {
		t.Fatal(err)
	}
}

func wantStatus(t *testing.T, h *storetest.House, c store.Submitted, want moderation.State) store.Receipt {
	t.Helper()
	r, err := h.Receipt(ctx, c.Token)
	if err != nil || r.Status != want {
		t.Fatalf("receipt says %s, want %s (%v)", r.Status, want, err)
	}
	return r
}

// told lists the kinds of jobs that would tell somebody of a decision.
func told(t *testing.T, h *storetest.House) int {
	t.Helper()
	jobs, err := h.ClaimJobs(ctx, []string{"publish", "tell", "tell-parent"}, 100, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return len(jobs)
}

func TestWithdrawnInTheHoldIsSaidAtOnceAndTellsNothing(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Doch lieber nicht.")
		h.Do(h.Anna, moderation.Approve, c.Comment)
		if _, err := h.ByAuthor(moderation.Withdraw, c, ""); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, h, c, moderation.Withdrawn)
		h.Clock.Pass(time.Minute)
		if n := told(t, h); n != 0 {
			t.Fatalf("%d jobs follow a release that was cancelled", n)
		}
		wantTexts(t, h)
		h.Whole()
	})
}

func TestRemovedInTheHoldIsSaidAtOnce(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Voreilig freigegeben.")
		approved := h.Do(h.Anna, moderation.Approve, c.Comment)
		h.Do(h.Jonas, moderation.Remove, c.Comment)
		wantStatus(t, h, c, moderation.Removed)
		h.EndHold(approved)
		wantTexts(t, h)
		h.Clock.Pass(time.Minute)
		if n := told(t, h); n != 1 {
			t.Fatalf("%d jobs, want only the one that tells of the removal", n)
		}
		h.Whole()
	})
}

// A released text, a refused change and a change that waits: removing the
// comment ends all three, and the receipt speaks of the removal.
func TestRemovalEndsEveryText(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Erste Fassung.")
		h.Release(h.Anna, c.Comment)
		mustEdit(t, h, c, "Zweite Fassung.")
		h.EndHold(h.Do(h.Anna, moderation.Reject, c.Comment))
		mustEdit(t, h, c, "Dritte Fassung.")
		h.Do(h.Jonas, moderation.Remove, c.Comment)
		wantStatus(t, h, c, moderation.Removed)
		wantTexts(t, h, "")
		h.Whole()
	})
}

// The desk shows the newest text; who removes the comment while a change waits
// names the change, and means the comment.
func TestRemovalNamingTheTextThatWaits(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Erste Fassung.")
		h.Release(h.Anna, c.Comment)
		mustEdit(t, h, c, "Zweite Fassung.")
		req := store.Request{Comment: c.Comment, Revision: 2, Step: moderation.Remove, Actor: h.Anna.Actor(), Rule: moderation.Profanity, Reason: "Beleidigt den Stadtrat."}
		if _, err := h.Apply(ctx, req); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, h, c, moderation.Removed)
		h.Whole()
	})
}

func TestUndoAfterAnEditLeavesOneTextOpen(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Erste Fassung.")
		h.Do(h.Anna, moderation.Escalate, c.Comment)
		approved := h.Do(h.Jonas, moderation.Approve, c.Comment)
		mustEdit(t, h, c, "Zweite Fassung.")
		h.Do(h.Jonas, moderation.Undo, c.Comment)
		h.EndHold(approved)
		wantTexts(t, h)
		waiting, _, err := h.Queue(ctx, store.QueueFilter{State: moderation.Escalated, Order: "oldest", Limit: 10})
		if err != nil || len(waiting) != 0 {
			t.Fatalf("%d overtaken texts are escalated (%v)", len(waiting), err)
		}
		wantStatus(t, h, c, moderation.Pending)
		h.Whole()
	})
}

// Until a restoration takes effect its author sees a removed comment, which
// takes no edit; the change would outlive an undo.
func TestNoEditWhileARestorationIsHeld(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Erste Fassung.")
		h.Release(h.Anna, c.Comment)
		h.Do(h.Jonas, moderation.Remove, c.Comment)
		restored := h.Do(h.Anna, moderation.Restore, c.Comment)
		_, err := h.ByAuthor(moderation.Edit, c, "Zweite Fassung.")
		wantKind(t, err, moderation.Conflict)
		wantStatus(t, h, c, moderation.Removed)
		h.EndHold(restored)
		mustEdit(t, h, c, "Zweite Fassung.")
		wantTexts(t, h, "Erste Fassung.")
		h.Whole()
	})
}

func TestTwoTextsReleasedInOneHold(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Erste Fassung.")
		first := h.Do(h.Anna, moderation.Approve, c.Comment)
		mustEdit(t, h, c, "Zweite Fassung.")
		second := h.Do(h.Jonas, moderation.Approve, c.Comment)
		h.EndHold(second)
		wantTexts(t, h, "Zweite Fassung.")
		h.EndHold(first) // late, as after a failed attempt
		wantTexts(t, h, "Zweite Fassung.")
		h.Whole()
	})
}

func TestPublishingTwiceChangesNothing(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Einmal veröffentlicht.")
		res := h.Do(h.Anna, moderation.Approve, c.Comment)
		h.EndHold(res)
		once, err := h.Released(ctx, c.Comment)
		if err != nil {
			t.Fatal(err)
		}
		h.Clock.Pass(time.Minute)
		if err := h.Publish(ctx, res.Decision.ID); err != nil {
			t.Fatal(err)
		}
		if twice, err := h.Released(ctx, c.Comment); err != nil || twice != once {
			t.Fatalf("published as %+v, then %+v (%v)", once, twice, err)
		}
		if n, err := h.Counts(ctx, []string{h.Article.ID}); err != nil || n[h.Article.ID] != 1 {
			t.Fatalf("counts %v %v", n, err)
		}
	})
}

func TestReplyWhoseParentWentMeanwhile(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		a, b := h.Post("", "Anton", "Wird entfernt."), h.Post("", "Bruno", "Wird zurückgenommen.")
		h.Release(h.Anna, a.Comment)
		h.Release(h.Anna, b.Comment)
		toA, toB := h.Post(a.Comment, "Clara", "Antwort an Anton."), h.Post(b.Comment, "Dora", "Antwort an Bruno.")
		h.Do(h.Anna, moderation.Remove, a.Comment)
		if _, err := h.ByAuthor(moderation.Withdraw, b, ""); err != nil {
			t.Fatal(err)
		}
		h.Release(h.Jonas, toA.Comment)
		h.Release(h.Jonas, toB.Comment)
		wantTexts(t, h, "", "Antwort an Anton.", "Antwort an Bruno.")
		h.Whole()
	})
}

// Once the words are erased nothing can bring the comment back: an empty text
// would be published in its author's place.
func TestNothingIsDecidedAfterErasure(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Dieser Text verschwindet.")
		h.Release(h.Anna, c.Comment)
		h.Do(h.Anna, moderation.Remove, c.Comment)
		held := h.Do(h.Jonas, moderation.Restore, c.Comment)
		wantKind(t, h.Erase(ctx, c.Comment), moderation.Conflict)
		h.Do(h.Jonas, moderation.Undo, c.Comment)
		h.EndHold(held)
		if err := h.Erase(ctx, c.Comment); err != nil {
			t.Fatal(err)
		}
		_, err := h.Step(h.Jonas, moderation.Restore, c.Comment)
		wantKind(t, err, moderation.Conflict)
		wantTexts(t, h, "")
		h.Whole()
	})
}
