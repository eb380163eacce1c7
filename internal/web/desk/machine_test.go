package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/browser"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"golang.org/x/net/html"
)

// taught saves a model that was trained on a hundred decisions, with a report in
// which profanity was measured and nothing else.
func (h *room) taught(t *testing.T) {
	t.Helper()
	var ds []assess.Decision
	for i := range 100 {
		d := assess.Decision{Position: uint64(i + 1), Input: assess.Input{Text: fmt.Sprintf("Die Brücke Nummer %d", i)}}
		if i%2 == 1 {
			d.Input.Text, d.Outcome, d.Rule = fmt.Sprintf("Der Quorkel Nummer %d", i), assess.Refused, moderation.Profanity
		}
		ds = append(ds, d)
	}
	trained := assess.Default().Train(ds, make([]*float64, len(ds)), nil)
	cuts := assess.Cuts{Fine: 0.2, Breach: 0.6}
	var checked []assess.Checked
	for i := range 120 {
		checked = append(checked, assess.Checked{Score: 0.1, Refused: i%40 == 0}, assess.Checked{Score: 0.8, Refused: i%5 != 0})
	}
	trained.Report.Heads = map[string]assess.HeadReport{
		"profanity": {Rows: 240, Positive: 99, Calibrated: true, Own: true, Cuts: cuts, Bands: assess.Bands(cuts, checked),
			Bins: []assess.Bin{{Score: 0.1, Rows: 120, Refused: 3}, {Score: 0.8, Rows: 120, Refused: 96}}},
		"aggression": {Rows: 9, Cuts: assess.DefaultCuts, Bands: assess.Bands(assess.DefaultCuts, checked[:9])},
	}
	report, err := json.Marshal(trained.Report)
	if err != nil {
		t.Fatal(err)
	}
	var delta bytes.Buffer
	if err := trained.Site.Encode(&delta); err != nil {
		t.Fatal(err)
	}
	quality := 0.91
	m := store.SiteModel{Site: h.Site.ID, Version: trained.Site.Version(), Position: 100, Lessons: 100, Delta: delta.Bytes(), Retrained: true, Learned: h.Clock.Now(), Quality: &quality, Report: string(report)}
	if err := h.SaveModel(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	worse := m
	worse.Version, worse.Lessons = "base+300", 300
	if err := h.NoteRollback(context.Background(), worse); err != nil {
		t.Fatal(err)
	}
}

// section is a section of the page by the id of its heading.
func section(t *testing.T, page *html.Node, id string) string {
	t.Helper()
	for _, s := range find(page, func(n *html.Node) bool { return n.Data == "section" }) {
		if len(find(s, func(n *html.Node) bool { return n.Data == "h2" && attr(n, "id") == id })) > 0 {
			return words(s)
		}
	}
	t.Fatalf("the page has no section %s", id)
	return ""
}

func TestTheModelsPage(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		chief := h.surf(t, h.Chief)
		page := chief.get("/desk/model")
		if s := words(page); strings.Contains(s, "haben sich verändert") || !strings.Contains(s, "noch nichts gelernt") || !strings.Contains(section(t, page, "models"), "Noch nicht genug") {
			t.Errorf("before the first decision: %s", s)
		}
		h.Clock.Pass(time.Minute)
		h.taught(t)
		h.blindly(t)
		if err := h.SaveDrift(context.Background(), store.Drift{Site: h.Site.ID, Alarms: []string{"unseen"}, Report: `{"considered":80,"unseen":0.4,"before":0.2,"unseen_z":7,"stability":0.1,"alarm":true}`}, "base"); err != nil {
			t.Fatal(err)
		}
		page = chief.get("/desk/model")
		for id, want := range map[string][]string{
			"bands":  {"80 % (72–86 %)", "98 % (93–99 %)", "unter 20 %, ab 60 %", "Standard: unter 40 %, ab 70 %", "zu wenige (5)"},
			"models": {"100r", "100", "aufbewahrt"},
			"log":    {"wurde verworfen", "300", "Neu trainiert"},
			"drift":  {"Unbekannte Wörter", "40 %, vorher 20 %"},
			"blind":  {"Schimpfwort", "95 % (77–99 %)", "zu wenige (1)"},
			"scorer": {"Kein Text verlässt dieses Programm"},
		} {
			for _, w := range want {
				if s := section(t, page, id); !strings.Contains(s, w) {
					t.Errorf("section %s lacks %q: %s", id, w, s)
				}
			}
		}
		if n := len(find(page, func(n *html.Node) bool { return n.Data == "circle" })); n != 2 {
			t.Errorf("%d points in the chart", n)
		}
		for path, alarmed := range map[string]bool{"/desk/": true, "/desk/bundles": true} {
			if got := strings.Contains(words(chief.get(path)), "Die Kommentare haben sich verändert"); got != alarmed {
				t.Errorf("%s tells of the alarm: %v", path, got)
			}
		}
		anna := h.surf(t, h.Anna)
		if strings.Contains(words(anna.get("/desk/")), "haben sich verändert") {
			t.Error("an editor is told of the alarm")
		}
		if w := anna.do(httptest.NewRequest("GET", "/desk/model", nil)); w.Code != http.StatusForbidden {
			t.Errorf("an editor gets %d", w.Code)
		}
		if s := words(chief.get("/desk/model?lang=en")); !strings.Contains(s, "Does the model still fit?") {
			t.Error("no English page")
		}
	})
}

