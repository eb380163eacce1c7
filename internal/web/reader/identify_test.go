package reader_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/signon/oidctest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/net/html"
)

const signOnSecret = "ein-geheimnis-das-lang-genug-ist-fuer-hs256"

// settle sets what the site asks of its readers.
func (p *paper) settle(reader string) {
	p.t.Helper()
	set := p.Site.Settings
	set.Extra = store.Extra{"reader": json.RawMessage(reader)}
	if err := p.SaveSettings(p.t.Context(), p.Site.ID, set); err != nil {
		p.t.Fatal(err)
	}
}

func (p *paper) token(kind, subject, name string) string {
	p.t.Helper()
	token, err := p.ReaderToken(p.t.Context(), store.ReaderID{Site: p.Site.ID, Kind: kind, Subject: subject, Name: name})
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

func (p *paper) vouched(claims jwt.MapClaims) string {
	p.t.Helper()
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(signOnSecret))
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// send submits by the interface for programs, as the embedded section does.
func (p *paper) send(token, body string) (int, map[string]any) {
	p.t.Helper()
	header := []string{"Content-Type", "application/json", "Origin", p.Site.Origin}
	if token != "" {
		header = append(header, "Authorization", "Bearer "+token)
	}
	res, text := p.do("POST", "/api/v1/articles/"+p.Article.ID+"/comments", strings.NewReader(body), header...)
	out := map[string]any{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		p.t.Fatal(err, text)
	}
	return res.StatusCode, out
}

// Each site says who may comment. The form and the interface say the same of the
// same person, and the form says it before anyone writes.
func TestWhoMayComment(t *testing.T) {
	p := newPaper(t)
	if err := p.SaveSecrets(t.Context(), p.Site.ID, store.Secrets{SignOn: json.RawMessage(`{"secret":"` + signOnSecret + `"}`)}); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, tt := range []struct {
		set                         string
		guest, email, account, oidc int // the status by the interface
		says                        string
	}{
		{`{}`, 202, 403, 202, 403, ""},
		{`{"no_guests":true}`, 403, 403, 202, 403, "melden Sie sich bitte auf blatt an"},
		{`{"who":["guest"]}`, 202, 403, 403, 403, "mit einem Namen."},
		{`{"who":["email"]}`, 403, 202, 403, 403, "mit bestätigter E-Mail-Adresse."},
		{`{"who":["guest","oidc"],"oidc_name":"Verlagskonto"}`, 202, 403, 403, 202, "mit einem Namen oder mit einem Konto bei Verlagskonto."},
		{`{"who":["email","account","oidc"]}`, 403, 202, 202, 202, "mit bestätigter E-Mail-Adresse, mit einem Konto von blatt oder mit einem Konto bei blatt."},
	} {
		p.settle(tt.set)
		_, page := p.get(p.article())
		if note := noteOf(parse(t, page)); !strings.Contains(note, tt.says) || tt.says == "" && note != "" {
			t.Errorf("%s: the form says %q", tt.set, note)
		}
		for way, token := range map[string]string{
			"guest": "", "email": p.token(store.ReaderEmail, "mira@example.org", "Mira am Fluss"), "oidc": p.token(store.ReaderOIDC, "x|17", "Jo vom Berg"),
			"account": p.vouched(jwt.MapClaims{"sub": "r17", "name": "Karla vom Tal", "exp": p.Now().Add(time.Hour).Unix()}),
		} {
			n++
			want := map[string]int{"guest": tt.guest, "email": tt.email, "oidc": tt.oidc, "account": tt.account}[way]
			status, out := p.send(token, fmt.Sprintf(`{"text":"Beitrag %d.","author":{"name":"Hanna"}}`, n))
			if status != want {
				t.Errorf("%s: %s by the interface: %d %v, want %d", tt.set, way, status, out, want)
			}
			formWant := map[int]int{202: 303, 403: 403}[want]
			res, _ := p.post(p.article(), url.Values{"text": {fmt.Sprintf("Per Formular %d.", n)}, "name": {"Hanna"}, "token": {token}})
			if res.StatusCode != formWant {
				t.Errorf("%s: %s by the form: %d, want %d", tt.set, way, res.StatusCode, formWant)
			}
		}
	}
}

// classed gives the first element of a kind with a class.
func classed(doc *html.Node, kind, class string) *html.Node {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == kind && strings.Contains(" "+attr(n, "class")+" ", " "+class+" ") {
			return n
		}
	}
	return nil
}

