package desk

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// A chief writes a guide, tries it on what was decided, and switches it on. From
// then on it stands beside each comment, its own rule can be named, and a rule for
// two readers holds.
func TestAGuideIsTriedAndSwitchedOn(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		for i, text := range []string{"Die Quelle dafür fehlt doch.", "Ein Prozess läuft gegen ihn.", "Ganz ruhig gesagt."} {
			c := h.Post("", "Berta", text).Comment
			h.EndHold(h.Do(h.Anna, []moderation.Step{moderation.Reject, moderation.Approve, moderation.Approve}[i], c))
		}
		chief, editor := h.surf(t, h.Chief), h.surf(t, h.Anna)
		if status, _ := editor.post("/desk/guide/draft", url.Values{"remark": {"x"}}); status != 403 {
			t.Errorf("an editor writes the guide: %d", status)
		}
		form := url.Values{
			"remark": {"Mehr zu laufenden Verfahren"}, "profanity.policy": {"Schimpfworte gegen Personen, nicht Kraftworte."}, "profanity.fine": {"So ein Mist!"}, "profanity.breach": {"Du Trottel!"},
			"L1.on": {"1"}, "L1.words": {"prozess*"}, "L1.two": {"likely"},
			"new.name": {"Belege fehlen"}, "new.policy": {"Zahlen brauchen eine Quelle."}, "new.sentence": {"Für „{passage}“ fehlt eine Quelle. Bitte nennen Sie sie, dann veröffentlichen wir gern."}, "do": {"try"},
		}
		if status, to := chief.post("/desk/guide/draft", form); status != 303 || !strings.HasPrefix(to, "/desk/guide/trial") {
			t.Fatalf("saving: %d %s", status, to)
		}
		if page := words(editor.get("/desk/guide")); strings.Contains(page, "Kraftworte") {
			t.Error("a draft shows as the guide")
		}
		page := words(chief.get("/desk/guide/trial"))
		for _, want := range []string{"3 früher entschiedene Kommentare", "Ein Prozess läuft gegen ihn.", "prozess*"} {
			if !strings.Contains(page, want) {
				t.Errorf("the trial does not say %q", want)
			}
		}
		if strings.Contains(page, "Ganz ruhig gesagt.") {
			t.Error("the trial shows what the draft does not touch")
		}
		if status, _ := chief.post("/desk/guide/switch", url.Values{"version": {"7"}}); status != 409 {
			t.Errorf("another version than the one tried: %d", status)
		}
		if status, _ := chief.post("/desk/guide/switch", url.Values{"version": {"1"}}); status != 303 {
			t.Fatalf("switching on: %d", status)
		}
		h.Clock.Pass(guidesFor + time.Second)
		waiting := h.Post("", "Cem", "Der Prozess ist eine Schande.").Comment
		page = words(editor.get("/desk/comments/" + waiting))
		for _, want := range []string{"Kraftworte", "So ein Mist!", "Hier lesen zwei Personen.", "Belege fehlen"} {
			if !strings.Contains(page, want) {
				t.Errorf("beside the comment: no %q", want)
			}
		}
		if status, _ := h.step(t, h.Anna, waiting, "approve", ""); status != 409 {
			t.Errorf("one person releases what a rule gives to two: %d", status)
		}
		if status, _ := h.step(t, h.Anna, waiting, "reject", `{"rule":"L1","reason":"Vorverurteilung, bitte sachlich."}`); status != 409 {
			t.Errorf("one person refuses by a rule for two: %d", status)
		}
		if status, _ := editor.post("/desk/comments/"+waiting, url.Values{"do": {"approve"}, "revision": {"1"}}); status != 303 {
			t.Errorf("the page passes it on: %d", status)
		}
		h.Clock.Pass(h.Site.Hold())
		if page = words(h.surf(t, h.Jonas).get("/desk/comments/" + waiting)); !strings.Contains(page, "würde entscheiden: freigegeben") {
			t.Error("the second reader is not told the first one's opinion")
		}
		if status, _ := h.step(t, h.Jonas, waiting, "reject", `{"rule":"belege-fehlen","reason":"Für „Schande“ fehlt eine Quelle."}`); status != 200 {
			t.Errorf("refusing by the own rule: %d", status)
		}
		if page = words(chief.get("/desk/second")); !strings.Contains(page, "Erst freigegeben, dann abgelehnt: Belege fehlen") {
			t.Errorf("the disagreement is not shown: %s", page)
		}
		h.Whole()
		// The version in force is kept as it is; the next save is a draft of its own.
		if status, _ := chief.post("/desk/guide/draft", url.Values{"profanity.policy": {"Anders."}, "L1.on": {"1"}}); status != 303 {
			t.Fatal("saving again")
		}
		all, err := h.Guides(context.Background(), h.Site.ID)
		if err != nil || len(all) != 2 || all[0].Version != 2 || !all[0].Since.IsZero() || all[1].Rule(moderation.Profanity).Policy != "Schimpfworte gegen Personen, nicht Kraftworte." {
			t.Errorf("versions: %+v, %v", all, err)
		}
	})
}

