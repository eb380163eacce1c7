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
	"github.com/freigabe/freigabe/internal/store/storetest"
	"golang.org/x/net/html"
)

// postPage sends a form and gives the page of the answer.
func (b *surfer) postPage(path string, form url.Values) (int, *html.Node) {
	b.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := b.do(r)
	return w.Code, checked(b.t, path, w.Body)
}

// link is the one-time link that a page shows.
func link(t *testing.T, page *html.Node) string {
	t.Helper()
	fields := find(page, func(n *html.Node) bool {
		return n.Data == "input" && strings.Contains(attr(n, "value"), "/desk/entry/")
	})
	if len(fields) != 1 {
		t.Fatalf("the page shows %d links", len(fields))
	}
	u, err := url.Parse(attr(fields[0], "value"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

// A chief adds an editor of a section; she sets her password by the link, once,
// sees her section, and each step is on record.
func TestAChiefAddsAnEditor(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		ctx := context.Background()
		chief := h.add(t, "leitung@blatt.example", moderation.Chief, h.Site.ID)
		b := h.surf(t, chief)
		status, page := b.postPage("/desk/people", url.Values{"email": {"lena@blatt.example"}, "name": {"Lena Voss"}, "role": {"editor"}, "site": {h.Site.ID}, "sections." + h.Site.ID: {"Sport\n\nLokales\nSport"}})
		if status != http.StatusOK {
			t.Fatalf("adding: %d %s", status, words(page))
		}
		path := link(t, page)
		lena, err := h.Editor(ctx, "lena@blatt.example")
		if err != nil || len(lena.Reach) != 1 || strings.Join(lena.Reach[0].Sections, ",") != "Lokales,Sport" {
			t.Fatalf("%+v, %v", lena, err)
		}
		guest := &surfer{h: h, t: t}
		guest.get(path)
		for wrong, form := range map[string]url.Values{
			"too short": {"password": {"kurz"}, "again": {"kurz"}},
			"two kinds": {"password": {"ein langer Satz"}, "again": {"ein anderer Satz"}},
			"common":    {"password": {"passwort123"}, "again": {"passwort123"}},
			"her name":  {"password": {"lena.voss.1"}, "again": {"lena.voss.1"}},
		} {
			if status, _ := guest.post(path, form); status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", wrong, status)
			}
		}
		good := url.Values{"password": {"ein langer Satz"}, "again": {"ein langer Satz"}}
		if status, to := guest.post(path, good); status != http.StatusSeeOther || to != "/desk/account?saved" {
			t.Fatalf("setting the password: %d to %s", status, to)
		}
		if status, _ := guest.post(path, good); status != http.StatusNotFound {
			t.Errorf("the link a second time: %d", status)
		}
		if status, _ := guest.post("/desk/login", url.Values{"email": {"lena@blatt.example"}, "password": {"ein langer Satz"}}); status != http.StatusSeeOther {
			t.Errorf("signing in: %d", status)
		}
		text := words(b.get("/desk/people"))
		for _, want := range []string{"Lena Voss", "blatt: Lokales, Sport", "hinzugefügt (Redaktion)", "Passwort geändert", "angemeldet, mit Link", "angemeldet, mit Passwort"} {
			if !strings.Contains(text, want) {
				t.Errorf("the page of people lacks %q: %s", want, text)
			}
		}
	})
}

