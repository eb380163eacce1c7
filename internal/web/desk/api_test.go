package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"pgregory.net/rapid"
)

// decisionsOf gives the decisions that the desk shows of a comment.
func decisionsOf(t *testing.T, h *room, comment string) []any {
	t.Helper()
	status, out := h.call(t, h.Chief, "GET", "/api/v1/desk/comments/"+comment, "")
	if status != http.StatusOK {
		t.Fatalf("comment %s: %d", comment, status)
	}
	return out["decisions"].([]any)
}

// step takes a step by key and gives the status and the answer.
func (h *room) step(t *testing.T, by store.Editor, comment, step, body string) (int, map[string]any) {
	t.Helper()
	return h.call(t, by, "POST", "/api/v1/desk/comments/"+comment+"/"+step, body)
}

const refusal = `{"rule":"profanity","reason":"Bitte ohne das Schimpfwort."}`

// Every step of the desk, through the API, on each database.
func TestEveryStep(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		type move struct {
			by         store.Editor
			step, body string
			state      string // wanted afterwards
			pass       bool   // the hold ends, and what it releases is published
		}
		tests := map[string][]move{
			"approve, pick, unpick, remove, restore": {
				{h.Anna, "approve", "", "approved", true}, {h.Anna, "pick", "", "approved", false}, {h.Jonas, "unpick", "{}", "approved", false},
				{h.Anna, "remove", refusal, "removed", false}, {h.Jonas, "restore", "", "approved", true}},
			"reject, undo, return, reconsider, decline": {
				{h.Anna, "reject", refusal, "rejected", false}, {h.Anna, "undo", "", "pending", false},
				{h.Anna, "return", refusal, "returned", true}, {h.Jonas, "reconsider", "", "pending", true},
				{h.Jonas, "decline", `{"reason":"capacity"}`, "declined", true}},
			"escalate, approve": {
				{h.Anna, "escalate", `{"reason":"bitte einmal mitlesen"}`, "escalated", true}, {h.Jonas, "approve", "", "approved", true}},
		}
		for name, moves := range tests {
			t.Run(name, func(t *testing.T) {
				c := h.Post("", name[:3]+"er", "Ein Wort zu "+name+".").Comment
				for i, m := range moves {
					status, out := h.step(t, m.by, c, m.step, m.body)
					if status != http.StatusOK || out["status"] != m.state || out["id"] != c || out["revision"] != 1.0 {
						t.Fatalf("%s: %d %v, want %s", m.step, status, out, m.state)
					}
					d := out["decision"].(map[string]any)
					if d["step"] != m.step || d["editor"] != m.by.Email || d["at"] == "" {
						t.Errorf("%s: decision %v", m.step, d)
					}
					if got := decisionsOf(t, h, c); len(got) != i+1 || got[i].(map[string]any)["step"] != m.step {
						t.Errorf("after %s the desk shows %v", m.step, got)
					}
					if m.pass {
						h.Clock.Pass(h.Site.Hold())
						if err := h.Publish(context.Background(), d["id"].(string)); err != nil {
							t.Fatal(err)
						}
					}
				}
			})
		}
		t.Run("appeals", func(t *testing.T) { testAppeals(t, h) })
		h.Whole()
	})
}

func testAppeals(t *testing.T, h *room) {
	for step, want := range map[string]string{"uphold": "rejected", "overturn": "approved"} {
		posted := h.Post("", "Gerd", "Das sehe ich anders, "+step+".")
		h.EndHold(h.Do(h.Chief, moderation.Reject, posted.Comment))
		if _, err := h.ByAuthor(moderation.Appeal, posted, "Das war kein Schimpfwort."); err != nil {
			t.Fatal(err)
		}
		if status, _ := h.step(t, h.Chief, posted.Comment, step, `{"reason":"Ich bleibe dabei."}`); status != http.StatusForbidden {
			t.Errorf("%s by who decided: %d", step, status)
		}
		if status, _ := h.step(t, h.Anna, posted.Comment, step, ""); status != http.StatusUnprocessableEntity {
			t.Errorf("%s without reason: %d", step, status)
		}
		// The only chief took the decision, so another editor decides.
		status, out := h.step(t, h.Anna, posted.Comment, step, `{"reason":"Noch einmal gelesen."}`)
		if status != http.StatusOK || out["status"] != want {
			t.Errorf("%s: %d %v", step, status, out)
		}
	}
}

