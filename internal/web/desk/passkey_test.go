package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// byName is the address of a served room by the name that passkeys need.
func byName(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }

// A person makes a passkey, signs out, signs in with it alone and after typing
// her address, switches the password off, and removes the passkey again.
func TestPasskeys(t *testing.T) {
	h := sqliteRoom(t)
	lena := h.member(t, "lena@blatt.example", "Lena Voss", moderation.Editor)
	address := byName(h.open(t))
	tab := browser.New(t)
	device := tab.Authenticator()
	h.signIn(t, tab, address, lena.Email)
	tab.Open(address + "/desk/account")
	tab.WaitFor("!document.querySelector('[data-passkey]').hidden")
	tab.Do(clickOn("[name=passkey-name]"))
	tab.Press("Laptop")
	tab.Do(clickOn("#passkey-add"))
	tab.WaitFor("document.querySelector('.list strong')?.textContent === 'Laptop'")
	if found := tab.Violations(); len(found) > 0 {
		t.Errorf("axe: %v", found)
	}
	before := device.Credentials()
	if len(before) != 1 || !before[0].IsResidentCredential || before[0].RpID != "localhost" {
		t.Fatalf("the device keeps %+v", before)
	}
	out := func() {
		t.Helper()
		tab.Open(address + "/desk/account")
		tab.Do(clickOn(".menu summary"))
		tab.Do(clickOn(".menu form button"))
		tab.WaitFor("location.search === '?out' && !document.querySelector('[data-passkey]').hidden")
	}
	in := func() { tab.WaitFor("document.querySelector('#triage')") }
	out()
	if found := tab.Violations(); len(found) > 0 {
		t.Errorf("axe on the sign-in: %v", found)
	}
	tab.Do(clickOn("#passkey-use"))
	in()
	out()
	tab.Do(clickOn("[name=email]"))
	tab.Press(lena.Email)
	tab.Do(clickOn("#passkey-use"))
	in()
	tab.Open(address + "/desk/account")
	tab.Do(clickOn("[value=off]"))
	tab.WaitFor("document.querySelector('[value=on]')")
	if status, _ := (&surfer{h: h, t: t}).post("/desk/login", url.Values{"email": {lena.Email}, "password": {password}}); status != http.StatusUnauthorized {
		t.Errorf("the password still lets in: %d", status)
	}
	if status, _ := h.surf(t, lena).post("/desk/passkeys/change", url.Values{"do": {"remove"}, "passkey": {credentialID(before[0].CredentialID)}}); status != http.StatusConflict {
		t.Errorf("the last passkey was removed while there is no other way in: %d", status)
	}
	tab.Do(clickOn("[value=on]"))
	tab.WaitFor("document.querySelector('[value=off]')")
	tab.Do(clickOn("[value=remove]"))
	tab.WaitFor("!document.querySelector('[value=remove]')")
	out()
	tab.Do(clickOn("#passkey-use"))
	tab.WaitFor("document.querySelector('[data-passkey] [role=alert]').textContent.includes('gilt hier nicht')")
	h.recorded(t, lena, "in passkey in passkey in password")
}

