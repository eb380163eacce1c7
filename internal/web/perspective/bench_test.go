package perspective_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What one request costs without the network: a comment of 300 characters, and
// the mistakes whose answers must come at once.
func BenchmarkRequest(b *testing.B) {
	h := open(b)
	text := strings.Repeat("Die Sanierung der Brücke dauert länger als gedacht. ", 6)[:300]
	for name, body := range map[string]string{
		"analyze": encode(request(text, "TOXICITY")), "six": encode(request(text, "TOXICITY", "SEVERE_TOXICITY", "INSULT", "PROFANITY", "THREAT", "LIKELY_TO_REJECT")),
		"empty": encode(request("", "TOXICITY")), "unknown": encode(request(text, "FLIRTATION")), "broken": `{"comment":`, "long": encode(request(strings.Repeat("x", 30000), "TOXICITY")),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/v1alpha1/comments:analyze?key=plain", strings.NewReader(body))
				h.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