func TestRefusedDecisions(t *testing.T) {
	h := sqliteRoom(t)
	c := h.Post("", "Rosi", "Ein guter Vorschlag.").Comment
	other, err := h.AddSite(context.Background(), store.Site{Name: "anzeiger", Origin: "https://anzeiger.example"})
	if err != nil {
		t.Fatal(err)
	}
	foreign := h.add(t, "fremd@anzeiger.example", moderation.Editor, other.ID)
	admin := h.add(t, "admin@blatt.example", moderation.Admin, "")
	auditor := h.add(t, "revision@blatt.example", moderation.Auditor, "")
	tests := []struct {
		by         store.Editor
		step, body string
		status     int
	}{
		{foreign, "approve", "", 404},
		{admin, "approve", "", 403},
		{auditor, "reject", refusal, 403},
		{auditor, "note", `{"reason":"hm"}`, 403},
		{h.Anna, "reject", "", 422},
		{h.Anna, "reject", `{"rule":"profanity"}`, 422},
		{h.Anna, "reject", `{"rule":"profanity","reason":"  "}`, 422},
		{h.Anna, "reject", `{"reason":"Das geht nicht."}`, 422},
		{h.Anna, "reject", `{"rule":"humor","reason":"Das geht nicht."}`, 422},
		{h.Anna, "return", `{"rule":"profanity"}`, 422},
		{h.Anna, "decline", `{"reason":"keine Lust"}`, 422},
		{h.Anna, "decline", "", 422},
		{h.Anna, "note", "", 422},
		{h.Anna, "approve", `{"revision":"eins"}`, 400},
		{h.Anna, "approve", `[`, 400},
		{h.Anna, "remove", refusal, 409},
		{h.Anna, "uphold", `{"reason":"So bleibt es."}`, 409},
		{h.Anna, "undo", "", 409},
		{h.Anna, "approve", `{"revision":7}`, 422},
		{h.Anna, "publish", "", 404},
		{h.Anna, "submit", "", 404},
	}
	for _, tt := range tests {
		if status, out := h.step(t, tt.by, c, tt.step, tt.body); status != tt.status {
			t.Errorf("%s by %s with %q: %d %v, want %d", tt.step, tt.by.Role, tt.body, status, out, tt.status)
		}
	}
	if status, _ := h.step(t, h.Anna, "gibtesnichtgibtesnic", "approve", ""); status != 404 {
		t.Errorf("an unknown comment: %d", status)
	}
	for _, reader := range []store.Editor{admin, auditor} {
		if status, _ := h.call(t, reader, "GET", "/api/v1/desk/comments/"+c, ""); status != 200 {
			t.Errorf("%s reads: %d", reader.Role, status)
		}
	}
	if status, _ := h.call(t, foreign, "GET", "/api/v1/desk/comments/"+c, ""); status != 404 {
		t.Errorf("an editor of another site reads: %d", status)
	}
	if len(decisionsOf(t, h, c)) != 0 {
		t.Error("a refused decision was taken")
	}
}