// Who may change whom; and the last chief and the last admin stay.
func TestWhoMayChangeWhom(t *testing.T) {
	h := sqliteRoom(t)
	ctx := context.Background()
	other, err := h.AddSite(ctx, store.Site{Name: "anzeiger", Origin: "https://anzeiger.example"})
	if err != nil {
		t.Fatal(err)
	}
	admin := h.add(t, "admin@blatt.example", moderation.Admin, "")
	chief := h.add(t, "leitung@blatt.example", moderation.Chief, h.Site.ID)
	foreign := h.add(t, "fremd@anzeiger.example", moderation.Chief, other.ID)
	own := h.add(t, "eigen@blatt.example", moderation.Editor, h.Site.ID)
	auditor := h.add(t, "revision@blatt.example", moderation.Auditor, h.Site.ID)
	as := func(e store.Editor, path string, form url.Values) int {
		status, _ := h.surf(t, e).post(path, form)
		return status
	}
	role := func(role moderation.Role, site string) url.Values {
		return url.Values{"name": {"Neuer Name"}, "role": {string(role)}, "site": {site}}
	}
	add := func(email string, r moderation.Role, site string) url.Values {
		form := role(r, site)
		form.Set("email", email)
		return form
	}
	for _, tt := range []struct {
		what string
		got  int
		want int
	}{
		{"an editor opens people", h.surf(t, own).do(httptest.NewRequest("GET", "/desk/people", nil)).Code, 403},
		{"an editor adds somebody", as(own, "/desk/people", add("x@blatt.example", moderation.Editor, h.Site.ID)), 403},
		{"an auditor opens people", h.surf(t, auditor).do(httptest.NewRequest("GET", "/desk/people", nil)).Code, 200},
		{"an auditor adds somebody", as(auditor, "/desk/people", add("x@blatt.example", moderation.Editor, h.Site.ID)), 403},
		{"a chief adds an admin", as(chief, "/desk/people", add("x@blatt.example", moderation.Admin, h.Site.ID)), 403},
		{"a chief adds somebody elsewhere", as(chief, "/desk/people", add("x@blatt.example", moderation.Editor, other.ID)), 404},
		{"a chief adds somebody everywhere", as(chief, "/desk/people", url.Values{"email": {"x@blatt.example"}, "name": {"X"}, "role": {"editor"}, "everywhere": {"1"}}), 422},
		{"a chief changes another site's", as(chief, "/desk/people/"+foreign.ID, url.Values{"do": {"disable"}}), 404},
		{"a chief changes who works everywhere", as(chief, "/desk/people/"+h.Anna.ID, url.Values{"do": {"disable"}}), 404},
		{"a chief changes an admin", as(chief, "/desk/people/"+admin.ID, url.Values{"do": {"link"}}), 404},
		{"a chief makes an editor admin", as(chief, "/desk/people/"+own.ID, role(moderation.Admin, h.Site.ID)), 403},
		{"a chief gives an auditor sections", as(chief, "/desk/people/"+auditor.ID, url.Values{"name": {"X"}, "role": {"auditor"}, "site": {h.Site.ID}, "sections." + h.Site.ID: {"Sport"}}), 422},
		{"nowhere to work", as(chief, "/desk/people/"+own.ID, url.Values{"name": {"X"}, "role": {"editor"}}), 422},
		{"the last admin steps down", as(admin, "/desk/people/"+admin.ID, url.Values{"do": {"disable"}}), 409},
		{"the last chief of a site goes", as(admin, "/desk/people/"+foreign.ID, url.Values{"do": {"disable"}}), 303},
		{"a chief changes an editor", as(chief, "/desk/people/"+own.ID, role(moderation.Editor, h.Site.ID)), 303},
		{"a chief locks an editor out", as(chief, "/desk/people/"+own.ID, url.Values{"do": {"disable"}}), 303},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, want %d", tt.what, tt.got, tt.want)
		}
	}
	// The house's chief works for all sites; without her the last one of a site stays.
	if status := as(admin, "/desk/people/"+foreign.ID, url.Values{"do": {"enable"}}); status != http.StatusSeeOther {
		t.Errorf("letting in again: %d", status)
	}
	if err := h.ChangeEditor(ctx, admin, h.Chief.ID, store.Staffing{Name: "R", Role: moderation.Editor}); err != nil {
		t.Fatal(err)
	}
	if err := h.ChangeEditor(ctx, admin, chief.ID, store.Staffing{Name: "L", Role: moderation.Editor, Reach: store.AtSite(h.Site.ID)}); moderation.KindOf(err) != moderation.Conflict {
		t.Errorf("the last chief of a site became an editor: %v", err)
	}
	if _, err := h.AddEditor(ctx, store.Editor{Email: "x@blatt.example", Name: "X", Role: moderation.Chief, Reach: store.Reach{{Site: h.Site.ID, Sections: []string{"Sport"}}}}); moderation.KindOf(err) != moderation.Invalid {
		t.Errorf("a chief of a section: %v", err)
	}
}