// noteOf is what the section says about who may comment.
func noteOf(doc *html.Node) string {
	if n := classed(doc, "p", "fg-signon"); n != nil {
		return text(n)
	}
	return ""
}

func TestTokensThatDoNotHold(t *testing.T) {
	p := newPaper(t)
	p.settle(`{"who":["email","oidc","account"]}`)
	if err := p.SaveSecrets(t.Context(), p.Site.ID, store.Secrets{SignOn: json.RawMessage(`{"secret":"` + signOnSecret + `"}`)}); err != nil {
		t.Fatal(err)
	}
	good := p.token(store.ReaderOIDC, "x|17", "Jo vom Berg")
	foreign, err := p.ReaderToken(t.Context(), store.ReaderID{Site: "anderswo", Kind: store.ReaderOIDC, Subject: "x|17", Name: "Jo vom Berg"})
	if err != nil {
		t.Fatal(err)
	}
	mailed, err := p.MailedToken(t.Context(), store.ReaderID{Site: p.Site.ID, Kind: store.ReaderEmail, Subject: "x", Name: "Jo vom Berg"})
	if err != nil {
		t.Fatal(err)
	}
	p.Clock.Pass(119 * time.Minute)
	if status, out := p.send(good, `{"text":"Noch gültig."}`); status != 202 {
		t.Errorf("within two hours: %d %v", status, out)
	}
	p.Clock.Pass(2 * time.Minute)
	for name, token := range map[string]string{
		"ended": good, "of another site": foreign, "forged": good + "x", "a mailed link": store.ReaderTokenPrefix + mailed, "nothing": store.ReaderTokenPrefix, "long": store.ReaderTokenPrefix + strings.Repeat("x", 5000),
		"the publisher gives a provider's subject": p.vouched(jwt.MapClaims{"sub": "oidc:x|17", "name": "Jo", "exp": p.Now().Add(time.Hour).Unix()}),
	} {
		if status, out := p.send(token, `{"text":"Gilt das?"}`); status != http.StatusForbidden {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	// The form keeps the text of somebody whose sign-in has ended.
	res, page := p.post(p.article(), url.Values{"text": {"Ein langer Text."}, "token": {good}})
	if res.StatusCode != http.StatusForbidden || text(classed(parse(t, page), "textarea", "fg-area")) != "Ein langer Text." || !strings.Contains(page, "abgelaufen") {
		t.Errorf("%d: %s", res.StatusCode, page)
	}
}

// A known author's name is theirs: nobody else bears one that looks like it. They
// themselves change it, but not each day.
func TestNamesOfKnownAuthors(t *testing.T) {
	p := newPaper(t)
	p.settle(`{"who":["guest","oidc"]}`)
	mira := p.token(store.ReaderOIDC, "x|17", "Mira am Fluss")
	if status, out := p.send(mira, `{"text":"Eins."}`); status != 202 || out["name"] != "Mira am Fluss" {
		t.Fatalf("%d %v", status, out)
	}
	for _, name := range []string{"Mira am Fluss", "MIRA AM FLU$S", "Мira  am Fluss"} {
		if status, out := p.send("", `{"text":"Zwei.","author":{"name":"`+name+`"}}`); status != 422 || out["key"] != "reader.error.name.taken" {
			t.Errorf("a guest as %s: %d %v", name, status, out)
		}
		if status, _ := p.send(p.token(store.ReaderOIDC, "x|18", name), `{"text":"Drei."}`); status != 422 {
			t.Errorf("another account as %s: %d", name, status)
		}
	}
	p.Clock.Pass(29 * 24 * time.Hour)
	status, out := p.send(p.token(store.ReaderOIDC, "x|17", "Neue Mira"), `{"text":"Vier."}`)
	if status != 202 || out["name"] != "Mira am Fluss" {
		t.Errorf("another name after 29 days: %d %v", status, out)
	}
	p.Clock.Pass(2 * 24 * time.Hour)
	if _, out := p.send(p.token(store.ReaderOIDC, "x|17", "Neue Mira"), `{"text":"Fünf."}`); out["name"] != "Neue Mira" {
		t.Errorf("another name after 31 days: %v", out)
	}
	if status, _ := p.send("", `{"text":"Sechs.","author":{"name":"Mira am Fluss"}}`); status != 202 {
		t.Errorf("the name that was given up: %d", status)
	}
	p.settle(`{"who":["oidc"],"name_days":0}`)
	if _, out := p.send(p.token(store.ReaderOIDC, "x|17", "Noch eine Mira"), `{"text":"Sieben."}`); out["name"] != "Noch eine Mira" {
		t.Errorf("where names change at any time: %v", out)
	}
}

// A least age is asked for on every way and recorded as a yes, and nothing else.
func TestLeastAge(t *testing.T) {
	p := newPaper(t)
	p.settle(`{"min_age":16}`)
	_, page := p.get(p.article())
	if !strings.Contains(page, "Ich bin mindestens 16 Jahre alt.") || !strings.Contains(page, `name="age" value="1" required`) {
		t.Error("the form does not ask")
	}
	if status, out := p.send("", `{"text":"Eins.","author":{"name":"Hanna"}}`); status != 422 || out["field"] != "age" || !strings.Contains(out["title"].(string), "16") {
		t.Errorf("without: %d %v", status, out)
	}
	if res, _ := p.post(p.article(), url.Values{"text": {"Eins."}, "name": {"Hanna"}}); res.StatusCode != 422 {
		t.Errorf("without, by the form: %d", res.StatusCode)
	}
	if status, _ := p.send("", `{"text":"Eins.","author":{"name":"Hanna"},"age":true}`); status != 202 {
		t.Errorf("with: %d", status)
	}
	if res, _ := p.post(p.article(), url.Values{"text": {"Zwei."}, "name": {"Hanna"}, "age": {"1"}}); res.StatusCode != 303 {
		t.Errorf("with, by the form: %d", res.StatusCode)
	}
	var yes int
	if err := p.Pool().QueryRowContext(t.Context(), "select count(*) from comments where of_age = 1").Scan(&yes); err != nil || yes != 2 {
		t.Errorf("%d recorded, %v", yes, err)
	}
}

// An earlier comment's receipt proves its author: from then on there is a record.
func TestAReceiptProvesItsAuthor(t *testing.T) {
	p := newPaper(t)
	receipt := p.submit("Hanna", "Eins.")
	p.Clock.Pass(time.Second)
	_, page := p.get(receipt)
	if !strings.Contains(page, receipt+"/again") {
		t.Error("the receipt does not offer another comment")
	}
	_, page = p.get(receipt + "/again")
	doc := parse(t, page)
	fields := url.Values{"text": {"Zwei."}}
	for n := range doc.Descendants() {
		if n.Data == "input" && attr(n, "type") == "hidden" {
			fields.Set(attr(n, "name"), attr(n, "value"))
		}
	}
	if !strings.Contains(page, "Sie kommentieren als Hanna.") || "/receipts/"+fields.Get("receipt") != receipt {
		t.Fatalf("the form: %v", fields)
	}
	if res, body := p.post(p.article(), fields); res.StatusCode != 303 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	p.Clock.Pass(time.Second)
	if status, out := p.send("", `{"text":"Drei.","author":{"name":"Jemand anderes"},"receipt":"`+receipt+`"}`); status != 202 || out["name"] != "Hanna" {
		t.Errorf("%d %v", status, out)
	}
	if status, _ := p.send("", `{"text":"Vier.","author":{"name":"Hanna"},"receipt":"/receipts/erfunden"}`); status != 404 {
		t.Errorf("an invented receipt: %d", status)
	}
	list, _, err := p.Queue(t.Context(), store.QueueFilter{})
	if err != nil || len(list) != 3 || list[0].Proven || !list[1].Proven || !list[2].Proven || list[0].Author != list[2].Author {
		t.Errorf("%+v, %v", list, err)
	}
}

// A guest who gives an address confirms it by the mailed link; then the comment is
// a known author's, and so is the next one that the same person confirms.
func TestAConfirmedAddressMakesAnAuthorKnown(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		p := newPaperOn(t, dsn)
		var authors []string
		for _, words := range []string{"Eins.", "Zwei."} {
			res, _ := p.post(p.article(), url.Values{"text": {words}, "name": {"Hanna"}, "email": {"Hanna@example.org"}})
			where, _, _ := strings.Cut(res.Header.Get("Location"), "?")
			rec, err := p.Receipt(t.Context(), strings.TrimPrefix(where, "/receipts/"))
			if err != nil || rec.Proven {
				t.Fatalf("%+v, %v", rec, err)
			}
			token, err := p.MailToken(t.Context(), rec.Comment)
			if err != nil {
				t.Fatal(err)
			}
			if res, page := p.get("/verify/" + token); res.StatusCode != 200 || !strings.Contains(page, "Hanna@example.org") {
				t.Errorf("asking: %d", res.StatusCode)
			}
			for range 2 {
				if res, page := p.post("/verify/"+token, nil); res.StatusCode != 200 || !strings.Contains(page, "ist bestätigt") {
					t.Errorf("confirming: %d %s", res.StatusCode, page)
				}
			}
			rec, err = p.Receipt(t.Context(), strings.TrimPrefix(where, "/receipts/"))
			if err != nil || !rec.Proven {
				t.Fatalf("after confirming: %+v, %v", rec, err)
			}
			authors = append(authors, rec.Author)
			if record, err := p.RecordOf(t.Context(), rec.Author); err != nil || record.Submitted != len(authors) {
				t.Errorf("record: %+v, %v", record, err)
			}
		}
		if authors[0] != authors[1] {
			t.Error("the same address gives two authors")
		}
		var kept int
		if err := p.Pool().QueryRowContext(t.Context(), "select count(*) from authors where kind = 'email' and lower(subject) like '%hanna%'").Scan(&kept); err != nil || kept != 0 {
			t.Errorf("the address is kept as a subject: %d, %v", kept, err)
		}
		if res, _ := p.get("/verify/erfunden"); res.StatusCode != 404 {
			t.Errorf("an invented link: %d", res.StatusCode)
		}
		p.Whole()
	})
}

