package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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

// However few texts hold the words, and wherever they lie, a search finds each of
// them once, in its order; what it does not read at once it reads at its cursor.
func TestSearchFindsAllOfMany(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		words := []string{"brücke", "brückenbau", "brückentag", "damm", "dammbruch", "überbrückt", "selten"}
		texts, refused := map[string][]string{}, map[string]bool{}
		for i := range 60 {
			has := []string{"brücke", words[1+i%6], words[1+i/6%5]}
			if i == 17 || i > 55 {
				has = append(has, "gelegentlich")
			}
			id := h.Post("", fmt.Sprint("Name ", i), fmt.Sprint(strings.Join(has, ", "), ": ", i)).Comment
			texts[id] = has
			if h.Clock.Pass(time.Minute); i%7 == 0 {
				h.Do(h.Anna, moderation.Reject, id)
				refused[id] = true
			}
		}
		for n, reads := range [][4]int{{20_000, 64, 20_000, 2000}, {10, 3, 20, 8}, {0, 0, 7, 2}} {
			h.ReadLittle(reads[0], reads[1], reads[2], reads[3])
			for i, text := range []string{"brücke", "damm", "dammbruch brückent", "selten gelegentlich", "gelegen", "nirgends"} {
				for j, order := range []string{"oldest", "newest", "calm"} {
					f := store.QueueFilter{State: []moderation.State{moderation.Pending, store.Any}[(i+j+n)%2], Order: order, Text: text, Limit: 7}
					if (i+j)%3 > 0 {
						f.Site = h.Site.ID
					}
					findsAll(t, h, f, texts, refused)
				}
			}
		}
	})
}

// findsAll reads a search to its end and holds it against the texts.
func findsAll(t *testing.T, h *storetest.House, f store.QueueFilter, texts map[string][]string, refused map[string]bool) {
	t.Helper()
	want, got := map[string]bool{}, []store.Waiting{}
	for id, has := range texts {
		fits := true
		for sought := range strings.FieldsSeq(f.Text) {
			fits = fits && slices.ContainsFunc(has, func(word string) bool { return strings.HasPrefix(word, sought) })
		}
		if fits && (f.State == store.Any || !refused[id]) {
			want[id] = true
		}
	}
	for pages := 0; ; pages++ {
		list, next, err := h.Queue(context.Background(), f)
		if err != nil || pages > 200 {
			t.Fatalf("%+v: %v after %d pages", f, err, pages)
		}
		got = append(got, list...)
		if f.Cursor = next; next == "" {
			break
		}
	}
	for i, w := range got {
		if !want[w.ID] || i > 0 && slices.ContainsFunc(got[:i], func(o store.Waiting) bool { return o.ID == w.ID }) {
			t.Errorf("%q, %s, %s: found %v without cause or twice", f.Text, f.State, f.Order, texts[w.ID])
		}
		if i > 0 && (f.Order == "newest") != got[i].Submitted.Before(got[i-1].Submitted) {
			t.Errorf("%q, %s, %s: not in order", f.Text, f.State, f.Order)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%q, %s, %s, site %q: found %d of %d", f.Text, f.State, f.Order, f.Site, len(got), len(want))
	}
}