// A key bound to a site reaches that site alone, also where its person serves all.
func TestKeysAreBoundToTheirSite(t *testing.T) {
	h := sqliteRoom(t)
	c := h.Post("", "Rosi", "Ein guter Vorschlag.").Comment
	other, err := h.AddSite(context.Background(), store.Site{Name: "anzeiger", Origin: "https://anzeiger.example"})
	if err != nil {
		t.Fatal(err)
	}
	_, narrow, err := h.AddKey(context.Background(), store.Key{Scope: "desk", Editor: h.Anna.ID, Site: other.ID})
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := h.callKey(t, narrow, "POST", "/api/v1/desk/comments/"+c+"/approve", ""); status != 404 {
		t.Errorf("deciding with another site's key: %d", status)
	}
	status, out := h.callKey(t, narrow, "GET", "/api/v1/desk/queue", "")
	if status != 200 || len(out["comments"].([]any)) != 0 {
		t.Errorf("its queue: %d %v", status, out)
	}
	at := h.add(t, "fremd@anzeiger.example", moderation.Editor, other.ID)
	_, crossed, err := h.AddKey(context.Background(), store.Key{Scope: "desk", Editor: at.ID, Site: h.Site.ID})
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := h.callKey(t, crossed, "GET", "/api/v1/desk/comments/"+c, ""); status != 404 {
		t.Errorf("a key for a site that its person does not serve: %d", status)
	}
	if _, out := h.callKey(t, crossed, "GET", "/api/v1/desk/queue", ""); len(out["comments"].([]any)) != 0 {
		t.Errorf("its queue: %v", out)
	}
	for _, scope := range []string{"read", "score"} {
		_, secret, err := h.AddKey(context.Background(), store.Key{Scope: scope})
		if err != nil {
			t.Fatal(err)
		}
		if status, _ := h.callKey(t, secret, "GET", "/api/v1/desk/queue", ""); status != 403 {
			t.Errorf("a key of scope %s: %d", scope, status)
		}
	}
}

func TestConflictNamesWhoDecided(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		c := h.Post("", "Rosi", "Ein guter Vorschlag.").Comment
		if status, _ := h.step(t, h.Anna, c, "approve", `{"revision":1}`); status != 200 {
			t.Fatalf("approve: %d", status)
		}
		status, out := h.step(t, h.Jonas, c, "reject", refusal)
		won, _ := out["decision"].(map[string]any)
		if status != 409 || won["editor"] != h.Anna.Email || won["step"] != "approve" || won["at"] == nil {
			t.Errorf("the loser gets %d %v", status, out)
		}
		if status, out := h.step(t, h.Anna, c, "approve", `{"revision":1}`); status != 200 || out["status"] != "approved" {
			t.Errorf("the same decision again: %d %v", status, out)
		}
		if got := decisionsOf(t, h, c); len(got) != 1 {
			t.Errorf("%d decisions are on record, want 1", len(got))
		}
	})
}

func TestUndoIsForItsEditorUntilTheHoldEnds(t *testing.T) {
	h := sqliteRoom(t)
	c := h.Post("", "Rosi", "Ein guter Vorschlag.").Comment
	_, out := h.step(t, h.Anna, c, "approve", "")
	id := out["decision"].(map[string]any)["id"].(string)
	if out["decision"].(map[string]any)["hold_until"] == nil {
		t.Errorf("the answer does not say how long it can be undone: %v", out)
	}
	if status, _ := h.step(t, h.Jonas, c, "undo", ""); status != 409 {
		t.Errorf("undo by another editor: %d", status)
	}
	body := fmt.Sprintf(`{"decision":%q}`, id)
	for range 2 { // the answer may get lost: the second says the same
		if status, out := h.step(t, h.Anna, c, "undo", body); status != 200 || out["status"] != "pending" {
			t.Errorf("undo: %d %v", status, out)
		}
	}
	if err := h.Publish(context.Background(), id); err != nil || len(h.Visible()) != 0 {
		t.Errorf("an undone release became public: %v", err)
	}
	h.step(t, h.Anna, c, "approve", "")
	h.Clock.Pass(h.Site.Hold())
	if status, _ := h.step(t, h.Anna, c, "undo", ""); status != 409 {
		t.Errorf("undo after the hold: %d", status)
	}
}