// blindly has 21 comments decided blind: of the refused ones the machine misses one.
func (h *room) blindly(t *testing.T) {
	t.Helper()
	all, none := 100.0, 0.0
	set := h.Site.Settings
	set.BlindPercent = &all
	if err := h.SaveSettings(context.Background(), h.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	for i := range 21 {
		text, score, step := fmt.Sprintf("Ruhig gesagt %d", i), 0.1, moderation.Approve
		if i == 0 {
			step = moderation.Reject
		}
		c := h.Post("", fmt.Sprintf("Rosi %d", i), text).Comment
		h.assessed(t, c, text, "gesagt", moderation.Profanity, score)
		h.EndHold(h.Do(h.Anna, step, c))
	}
	set.BlindPercent = &none
	if err := h.SaveSettings(context.Background(), h.Site.ID, set); err != nil {
		t.Fatal(err)
	}
}

// The card says how often a band was right here, or that its bounds are the
// default, and which words spoke for and against.
func TestCardExplains(t *testing.T) {
	t.Parallel()
	h := sqliteRoom(t)
	h.taught(t)
	text := "Dieser Trottel hat keine Ahnung, danke."
	old := h.Post("", "Emil", "Dieser Trottel hat gar keine Ahnung, danke sehr.").Comment
	h.Do(h.Anna, moderation.Reject, old)
	c := h.Post("", "Rosi", text).Comment
	v, refuse := 0.7, 0.7
	a := moderation.NotChecked("")
	a.Version, a.Refuse = "m", &refuse
	a.Rules[moderation.Profanity] = moderation.Score{Value: &v, Band: assess.Breach, Version: "m", For: []moderation.Weight{{Word: "Trottel", Weight: 2}}, Against: []moderation.Weight{{Word: "danke", Weight: 1}}}
	a.Rules[moderation.Aggression] = moderation.Score{Value: &v, Version: "m"}
	a.External = &moderation.External{Host: "127.0.0.1:9000", Scores: map[string]float64{"profanity": 0.83}}
	if err := h.SaveAssessment(context.Background(), c, 1, a); err != nil {
		t.Fatal(err)
	}
	b := h.surf(t, h.Anna)
	page := b.get("/desk/comments/" + c)
	lines := find(find(page, class("rules"))[0], func(n *html.Node) bool { return n.Data == "li" })
	for i, want := range map[int][]string{1: {"hier zu 80 % richtig (72–86 %)", "dafür: Trottel", "dagegen: danke"}, 2: {"wahrscheinlich"}} {
		for _, w := range want {
			if s := words(lines[i]); !strings.Contains(s, w) {
				t.Errorf("line %d lacks %q: %s", i+1, w, s)
			}
		}
	}
	if s := words(find(page, class("machine"))[0]); !strings.Contains(s, "127.0.0.1:9000") || !strings.Contains(s, "gelten Standardgrenzen") || !strings.Contains(s, "Schimpfwort 83 %") {
		t.Errorf("the external scorer's word: %s", s)
	}
	if s := section(t, page, "earlier"); !strings.Contains(s, "abgelehnt: Schimpfwort") || len(find(page, func(n *html.Node) bool { return attr(n, "href") == "/desk/comments/"+old })) == 0 {
		t.Errorf("similar earlier decisions: %s", s)
	}
}

// An admin sets the share of blind decisions and the scorer; its secret is never
// shown and never goes to another address unasked.
func TestMachineSettings(t *testing.T) {
	t.Parallel()
	h := sqliteRoom(t)
	var keys []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Authorization"))
		w.Write([]byte(`{"scores":{"profanity":0.02,"refuse":0.05}}`))
	}))
	defer srv.Close()
	admin := h.surf(t, h.add(t, "admin@blatt.example", moderation.Admin, ""))
	form := func(values ...string) url.Values {
		v := url.Values{"site": {h.Site.ID}}
		for i := 0; i < len(values); i += 2 {
			v.Set(values[i], values[i+1])
		}
		return v
	}
	saved := func(v url.Values) {
		t.Helper()
		if status, to := admin.post("/desk/model", v); status != http.StatusSeeOther || !strings.HasPrefix(to, "/desk/model?saved") {
			t.Fatalf("%v: %d %s", v, status, to)
		}
	}
	saved(form("do", "blind", "percent", "7,5"))
	saved(form("do", "scorer", "url", srv.URL, "secret", "streng-geheim", "seconds", "3"))
	site, err := h.Store.Site(context.Background(), h.Site.ID)
	if err != nil || site.BlindShare() != 0.075 {
		t.Errorf("share %v, %v", site.BlindShare(), err)
	}
	w := admin.do(httptest.NewRequest("GET", "/desk/model", nil))
	if s := w.Body.String(); strings.Contains(s, "streng-geheim") || !strings.Contains(s, srv.URL) || !strings.Contains(s, "noch nicht gefragt") {
		t.Error("the page shows the secret, or not the address")
	}
	r := httptest.NewRequest("POST", "/desk/model", strings.NewReader(form("do", "try").Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if w := admin.do(r); w.Code != 200 || !strings.Contains(w.Body.String(), "Schimpfwort 2 %") || len(keys) != 1 || keys[0] != "Bearer streng-geheim" {
		t.Errorf("trial: %d, asked with %q", w.Code, keys)
	}
	saved(form("do", "scorer", "url", srv.URL, "seconds", "3"))
	if s, err := h.Secrets(context.Background(), h.Site.ID); err != nil || s.Scorer.Secret != "streng-geheim" {
		t.Errorf("the secret of the same address is lost: %v", err)
	}
	saved(form("do", "scorer", "url", "http://10.0.0.9/", "seconds", "3"))
	if s, err := h.Secrets(context.Background(), h.Site.ID); err != nil || s.Scorer.Secret != "" {
		t.Errorf("the secret goes to another address: %v", err)
	}
	for _, bad := range []url.Values{form("do", "blind", "percent", "120"), form("do", "blind", "percent", "viel"), form("do", "scorer", "url", "ftp://x", "seconds", "2"),
		form("do", "scorer", "url", "http://u:p@10.0.0.9/", "seconds", "2"), form("do", "scorer", "url", srv.URL, "seconds", "99")} {
		if status, _ := admin.post("/desk/model", bad); status != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, status)
		}
	}
	if status, _ := h.surf(t, h.Chief).post("/desk/model", form("do", "blind", "percent", "50")); status != http.StatusForbidden {
		t.Errorf("a chief sets it: %d", status)
	}
	saved(form("do", "scorer", "url", ""))
	if s, err := h.Secrets(context.Background(), h.Site.ID); err != nil || s.Scorer != nil {
		t.Errorf("it cannot be taken away: %v", err)
	}
}

func TestTheModelsPageIsAccessible(t *testing.T) {
	h := sqliteRoom(t)
	h.taught(t)
	h.blindly(t)
	admin := h.member(t, "admin@blatt.example", "Ada Min", moderation.Admin)
	if err := h.SaveDrift(context.Background(), store.Drift{Site: h.Site.ID, Alarms: []string{"scores"}, Report: `{"considered":80,"before":0.2,"stability":0.9}`}, "base"); err != nil {
		t.Fatal(err)
	}
	tab := browser.New(t)
	address := h.open(t)
	tab.Open(address + "/desk/login")
	tab.Do(clickOn("[name=email]"))
	tab.Press(admin.Email + "\t" + password + "\r")
	tab.WaitFor("location.pathname !== '/desk/login' && document.querySelector('#main h1')")
	for _, dark := range []bool{false, true} {
		tab.Dark(dark)
		tab.Open(address + "/desk/model")
		tab.WaitFor("document.querySelector('.cal circle')")
		for _, v := range tab.Violations() {
			t.Errorf("dark %v: %v", dark, v)
		}
	}
}
