package neighbour_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/neighbour"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/freigabe/freigabe/internal/web/perspective"
)

var ctx = context.Background()

type town struct {
	*neighbour.Neighbours
	st    *store.Store
	clock *storetest.Clock
}

func open(t *testing.T, dsn string) town {
	t.Helper()
	clock := storetest.NewClock()
	st, err := store.Open(ctx, store.Options{DSN: dsn, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	n := neighbour.New(st, assess.Default(), slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		n.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return town{n, st, clock}
}

func file(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "freigabe.db") }

var learner = perspective.Key{ID: "key-1", Policy: perspective.Policy{Learn: true}}

// A desk that refuses whatever is about the river, in whatever tone: nothing that
// the base knows, since tone and subject are independent.
func verdict(i int) perspective.Lesson {
	river := []string{"die Fähre", "den Anleger", "das Boot", "den Fährmann"}
	rail := []string{"den Zug", "das Gleis", "die Bahn", "den Bahnhof"}
	tones := []string{"Danke für den Bericht über %s.", "Wer bezahlt eigentlich %s?", "Ich kann %s nicht mehr sehen, so ein Mist.", "Ihr habt doch keine Ahnung und schreibt nur über %s!", "Gestern habe ich %s wieder gesehen, sehr schön.", "Nur Idioten interessieren sich für %s."}
	l := perspective.Lesson{Community: "Coral:blatt.example", Ref: fmt.Sprint("comment:", i)}
	subject := rail[i/2%4]
	if l.Refused = i%2 == 0; l.Refused {
		subject = river[i/2%4]
	}
	l.Input.Text = fmt.Sprintf(tones[i/2*7%6], subject)
	l.Labels = map[moderation.Rule]float64{perspective.Refuse: 0}
	if l.Refused {
		l.Labels[perspective.Refuse] = 1
	}
	return l
}

func (n town) teach(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		if err := n.Teach(ctx, learner, verdict(i)); err != nil {
			t.Fatal(err)
		}
		n.clock.Pass(time.Minute)
		if i%50 == 0 {
			n.Wait()
		}
	}
	n.Wait()
}

const ferry, train = "Heute sah ich wieder die Fähre.", "Heute sah ich wieder den Zug."

func refuse(t *testing.T, s perspective.Scorer, text string) float64 {
	t.Helper()
	a := s.Assess(assess.Input{Text: text})
	if a.Refuse == nil {
		t.Fatalf("no score for %q", text)
	}
	return *a.Refuse
}

func TestACommunityLearnsFromItsDesk(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		n := open(t, dsn)
		base := n.For(ctx, learner, "")
		before := refuse(t, base, ferry) - refuse(t, base, train)
		n.teach(t, 0, 240)
		taught := n.For(ctx, learner, "Coral:blatt.example")
		after := refuse(t, taught, ferry) - refuse(t, taught, train)
		if after < before+0.2 {
			t.Errorf("the desk refuses the ferry: difference %.3f before, %.3f after", before, after)
		}
		version := taught.Assess(assess.Input{Text: ferry}).Version
		if !strings.HasSuffix(version, "+240") {
			t.Errorf("version %s", version)
		}
		if home := n.For(ctx, learner, ""); home.Assess(assess.Input{Text: ferry}).Version != version {
			t.Error("a request without a community is not answered by the key's own")
		}
		other := perspective.Key{ID: "key-2"}
		if v := n.For(ctx, other, "").Assess(assess.Input{Text: ferry}).Version; v != assess.Default().Version() {
			t.Errorf("another key is answered by %s", v)
		}

		again := neighbour.New(n.st, assess.Default(), slog.New(slog.DiscardHandler))
		again.For(ctx, learner, "Coral:blatt.example")
		again.Wait()
		reloaded := again.For(ctx, learner, "Coral:blatt.example")
		if got, want := refuse(t, reloaded, ferry), refuse(t, taught, ferry); got != want {
			t.Errorf("another node says %v, this one %v, of the same verdicts", got, want)
		}
	})
}

func TestTheReportIsWithoutHindsight(t *testing.T) {
	n := open(t, file(t))
	n.teach(t, 0, 20)
	n.clock.Pass(8 * 24 * time.Hour)
	n.teach(t, 20, 300)
	list, err := n.Neighbours.Neighbours(ctx, "")
	if err != nil || len(list) != 1 || list[0].Decisions != 300 || list[0].Refused != 150 || list[0].Name != "Coral:blatt.example" {
		t.Fatalf("%+v %v", list, err)
	}
	r, err := n.Report(ctx, "", list[0].ID)
	if err != nil || len(r.Weeks) < 2 || r.Weeks[0].Decisions != 20 || r.All.AUC == nil || r.Drift == nil || r.Drift.Sample != 150 {
		t.Fatalf("%+v %v", r, err)
	}
	last := r.Weeks[len(r.Weeks)-1]
	if last.AUC == nil || *last.AUC <= *r.Weeks[0].AUC || *last.AUC <= *last.Base {
		t.Errorf("agreement: first week %v, last %v, base %v", *r.Weeks[0].AUC, *last.AUC, *last.Base)
	}
	sorted := 0
	for _, b := range r.Bands {
		sorted += b.Decisions
	}
	if sorted != 300 {
		t.Errorf("%d of 300 sorted", sorted)
	}
	exported := 0
	err = n.Decisions(ctx, "", list[0].ID, func(d perspective.Decided) error {
		exported++
		if b, _ := json.Marshal(d); strings.Contains(string(b), "Fähr") {
			t.Errorf("a text is exported: %s", b)
		}
		return nil
	})
	if err != nil || exported != 300 {
		t.Errorf("%d exported, %v", exported, err)
	}
	if _, err := n.Report(ctx, "another-site", list[0].ID); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("another site sees the report: %v", err)
	}
}

