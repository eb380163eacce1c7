package desk

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/frozen"
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

// scored lets the machine look at what waits: nothing but the frozen model's word
// matters for a bundle.
func (h *room) scored(t *testing.T) {
	t.Helper()
	ctx, calm := context.Background(), frozen.New(assess.Default())
	list, _, err := h.Queue(ctx, store.QueueFilter{Reach: store.AtSite(h.Site.ID), Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range list {
		if err := h.SaveAssessment(ctx, w.ID, w.Revision, moderation.NotChecked("test")); err != nil {
			t.Fatal(err)
		}
	}
	left, err := h.Uncalmed(ctx, h.Site.ID, calm.Version(), 500)
	if err != nil {
		t.Fatal(err)
	}
	var scores []store.Calm
	for _, u := range left {
		scores = append(scores, store.Calm{Comment: u.Comment, Revision: u.Revision, Score: calm.Score(u.Text, "de", u.Flagged), Model: calm.Version()})
	}
	if err := h.SaveCalm(ctx, h.Site.ID, scores); err != nil {
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
	for _, n := range find(b.get("/desk/bundles"), func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/desk/bundles" }) {
		for _, in := range find(n, func(n *html.Node) bool { return n.Data == "input" }) {
			form.Add(attr(in, "name"), attr(in, "value"))
		}
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
	h.scored(t)
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
	told, err := h.ClaimJobs(context.Background(), []string{"tell"}, 500, 1e9)
	if err != nil {
		t.Fatal(err)
	}
	removals := 0
	for _, j := range told {
		if d, err := h.Decision(context.Background(), j.Key); err == nil && d.Step == moderation.Remove && d.Bundle != "" && d.Reason != "" {
			removals++
		}
	}
	if removals != n {
		t.Errorf("%d authors are told of the removal, want %d", removals, n)
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
	h.scored(t)
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
	h.scored(t)
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

// refusedBlind adds blind decisions that refused texts which the frozen model
// finds calm.
func (h *room) refusedBlind(t *testing.T, n int) {
	t.Helper()
	set := h.Site.Settings
	all := 100.0
	set.BlindPercent = &all
	set.Extra = store.Extra{"bundles": []byte(`{"on":true,"percent":98}`)}
	if err := h.SaveSettings(context.Background(), h.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		h.Do(h.Jonas, moderation.Reject, h.Post("", fmt.Sprintf("Blind böse %d", i), calmText(7000+i)).Comment)
	}
	h.Clock.Pass(h.Site.Hold())
}

// The watch closes the bundles: by errors among the newest blind decisions, or by
// the drift alarm of the site. A bundle under way is not released any more.
func TestDriftClosesTheBundles(t *testing.T) {
	h := sqliteRoom(t)
	h.proved(t, 420)
	for i := range 12 {
		h.Post("", "Leser", calmText(3000+i))
	}
	h.scored(t)
	b := h.surf(t, h.Anna)
	at, _ := b.make()
	b.read(at)
	ctx := context.Background()
	if err := h.SaveDrift(ctx, store.Drift{Site: h.Site.ID, Alarms: []string{"scores"}}, "v1"); err != nil {
		t.Fatal(err)
	}
	if status, _ := b.post(at, url.Values{"do": {"release"}}); status != 409 {
		t.Errorf("releasing while the site's comments drift: %d", status)
	}
	page := b.get("/desk/bundles")
	if !strings.Contains(words(page), "unterscheiden sich die Kommentare deutlich") || buttons(page, "") > 4 || len(find(page, func(n *html.Node) bool { return attr(n, "name") == "comment" })) != 0 {
		t.Errorf("with the alarm: %s", words(page))
	}
	if err := h.SaveDrift(ctx, store.Drift{Site: h.Site.ID}, "v1"); err != nil {
		t.Fatal(err)
	}
	if len(find(b.get("/desk/bundles"), func(n *html.Node) bool { return attr(n, "name") == "comment" })) != 12 {
		t.Error("after the alarm nothing is offered")
	}
	h.refusedBlind(t, 3) // the bound alone would still hold with three of 423
	page = b.get("/desk/bundles")
	if s := words(page); !strings.Contains(s, "fanden mehr Fehler als erlaubt") || !strings.Contains(s, "149 blinde Prüfungen") {
		t.Errorf("after three errors in a row: %s", s)
	}
	if status, _ := b.post(at, url.Values{"do": {"release"}}); status != 409 {
		t.Errorf("releasing after the watch's alarm: %d", status)
	}
}

// What a form names counts only between handles that hold; what has a flag or is
// drawn for blind control never gets in.
func TestHandlesSnapToTheGrid(t *testing.T) {
	h := sqliteRoom(t)
	h.proved(t, 170)
	flagged := h.Post("", "Leser", calmText(4000)).Comment
	if err := h.SaveAssessment(context.Background(), flagged, 1, moderation.Assessment{Rules: moderation.NotChecked("test").Rules, Flags: []moderation.Flag{{Kind: "watchlist"}}}); err != nil {
		t.Fatal(err)
	}
	calm := h.Post("", "Leserin", calmText(4001)).Comment
	h.scored(t)
	b := h.surf(t, h.Anna)
	form := func(query string) (lower, upper string) {
		for _, n := range find(b.get("/desk/bundles?"+query), func(n *html.Node) bool { return attr(n, "type") == "range" }) {
			if attr(n, "name") == "lower" {
				lower = attr(n, "value")
			} else {
				upper = attr(n, "value")
			}
		}
		return lower, upper
	}
	for query, want := range map[string]string{"": "0-40", "lower=3&upper=22": "5-20", "lower=90&upper=99": "35-40", "lower=12&upper=1": "10-20", "lower=x&upper=-5": "0-20"} {
		if l, u := form(query); l+"-"+u != want {
			t.Errorf("%q: the handles stand at %s-%s, want %s", query, l, u, want)
		}
	}
	if s := words(b.get("/desk/bundles?lower=5&upper=20")); !strings.Contains(s, "Es fehlen mindestens") {
		t.Errorf("a lower handle that the labels do not bear: %s", s)
	}
	for _, between := range []url.Values{{"lower": {"5"}, "upper": {"20"}}, {"lower": {"20"}, "upper": {"40"}}, {"lower": {"0"}, "upper": {"21"}}, {"lower": {"0"}, "upper": {"60"}}} {
		between.Set("comment", calm)
		if status, _ := b.post("/desk/bundles", between); status != 409 {
			t.Errorf("a bundle between %v: %d", between, status)
		}
	}
	if status, _ := b.post("/desk/bundles", url.Values{"lower": {"0"}, "upper": {"20"}, "comment": {flagged}}); status != 422 {
		t.Errorf("a bundle of a flagged comment: %d", status)
	}
	at, n := b.make()
	if found, err := h.Bundle(context.Background(), strings.TrimPrefix(at, "/desk/bundles/")); n != 1 || err != nil || found.Members[0].ID != calm || found.Lower != 0 || found.Upper != 40 {
		t.Errorf("%d members: %+v %v", n, found, err)
	}
}

// What a bundle released is no label and no lesson, not even when one of its
// comments is removed by itself later.
func TestBundledCommentsNeitherMeasureNorTeach(t *testing.T) {
	h := sqliteRoom(t)
	h.proved(t, 150)
	ctx := context.Background()
	before, _, err := h.Lessons(ctx, h.Site.ID, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	one := h.Post("", "Leser", calmText(5000)).Comment
	h.scored(t)
	b := h.surf(t, h.Anna)
	at, _ := b.make()
	b.read(at)
	b.post(at, url.Values{"do": {"release"}})
	h.Clock.Pass(h.Site.BundleHold())
	h.publishAll(t)
	h.Do(h.Jonas, moderation.Remove, one)
	h.Clock.Pass(h.Site.BundleHold())
	after, _, err := h.Lessons(ctx, h.Site.ID, 0, 1000)
	if err != nil || len(after) != len(before) {
		t.Errorf("%d lessons before the bundle, %d after it: %v", len(before), len(after), err)
	}
	labels, err := h.Labels(ctx, h.Site.ID, 500)
	if err != nil || len(labels) != 150 {
		t.Errorf("%d labels: %v", len(labels), err)
	}
	q, err := h.BundleQuality(ctx, store.Period{From: h.Now().Add(-1e15), To: h.Now().Add(1e15)})
	if err != nil || q != (store.BundleQuality{Made: 1, Released: 1, Comments: 1, Removed: 1}) {
		t.Errorf("quality: %+v %v", q, err)
	}
}
