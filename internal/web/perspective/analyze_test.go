package perspective_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/freigabe/freigabe/internal/web/perspective"
)

const analyze = "/v1alpha1/comments:analyze?key=plain"

func TestScoresOfSeveralAttributes(t *testing.T) {
	h := open(t)
	names := []string{"TOXICITY", "SEVERE_TOXICITY", "INSULT", "THREAT", "INFLAMMATORY", "IDENTITY_ATTACK", "PROFANITY", "OBSCENE",
		"ATTACK_ON_AUTHOR", "ATTACK_ON_COMMENTER", "SCAPEGOATING_EXPERIMENTAL", "ALIENATION_EXPERIMENTAL", "SPAM", "LIKELY_TO_REJECT",
		"FREIGABE_INSINUATION", "FREIGABE_PROFANITY", "FREIGABE_AGGRESSION", "FREIGABE_ADVERTISING", "FREIGABE_REFUSE"}
	body := request("Du bist ein Vollidiot und lügst doch, wenn du den Mund aufmachst!", names...)
	body["clientToken"] = "frage-1"
	status, got, header := h.ask(analyze, encode(body))
	if status != 200 || len(got["attributeScores"].(object)) != len(names) {
		t.Fatalf("status %d, %v", status, got)
	}
	for _, name := range names {
		v, ok := dig(got, "attributeScores", name, "summaryScore", "value").(float64)
		if !ok || v < 0 || v > 1 || dig(got, "attributeScores", name, "summaryScore", "type") != "PROBABILITY" {
			t.Errorf("%s: %v", name, dig(got, "attributeScores", name))
		}
	}
	if v := dig(got, "attributeScores", "PROFANITY", "summaryScore", "value").(float64); v < 0.5 {
		t.Errorf("the swear word scores %v", v)
	}
	if got["clientToken"] != "frage-1" || dig(got, "languages", 0) != "de" || dig(got, "detectedLanguages", 0) != "de" {
		t.Errorf("%v", got)
	}
	if v, _ := got["modelVersion"].(string); v == "" || header.Get("X-Freigabe-Model") != v {
		t.Errorf("model %v, header %v", got["modelVersion"], header)
	}
	if h.status["analyze"] != 200 {
		t.Error("nobody counted the request")
	}
}

func TestKeysInQueryHeaderAndBearer(t *testing.T) {
	h := open(t)
	body := encode(request("Guten Morgen.", "TOXICITY"))
	for _, path := range []string{
		analyze, "/v1alpha1/comments%3Aanalyze?key=plain", "/v1alpha1/comments%3aanalyze?key=plain", "/comments:analyze?key=plain",
		"/perspective/v1alpha1/comments:analyze?key=plain", "/perspective/comments:analyze?key=plain",
		"/v1alpha1/comments:analyze?alt=json&key=plain&prettyPrint=false&quotaUser=x&%24.xgafv=2&unheard=of",
	} {
		if status, got, _ := h.ask(path, body); status != 200 {
			t.Errorf("%s: %d %v", path, status, got)
		}
	}
	for _, header := range [][2]string{{"X-goog-api-key", "plain"}, {"Authorization", "Bearer plain"}, {"Authorization", "bearer plain"}} {
		if status, got, _ := h.ask("/v1alpha1/comments:analyze", body, header[0], header[1]); status != 200 {
			t.Errorf("%v: %d %v", header, status, got)
		}
	}
}