// A mailed link lets a reader comment with a confirmed address, where the site
// asks for one. Opening it does nothing.
func TestSigningInByMail(t *testing.T) {
	p := newPaper(t)
	p.settle(`{"who":["email"]}`)
	at := "/signin/" + p.Site.ID + "?article=" + p.Article.ID
	if res, page := p.get(at); res.StatusCode != 200 || strings.Contains(page, "/oidc") {
		t.Errorf("the page: %d", res.StatusCode)
	}
	for name, form := range map[string]url.Values{
		"no address":   {"name": {"Hanna"}, "article": {p.Article.ID}},
		"no name":      {"email": {"hanna@example.org"}},
		"a staff name": {"name": {"Redaktion"}, "email": {"hanna@example.org"}},
	} {
		if res, _ := p.post("/signin/"+p.Site.ID, form); res.StatusCode != 422 {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if res, page := p.post("/signin/"+p.Site.ID, url.Values{"name": {"Hanna"}, "email": {"hanna@example.org"}, "article": {p.Article.ID}}); res.StatusCode != 200 || !strings.Contains(page, "Link gesandt") {
		t.Errorf("asking: %d", res.StatusCode)
	}
	token, err := p.MailedToken(t.Context(), store.ReaderID{Site: p.Site.ID, Kind: store.ReaderEmail, Subject: "hanna@example.org", Email: "hanna@example.org", Name: "Hanna", Article: p.Article.ID})
	if err != nil {
		t.Fatal(err)
	}
	res, page := p.get("/signed-in/" + token)
	if res.StatusCode != 200 || res.Header.Get("Set-Cookie") != "" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the link: %d %v", res.StatusCode, res.Header)
	}
	fields := hidden(t, page)
	fields.Set("text", "Mit Adresse.")
	if res, body := p.post(p.article(), fields); res.StatusCode != 303 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if list, _, err := p.Queue(t.Context(), store.QueueFilter{}); err != nil || len(list) != 1 || !list[0].Proven || list[0].Name != "Hanna" {
		t.Errorf("%+v, %v", list, err)
	}
	p.Clock.Pass(61 * time.Minute)
	if res, _ := p.get("/signed-in/" + token); res.StatusCode != 404 {
		t.Errorf("after an hour: %d", res.StatusCode)
	}
}

// hidden gives what the page's form sends without being seen.
func hidden(t *testing.T, page string) url.Values {
	t.Helper()
	fields := url.Values{}
	for n := range parse(t, page).Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" && attr(n, "type") == "hidden" {
			fields.Set(attr(n, "name"), attr(n, "value"))
		}
	}
	return fields
}

