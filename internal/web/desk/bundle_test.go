package desk

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/net/html"
)

// calmTexts are texts that the frozen model surely finds calm.
func calmText(i int) string {
	return fmt.Sprintf("Vielen Dank für den Artikel, die Zahlen zur Brücke waren mir neu. Nummer %d.", i)
}

// proved gives the room enough blind decisions for a bundle, and switches bundles on.
func (h *room) proved(t *testing.T, n int) {
	t.Helper()
	ctx := context.Background()
	set := h.Site.Settings
	all, none := 100.0, 0.0
	set.BlindPercent = &all
	set.Extra = store.Extra{"bundles": []byte(`{"on":true,"percent":98}`)}
	if err := h.SaveSettings(ctx, h.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	here := h.Article
	defer func() { h.Article = here }()
	other, err := h.AddArticle(ctx, store.Article{Site: h.Site.ID, Doc: article.Article{Headline: "Ein Markt"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.Article = other
	for i := range n {
		c := h.Post("", fmt.Sprintf("Blind %d", i), calmText(i)).Comment
		if _, err := h.Apply(ctx, store.Request{Comment: c, Step: moderation.Approve, Actor: h.Jonas.Actor()}); err != nil {
			t.Fatal(err)
		}
	}
	h.Clock.Pass(h.Site.Hold())
	set.BlindPercent = &none
	if err := h.SaveSettings(ctx, h.Site.ID, set); err != nil {
		t.Fatal(err)
	}
}

func buttons(doc *html.Node, value string) int {
	return len(find(doc, func(n *html.Node) bool { return n.Data == "button" && attr(n, "value") == value }))
}

// read reads the whole sample of a bundle and finds it fine.
func (b *surfer) read(at string) {
	b.t.Helper()
	for range sampleSize {
		page := b.get(at)
		if buttons(page, "pass") == 0 {
			return
		}
		id := attr(find(page, class("item"))[0], "data-id")
		if status, _ := b.post(at, url.Values{"do": {"pass"}, "comment": {id}}); status != 303 {
			b.t.Fatalf("passing %s: %d", id, status)
		}
	}
}

// make makes a bundle of all that the page lists.
func (b *surfer) make() (at string, members int) {
	b.t.Helper()
	form := url.Values{}
	for _, n := range find(b.get("/desk/bundles"), func(n *html.Node) bool { return n.Data == "input" }) {
		form.Add(attr(n, "name"), attr(n, "value"))
	}
	status, at := b.post("/desk/bundles", form)
	if status != 303 {
		b.t.Fatalf("making a bundle: %d", status)
	}
	return at, len(form["comment"])
}

func TestBundleIsReleasedUndoneAndRecalled(t *testing.T) {
	h := sqliteRoom(t)
	h.proved(t, 150)
	var ids []string
	for i := range 14 {
		ids = append(ids, h.Post("", fmt.Sprintf("Leser %d", i), calmText(1000+i)).Comment)
	}
	rude := h.Post("", "Rüpel", "Ihr verdammten Drecksschweine, haltet endlich eure Fresse, ihr Arschlöcher!").Comment
	b := h.surf(t, h.Anna)
	at, members := b.make()
	if members != len(ids) {
		t.Fatalf("%d comments are offered, want the %d calm ones", members, len(ids))
	}
	if status, _ := b.post(at, url.Values{"do": {"release"}}); status != 409 {
		t.Errorf("releasing before the sample is read: %d", status)
	}
	b.read(at)
	if status, _ := b.post(at, url.Values{"do": {"release"}}); status != 303 {
		t.Fatalf("releasing: %d", status)
	}
	page := b.get(at)
	if !strings.Contains(words(page), "14 Kommentare freigegeben") || !strings.Contains(words(page), "30 s") || buttons(page, "undo") != 1 {
		t.Errorf("after the release: %s", words(page))
	}
	for _, id := range ids {
		if d := historyOf(t, h, id); len(d) != 1 || d[0].Bundle == "" || d[0].Step != moderation.Approve {
			t.Errorf("%s: %v", id, d)
		}
	}
	if len(historyOf(t, h, rude)) != 0 || len(h.Visible()) != 0 {
		t.Error("something was released that should not have been")
	}
	b.post(at, url.Values{"do": {"undo"}})
	h.Clock.Pass(h.Site.BundleHold())
	if h.publishAll(t); len(h.Visible()) != 0 {
		t.Errorf("%d comments became public after the undo", len(h.Visible()))
	}
	testRecall(t, h, b, len(ids))
}

func testRecall(t *testing.T, h *room, b *surfer, n int) {
	at, _ := b.make()
	b.read(at)
	b.post(at, url.Values{"do": {"release"}})
	h.Clock.Pass(h.Site.BundleHold())
	if got := h.publishAll(t); got != n || len(h.Visible()) != n {
		t.Fatalf("%d became public, want %d", got, n)
	}
	if status, _ := b.post(at, url.Values{"do": {"recall"}}); status != 422 {
		t.Errorf("a recall without a rule: %d", status)
	}
	if status, _ := b.post(at, url.Values{"do": {"recall"}, "rule": {"digression"}}); status != 303 || len(h.Visible()) != n {
		t.Fatalf("recall: %d", status)
	}
	for _, text := range h.Visible() {
		if text != "" {
			t.Errorf("still to be read: %q", text)
		}
	}
	h.Whole()
}

// publishAll does the jobs of publication that are due and counts those that wrote.
func (h *room) publishAll(t *testing.T) int {
	t.Helper()
	ctx := context.Background()
	jobs, err := h.ClaimJobs(ctx, []string{"publish"}, 500, 1e9)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, j := range jobs {
		d, err := h.Decision(ctx, j.Key)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Publish(ctx, j.Key); err != nil {
			t.Fatal(err)
		}
		if err := h.FinishJob(ctx, j); err != nil {
			t.Fatal(err)
		}
		if d.Bundle != "" {
			n++
		}
	}
	return n
}

func TestBundlesNeedMeasuringAndAChief(t *testing.T) {
	h := sqliteRoom(t)
	h.proved(t, 60)
	for i := range 3 {
		h.Post("", "Leser", calmText(2000+i))
	}
	b := h.surf(t, h.Anna)
	page := b.get("/desk/bundles")
	if s := words(page); !strings.Contains(s, "89 blinde Prüfungen") || len(find(page, func(n *html.Node) bool { return attr(n, "name") == "comment" })) > 0 {
		t.Errorf("with 60 labels the page says: %s", s)
	}
	if status, _ := b.post("/desk/bundles", url.Values{"upper": {"20"}, "comment": {"x"}}); status != 409 {
		t.Errorf("a bundle without a bound: %d", status)
	}
	if status, _ := b.post("/desk/bundles/settings", url.Values{"on": {"1"}}); status != 403 {
		t.Errorf("an editor switches bundles on: %d", status)
	}
	if status, _ := h.surf(t, h.Chief).post("/desk/bundles/settings", url.Values{"percent": {"95"}}); status != 303 {
		t.Errorf("a chief switches bundles off: %d", status)
	}
	if s := words(b.get("/desk/bundles")); !strings.Contains(s, "ausgeschaltet") || !strings.Contains(s, "95 von 100") {
		t.Error("the page does not say that bundles are off")
	}
}

func TestARefusalInTheSampleWithdrawsTheBundle(t *testing.T) {
	h := sqliteRoom(t)
	h.proved(t, 150)
	for i := range 4 {
		h.Post("", "Leser", calmText(3000+i))
	}
	b := h.surf(t, h.Anna)
	at, _ := b.make()
	id := attr(find(b.get(at), class("item"))[0], "data-id")
	b.post(at, url.Values{"do": {"fail"}, "comment": {id}})
	if page := b.get(at); !strings.Contains(words(page), "zurückgezogen") || buttons(page, "release") != 0 {
		t.Error("the bundle is not withdrawn")
	}
	if status, _ := b.post(at, url.Values{"do": {"release"}}); status != 409 {
		t.Errorf("releasing a withdrawn bundle: %d", status)
	}
}