// Offsets are counted as JavaScript counts them, whatever stands before the word.
func TestSpansAreInUTF16Units(t *testing.T) {
	h := open(t)
	for _, before := range []string{"", "Ähm, ", "😀 ", "👨‍👩‍👧‍👦 grüßt: ", "e\u0301 ", "🇩🇪🇩🇪 "} {
		text := before + "So ein Vollidiot, ehrlich 😡"
		body := request(text, "PROFANITY", "FREIGABE_AGGRESSION", "LIKELY_TO_REJECT")
		body["spanAnnotations"] = true
		status, got, _ := h.ask(analyze, encode(body))
		if status != 200 {
			t.Fatalf("%d %v", status, got)
		}
		all := utf16.Encode([]rune(text))
		marked := []string{}
		for _, s := range dig(got, "attributeScores", "PROFANITY", "spanScores").([]any) {
			begin, end := int(dig(s, "begin").(float64)), int(dig(s, "end").(float64))
			marked = append(marked, string(utf16.Decode(all[begin:end])))
		}
		if !slices.Contains(marked, "Vollidiot") {
			t.Errorf("after %q: marked %q", before, marked)
		}
		whole := dig(got, "attributeScores", "LIKELY_TO_REJECT", "spanScores", 0)
		if dig(whole, "begin") != 0.0 || int(dig(whole, "end").(float64)) != len(all) {
			t.Errorf("a score without passages is of the whole text: %v", whole)
		}
	}
	status, got, _ := h.ask(analyze, encode(request("So ein Vollidiot.", "PROFANITY")))
	if status != 200 || dig(got, "attributeScores", "PROFANITY", "spanScores") != nil {
		t.Errorf("spans nobody asked for: %v", got)
	}
}

func TestThresholdLeavesOut(t *testing.T) {
	h := open(t)
	status, got, _ := h.ask(analyze, `{"comment":{"text":"Die Brücke wird erst im Mai fertig."},"requestedAttributes":{"PROFANITY":{"scoreThreshold":0.9},"SPAM":{"scoreType":"PROBABILITY"}}}`)
	if status != 200 || dig(got, "attributeScores", "PROFANITY") != nil || dig(got, "attributeScores", "SPAM") == nil {
		t.Errorf("%d %v", status, got)
	}
}

func TestLanguages(t *testing.T) {
	h := open(t)
	const french = "Je ne suis pas du tout d'accord avec vous, mais c'est une question pour les gens de la ville et nous avons le temps."
	for _, c := range []struct {
		text, declared   string
		status           int
		used, detected   string
		errorType, names string
	}{
		{"Genau!", "", 200, "de", "de", "", ""},
		{"👍", "", 200, "de", "de", "", ""},
		{"Nö.", "de-CH", 200, "de-CH", "de", "", ""},
		{"Das ist doch nicht wahr, wir haben das schon vor zwei Jahren gesagt.", "en", 200, "de", "de", "", ""},
		{"Das ist doch nicht wahr, wir haben das schon vor zwei Jahren gesagt.", "fr", 200, "de", "de", "", ""},
		{"Hm.", "fr", 400, "", "", "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE", "fr"},
		{french, "", 400, "", "", "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE", "fr"},
	} {
		body := request(c.text, "TOXICITY")
		if c.declared != "" {
			body["languages"] = []string{c.declared}
		}
		status, got, _ := h.ask(analyze, encode(body))
		if status != c.status {
			t.Errorf("%q as %q: %d %v", c.text, c.declared, status, got)
			continue
		}
		if status == 200 && (dig(got, "languages", 0) != c.used || dig(got, "detectedLanguages", 0) != c.detected) {
			t.Errorf("%q as %q: %v %v", c.text, c.declared, got["languages"], got["detectedLanguages"])
		}
		detail := dig(got, "error", "details", 0)
		if status == 400 && (dig(detail, "errorType") != c.errorType || dig(detail, "languageNotSupportedByAttributeError", "attribute") != "TOXICITY" ||
			dig(got, "error", "message") != "Attribute TOXICITY does not support request languages: "+c.names) {
			t.Errorf("%q as %q: %v", c.text, c.declared, got)
		}
	}
}

const bridge = "Die alte Brücke wird saniert\nAb Mai ist die Brücke über den Fluss für zwei Jahre gesperrt. Der Stadtrat hat die Sanierung der Brücke beschlossen, weil Beton und Lager beschädigt sind. Busse fahren eine Umleitung, für Radfahrer wird eine Fähre eingesetzt."