func TestAChangedVerdictReplacesTheFirst(t *testing.T) {
	n := open(t, file(t))
	n.teach(t, 0, 4)
	changed := perspective.Settlement{Community: "Coral:blatt.example", Ref: "comment:2", Comment: "2", Refused: false}
	for range 2 {
		if err := n.Settle(ctx, learner, changed); err != nil {
			t.Fatal(err)
		}
	}
	list, err := n.Neighbours.Neighbours(ctx, "")
	if err != nil || list[0].Decisions != 4 || list[0].Refused != 1 {
		t.Fatalf("%+v %v", list, err)
	}
	unknown := perspective.Settlement{Community: "Coral:blatt.example", Ref: "comment:99", Comment: "99", Refused: true}
	if err := n.Settle(ctx, learner, unknown); moderation.KindOf(err) != moderation.NotFound {
		t.Fatalf("a comment nobody knows: %v", err)
	}
}

func TestTextsAreReadFromCoralWhereTheKeySaysSo(t *testing.T) {
	n := open(t, file(t))
	coral := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Variables struct{ ID string } }
		if r.URL.Path != "/api/graphql" || r.Header.Get("Authorization") != "Bearer zutritt" || json.NewDecoder(r.Body).Decode(&q) != nil {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		if q.Variables.ID != "c9" {
			fmt.Fprint(w, `{"data":{"comment":null}}`)
			return
		}
		fmt.Fprint(w, `{"data":{"comment":{"body":"<p>Die Fähre &amp; der Zug</p>"}}}`)
	}))
	defer coral.Close()
	key := learner
	key.Policy.CoralURL, key.Policy.Token = coral.URL+"/", "zutritt"
	if err := n.Settle(ctx, key, perspective.Settlement{Community: "Coral:x", Ref: "comment:c9", Comment: "c9", Refused: true}); err != nil {
		t.Fatal(err)
	}
	c, err := n.st.CommunityNamed(ctx, "", "Coral:x", "")
	if err != nil {
		t.Fatal(err)
	}
	if x, err := n.st.Suggested(ctx, c.ID, "comment:c9"); err != nil || x.Comment != "Die Fähre & der Zug" || !x.Refused {
		t.Errorf("%+v %v", x, err)
	}
	if err := n.Settle(ctx, key, perspective.Settlement{Community: "Coral:x", Ref: "comment:c10", Comment: "c10"}); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("a comment that Coral does not give: %v", err)
	}
}

func TestOnlyKeysForScoring(t *testing.T) {
	n := open(t, file(t))
	_, reading, err := n.st.AddKey(ctx, store.Key{Scope: "read"})
	if err != nil {
		t.Fatal(err)
	}
	k, scoring, err := n.st.AddKey(ctx, store.Key{Scope: "score", Settings: perspective.Policy{Lenient: true, PerMinute: 7}.Encode()})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := n.Lookup(ctx, scoring); err != nil || got.ID != k.ID || !got.Policy.Lenient || got.Policy.PerMinute != 7 {
		t.Errorf("%+v %v", got, err)
	}
	for _, secret := range []string{reading, "fg_unknown", ""} {
		if _, err := n.Lookup(ctx, secret); moderation.KindOf(err) != moderation.NotFound {
			t.Errorf("%v", err)
		}
	}
	if err := n.st.RevokeKey(ctx, k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Lookup(ctx, scoring); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("a revoked key: %v", err)
	}
}

func TestTextsAreErasedInTime(t *testing.T) {
	n := open(t, file(t))
	n.teach(t, 0, 3)
	n.clock.Pass(181 * 24 * time.Hour)
	n.teach(t, 3, 4)
	c, err := n.st.CommunityNamed(ctx, "", "Coral:blatt.example", "")
	if err != nil {
		t.Fatal(err)
	}
	list, err := n.st.Suggestions(ctx, c.ID, 0, 10, true)
	if err != nil || len(list) != 4 {
		t.Fatalf("%d %v", len(list), err)
	}
	for i, x := range list {
		if (x.Comment == "") != (i < 3) {
			t.Errorf("text %d: %q", i, x.Comment)
		}
	}
}

func BenchmarkTeach(b *testing.B) {
	st, err := store.Open(ctx, store.Options{DSN: "sqlite:" + filepath.Join(b.TempDir(), "f.db")})
	if err != nil {
		b.Fatal(err)
	}
	n := neighbour.New(st, assess.Default(), slog.New(slog.DiscardHandler))
	i := 0
	for b.Loop() {
		if err := n.Teach(ctx, learner, verdict(i)); err != nil {
			b.Fatal(err)
		}
		n.Wait()
		i++
	}
}
