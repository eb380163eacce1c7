package perspective_test

import (
	"slices"
	"testing"
)

func TestModerations(t *testing.T) {
	h := open(t)
	const nasty, calm = "Halt die Fresse, du Vollidiot!", "Danke für den Bericht."
	for name, c := range map[string]struct {
		input any
		want  []bool
	}{
		"text":  {nasty, []bool{true}},
		"list":  {[]string{calm, nasty}, []bool{false, true}},
		"parts": {[]object{{"type": "text", "text": calm}, {"type": "text", "text": nasty}}, []bool{true}},
	} {
		status, got, _ := h.ask("/v1/moderations", encode(object{"model": "omni-moderation-latest", "input": c.input}), "Authorization", "Bearer plain")
		results, _ := got["results"].([]any)
		if status != 200 || len(results) != len(c.want) || got["model"] == "" || got["id"] == "" {
			t.Fatalf("%s: %d %v", name, status, got)
		}
		for i, want := range c.want {
			if dig(results[i], "flagged") != want {
				t.Errorf("%s %d: %v", name, i, results[i])
			}
		}
	}
	_, got, _ := h.ask("/v1/moderations", encode(object{"input": nasty}), "Authorization", "Bearer plain")
	one := dig(got, "results", 0)
	for _, name := range []string{"harassment", "harassment/threatening", "hate", "hate/threatening", "self-harm", "self-harm/intent", "self-harm/instructions",
		"sexual", "sexual/minors", "violence", "violence/graphic", "illicit", "illicit/violent", "freigabe/insinuation", "freigabe/advertising"} {
		_, isBool := dig(one, "categories", name).(bool)
		_, isNumber := dig(one, "category_scores", name).(float64)
		if !isBool || !isNumber {
			t.Errorf("%s: %v %v", name, dig(one, "categories", name), dig(one, "category_scores", name))
		}
	}
	if !slices.Contains(dig(one, "not_checked").([]any), any("sexual/minors")) {
		t.Errorf("what was not checked is not named: %v", dig(one, "not_checked"))
	}
	if len(h.lessons) != 0 {
		t.Error("a text to be checked was learned")
	}
}

func TestBadModerations(t *testing.T) {
	h := open(t)
	for body, want := range map[string]int{`{`: 400, `{}`: 400, `{"input":""}`: 400, `{"input":[]}`: 400, `{"input":["a",""]}`: 400, `{"input":3}`: 400,
		`{"input":[{"type":"image_url","image_url":{"url":"https://blatt.example/b.png"}}]}`: 400} {
		status, got, _ := h.ask("/v1/moderations", body, "Authorization", "Bearer plain")
		if status != want || dig(got, "error", "type") != "invalid_request_error" || dig(got, "error", "message") == "" {
			t.Errorf("%s: %d %v", body, status, got)
		}
	}
	status, got, _ := h.ask("/v1/moderations", `{"input":"a"}`, "Authorization", "Bearer stolen")
	if status != 401 || dig(got, "error", "code") != "invalid_api_key" {
		t.Errorf("%d %v", status, got)
	}
}
