package clienttest

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	commentanalyzer "google.golang.org/api/commentanalyzer/v1alpha1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

func client(t *testing.T, key string) *commentanalyzer.Service {
	t.Helper()
	address := os.Getenv("FREIGABE_SCORE_URL")
	if address == "" {
		t.Skip("FREIGABE_SCORE_URL names no server: the test of package perspective sets it")
	}
	s, err := commentanalyzer.NewService(context.Background(), option.WithEndpoint(address), option.WithAPIKey(key))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAnalyze(t *testing.T) {
	got, err := client(t, "plain").Comments.Analyze(&commentanalyzer.AnalyzeCommentRequest{
		Comment:             &commentanalyzer.TextEntry{Text: "😀 So ein Vollidiot!"},
		RequestedAttributes: map[string]commentanalyzer.AttributeParameters{"PROFANITY": {}, "LIKELY_TO_REJECT": {ScoreType: "PROBABILITY"}},
		SpanAnnotations:     true, DoNotStore: true, ClientToken: "t1",
	}).Do()
	if err != nil {
		t.Fatal(err)
	}
	p := got.AttributeScores["PROFANITY"]
	if p.SummaryScore == nil || p.SummaryScore.Value < 0.5 || p.SummaryScore.Type != "PROBABILITY" || got.ClientToken != "t1" || got.DetectedLanguages[0] != "de" {
		t.Fatalf("%+v", got)
	}
	found := false
	for _, s := range p.SpanScores {
		found = found || s.Begin == 10 && s.End == 19
	}
	if !found {
		t.Errorf("no span 10 to 19 in UTF-16 units: %+v", p.SpanScores)
	}
}

func TestSuggestScore(t *testing.T) {
	got, err := client(t, "plain").Comments.Suggestscore(&commentanalyzer.SuggestCommentScoreRequest{
		Comment:         &commentanalyzer.TextEntry{Text: "Danke für den Bericht."},
		AttributeScores: map[string]commentanalyzer.AttributeScores{"TOXICITY": {SummaryScore: &commentanalyzer.Score{Value: 0}}},
		ClientToken:     "comment:1", CommunityId: "nachbar",
	}).Do()
	if err != nil || got.ClientToken != "comment:1" {
		t.Fatalf("%+v %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		key, text, attribute string
		code                 int
		message, kind        string
	}{
		{"plain", "", "TOXICITY", http.StatusBadRequest, "Comment must be non-empty.", "COMMENT_EMPTY"},
		{"plain", "Hallo", "FLIRTATION", http.StatusBadRequest, "Unknown requested attribute: FLIRTATION", "INVALID_REQUEST"},
		{"stolen", "Hallo", "TOXICITY", http.StatusForbidden, "API key not valid. Please pass a valid API key.", "API_KEY_INVALID"},
	} {
		_, err := client(t, c.key).Comments.Analyze(&commentanalyzer.AnalyzeCommentRequest{
			Comment: &commentanalyzer.TextEntry{Text: c.text}, RequestedAttributes: map[string]commentanalyzer.AttributeParameters{c.attribute: {}},
		}).Do()
		var e *googleapi.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Message != c.message || len(e.Details) != 1 || !strings.Contains(e.Body, c.kind) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
