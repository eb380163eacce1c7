package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/net/html"
)

// reported has a released comment flagged, and a minute later a notice given of
// it; it answers with the notice.
func (h *room) reported(t *testing.T, comment string) store.Notice {
	t.Helper()
	ctx := context.Background()
	flag := store.Notice{Comment: comment, Kind: store.Flagged, Rule: moderation.Profanity, Reason: "So redet man nicht.", Sender: store.Sender{Now: "a", Before: "b"}}
	if _, err := h.Report(ctx, flag); err != nil {
		t.Fatal(err)
	}
	h.Clock.Pass(time.Minute)
	token, err := h.Report(ctx, store.Notice{Comment: comment, Kind: store.Illegal, Reason: "Das ist eine Beleidigung meines Bruders.", Name: "Vera Wolf", Email: "vera@example.org", GoodFaith: true, Sender: store.Sender{Now: "c", Before: "d"}})
	if err != nil {
		t.Fatal(err)
	}
	n, err := h.NoticeByToken(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	h.Clock.Pass(5 * time.Minute)
	return n
}

// listedNotices gives the entries of the page, in its order.
func listedNotices(doc *html.Node) []*html.Node {
	return find(doc, func(n *html.Node) bool { return n.Data == "li" && strings.HasPrefix(attr(n, "id"), "notice-") })
}

func forms(doc *html.Node) []*html.Node {
	return find(doc, func(n *html.Node) bool { return strings.HasPrefix(attr(n, "action"), "/desk/notices/") })
}

// openCount is the number beside the link in the navigation.
func openCount(t *testing.T, doc *html.Node) string {
	t.Helper()
	found := find(doc, func(n *html.Node) bool { return attr(n, "data-count") == "notices" })
	if len(found) != 1 {
		t.Fatalf("the navigation counts notices %d times", len(found))
	}
	return words(found[0])
}

func TestNoticesAreListedBeforeFlags(t *testing.T) {
	h := sqliteRoom(t)
	b := h.surf(t, h.Anna)
	if page := b.get("/desk/notices"); len(find(page, class("empty"))) != 1 || openCount(t, page) != "0" {
		t.Error("with none open, the page does not say so")
	}
	c := h.Post("", "Rosi", "Ihr Bruder ist ein Lump.").Comment
	h.Release(h.Anna, c)
	n := h.reported(t, c)
	page := b.get("/desk/notices")
	rows := listedNotices(page)
	if len(rows) != 2 || attr(rows[0], "id") != "notice-"+n.ID {
		t.Fatalf("%d entries, the first is %s", len(rows), words(rows[0]))
	}
	for i, wants := range [][]string{
		{"Vera Wolf", "vera@example.org", "vor 5 Minuten", "Das ist eine Beleidigung meines Bruders."},
		{"Leserhinweis", "vor 6 Minuten", "So redet man nicht.", ruleName("de", moderation.Profanity)},
	} {
		for _, want := range append(wants, "Ihr Bruder ist ein Lump.", "Rosi", "Die Brücke wird saniert", "freigegeben") {
			if !strings.Contains(words(rows[i]), want) {
				t.Errorf("entry %d lacks %q: %s", i, want, words(rows[i]))
			}
		}
		if links := find(rows[i], func(n *html.Node) bool { return attr(n, "href") == "/desk/comments/"+c }); len(links) != 1 {
			t.Errorf("entry %d has %d links to the comment", i, len(links))
		}
	}
	if openCount(t, page) != "2" || len(forms(page)) != 2 {
		t.Errorf("%s open, %d forms", openCount(t, page), len(forms(page)))
	}
	if page := b.get("/desk/notices?lang=en"); !strings.Contains(words(page), "Notices of illegal content") {
		t.Error("there is no English page")
	}
}

func TestOlderNoticesComeFirst(t *testing.T) {
	h := sqliteRoom(t)
	var want []string
	for _, name := range []string{"Rosi", "Emil"} {
		c := h.Post("", name, "Ein Beitrag von "+name).Comment
		h.Release(h.Anna, c)
		want = append(want, "notice-"+h.reported(t, c).ID)
	}
	rows := listedNotices(h.surf(t, h.Anna).get("/desk/notices"))
	if len(rows) != 4 || attr(rows[0], "id") != want[0] || attr(rows[1], "id") != want[1] || !strings.Contains(words(rows[2]), "von Rosi") || !strings.Contains(words(rows[3]), "von Emil") {
		t.Errorf("%d entries, or not in their order", len(rows))
	}
}

func TestAnsweringANotice(t *testing.T) {
	h := sqliteRoom(t)
	c := h.Post("", "Rosi", "Ihr Bruder ist ein Lump.").Comment
	h.Release(h.Anna, c)
	n := h.reported(t, c)
	b := h.surf(t, h.Anna)
	if got := openCount(t, b.get("/desk/notices")); got != "2" {
		t.Errorf("%s open", got)
	}
	// Without reasons, or without an outcome, nothing is answered and no word is lost.
	for _, form := range []url.Values{{"outcome": {"kept"}, "answer": {" "}}, {"answer": {"Eine zulässige Meinung."}}, {"outcome": {"lost"}, "answer": {"Eine zulässige Meinung."}}} {
		r := httptest.NewRequest("POST", "/desk/notices/"+n.ID, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := b.do(r)
		page := checked(t, "answer", w.Body)
		if w.Code != http.StatusUnprocessableEntity || len(find(page, class("wrong"))) != 1 {
			t.Errorf("%v: %d", form, w.Code)
		}
		if text := find(forms(page)[0], func(n *html.Node) bool { return n.Data == "textarea" }); words(text[0]) != strings.TrimSpace(form.Get("answer")) {
			t.Errorf("the form reads %q", words(text[0]))
		}
	}
	answer := url.Values{"outcome": {"kept"}, "answer": {"Eine zulässige Meinung."}}
	status, to := b.post("/desk/notices/"+n.ID, answer)
	if status != http.StatusSeeOther {
		t.Fatalf("answering: %d", status)
	}
	page := b.get(to)
	if len(find(page, class("done"))) != 1 || openCount(t, page) != "1" || len(listedNotices(page)) != 1 {
		t.Errorf("after the answer: %s", words(page))
	}
	got, err := h.Notice(context.Background(), n.ID)
	if err != nil || got.Outcome != store.NoticeKept || got.Answer != "Eine zulässige Meinung." || got.By != h.Anna.ID || got.Decided.IsZero() {
		t.Errorf("on record: %+v, %v", got, err)
	}
	if status, _ := h.surf(t, h.Jonas).post("/desk/notices/"+n.ID, answer); status != http.StatusConflict {
		t.Errorf("answering twice: %d", status)
	}
	// A flag needs no words, and no answer takes the comment down.
	flag := attr(listedNotices(page)[0], "id")
	if status, _ := h.surf(t, h.Chief).post("/desk/notices/"+strings.TrimPrefix(flag, "notice-"), url.Values{"outcome": {"removed"}}); status != http.StatusSeeOther {
		t.Errorf("answering a flag: %d", status)
	}
	if seen := h.Visible(); len(seen) != 1 {
		t.Errorf("readers see %v", seen)
	}
}

func TestWhoMayAnswerNotices(t *testing.T) {
	h := sqliteRoom(t)
	ctx := context.Background()
	c := h.Post("", "Rosi", "Ihr Bruder ist ein Lump.").Comment
	h.Release(h.Anna, c)
	n := h.reported(t, c)
	answer := url.Values{"outcome": {"kept"}, "answer": {"Eine zulässige Meinung."}}
	for _, role := range []moderation.Role{moderation.Auditor, moderation.Admin} {
		b := h.surf(t, h.add(t, string(role)+"@blatt.example", role, ""))
		if page := b.get("/desk/notices"); len(listedNotices(page)) != 2 || len(forms(page)) != 0 {
			t.Errorf("%s: %d entries, %d forms", role, len(listedNotices(page)), len(forms(page)))
		}
		if status, _ := b.post("/desk/notices/"+n.ID, answer); status != http.StatusForbidden {
			t.Errorf("%s answers: %d", role, status)
		}
	}
	other, err := h.AddSite(ctx, store.Site{Name: "anderes", Origin: "https://anderes.example"})
	if err != nil {
		t.Fatal(err)
	}
	stranger := h.surf(t, h.add(t, "fremd@anderes.example", moderation.Chief, other.ID))
	if page := stranger.get("/desk/notices"); len(listedNotices(page)) != 0 || openCount(t, page) != "0" {
		t.Error("another site's desk sees the notices")
	}
	for _, id := range []string{n.ID, store.NewID()} {
		if status, _ := stranger.post("/desk/notices/"+id, answer); status != http.StatusNotFound {
			t.Errorf("another site's chief answers: %d", status)
		}
	}
	if got, err := h.Notice(ctx, n.ID); err != nil || !got.Decided.IsZero() {
		t.Errorf("the notice was answered: %v %v", got.Outcome, err)
	}
}

func TestNavigationLeadsChiefsNextDoor(t *testing.T) {
	h := sqliteRoom(t)
	for role, want := range map[moderation.Role]int{moderation.Editor: 0, moderation.Auditor: 0, moderation.Chief: 1, moderation.Admin: 1} {
		page := h.surf(t, h.add(t, "nav-"+string(role)+"@blatt.example", role, "")).get("/desk/help")
		if got := len(find(page, func(n *html.Node) bool { return attr(n, "href") == "/desk/neighbours" })); got != want {
			t.Errorf("%s: %d links", role, got)
		}
	}
}
