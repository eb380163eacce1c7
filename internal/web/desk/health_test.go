package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/freigabe/freigabe/internal/thread"
)

// An admin sees what failed and why, without the address that the error quotes;
// nobody else sees the page or a link to it.
func TestHealthIsForAdmins(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		ctx := context.Background()
		h.failed(t, "webhook", "Post \"https://empfang.example/geheim\": dial tcp 127.0.0.1:9: connect: connection refused")
		h.failed(t, "letter", "mail: 550 5.1.1 <leserin@post.example> unknown")
		if err := h.Present(ctx, store.Presence{ID: "n1", Name: "knoten-eins", Version: "v9"}); err != nil {
			t.Fatal(err)
		}
		for _, role := range []moderation.Role{moderation.Editor, moderation.Chief, moderation.Auditor} {
			b := h.surf(t, h.add(t, string(role)+"@blatt.example", role, h.Site.ID))
			if w := b.do(httptest.NewRequest("GET", "/desk/health", nil)); w.Code != http.StatusForbidden {
				t.Errorf("%s: %d", role, w.Code)
			}
			if strings.Contains(b.do(httptest.NewRequest("GET", "/desk/settings", nil)).Body.String(), "/desk/health") {
				t.Errorf("%s has a link to the page of health", role)
			}
		}
		page := h.surf(t, h.add(t, "admin@blatt.example", moderation.Admin, "")).get("/desk/health")
		said := words(page)
		for _, want := range []string{"Webhooks: Der andere Server nimmt keine Verbindung an", "Briefe der Redaktion: Der andere Server lehnte ab (Code 550)", "knoten-eins", "v9"} {
			if !strings.Contains(said, want) {
				t.Errorf("no %q in %s", want, said)
			}
		}
		for _, secret := range []string{"leserin@", "geheim"} {
			if strings.Contains(said, secret) {
				t.Errorf("the page shows %q", secret)
			}
		}
	})
}

// An admin sees how much of the memory the readers' pages take up.
func TestHealthShowsThePagesInMemory(t *testing.T) {
	h := sqliteRoom(t)
	pages := thread.New(h.Store, 8_000_000)
	h.srv = newServer(h.House, Options{Pages: pages})
	if err := pages.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if _, err := pages.Get(t.Context(), thread.Key{Article: h.Article.ID, Name: name}, func(context.Context) (thread.Rendered, error) {
			return thread.Rendered{Body: make([]byte, 700_000), Type: "text/html", Site: h.Site}, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	said := words(h.surf(t, h.add(t, "admin@blatt.example", moderation.Admin, "")).get("/desk/health"))
	if want := "Seiten der Leser im Arbeitsspeicher dieses Servers: 2, zusammen 2 MB von höchstens 8 MB"; !strings.Contains(said, want) {
		t.Errorf("no %q in %s", want, said)
	}
}

// The page has no defect that a machine can find, with failures and without.
func TestHealthIsAccessible(t *testing.T) {
	h := sqliteRoom(t)
	h.member(t, "ada@blatt.example", "Ada Berg", moderation.Admin)
	tab := browser.New(t)
	address := h.open(t)
	tab.Open(address + "/desk/login")
	tab.Do(clickOn("[name=email]"))
	tab.Press("ada@blatt.example" + kb.Tab + password + kb.Enter)
	tab.WaitFor("document.querySelector('.menu a[href=\"/desk/health\"]')")
	tab.Open(address + "/desk/health")
	tab.WaitFor("document.querySelector('main .empty')")
	h.look(t, tab, "health-calm")
	h.failed(t, "webhook", "webhook answered 500 Internal Server Error")
	tab.Open(address + "/desk/health")
	tab.WaitFor("document.querySelector('#failed li')")
	h.look(t, tab, "health")
}

// failed leaves a job that failed once, for the cause given.
func (h *room) failed(t *testing.T, kind, cause string) {
	t.Helper()
	ctx := context.Background()
	if err := h.AddJob(ctx, kind, "k", "", h.Now()); err != nil {
		t.Fatal(err)
	}
	jobs, err := h.ClaimJobs(ctx, []string{kind}, 1, time.Minute)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%v, %v", jobs, err)
	}
	if err := h.RetryJob(ctx, jobs[0], h.Now().Add(time.Hour), cause); err != nil {
		t.Fatal(err)
	}
}
