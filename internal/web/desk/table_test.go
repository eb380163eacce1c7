package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// Whatever somebody presses or sends, and in whichever order, the desk takes no
// step that the table of states does not have: each entry of the record is a row
// of the table, by a person whom the table lets take it, from the state in which
// the comment was; and the record holds as a whole.
func TestTheDeskCannotLeaveTheTable(t *testing.T) {
	storetest.OnEach(t, cannotLeaveTheTable)
}

// pgRounds bounds the histories on PostgreSQL, where each write waits for the disk.
const pgRounds = 25

func cannotLeaveTheTable(t *testing.T, dsn string) {
	h := newRoom(t, dsn)
	people := []store.Editor{h.Anna, h.Jonas, h.Chief, h.add(t, "ada@blatt.example", moderation.Auditor, "")}
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		if round++; h.Backend() == "postgres" && round > pgRounds {
			return
		}
		posted := []store.Submitted{h.Post("", fmt.Sprint("Berta ", round), "Die Brücke bleibt zu."), h.Post("", fmt.Sprint("Cem ", round), "Diese Trottel.")}
		for range rapid.IntRange(4, 14).Draw(rt, "steps") {
			who := rapid.SampledFrom(people).Draw(rt, "who")
			on := rapid.SampledFrom(posted).Draw(rt, "comment")
			switch rapid.IntRange(0, 5).Draw(rt, "how") {
			case 0:
				if _, err := h.ByAuthor(rapid.SampledFrom([]moderation.Step{moderation.Edit, moderation.Resubmit, moderation.Appeal}).Draw(rt, "author's"), on, "Noch einmal anders gesagt."); err != nil && moderation.KindOf(err) == 0 {
					rt.Fatal(err)
				}
			case 1:
				h.Clock.Pass(h.Site.Hold())
			case 2, 3:
				h.pressAny(t, rt, who, on.Comment)
			default:
				h.sendAny(t, rt, who, on.Comment)
			}
		}
		for _, on := range posted {
			h.followsTable(t, on.Comment)
		}
	})
	h.Whole()
}

// pressAny presses one of the buttons that the comment's page shows. What a page
// offers may still be refused, but never with an error of the program.
func (h *room) pressAny(t *testing.T, rt *rapid.T, who store.Editor, comment string) {
	b := h.surf(t, who)
	var offered []string
	for n := range b.get("/desk/comments/" + comment).Descendants() {
		if n.Type == html.ElementNode && n.Data == "button" && attr(n, "name") == "do" && attr(n, "formaction") == "" {
			offered = append(offered, attr(n, "value"))
		}
	}
	if len(offered) == 0 {
		return
	}
	do := rapid.SampledFrom(offered).Draw(rt, "button")
	form := url.Values{"do": {do}, "next": {"/desk/"}, "rule": {"profanity"}, "answer": {"Noch einmal gelesen."}, "note": {"Gesehen."}}
	if status, _ := b.post("/desk/comments/"+comment, form); status >= 500 || status == http.StatusNotFound {
		t.Fatalf("%s presses %s: %d", who.Name, do, status)
	}
}

// sendAny sends a request that no page offers.
func (h *room) sendAny(t *testing.T, rt *rapid.T, who store.Editor, comment string) {
	steps := append(slices.Clone(moderation.Steps), "supersede", "publish", "")
	step := rapid.SampledFrom(steps).Draw(rt, "step")
	rule := rapid.SampledFrom([]string{"profanity", "L1", "erfunden", ""}).Draw(rt, "rule")
	form := url.Values{
		"do": {string(step) + ":" + rule}, "revision": {rapid.SampledFrom([]string{"", "0", "1", "2", "9"}).Draw(rt, "revision")},
		"reason": {rapid.SampledFrom([]string{"", "Bitte sachlich bleiben."}).Draw(rt, "reason")}, "next": {"/desk/"},
	}
	if status, _ := h.surf(t, who).post("/desk/comments/"+comment, form); status >= 500 {
		t.Fatalf("%s sends %v: %d", who.Name, form, status)
	}
}

// followsTable walks a comment's record along the table.
func (h *room) followsTable(t *testing.T, comment string) {
	t.Helper()
	all, err := h.History(t.Context(), comment)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		i := slices.IndexFunc(moderation.Moves, func(m moderation.Move) bool { return m.From == d.From && m.Step == d.Step })
		if i < 0 {
			t.Errorf("%s from %q stands in no row of the table", d.Step, d.From)
			continue
		}
		row := moderation.Moves[i]
		if !slices.Contains(row.Who, d.Actor.Role) {
			t.Errorf("%s by a %s", d.Step, d.Actor.Role)
		}
		newText := d.Step == moderation.Edit || d.Step == moderation.Resubmit || d.Step == moderation.Submit
		if row.To != moderation.Before && row.To != d.To && !newText {
			t.Errorf("%s led from %q to %q, the table says %q", d.Step, d.From, d.To, row.To)
		}
		if slices.Contains(row.Needs, moderation.NeedRule) && (d.Rule == "" || d.Reason == "") {
			t.Errorf("%s without rule or reason", d.Step)
		}
	}
}