func TestBatchTakesEachDecisionByItself(t *testing.T) {
	h := sqliteRoom(t)
	a, b := h.Post("", "Rosi", "Eins.").Comment, h.Post("", "Emil", "Zwei.").Comment
	h.Do(h.Jonas, moderation.Approve, b)
	body := fmt.Sprintf(`{"decisions":[{"id":%q,"step":"approve"},{"id":%q,"step":"reject","rule":"digression","reason":"Nicht zur Sache."},{"id":"unbekanntunbekannt12","step":"approve"}]}`, a, b)
	for range 2 {
		status, out := h.call(t, h.Anna, "POST", "/api/v1/desk/batches", body)
		if status != 200 {
			t.Fatalf("batch: %d %v", status, out)
		}
		var codes []string
		for _, r := range out["results"].([]any) {
			codes = append(codes, fmt.Sprint(r.(map[string]any)["code"]))
		}
		if got := strings.Join(codes, " "); got != "200 409 404" {
			t.Errorf("outcomes %s, want 200 409 404", got)
		}
	}
	if len(decisionsOf(t, h, a)) != 1 || len(decisionsOf(t, h, b)) != 1 {
		t.Error("a repeated batch decided again")
	}
	for _, bad := range []string{"", `{"decisions":[]}`} {
		if status, _ := h.call(t, h.Anna, "POST", "/api/v1/desk/batches", bad); status != 422 {
			t.Errorf("an empty batch: %d", status)
		}
	}
}

func TestQueueJSON(t *testing.T) {
	h := sqliteRoom(t)
	var ids []string
	for i := range 5 {
		text := fmt.Sprintf("Beitrag %d über die Brücke.", i)
		c := h.Post("", fmt.Sprintf("Leser %d", i), text).Comment
		h.assessed(t, c, text, "Brücke", moderation.Profanity, float64(i)/5)
		ids = append(ids, c)
		h.Clock.Pass(1e9)
	}
	read := func(query string) (got []string, next string) {
		status, out := h.call(t, h.Anna, "GET", "/api/v1/desk/queue?"+query, "")
		if status != 200 {
			t.Fatalf("queue %s: %d %v", query, status, out)
		}
		for _, c := range out["comments"].([]any) {
			got = append(got, c.(map[string]any)["id"].(string))
		}
		return got, out["next_cursor"].(string)
	}
	for query, want := range map[string][]string{
		"":                        ids,
		"order=calm":              ids,
		"order=hot":               {ids[4], ids[3], ids[2], ids[1], ids[0]},
		"q=beitrag+3":             {ids[3]},
		"rule=profanity":          {ids[3], ids[4]},
		"article=" + h.Article.ID: ids,
		"article=x":               nil,
		"state=approved":          nil,
		"limit=999":               ids,
	} {
		if got, _ := read(query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("queue?%s gives %v, want %v", query, got, want)
		}
	}
	for _, order := range []string{"oldest", "calm", "hot"} {
		var all []string
		cursor := ""
		for {
			got, next := read("order=" + order + "&limit=2&cursor=" + cursor)
			all = append(all, got...)
			if cursor = next; next == "" {
				break
			}
		}
		whole, _ := read("order=" + order)
		if fmt.Sprint(all) != fmt.Sprint(whole) {
			t.Errorf("in pages, the order %s gives %v, want %v", order, all, whole)
		}
	}
	for _, query := range []string{"order=best", "state=none", "state=withdrawn", "limit=0", "limit=viel", "cursor=x"} {
		if status, _ := h.call(t, h.Anna, "GET", "/api/v1/desk/queue?"+query, ""); status != 422 {
			t.Errorf("queue?%s: %d, want 422", query, status)
		}
	}
}

func TestCommentJSON(t *testing.T) {
	h := sqliteRoom(t)
	text := "Dieser Trottel hat keine Ahnung."
	posted := h.Post("", "Rosi", text)
	c := posted.Comment
	h.assessed(t, c, text, "Trottel", moderation.Profanity, 0.9)
	h.step(t, h.Anna, c, "note", `{"text":"kommt öfter"}`)
	h.step(t, h.Anna, c, "reject", refusal)
	_, out := h.call(t, h.Jonas, "GET", "/api/v1/desk/comments/"+c, "")
	if out["id"] != c || out["status"] != "rejected" || out["revision"] != 1.0 || out["text"] != text || out["article_id"] != h.Article.ID {
		t.Errorf("comment: %v", out)
	}
	rules := out["assessment"].(map[string]any)
	for _, r := range moderation.Rules {
		if rules[string(r)] == nil {
			t.Errorf("no assessment of %s", r)
		}
	}
	if rules["profanity"].(map[string]any)["score"] != 0.9 || rules["digression"].(map[string]any)["not_checked"] == nil {
		t.Errorf("assessment: %v", rules)
	}
	d := out["decisions"].([]any)
	if len(d) != 1 {
		t.Fatalf("decisions: %v", d)
	}
	first := d[0].(map[string]any)
	if first["step"] != "reject" || first["editor"] != h.Anna.Email || first["rule"] != "profanity" || first["reason"] == "" || first["revision"] != 1.0 || first["at"] == "" {
		t.Errorf("decision: %v", first)
	}
	if history := out["history"].([]any); len(history) != 1 || history[0].(map[string]any)["by"] != "editor" {
		t.Errorf("history: %v", history)
	}
	if notes := out["notes"].([]any); len(notes) != 1 || notes[0].(map[string]any)["text"] != "kommt öfter" {
		t.Errorf("notes: %v", notes)
	}
}