// withProvider lets the paper's readers sign in at a provider.
func (p *paper) withProvider() *oidctest.Provider {
	p.t.Helper()
	provider := oidctest.New(p.t, p.Clock.Now)
	provider.Claims = map[string]any{"email": "mira@example.org", "email_verified": true, "name": "Mira Vogt"}
	p.settle(`{"who":["oidc"],"oidc_name":"Verlagskonto"}`)
	set := fmt.Sprintf(`{"issuer":%q,"client_id":%q,"client_secret":%q}`, provider.Issuer, oidctest.ClientID, oidctest.ClientSecret)
	if err := p.SaveSecrets(p.t.Context(), p.Site.ID, store.Secrets{OIDC: json.RawMessage(set)}); err != nil {
		p.t.Fatal(err)
	}
	return provider
}

// travel goes to the provider and back and gives the last answer.
func (p *paper) travel(origin string) (*http.Response, string) {
	p.t.Helper()
	res, body := p.get("/signin/" + p.Site.ID + "/oidc?article=" + p.Article.ID + "&origin=" + url.QueryEscape(origin))
	if res.StatusCode != http.StatusSeeOther {
		return res, body
	}
	cookies := res.Cookies()
	if len(cookies) != 1 || cookies[0].Path != "/signin/" || !cookies[0].HttpOnly || cookies[0].MaxAge > 600 {
		p.t.Fatalf("cookies: %v", cookies)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	back, err := client.Get(res.Header.Get("Location"))
	if err != nil {
		p.t.Fatal(err)
	}
	back.Body.Close()
	to, err := url.Parse(back.Header.Get("Location"))
	if err != nil {
		p.t.Fatal(err)
	}
	return p.get(to.RequestURI(), "Cookie", cookies[0].Name+"="+cookies[0].Value)
}

// Without a script: to the provider, a name chosen, and a comment from the form.
func TestSigningInAtTheSitesProvider(t *testing.T) {
	p := newPaper(t)
	provider := p.withProvider()
	_, page := p.get(p.article())
	if link := classed(parse(t, page), "a", "fg-signin"); link == nil || !strings.HasPrefix(attr(link, "href"), "/signin/"+p.Site.ID+"/oidc?") {
		t.Error("the page offers no sign-in")
	}
	res, page := p.travel("")
	if res.StatusCode != 200 || !strings.Contains(page, "Wie möchten Sie heißen?") {
		t.Fatalf("%d %s", res.StatusCode, page)
	}
	fields := hidden(t, page)
	fields.Set("name", "Redaktion")
	if res, _ := p.post("/signin/"+p.Site.ID+"/name", fields); res.StatusCode != 422 {
		t.Errorf("a name of the newsroom: %d", res.StatusCode)
	}
	fields.Set("name", "Flussläuferin")
	res, page = p.post("/signin/"+p.Site.ID+"/name", fields)
	if res.StatusCode != 200 || !strings.Contains(page, "Sie kommentieren als Flussläuferin.") {
		t.Fatalf("%d %s", res.StatusCode, page)
	}
	fields = hidden(t, page)
	fields.Set("text", "Mit Konto.")
	if res, body := p.post(p.article(), fields); res.StatusCode != 303 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	// The second time the name is known. The provider's key is another by then.
	provider.Rotate()
	if _, page := p.travel(""); !strings.Contains(page, "Sie kommentieren als Flussläuferin.") {
		t.Errorf("the second time: %s", page)
	}
	for name, spoil := range map[string]func(){"a wrong nonce": func() { provider.Set("nonce", "x") }, "broken off": func() { provider.Set("nonce", nil); provider.Deny = true }} {
		spoil()
		if res, _ := p.travel(""); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if res, _ := p.travel("https://fremd.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("opened by a foreign page: %d", res.StatusCode)
	}
	if res, _ := p.get("/signin/oidc/callback?code=x&state=y"); res.StatusCode != http.StatusForbidden {
		t.Errorf("without having begun: %d", res.StatusCode)
	}
	p.settle(`{}`)
	if res, _ := p.travel(""); res.StatusCode != 404 {
		t.Errorf("where the site does not offer it: %d", res.StatusCode)
	}
}

// Avatars are initials drawn by the page itself, or nothing.
func TestInitials(t *testing.T) {
	p := newPaper(t)
	c := p.Post("", "Mira von der Au", "Eins.").Comment
	p.Release(p.Anna, c)
	if _, page := p.get(p.article()); strings.Contains(page, "fg-face") {
		t.Error("initials without being asked for")
	}
	p.settle(`{"avatars":"initials"}`)
	_, page := p.get(p.article())
	if face := classed(parse(t, page), "span", "fg-face"); text(face) != "MA" || attr(face, "aria-hidden") != "true" {
		t.Errorf("the face shows %q", text(face))
	}
}