func TestDigressionNeedsAndUsesTheArticle(t *testing.T) {
	h := open(t)
	near := "Zwei Jahre Sperrung der Brücke sind lang, aber ohne Sanierung geht es mit dem Beton nicht weiter."
	far := "Mein Rezept für Apfelkuchen: Mehl, Butter, Zucker und vier Äpfel, dann eine Stunde bei mittlerer Hitze backen."
	value := func(text string, context object) float64 {
		body := request(text, "OFF_TOPIC")
		body["context"] = context
		status, got, _ := h.ask(analyze, encode(body))
		if status != 200 {
			t.Fatalf("%d %v", status, got)
		}
		return dig(got, "attributeScores", "OFF_TOPIC", "summaryScore", "value").(float64)
	}
	article := object{"articleAndParentComment": object{"article": object{"text": bridge}}}
	entries := object{"entries": []object{{"text": bridge}}}
	marked := object{"articleAndParentComment": object{"article": object{"text": "<h1>" + strings.Replace(bridge, "\n", "</h1><p>", 1) + "</p>", "type": "HTML"}}}
	for name, context := range map[string]object{"article": article, "entries": entries, "HTML": marked} {
		if n, f := value(near, context), value(far, context); n >= f {
			t.Errorf("%s: about the article %v, about cake %v", name, n, f)
		}
	}
	status, got, _ := h.ask(analyze, encode(request(near, "OFF_TOPIC")))
	if status != 400 || dig(got, "error", "details", 0, "errorType") != "INVALID_REQUEST" {
		t.Errorf("without an article: %d %v", status, got)
	}
	body := request(near, "OFF_TOPIC", "TOXICITY", "FLIRTATION")
	status, got, _ = h.ask("/v1alpha1/comments:analyze?key=lenient", encode(body))
	if status != 200 || len(got["attributeScores"].(object)) != 1 || len(got["notChecked"].(object)) != 2 {
		t.Errorf("lenient: %d %v", status, got)
	}
}

