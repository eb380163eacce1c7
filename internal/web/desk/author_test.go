package desk

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

func (h *room) postAs(subject, text string) (store.Submitted, error) {
	return h.Submit(context.Background(), store.Submission{Article: h.Article.ID, Name: "Karin Lohse", Text: text, Sender: store.Sender{Now: text, Before: text}, Proof: store.Proof{Kind: "account", Subject: subject}})
}

func TestMeasuresHoldForProvenAuthors(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		posted, err := h.postAs("u1", "Der erste Beitrag.")
		if err != nil {
			t.Fatal(err)
		}
		r, err := h.Receipt(context.Background(), posted.Token)
		if err != nil {
			t.Fatal(err)
		}
		at := "/desk/authors/" + r.Author
		b := h.surf(t, h.Anna)
		for _, tt := range []struct {
			by     *surfer
			form   url.Values
			status int
		}{
			{b, url.Values{"kind": {"ban"}, "reason": {"Drohungen"}}, 403},
			{b, url.Values{"kind": {"suspend"}, "reason": {"Drohungen"}, "days": {"0"}}, 422},
			{b, url.Values{"kind": {"second"}, "reason": {" "}}, 422},
			{b, url.Values{"kind": {"praise"}, "reason": {"gut"}}, 422},
			{b, url.Values{"kind": {"second"}, "reason": {"Zweimal knapp."}, "days": {"30"}}, 303},
		} {
			if status, _ := tt.by.post(at, tt.form); status != tt.status {
				t.Errorf("%v: %d, want %d", tt.form, status, tt.status)
			}
		}
		if page := words(b.get("/desk/")); !strings.Contains(page, "Immer zwei lesen") || !strings.Contains(page, "Zweimal knapp.") {
			t.Error("the screen does not show the measure")
		}
		if status, _ := h.step(t, h.Anna, posted.Comment, "approve", ""); status != 409 {
			t.Errorf("one person releases what two have to read: %d", status)
		}
		h.Do(h.Anna, moderation.Escalate, posted.Comment)
		h.Clock.Pass(h.Site.Hold())
		if status, _ := h.step(t, h.Jonas, posted.Comment, "approve", ""); status != 200 {
			t.Errorf("the second person releases: %d", status)
		}
		if status, _ := b.post(at, url.Values{"kind": {"suspend"}, "reason": {"Drohungen gegen andere"}, "days": {"7"}}); status != 303 {
			t.Errorf("suspending: %d", status)
		}
		_, err = h.postAs("u1", "Der zweite Beitrag.")
		if moderation.KindOf(err) != moderation.Forbidden {
			t.Errorf("a suspended author submits: %v", err)
		}
		if _, err := h.postAs("u2", "Ein anderer."); err != nil {
			t.Errorf("another author submits: %v", err)
		}
		h.Clock.Pass(8 * 24 * time.Hour)
		if _, err := h.postAs("u1", "Der dritte Beitrag."); err != nil {
			t.Errorf("after the suspension: %v", err)
		}
		b = h.surf(t, h.Anna) // the sessions of before have ended
		chief := h.surf(t, h.Chief)
		chief.post(at, url.Values{"kind": {"ban"}, "reason": {"Wieder Drohungen"}})
		if _, err := h.postAs("u1", "Der vierte Beitrag."); moderation.KindOf(err) != moderation.Forbidden {
			t.Errorf("a banned author submits: %v", err)
		}
		k, err := h.KnownAuthor(context.Background(), r.Author)
		if err != nil || len(k.Measures) != 3 {
			t.Fatalf("measures: %+v %v", k.Measures, err)
		}
		if status, _ := b.post(at, url.Values{"lift": {k.Measures[0].ID}}); status != 403 {
			t.Errorf("an editor lifts a ban: %d", status)
		}
		chief.post(at, url.Values{"lift": {k.Measures[0].ID}})
		if _, err := h.postAs("u1", "Der fünfte Beitrag."); err != nil {
			t.Errorf("after the ban was lifted: %v", err)
		}
		b.get(at)
	})
}

func TestATypedNameHasNoMeasures(t *testing.T) {
	h := sqliteRoom(t)
	posted := h.Post("", "Rosi", "Hallo zusammen.")
	r, err := h.Receipt(context.Background(), posted.Token)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := h.surf(t, h.Anna).post("/desk/authors/"+r.Author, url.Values{"kind": {"note"}, "reason": {"hm"}}); status != 404 {
		t.Errorf("a measure against a typed name: %d", status)
	}
}

func TestTwoReadersForAnArticle(t *testing.T) {
	h := sqliteRoom(t)
	a := h.Article
	a.TwoReads = true
	if err := h.SetThread(context.Background(), a); err != nil {
		t.Fatal(err)
	}
	c := h.Post("", "Rosi", "Hallo zusammen.").Comment
	status, out := h.step(t, h.Anna, c, "approve", "")
	if status != 409 || !strings.Contains(out["title"].(string), "zweiten Meinung") {
		t.Errorf("one person releases: %d %v", status, out)
	}
	if status, _ := h.step(t, h.Anna, c, "reject", refusal); status != 200 {
		t.Errorf("one person refuses: %d", status)
	}
}