func TestAnOwnRuleNeedsNameAndSentence(t *testing.T) {
	h := sqliteRoom(t)
	chief := h.surf(t, h.Chief)
	for _, form := range []url.Values{
		{"new.name": {"Belege"}, "new.sentence": {"kurz"}},
		{"new.name": {"Belege"}, "new.sentence": {"Für {stelle} fehlt eine Quelle, bitte ergänzen."}},
		{"new.name": {"!?"}, "new.sentence": {"Für „{passage}“ fehlt eine Quelle, bitte ergänzen."}},
		{"new.name": {"Profanity"}, "new.sentence": {"Für „{passage}“ fehlt eine Quelle, bitte ergänzen."}},
	} {
		if status, _ := chief.post("/desk/guide/draft", form); status != 422 {
			t.Errorf("%v: %d", form, status)
		}
	}
	chief.post("/desk/guide/draft", url.Values{}) // no rule beside the five is in use
	if status, _ := chief.post("/desk/guide/switch", url.Values{"version": {"1"}}); status != 422 {
		t.Errorf("a guide without further rules: %d", status)
	}
}

func TestTrialCounts(t *testing.T) {
	score := func(v float64) moderation.Assessment {
		return moderation.Assessment{Rules: map[moderation.Rule]moderation.Score{moderation.Aggression: {Value: &v}}}
	}
	past := []store.Past{
		{Comment: "a", Text: "Hau ab", Assessment: score(0.9), Step: moderation.Reject, Rule: moderation.Aggression},
		{Comment: "b", Text: "Geh nach Hause", Assessment: score(0.5), Step: moderation.Approve},
		{Comment: "c", Text: "Danke für den Bericht", Assessment: score(0.1), Step: moderation.Approve},
		{Comment: "d", Text: "Geh doch heim", Assessment: score(0.2), Step: moderation.Reject, Rule: "D1"},
	}
	entry := func(words []string, two string) []guideEntry {
		return []guideEntry{{GuideRule: store.GuideRule{Rule: moderation.Aggression, Words: words, Two: two}}}
	}
	lines, now, then := try(entry(nil, ""), entry([]string{"geh"}, "likely"), past)
	l := lines[0]
	if l.Now != 1 || l.Then != 3 || l.Released != 1 || l.Refused != 1 || l.Gone != 0 || l.TwoThen != 3 || now != 0 || then != 3 || len(l.Examples) != 2 || l.Examples[0].Word != "geh" {
		t.Errorf("%+v, two readers %d and %d", l, now, then)
	}
	if lines, _, then = try(entry([]string{"geh"}, ""), entry(nil, "refusal"), past); lines[0].Gone != 2 || then != 1 {
		t.Errorf("%+v, two readers %d", lines[0], then)
	}
}
