package alike_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/alike"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// house writes fingerprints as assessments do.
type house struct {
	*storetest.House
	texts *alike.Texts
}

// print is a fingerprint.
const print = 0b1011_0110_1111_0000_1010

// settled gives a house in which comments wait that no assessment has seen.
func settled(t *testing.T, dsn string, n int) (h house, ids []string) {
	h = house{House: storetest.NewHouse(t, dsn)}
	h.texts = alike.New(h.Store)
	for i := range n {
		ids = append(ids, h.Post("", "Mira", fmt.Sprintf("Text Nummer %d.", i)).Comment)
	}
	return h, ids
}

func (h house) saw(t *testing.T, comment, author string, print uint64) {
	t.Helper()
	if err := h.SaveObserved(context.Background(), store.Observed{Comment: comment, Revision: 1, Site: h.Site.ID, Author: author, Fingerprint: print}); err != nil {
		t.Fatal(err)
	}
	h.Clock.Pass(time.Millisecond)
}

func (h house) near(t *testing.T, comment, author string, print uint64) (out []string) {
	t.Helper()
	found, err := h.texts.Near(t.Context(), h.Site.ID, comment, author, print, 3, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range found {
		out = append(out, fmt.Sprint(n.Comment, " ", n.Distance, " ", n.OtherAuthor))
	}
	return out
}

func TestNearAndLike(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h, ids := settled(t, dsn, 4)
		h.saw(t, ids[0], "mira", print)
		h.saw(t, ids[1], "jon", print^0b101)
		h.saw(t, ids[2], "jon", print^0b1111) // one bit too many
		if got := h.near(t, ids[3], "jon", print); !slices.Equal(got, []string{ids[0] + " 0 true", ids[1] + " 2 false"}) {
			t.Errorf("near: %v", got)
		}
		if got := h.near(t, ids[0], "mira", print); !slices.Equal(got, []string{ids[1] + " 2 true"}) {
			t.Errorf("near, without itself: %v", got)
		}
		if got := h.near(t, ids[3], "jon", 0); got != nil {
			t.Errorf("near a text without a print: %v", got)
		}
		h.saw(t, ids[3], "jon", print)
		like, err := h.texts.Like(t.Context(), h.Site.ID, ids[3], 3)
		if err != nil || len(like) != 2 || like[0].Comment != ids[0] || like[1].OtherAuthor {
			t.Errorf("like: %+v, %v", like, err)
		}
		h.Clock.Pass(alike.Lately)
		if got := h.near(t, ids[0], "mira", print); got != nil {
			t.Errorf("a week later: %v", got)
		}
	})
}

// Of a flood of the same text only so many are listed as are enough, the oldest; however
// many are the author's, those of others are listed, too. A desk that asks for all gets
// all.
func TestEnoughIsEnough(t *testing.T) {
	h, ids := settled(t, "sqlite:"+filepath.Join(t.TempDir(), "freigabe.db"), 7)
	for i, author := range []string{"mira", "mira", "mira", "jon", "rosa", "ali"} {
		h.saw(t, ids[i], author, print^0b11)
	}
	found, err := h.texts.Near(t.Context(), h.Site.ID, ids[6], "mira", print, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []alike.Near{{Comment: ids[0], Distance: 2}, {Comment: ids[1], Distance: 2},
		{Comment: ids[3], OtherAuthor: true, Distance: 2}, {Comment: ids[4], OtherAuthor: true, Distance: 2}}
	if !slices.Equal(found, want) {
		t.Errorf("near: %+v, want %+v", found, want)
	}
	if like, err := h.texts.Like(t.Context(), h.Site.ID, ids[0], 3); err != nil || len(like) != 5 {
		t.Errorf("like lists all: %+v, %v", like, err)
	}
}

// What another node wrote with an earlier time, but later, is found within seconds.
func TestLateWritesAreFound(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h, ids := settled(t, dsn, 3)
		h.saw(t, ids[0], "mira", print)
		if got := h.near(t, ids[2], "jon", print); len(got) != 1 {
			t.Fatalf("near: %v", got)
		}
		h.saw(t, ids[1], "jon", print)
		if _, err := h.Pool().ExecContext(t.Context(), "update observed set at = at - 1000000 where comment_id = $1", ids[1]); err != nil {
			t.Fatal(err)
		}
		h.Clock.Pass(11 * time.Second)
		if got := h.near(t, ids[2], "jon", print); len(got) != 2 {
			t.Errorf("near, with one that became visible late: %v", got)
		}
	})
}