// Whatever a program asks for, what ends on record is a row of the state table
// taken by somebody who may take it.
func TestTheDeskReachesNothingThatTheTableRefuses(t *testing.T) {
	h := sqliteRoom(t)
	people := []store.Editor{h.Anna, h.Jonas, h.Chief, h.add(t, "admin@blatt.example", moderation.Admin, ""), h.add(t, "revision@blatt.example", moderation.Auditor, "")}
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		posted := h.Post("", fmt.Sprintf("Leser %d", n), fmt.Sprintf("Beitrag %d.", n))
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			by := rapid.SampledFrom(people).Draw(rt, "by")
			step := rapid.SampledFrom(append([]moderation.Step{"note", "submit", "publish", "supersede"}, deskSteps...)).Draw(rt, "step")
			body := fmt.Sprintf(`{"revision":%d,"rule":%q,"reason":%q}`, rapid.IntRange(0, 2).Draw(rt, "revision"),
				rapid.SampledFrom([]string{"", "profanity", "L1", "humor"}).Draw(rt, "rule"), rapid.SampledFrom([]string{"", "capacity", "Ein Grund."}).Draw(rt, "reason"))
			before := historyOf(t, h, posted.Comment)
			status, _ := h.step(t, by, posted.Comment, string(step), body)
			after := historyOf(t, h, posted.Comment)
			if status != 200 && len(after) != len(before) {
				rt.Fatalf("%s by %s was answered %d and yet recorded", step, by.Role, status)
			}
			for _, d := range after[len(before):] {
				if !by.Role.Decides() || d.Actor.ID != by.ID || !moderation.Possible(d.From, d.Step) {
					rt.Fatalf("%s by %s led from %q to %q", d.Step, by.Role, d.From, d.To)
				}
			}
			switch rapid.IntRange(0, 5).Draw(rt, "then") {
			case 0:
				h.Clock.Pass(h.Site.Hold())
			case 1:
				if r, err := h.Receipt(context.Background(), posted.Token); err == nil && r.Can(moderation.Appeal) {
					_, _ = h.ByAuthor(moderation.Appeal, posted, "Das sehe ich anders.") // refused or not, both are fine here
				}
			}
		}
	})
	h.Whole()
}

func historyOf(t *testing.T, h *room, comment string) []moderation.Decision {
	t.Helper()
	history, err := h.History(context.Background(), comment)
	if err != nil {
		t.Fatal(err)
	}
	return history
}

// Bytes that no database keeps as text are bad input, wherever they stand.
func TestBytesThatAreNoText(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		b := h.surf(t, h.Chief)
		for _, path := range []string{"/desk/bundles/a%00b", "/desk/comments/%ff", "/desk/authors/%00", "/a/%00", "/receipts/%ff%fe"} {
			if w := b.do(httptest.NewRequest("GET", path, nil)); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		for _, path := range []string{"/desk/queue?article=%00", "/desk/queue?q=%ff", "/desk/queue?author=a%00", "/desk/queue?section=%ff", "/desk/stats?site=%00", "/desk/guide?site=%ff", "/desk/rounds?site=%00"} {
			if w := b.do(httptest.NewRequest("GET", path, nil)); w.Code >= 500 {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
	})
}
