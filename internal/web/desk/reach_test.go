package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// sections is a house whose editor Lena works for the section Sport alone.
type sections struct {
	*room
	lena         store.Editor
	own, foreign string // comments below an article of Sport and one of Politik
	ownArticle   store.Article
	proven       string // an author of the foreign comment
}

func newSections(t *testing.T, dsn string) *sections {
	h := &sections{room: newRoom(t, dsn)}
	ctx := context.Background()
	submit := func(section, text string) (string, store.Article) {
		doc := article.Article{Headline: "Aus " + section, Lede: "Kurz.", Section: section, Blocks: []article.Block{{Kind: "paragraph", Text: "Mehr."}}, Boxes: []string{}}
		a, err := h.AddArticle(ctx, store.Article{Site: h.Site.ID, Doc: doc}, nil)
		if err != nil {
			t.Fatal(err)
		}
		out, err := h.Submit(ctx, store.Submission{Article: a.ID, Name: "Rosi", Text: text, Sender: store.Sender{Now: section, Before: section}, Proof: store.Proof{Kind: "account", Subject: section}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Comment, a
	}
	h.own, h.ownArticle = submit("Sport", "Ein gutes Spiel.")
	h.foreign, _ = submit("Politik", "Eine gute Sitzung.")
	dos, err := h.Dossier(ctx, h.foreign, 0)
	if err != nil {
		t.Fatal(err)
	}
	h.proven = dos.Author
	h.lena, err = h.AddEditor(ctx, store.Editor{Email: "lena@blatt.example", Name: "Lena Voss", Role: moderation.Editor, Reach: store.Reach{{Site: h.Site.ID, Sections: []string{"Sport"}}}, Password: "-"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Promise to a newsroom with desks of its own: who works for some sections sees
// and decides what stands below their articles, and nothing else, by whatever way.
func TestAnEditorOfASectionSeesThatSectionAlone(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newSections(t, dsn)
		b := h.surf(t, h.lena)
		for _, path := range []string{"/desk/", "/desk/?order=hot", "/desk/queue", "/desk/queue?q=gute", "/desk/queue?order=calm", "/desk/queue?section=Politik", "/desk/articles", "/desk/notices",
			"/desk/comments/" + h.own, "/desk/similar/" + h.own, "/desk/queue?author=" + h.proven} {
			if text := words(b.get(path)); strings.Contains(text, "Sitzung") || strings.Contains(text, "Politik") {
				t.Errorf("%s shows the other section: %s", path, text)
			}
		}
		if text := words(b.get("/desk/queue")); !strings.Contains(text, "Ein gutes Spiel.") {
			t.Errorf("the own section is missing: %s", text)
		}
		for _, path := range []string{"/desk/comments/" + h.foreign, "/desk/similar/" + h.foreign, "/desk/authors/" + h.proven, "/api/v1/desk/comments/" + h.foreign} {
			if w := b.do(httptest.NewRequest("GET", path, nil)); w.Code != http.StatusNotFound {
				t.Errorf("%s is answered %d", path, w.Code)
			}
		}
		for order := range map[string]bool{"oldest": true, "calm": true, "hot": true} {
			_, out := h.call(t, h.lena, "GET", "/api/v1/desk/queue?order="+order, "")
			if list := out["comments"].([]any); len(list) != 1 || list[0].(map[string]any)["id"] != h.own {
				t.Errorf("queue by %s: %v", order, list)
			}
		}
		h.refused(t, b)
		if status, out := h.step(t, h.lena, h.own, "approve", ""); status != 200 || out["status"] != "approved" {
			t.Errorf("the own section cannot be decided: %d %v", status, out)
		}
		h.Whole()
	})
}

// refused tries every way to decide or claim a comment of another section.
func (h *sections) refused(t *testing.T, b *surfer) {
	t.Helper()
	for _, step := range []string{"approve", "reject", "note", "escalate", "undo"} {
		if status, _ := h.step(t, h.lena, h.foreign, step, refusal); status != http.StatusNotFound {
			t.Errorf("%s in another section: %d", step, status)
		}
	}
	_, out := h.call(t, h.lena, "POST", "/api/v1/desk/batches", fmt.Sprintf(`{"decisions":[{"id":%q,"step":"approve"}]}`, h.foreign))
	if code := out["results"].([]any)[0].(map[string]any)["code"]; code != 404.0 {
		t.Errorf("in a batch: %v", code)
	}
	if status, _ := b.post("/desk/comments/"+h.foreign, url.Values{"do": {"approve"}, "revision": {"1"}}); status != http.StatusNotFound {
		t.Errorf("by form: %d", status)
	}
	b.post("/desk/release", nil) // what its pages claimed
	_, out = h.call(t, h.lena, "POST", "/desk/lease", fmt.Sprintf(`{"n":20,"keep":[{"id":%q,"revision":1}]}`, h.foreign))
	if items := out["items"].([]any); len(items) != 1 || items[0].(map[string]any)["id"] != h.own || len(out["gone"].([]any)) != 0 {
		t.Errorf("lease: %v", out)
	}
	if held, err := h.ClaimFor(context.Background(), h.foreign, store.Claimant{Editor: h.Anna.ID, Holder: "x"}, time.Minute); err != nil || held != "" {
		t.Errorf("the foreign comment is on the screen of %q, %v", held, err)
	}
	if w := b.do(httptest.NewRequest("GET", "/desk/bundles", nil)); w.Code != http.StatusForbidden {
		t.Errorf("bundles: %d", w.Code)
	}
	if len(decisionsOf(t, h.room, h.foreign)) != 0 {
		t.Error("a decision of another section was taken")
	}
	// The store itself refuses, too, whatever a handler forgets.
	if _, err := h.Step(h.lena, moderation.Approve, h.foreign); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("the store lets it through: %v", err)
	}
}

// News on the screen name no comment of another section, and count none.
func TestNewsOfASection(t *testing.T) {
	h := newSections(t, "sqlite:"+t.TempDir()+"/freigabe.db")
	b := h.surf(t, h.lena)
	if _, err := h.ClaimFor(context.Background(), h.foreign, store.Claimant{Editor: h.Anna.ID, Holder: "x"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	n := h.news(t, b)
	if len(n.Changed) != 1 || n.Changed[0] != h.own || n.Waits["pending"] != 1 || len(n.Here) != 0 {
		t.Errorf("news: %+v", n)
	}
}

// news is what a screen that has just opened is told, once for each room.
func (h *room) news(t *testing.T, b *surfer) news {
	t.Helper()
	d := newDesk(h.srv)
	var w *httptest.ResponseRecorder
	inspect := func(rw http.ResponseWriter, r *http.Request) error {
		w = httptest.NewRecorder()
		s := stream{d: d, r: r, w: w, out: http.NewResponseController(w)}
		if !s.step(r.Context()) {
			t.Error("the stream ended")
		}
		return nil
	}
	h.srv.Handle(webRoute("GET /desk/inspect", inspect))
	b.do(httptest.NewRequest("GET", "/desk/inspect", nil))
	var n news
	if err := json.Unmarshal([]byte(strings.TrimSpace(strings.TrimPrefix(w.Body.String(), "data: "))), &n); err != nil {
		t.Fatal(err, w.Body)
	}
	return n
}

// Several sites: both are served, a third is not.
func TestAnEditorOfSeveralSites(t *testing.T) {
	h := sqliteRoom(t)
	ctx := context.Background()
	site := func(name string) (store.Site, string) {
		s, err := h.AddSite(ctx, store.Site{Name: name, Origin: "https://" + name + ".example"})
		if err != nil {
			t.Fatal(err)
		}
		a, err := h.AddArticle(ctx, store.Article{Site: s.ID, Doc: article.Article{Headline: "Aus " + name, Boxes: []string{}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		out, err := h.Submit(ctx, store.Submission{Article: a.ID, Name: "Rosi", Text: "Zu " + name})
		if err != nil {
			t.Fatal(err)
		}
		return s, out.Comment
	}
	bote, inBote := site("bote")
	_, inKurier := site("kurier")
	mine := h.Post("", "Rosi", "Zum Blatt").Comment
	e, err := h.AddEditor(ctx, store.Editor{Email: "zwei@blatt.example", Name: "Zwei Welten", Role: moderation.Chief, Reach: store.Reach{{Site: h.Site.ID}, {Site: bote.ID}}, Password: "-"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	_, out := h.call(t, e, "GET", "/api/v1/desk/queue?order=hot", "")
	for _, c := range out["comments"].([]any) {
		got[c.(map[string]any)["id"].(string)] = true
	}
	if !got[mine] || !got[inBote] || got[inKurier] || len(got) != 2 {
		t.Errorf("queue: %v", got)
	}
	if status, _ := h.step(t, e, inKurier, "approve", ""); status != http.StatusNotFound {
		t.Errorf("a third site: %d", status)
	}
	b := h.surf(t, e)
	if text := words(b.get("/desk/stats?site=" + bote.ID)); strings.Contains(text, "Aus kurier") {
		t.Error("statistics show a third site")
	}
	if again, err := h.Editor(ctx, e.ID); err != nil || len(again.Reach) != 2 || again.Site != "" {
		t.Errorf("read again: %+v, %v", again, err)
	}
}
