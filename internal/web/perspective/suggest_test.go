package perspective_test

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
)

func decode(t testing.TB, r io.Reader) object {
	t.Helper()
	out := object{}
	if err := json.NewDecoder(r).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

const suggestion = `{"comment":{"text":"Alles Lüge, ihr Schmierfinken."},"attributeScores":{"TOXICITY":{"summaryScore":{"value":1}}},"communityId":"nachbar","clientToken":"comment:7","languages":["de"]}`

func TestSuggestionsTeachOnlyWhereAllowed(t *testing.T) {
	h := open(t)
	for key, want := range map[string]int{"plain": 0, "learn": 1} {
		h.lessons = nil
		status, got, _ := h.ask("/v1alpha1/comments:suggestscore?key="+key, suggestion)
		if status != 200 || got["clientToken"] != "comment:7" || dig(got, "requestedLanguages", 0) != "de" || got["modelVersion"] == "" {
			t.Fatalf("%s: %d %v", key, status, got)
		}
		if len(h.lessons) != want {
			t.Errorf("%s: %d lessons", key, len(h.lessons))
		}
	}
	l := h.lessons
	if len(l) == 1 && (l[0].Community != "nachbar" || !l[0].Refused || l[0].Labels[moderation.Aggression] != 1 || l[0].Ref != "comment:7") {
		t.Errorf("%+v", l[0])
	}
}

func TestBadSuggestions(t *testing.T) {
	h := open(t)
	scores := func(s string) string { return `{"comment":{"text":"Guten Tag"},"attributeScores":` + s + `}` }
	for name, body := range map[string]string{
		"none":        `{"comment":{"text":"Guten Tag"}}`,
		"empty":       scores(`{}`),
		"no scores":   scores(`{"TOXICITY":{}}`),
		"null":        scores(`{"TOXICITY":null}`),
		"unknown":     scores(`{"FLIRTATION":{"summaryScore":{"value":1}}}`),
		"above one":   scores(`{"TOXICITY":{"summaryScore":{"value":1.5}}}`),
		"no end":      scores(`{"TOXICITY":{"spanScores":[{"begin":0,"score":{"value":1}}]}}`),
		"no begin":    scores(`{"TOXICITY":{"spanScores":[{"end":3,"score":{"value":1}}]}}`),
		"beyond":      scores(`{"TOXICITY":{"spanScores":[{"begin":0,"end":10,"score":{"value":1}}]}}`),
		"backwards":   scores(`{"TOXICITY":{"spanScores":[{"begin":5,"end":3,"score":{"value":1}}]}}`),
		"wrong type":  scores(`{"TOXICITY":{"summaryScore":{"value":1,"type":"RAW"}}}`),
		"not a score": scores(`{"TOXICITY":{"summaryScore":{"value":"hoch"}}}`),
	} {
		status, got, _ := h.ask("/v1alpha1/comments:suggestscore?key=learn", body)
		if status != 400 || dig(got, "error", "status") != "INVALID_ARGUMENT" || dig(got, "error", "details", 0, "errorType") != "INVALID_REQUEST" {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	status, got, _ := h.ask("/v1alpha1/comments:suggestscore?key=learn", `{"attributeScores":{"TOXICITY":{"summaryScore":{"value":1}}}}`)
	if status != 400 || dig(got, "error", "details", 0, "errorType") != "COMMENT_EMPTY" {
		t.Errorf("without a comment: %d %v", status, got)
	}
	if len(h.lessons) != 0 {
		t.Errorf("%d lessons", len(h.lessons))
	}
}

func TestSpansAloneAreAVerdict(t *testing.T) {
	h := open(t)
	h.ask("/v1alpha1/comments:suggestscore?key=learn", `{"comment":{"text":"😀 Idiot"},"attributeScores":{"PROFANITY":{"spanScores":[{"begin":3,"end":8,"score":{"value":0.9}}]}}}`)
	if len(h.lessons) != 1 || !h.lessons[0].Refused || h.lessons[0].Labels[moderation.Profanity] != 0.9 {
		t.Fatalf("%+v", h.lessons)
	}
}
