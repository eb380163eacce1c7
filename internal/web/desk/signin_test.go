package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"golang.org/x/net/html"
)

func TestPasswordsMatchTheirHashesAlone(t *testing.T) {
	h := sqliteRoom(t)
	d := &Desk{srv: h.srv, store: h.Store, hashes: make(chan struct{}, 1)}
	hash, err := HashPassword("Zwölf Boxkämpfer")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash is %s", hash)
	}
	ctx := context.Background()
	if !d.matches(ctx, hash, "Zwölf Boxkämpfer") {
		t.Error("the right password does not match")
	}
	for _, stored := range []string{hash, "", "-", nobody, "$argon2id$v=19$m=9,t=0,p=0$AAAA$AAAA", strings.Replace(hash, "argon2id", "argon2i", 1)} {
		if d.matches(ctx, stored, "zwölf boxkämpfer") || d.matches(ctx, stored, "") {
			t.Errorf("a wrong password matches %s", stored)
		}
	}
	if _, err := parsePHC(nobody); err != nil {
		t.Error("the hash compared for unknown people is not a hash")
	}
	if _, err := HashPassword(""); moderation.KindOf(err) != moderation.Invalid {
		t.Errorf("an empty password: %v", err)
	}
}

func TestSigningIn(t *testing.T) {
	h := sqliteRoom(t)
	hash, err := HashPassword("ein langes Passwort")
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.AddEditor(context.Background(), store.Editor{Email: "Lena@blatt.example", Name: "Lena Voss", Role: moderation.Editor, Password: hash})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, email, password, next string
		status                      int
		to                          string
	}{
		{"right", "lena@blatt.example", "ein langes Passwort", "/desk/queue?state=rejected", 303, "/desk/queue?state=rejected"},
		{"right, in capitals", " LENA@blatt.example ", "ein langes Passwort", "", 303, "/desk/"},
		{"to another site", "lena@blatt.example", "ein langes Passwort", "//evil.example/desk/", 303, "/desk/"},
		{"backslash", "lena@blatt.example", "ein langes Passwort", `/desk/\evil.example`, 303, "/desk/"},
		{"wrong password", "lena@blatt.example", "ein anderes Passwort", "", 401, ""},
		{"unknown", "niemand@blatt.example", "ein langes Passwort", "", 401, ""},
		{"without password", "anna@blatt.example", "-", "", 401, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &surfer{h: h, t: t}
			status, to := b.post("/desk/login", url.Values{"email": {tt.email}, "password": {tt.password}, "next": {tt.next}})
			if status != tt.status || to != tt.to {
				t.Errorf("%d to %q, want %d to %q", status, to, tt.status, tt.to)
			}
		})
	}
}

func TestStrangersAreSentToTheSignIn(t *testing.T) {
	h := sqliteRoom(t)
	b := &surfer{h: h, t: t}
	w := b.do(httptest.NewRequest("GET", "/desk/queue?state=rejected", nil))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/login?next=%2Fdesk%2Fqueue%3Fstate%3Drejected" {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	b.get("/desk/login?next=/desk/queue")
	if status, _ := h.callKey(t, "", "GET", "/api/v1/desk/queue", ""); status != http.StatusUnauthorized {
		t.Errorf("a program without key gets %d", status)
	}
	if status, _ := h.callKey(t, "fg_falsch", "GET", "/api/v1/desk/queue", ""); status != http.StatusUnauthorized {
		t.Errorf("a program with a wrong key gets %d", status)
	}
}

func TestAnotherSiteCannotDecide(t *testing.T) {
	h := sqliteRoom(t)
	c := h.Post("", "Rosi", "Ein guter Vorschlag.").Comment
	b := h.surf(t, h.Anna)
	r := httptest.NewRequest("POST", "/api/v1/desk/comments/"+c+"/approve", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.AddCookie(b.cookie)
	w := httptest.NewRecorder()
	h.srv.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("a decision from another site is answered %d", w.Code)
	}
	if len(decisionsOf(t, h, c)) != 0 {
		t.Error("it was taken")
	}
}

func TestSessionsAreListedAndEnd(t *testing.T) {
	h := sqliteRoom(t)
	first, second := h.surf(t, h.Anna), h.surf(t, h.Anna)
	page := first.get("/desk/settings")
	forms := find(page, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/desk/sessions" })
	if len(forms) != 2 {
		t.Fatalf("%d sessions are listed, want 2", len(forms))
	}
	sessions, err := h.Sessions(context.Background(), h.Anna.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sessions {
		x, err := h.Session(context.Background(), second.cookie.Value)
		if err == nil && x.Hash == s.Hash {
			first.post("/desk/sessions", url.Values{"session": {s.Hash}})
		}
	}
	if w := second.do(httptest.NewRequest("GET", "/desk/", nil)); w.Code != http.StatusSeeOther {
		t.Errorf("the ended session still opens the desk: %d", w.Code)
	}
	if status, to := first.post("/desk/logout", nil); status != 303 || to != "/desk/login?out" {
		t.Errorf("signing out: %d to %s", status, to)
	}
	if w := first.do(httptest.NewRequest("GET", "/desk/", nil)); w.Code != http.StatusSeeOther {
		t.Errorf("after signing out the desk opens: %d", w.Code)
	}
}

func TestLanguageFollowsThePerson(t *testing.T) {
	h := sqliteRoom(t)
	b := h.surf(t, h.Anna)
	lang := func(path string) string {
		return attr(find(b.get(path), func(n *html.Node) bool { return n.Data == "html" })[0], "lang")
	}
	if got := lang("/desk/"); got != "de" {
		t.Errorf("at first the desk speaks %s", got)
	}
	if got := lang("/desk/?lang=en"); got != "en" {
		t.Errorf("with ?lang=en the desk speaks %s", got)
	}
	if status, _ := b.post("/desk/settings", url.Values{"lang": {"en"}}); status != 303 {
		t.Fatalf("saving answers %d", status)
	}
	if got := lang("/desk/"); got != "en" {
		t.Errorf("after the choice of English the desk speaks %s", got)
	}
	if !strings.Contains(words(b.get("/desk/")), "Nothing is waiting") && web.Lang(httptest.NewRequest("GET", "/", nil), "en") != "en" {
		t.Error("the empty queue does not speak English")
	}
}
