package store_test

import (
	"slices"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// Two people step on with the same bundle at once: only the first step counts, so
// that no pass and no release takes a withdrawal back.
func TestStepsWithABundleAreGuarded(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := t.Context()
		b, err := h.AddBundle(ctx, store.Bundle{Site: h.Site.ID, Editor: h.Anna.ID, Sample: []string{"a", "b"}, Members: []store.Member{{ID: "a", Revision: 1}, {ID: "b", Revision: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		passed := b
		passed.Passed = []string{"a"}
		if err := h.StepBundle(ctx, b, passed); err != nil {
			t.Fatal(err)
		}
		if err := h.StepBundle(ctx, b, passed); moderation.KindOf(err) != moderation.Conflict {
			t.Errorf("the same step again: %v", err)
		}
		withdrawn, whole := passed, passed
		withdrawn.Withdrawn = h.Now()
		whole.Passed = []string{"a", "b"}
		if err := h.StepBundle(ctx, passed, withdrawn); err != nil {
			t.Fatal(err)
		}
		whole.Released = h.Now()
		if err := h.StepBundle(ctx, passed, whole); moderation.KindOf(err) != moderation.Conflict {
			t.Errorf("a step of somebody who did not see the withdrawal: %v", err)
		}
		kept, err := h.Bundle(ctx, b.ID)
		if err != nil || kept.Withdrawn.IsZero() || !kept.Released.IsZero() || !slices.Equal(kept.Passed, []string{"a"}) {
			t.Errorf("kept: %+v, %v", kept, err)
		}
	})
}

// A sample that was read whole is kept beside what has passed.
func TestASampleReadWhole(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		b, err := h.AddBundle(t.Context(), store.Bundle{Site: h.Site.ID, Editor: h.Anna.ID, Sample: []string{"a", "b"}})
		if err != nil {
			t.Fatal(err)
		}
		to := b
		to.Passed = b.Sample
		if err := h.StepBundle(t.Context(), b, to); err != nil {
			t.Fatal(err)
		}
		kept, err := h.Bundle(t.Context(), b.ID)
		if err != nil || !slices.Equal(kept.Sample, b.Sample) || !slices.Equal(kept.Passed, b.Sample) || kept.Unread() != "" {
			t.Errorf("kept: %+v, %v", kept, err)
		}
	})
}