// recorded compares the record of a person's sign-ins, newest first. Those that
// the test's own browsers without a script made are left out.
func (h *room) recorded(t *testing.T, e store.Editor, want string) {
	t.Helper()
	list, err := h.SignIns(context.Background(), []string{e.ID}, 20)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range list {
		if x.Agent != "Testbrowser" && x.Agent != "" {
			got = append(got, x.Outcome, x.Means)
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("on record: %v, want %s", got, want)
	}
}

// keyed signs Lena in and makes her a passkey on a device; use tries it at the
// sign-in and waits for what the page shows then.
func (h *room) keyed(t *testing.T) (lena store.Editor, device *browser.Authenticator, use func(then string)) {
	t.Helper()
	lena = h.member(t, "lena@blatt.example", "Lena Voss", moderation.Editor)
	address := byName(h.open(t))
	tab := browser.New(t)
	device = tab.Authenticator()
	h.signIn(t, tab, address, lena.Email)
	tab.Open(address + "/desk/account")
	tab.Do(clickOn("#passkey-add"))
	tab.WaitFor("document.querySelector('.list strong')")
	return lena, device, func(then string) {
		t.Helper()
		tab.Open(address + "/desk/login")
		tab.WaitFor("!document.querySelector('[data-passkey]').hidden")
		tab.Do(clickOn("#passkey-use"))
		tab.WaitFor(then)
	}
}

// A copy of an authenticator comes with a counter of before: it gets nobody in,
// the passkey is marked, and from then on the right one gets nobody in either.
func TestACopiedPasskeyIsNoticed(t *testing.T) {
	h := sqliteRoom(t)
	lena, device, use := h.keyed(t)
	copied := device.Credentials()[0]
	use("document.querySelector('#triage')")
	use("document.querySelector('#triage')")
	device.Put(copied)
	use("document.querySelector('[data-passkey] [role=alert]')?.textContent.includes('Kopie')")
	keys, err := h.Passkeys(context.Background(), lena.ID)
	if err != nil || len(keys) != 1 || keys[0].Warned.IsZero() {
		t.Fatalf("passkeys: %+v, %v", keys, err)
	}
	use("document.querySelector('[data-passkey] [role=alert]')?.textContent.includes('gilt hier nicht')")
	if text := words(h.surf(t, lena).get("/desk/account")); !strings.Contains(text, "Kopie dieses Passkeys") {
		t.Errorf("the person is not warned: %s", text)
	}
	h.recorded(t, lena, "warned passkey in passkey in passkey in password")
}

// A device that does not recognise its person lets nobody in.
func TestPasskeysNeedTheirPerson(t *testing.T) {
	h := sqliteRoom(t)
	_, device, use := h.keyed(t)
	device.Verified(false)
	use("document.querySelector('[data-passkey] [role=alert]')?.textContent.includes('nicht geklappt')")
}

// What a browser is asked to sign does not tell who exists, is for one browser,
// one use and ten minutes.
func TestChallengesGiveNothingAway(t *testing.T) {
	h := sqliteRoom(t)
	ask := func(email string) (string, *http.Cookie) {
		t.Helper()
		r := httptest.NewRequest("POST", "http://localhost/desk/login/passkey/options", strings.NewReader(`{"email":"`+email+`"}`))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.srv.ServeHTTP(w, r)
		if w.Code != http.StatusOK || len(w.Result().Cookies()) != 1 {
			t.Fatalf("options: %d %s", w.Code, w.Body)
		}
		_, list, _ := strings.Cut(w.Body.String(), `"allowCredentials"`)
		return list, w.Result().Cookies()[0]
	}
	first, cookie := ask("niemand@blatt.example")
	if second, _ := ask("niemand@blatt.example"); first == "" || first != second {
		t.Errorf("an unknown person is asked for %q, then for %q", first, second)
	}
	if other, _ := ask(h.Anna.Email); other == "" || other == first {
		t.Errorf("a person without passkeys is asked for %q", other)
	}
	answer := func() int {
		r := httptest.NewRequest("POST", "http://localhost/desk/login/passkey", strings.NewReader(`{"id":"AAAA"}`))
		r.Header.Set("Content-Type", "application/json")
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		h.srv.ServeHTTP(w, r)
		return w.Code
	}
	if code := answer(); code != http.StatusForbidden {
		t.Errorf("an invented answer: %d", code)
	}
	var gone any
	if err := h.EndCeremony(context.Background(), "passkey login", cookie.Value, &gone); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("a challenge counts twice: %v", err)
	}
	token, err := h.StartCeremony(context.Background(), "oidc", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.EndCeremony(context.Background(), "passkey", token, &gone); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("a challenge of another kind: %v", err)
	}
	h.Clock.Pass(11 * time.Minute)
	if err := h.EndCeremony(context.Background(), "oidc", token, &gone); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("a challenge after ten minutes: %v", err)
	}
}
