package store_test

import (
	"context"
	"slices"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// Both databases find the same comments by the same words, waiting and decided
// ones, and nothing any more of a text that was erased.
func TestSearchFindsWords(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		ctx := context.Background()
		bridge := h.Post("", "Berta", "Die Brückensanierung in Berlin-Mitte kostet 3,5 Millionen, siehe www.beispiel.example/plan.").Comment
		h.Clock.Pass(1e9)
		tram := h.Post("", "Cem", "Die Straßenbahn (Linie 7) fährt „übermorgen“ wieder, O'Brien sei Dank.").Comment
		h.Clock.Pass(1e9)
		gone := h.Post("", "Doris", "Ein Geheimwort über die Brücke.")
		h.Release(h.Anna, tram)
		found := func(state moderation.State, text string) []string {
			t.Helper()
			list, _, err := h.Queue(ctx, store.QueueFilter{Site: h.Site.ID, State: state, Text: text})
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			ids := []string{}
			for _, w := range list {
				ids = append(ids, w.ID)
			}
			return ids
		}
		for _, tt := range []struct {
			state moderation.State
			text  string
			want  []string
		}{
			{moderation.Pending, "brücken", []string{bridge}},
			{moderation.Pending, "BRÜCKE", []string{bridge, gone.Comment}},
			{moderation.Pending, "mitte", []string{bridge}},
			{moderation.Pending, "beispiel", []string{bridge}},
			{moderation.Pending, "millionen die", []string{bridge}},
			{moderation.Pending, "straßenbahn", []string{}},
			{store.Any, "straßenbahn", []string{tram}},
			{store.Any, "übermorgen linie 7", []string{tram}},
			{store.Any, "brien", []string{tram}},
			{store.Any, "die", []string{bridge, tram, gone.Comment}},
			{store.Any, `"' * & | ! ( ) : \ -`, []string{}},
			{store.Any, `die" NOT "*`, []string{}},
			{store.Any, "sanierung", []string{}},
			{store.Any, "геheim 漢字", []string{}},
		} {
			if got := found(tt.state, tt.text); !slices.Equal(got, tt.want) {
				t.Errorf("%s %q found %v, want %v", tt.state, tt.text, got, tt.want)
			}
		}
		if _, err := h.ByAuthor(moderation.Withdraw, gone, ""); err != nil {
			t.Fatal(err)
		}
		h.Clock.Pass(8 * 24 * 3600e9)
		if _, err := h.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		if got := found(store.Any, "geheimwort"); len(got) != 0 {
			t.Errorf("an erased text is found: %v", got)
		}
	})
}

// A page goes on where the last one ended, in each order of a search.
func TestSearchGoesOn(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		var all []string
		for range 7 {
			all = append(all, h.Post("", "Berta", "Die Brücke bleibt zu.").Comment)
			h.Clock.Pass(11 * 60e9)
		}
		for _, order := range []string{"oldest", "newest"} {
			want := slices.Clone(all)
			if order == "newest" {
				slices.Reverse(want)
			}
			var got []string
			for cursor := ""; ; {
				list, next, err := h.Queue(context.Background(), store.QueueFilter{Site: h.Site.ID, State: store.Any, Order: order, Text: "brücke", Limit: 3, Cursor: cursor})
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range list {
					got = append(got, w.ID)
				}
				if cursor = next; cursor == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", order, got, want)
			}
		}
	})
}
