package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

func suggest(t *testing.T, h *storetest.House, site, name string, in store.Suggestion) (store.Community, bool) {
	t.Helper()
	c, fresh, err := h.Suggest(ctx, site, name, "key-1", in)
	if err != nil {
		t.Fatal(err)
	}
	return c, fresh
}

func TestAVerdictCountsOnceAndItsChangeReplacesIt(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		v := 0.4
		in := store.Suggestion{Ref: "comment:1", Comment: "Was für ein Unfug.", Refused: true, Scored: &v, Version: "base-1"}
		c, fresh := suggest(t, h, "", "Coral:blatt.example", in)
		if _, again := suggest(t, h, "", "Coral:blatt.example", in); !fresh || again {
			t.Fatalf("the first is fresh %v, its repetition %v", fresh, again)
		}
		in.Refused = false
		if c, fresh = suggest(t, h, "", "Coral:blatt.example", in); !fresh || c.Seq != 2 {
			t.Fatalf("a changed verdict is fresh %v with number %d", fresh, c.Seq)
		}
		suggest(t, h, "", "Coral:blatt.example", store.Suggestion{Comment: "Ohne Namen."})
		suggest(t, h, "", "Coral:blatt.example", store.Suggestion{Comment: "Ohne Namen."})
		list, err := h.Suggestions(ctx, c.ID, 0, 10, false)
		if err != nil || len(list) != 3 || list[0].Seq != 2 || list[0].Refused || *list[0].Scored != 0.4 || list[0].Base != nil {
			t.Fatalf("in force: %+v %v", list, err)
		}
		if every, err := h.Suggestions(ctx, c.ID, 0, 10, true); err != nil || len(every) != 4 {
			t.Fatalf("%d ever, %v", len(every), err)
		}
		if n, refused, err := h.CommunityCounts(ctx, c.ID); err != nil || n != 3 || refused != 0 {
			t.Fatalf("%d verdicts, %d refused, %v", n, refused, err)
		}
		last, err := h.Suggested(ctx, c.ID, "comment:1")
		if err != nil || last.Seq != 2 {
			t.Fatalf("in force on the comment: %+v %v", last, err)
		}
		_, err = h.Suggested(ctx, c.ID, "comment:2")
		wantKind(t, err, moderation.NotFound)
	})
}

func TestCommunitiesAreApart(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		a, _ := suggest(t, h, h.Site.ID, "Coral:blatt.example", store.Suggestion{Comment: "Eins."})
		h.Clock.Pass(time.Second)
		b, _ := suggest(t, h, "", "Coral:blatt.example", store.Suggestion{Comment: "Zwei."})
		if a.ID == b.ID {
			t.Fatal("two sites share a community")
		}
		if _, err := h.Community(ctx, h.Site.ID, b.ID); moderation.KindOf(err) != moderation.NotFound {
			t.Fatalf("a site sees another's community: %v", err)
		}
		if list, err := h.Communities(ctx, h.Site.ID); err != nil || len(list) != 1 || list[0].ID != a.ID {
			t.Fatalf("communities of the site: %+v %v", list, err)
		}
		if home, err := h.CommunityNamed(ctx, "", "", "key-1"); err != nil || home.ID != b.ID {
			t.Fatalf("the key's own community: %+v %v", home, err)
		}
		if err := h.SaveCommunityModel(ctx, a.ID, 5, []byte("five")); err != nil {
			t.Fatal(err)
		}
		if err := h.SaveCommunityModel(ctx, a.ID, 4, []byte("four")); err != nil {
			t.Fatal(err)
		}
		if a, err := h.Community(ctx, "", a.ID); err != nil || string(a.Model) != "five" || a.ModelSeq != 5 {
			t.Fatalf("model %q up to %d, %v", a.Model, a.ModelSeq, err)
		}
		h.Clock.Pass(time.Hour)
		if n, err := h.EraseSuggestions(ctx, h.Now()); err != nil || n != 2 {
			t.Fatalf("%d texts erased, %v", n, err)
		}
		if err := h.ForgetCommunity(ctx, b.ID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, h.ForgetCommunity(ctx, b.ID), moderation.NotFound)
	})
}

func TestSuggestionsAtOnceHaveAnOrderWithoutGaps(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, _, err := h.Suggest(ctx, "", "nachbar", "key-1", store.Suggestion{Comment: "Zugleich."}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		c, err := h.CommunityNamed(ctx, "", "nachbar", "")
		if err != nil || c.Seq != 20 {
			t.Fatalf("last number %d, %v", c.Seq, err)
		}
		list, err := h.Suggestions(ctx, c.ID, 0, 100, false)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range list {
			if x.Seq != int64(i+1) {
				t.Fatalf("number %d at place %d", x.Seq, i)
			}
		}
	})
}

func TestAKeyKeepsItsPolicyUntilRevoked(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		k, secret, err := h.AddKey(ctx, store.Key{Scope: "score", Settings: `{"learn":true}`})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.SetKeySettings(ctx, k.ID, `{"lenient":true}`); err != nil {
			t.Fatal(err)
		}
		if k, err = h.Key(ctx, secret); err != nil || k.Settings != `{"lenient":true}` {
			t.Fatalf("settings %s, %v", k.Settings, err)
		}
		if err := h.RevokeKey(ctx, k.ID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, h.SetKeySettings(ctx, k.ID, "{}"), moderation.NotFound)
	})
}