// Two admins who remove each other at the same moment: one stays.
func TestTwoAdminsCannotRemoveEachOther(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		ctx := context.Background()
		a, b := h.add(t, "eins@blatt.example", moderation.Admin, ""), h.add(t, "zwei@blatt.example", moderation.Admin, "")
		done := make(chan error, 2)
		for _, pair := range [][2]store.Editor{{a, b}, {b, a}} {
			go func() {
				to := pair[1].Staffing()
				to.Disabled = true
				done <- h.ChangeEditor(ctx, pair[0], pair[1].ID, to)
			}()
		}
		won := 0
		for range 2 {
			if err := <-done; err == nil {
				won++
			} else if moderation.KindOf(err) != moderation.Conflict {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d of two removals went through", won)
		}
	})
}

// Who is locked out, or gets a new password, is signed out everywhere at once.
func TestSessionsEndWithAccess(t *testing.T) {
	h := sqliteRoom(t)
	ctx := context.Background()
	open := func(b *surfer) bool {
		return b.do(httptest.NewRequest("GET", "/desk/queue", nil)).Code == http.StatusOK
	}
	lena := h.member(t, "lena@blatt.example", "Lena Voss", moderation.Editor)
	first, second := h.surf(t, lena), h.surf(t, lena)
	if status, _ := first.post("/desk/password", url.Values{"old": {"falsch"}, "password": {"ein langer Satz"}, "again": {"ein langer Satz"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("with a wrong old password: %d", status)
	}
	if status, _ := first.post("/desk/password", url.Values{"old": {password}, "password": {"ein langer Satz"}, "again": {"ein langer Satz"}}); status != http.StatusSeeOther {
		t.Errorf("changing the password: %d", status)
	}
	if !open(first) || open(second) {
		t.Error("a new password ends the other sessions, and keeps one's own")
	}
	third := h.surf(t, lena)
	if status, _ := first.post("/desk/sessions/others", nil); status != http.StatusSeeOther || open(third) || !open(first) {
		t.Errorf("signing all others out: %d", status)
	}
	key := h.key(t, lena)
	if err := h.ChangeEditor(ctx, h.Chief, lena.ID, store.Staffing{Name: "Lena Voss", Role: moderation.Editor, Disabled: true}); err != nil {
		t.Fatal(err)
	}
	if open(first) {
		t.Error("somebody locked out is still signed in")
	}
	if status, _ := h.callKey(t, key, "GET", "/api/v1/desk/queue", ""); status != http.StatusUnauthorized {
		t.Errorf("the key of somebody locked out: %d", status)
	}
	token, err := h.ResetEntry(ctx, store.Editor{}, h.Anna.ID, store.Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	h.Clock.Pass(25 * time.Hour)
	if w := first.do(httptest.NewRequest("GET", "/desk/entry/"+token, nil)); w.Code != http.StatusNotFound {
		t.Errorf("a link after a day: %d", w.Code)
	}
}

// A key decides as its editor, and lets nobody in.
func TestAKeyIsNoPerson(t *testing.T) {
	h := sqliteRoom(t)
	key := h.key(t, h.Chief)
	for _, path := range []string{"/desk/password", "/desk/passkeys/options", "/desk/passkeys", "/desk/passkeys/change", "/desk/people", "/desk/people/" + h.Anna.ID, "/desk/sessions/others", "/desk/readers"} {
		r := httptest.NewRequest("POST", "http://localhost"+path, strings.NewReader(""))
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		h.srv.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%s by key: %d", path, w.Code)
		}
	}
}

func TestPasswordRules(t *testing.T) {
	for password, fine := range map[string]bool{
		"fünf nasse Esel": true, "correct horse battery": true, "Hallo Welt am Morgen": true, "lena fährt Rad im Regen": true,
		"zu kurz": false, "Passwort1234": false, "1234567890": false, "aaaaaaaaaaaa": false, "lenavoss2026": false, "qwertz123456": false, "lena.voss@": false,
	} {
		if err := CheckPassword(password, "lena.voss@blatt.example", "Lena Voss"); (err == nil) != fine {
			t.Errorf("%q: %v", password, err)
		}
	}
}