func TestVersionsInNames(t *testing.T) {
	h := open(t)
	_, got, _ := h.ask(analyze, encode(request("Guten Morgen.", "TOXICITY")))
	version := got["modelVersion"].(string)
	base, _, _ := strings.Cut(version, "/")
	for _, v := range []string{version, base} {
		name := "TOXICITY@" + v
		if status, got, _ := h.ask(analyze, encode(request("Guten Morgen.", name))); status != 200 || dig(got, "attributeScores", name) == nil {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	for _, v := range []string{"base-000000000000", "", base[:len(base)-1]} {
		status, got, _ := h.ask(analyze, encode(request("Guten Morgen.", "TOXICITY@"+v)))
		if status != 400 || dig(got, "error", "message") != "Unknown requested attribute: TOXICITY@"+v {
			t.Errorf("%q: %d %v", v, status, got)
		}
	}
}

// Each mistake gets the documented error in the documented shape, at once.
func TestBadRequests(t *testing.T) {
	h := open(t)
	ok := encode(request("Guten Morgen.", "TOXICITY"))
	for _, c := range []struct {
		name, key, body    string
		status             int
		code, kind, saying string
	}{
		{"empty", "plain", encode(request("", "TOXICITY")), 400, "INVALID_ARGUMENT", "COMMENT_EMPTY", "Comment must be non-empty."},
		{"spaces", "plain", encode(request(" \n\t ", "TOXICITY")), 400, "INVALID_ARGUMENT", "COMMENT_EMPTY", "Comment must be non-empty."},
		{"invisible", "plain", encode(request("\u200b\u200d", "TOXICITY")), 400, "INVALID_ARGUMENT", "COMMENT_EMPTY", "Comment must be non-empty."},
		{"missing", "plain", `{"requestedAttributes":{"TOXICITY":{}}}`, 400, "INVALID_ARGUMENT", "COMMENT_EMPTY", "Comment must be non-empty."},
		{"long", "plain", encode(request(strings.Repeat("ä", 10241), "TOXICITY")), 400, "INVALID_ARGUMENT", "COMMENT_TOO_LONG", "Comment text too long."},
		{"HTML", "plain", `{"comment":{"text":"<b>x</b>","type":"HTML"},"requestedAttributes":{"TOXICITY":{}}}`, 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Currently, only 'PLAIN_TEXT' comments are supported"},
		{"broken", "plain", `{"comment":`, 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Invalid JSON payload received."},
		{"nothing", "plain", ``, 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Invalid JSON payload received."},
		{"list", "plain", `[]`, 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Invalid JSON payload received."},
		{"no attributes", "plain", `{"comment":{"text":"Guten Morgen."}}`, 400, "INVALID_ARGUMENT", "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"},
		{"unknown", "plain", encode(request("Guten Morgen.", "FLIRTATION")), 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Unknown requested attribute: FLIRTATION"},
		{"score type", "plain", `{"comment":{"text":"x"},"requestedAttributes":{"TOXICITY":{"scoreType":"RAW"}}}`, 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Requested score type RAW is not supported by attribute TOXICITY"},
		{"both contexts", "plain", `{"comment":{"text":"x"},"requestedAttributes":{"TOXICITY":{}},"context":{"entries":[{"text":"a"}],"articleAndParentComment":{"article":{"text":"b"}}}}`, 400, "INVALID_ARGUMENT", "INVALID_REQUEST",
			"Context can have either entries or article_and_parent_comment, but both fields were populated."},
		{"huge", "plain", `{"x":"` + strings.Repeat("x", 1<<20) + `"}`, 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Request payload size exceeds the limit: 1048576 bytes."},
		{"no key", "", ok, 403, "PERMISSION_DENIED", "", ""},
		{"wrong key", "stolen", ok, 403, "PERMISSION_DENIED", "", "API key not valid. Please pass a valid API key."},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, got, _ := h.ask("/v1alpha1/comments:analyze?key="+c.key, c.body)
			if status != c.status || dig(got, "error", "code") != float64(c.status) || dig(got, "error", "status") != c.code {
				t.Fatalf("%d %v", status, got)
			}
			if c.saying != "" && dig(got, "error", "message") != c.saying {
				t.Errorf("message %q", dig(got, "error", "message"))
			}
			if c.kind != "" && (dig(got, "error", "details", 0, "errorType") != c.kind ||
				dig(got, "error", "details", 0, "@type") != "type.googleapis.com/google.commentanalyzer.v1alpha1.Error") {
				t.Errorf("details %v", dig(got, "error", "details"))
			}
		})
	}
}

func TestQuotas(t *testing.T) {
	h := open(t)
	body := encode(request("Guten Morgen.", "TOXICITY"))
	for key, free := range map[string]int{"tight": 2, "daily": 1} {
		for range free {
			if status, got, _ := h.ask("/v1alpha1/comments:analyze?key="+key, body); status != 200 {
				t.Fatalf("%s: %d %v", key, status, got)
			}
		}
		status, got, header := h.ask("/v1alpha1/comments:analyze?key="+key, body)
		limit := map[string]string{"tight": "AnalyzeRequestsPerMinutePerProject", "daily": "AnalyzeRequestsPerDayPerProject"}[key]
		info := dig(got, "error", "details", 0)
		if status != 429 || dig(got, "error", "status") != "RESOURCE_EXHAUSTED" || dig(info, "reason") != "RATE_LIMIT_EXCEEDED" ||
			dig(info, "metadata", "quota_limit") != limit || header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v %v", key, status, got, header)
		}
	}
}

// The tolerance of Google's servers for both forms of a name matters most where
// the caller asks for nothing to be stored.
func TestNamesInBothForms(t *testing.T) {
	h := open(t)
	status, got, _ := h.ask(analyze, `{"comment":{"text":"\"do_not_store\": ein Vollidiot"},"requested_attributes":{"SEVERE_TOXICITY":{"score_threshold":0}},"client_token":"a_b","span_annotations":true,"do_not_store":true}`)
	if status != 200 || got["clientToken"] != "a_b" || dig(got, "attributeScores", "SEVERE_TOXICITY", "spanScores") == nil {
		t.Fatalf("%d %v", status, got)
	}
	status, got, _ = h.ask("/v1alpha1/comments:suggestscore?key=learn", `{"comment":{"text":"Bleibt geheim."},"attribute_scores":{"TOXICITY":{"summary_score":{"value":1}}},"do_not_store":true}`)
	if status != 200 || len(h.lessons) != 0 {
		t.Errorf("%d %v, %d lessons", status, got, len(h.lessons))
	}
}

func TestNoTextInTheLog(t *testing.T) {
	h := open(t)
	const secret = "Geheimwort"
	h.ask(analyze, encode(request(secret, "TOXICITY")))
	h.ask(analyze, encode(request(secret, "FLIRTATION")))
	h.ask(analyze, `{"comment":{"text":"`+secret)
	h.ask("/v1alpha1/comments:suggestscore?key=learn", `{"doNotStore":true,"comment":{"text":"`+secret+`"},"attributeScores":{"TOXICITY":{"summaryScore":{"value":1}}}}`)
	h.broken = fmt.Errorf("lost: %w", perspective.ErrUnavailable)
	status, got, header := h.ask(analyze, encode(request(secret, "TOXICITY")))
	if status != 503 || dig(got, "error", "status") != "UNAVAILABLE" || header.Get("Retry-After") == "" {
		t.Errorf("%d %v", status, got)
	}
	h.broken = io.ErrUnexpectedEOF
	status, got, _ = h.ask(analyze, encode(request(secret, "TOXICITY")))
	if status != 500 || dig(got, "error", "status") != "INTERNAL" || strings.Contains(encode(got), "EOF") {
		t.Errorf("%d %v", status, got)
	}
	log := h.log.String()
	if strings.Contains(log, secret) || strings.Contains(log, "plain") || !strings.Contains(log, "reference") {
		t.Errorf("log: %s", log)
	}
	if len(h.lessons) != 0 {
		t.Errorf("%d lessons of a text not to be stored", len(h.lessons))
	}
}

func TestDiscoveryNamesTheAddressAsked(t *testing.T) {
	h := open(t)
	for path, prefix := range map[string]string{"/$discovery/rest?version=v1alpha1": "/", "/%24discovery/rest?version=v1alpha1": "/", "/perspective/$discovery/rest?version=v1alpha1": "/perspective/"} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.URL+path, nil)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		doc := decode(t, res.Body)
		if res.StatusCode != 200 || doc["rootUrl"] != h.URL+prefix || dig(doc, "resources", "comments", "methods", "analyze", "path") != "v1alpha1/comments:analyze" {
			t.Errorf("%s: %d root %v", path, res.StatusCode, doc["rootUrl"])
		}
	}
}

// A server that cannot keep up says so at once, and answers again when it can.
func TestTooManyAtOnce(t *testing.T) {
	h := open(t)
	h.hold = make(chan struct{})
	body := encode(request("Guten Morgen.", "TOXICITY"))
	var wg sync.WaitGroup
	statuses := make(chan int, 600)
	for range 600 {
		wg.Go(func() {
			r := httptest.NewRequest(http.MethodPost, analyze, strings.NewReader(body))
			w := httptest.NewRecorder()
			h.Config.Handler.ServeHTTP(w, r)
			statuses <- w.Code
		})
	}
	for range 600 - 512 {
		if status := <-statuses; status != 503 {
			t.Fatalf("%d while 512 are waiting", status)
		}
	}
	close(h.hold)
	wg.Wait()
	for range 512 {
		if status := <-statuses; status != 200 {
			t.Fatalf("%d of a request that was admitted", status)
		}
	}
	if status, got, _ := h.ask(analyze, body); status != 200 {
		t.Errorf("afterwards: %d %v", status, got)
	}
}
