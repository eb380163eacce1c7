package perspective_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf16"
)

// Whatever is sent, the answer is JSON in the documented shape: never a failure of
// ours, and never a span outside the text.
func FuzzRequest(f *testing.F) {
	h := open(f)
	f.Add("/v1alpha1/comments:analyze", encode(request("Ein Vollidiot 😀", "PROFANITY")))
	f.Add("/v1alpha1/comments:analyze", `{"comment":{"text":"\ud83d \u0000 x"},"requested_attributes":{"SPAM":null},"spanAnnotations":true}`)
	f.Add("/v1alpha1/comments:suggestscore", suggestion)
	f.Add("/v1/moderations", `{"input":[{"type":"text","text":"Hallo"}]}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		switch path {
		case "/v1alpha1/comments:analyze", "/v1alpha1/comments:suggestscore", "/v1/moderations":
		default:
			t.Skip()
		}
		w := httptest.NewRecorder()
		h.Config.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path+"?key=plain", strings.NewReader(body)))
		got := object{}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code >= 500 && w.Code != 503 {
			t.Fatalf("%d %s %v", w.Code, w.Body, err)
		}
		if (w.Code == 200) != (got["error"] == nil) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		var req struct {
			Comment struct{ Text string } `json:"comment"`
		}
		if w.Code != 200 || json.Unmarshal([]byte(body), &req) != nil {
			return
		}
		length := float64(len(utf16.Encode([]rune(req.Comment.Text))))
		scores, _ := got["attributeScores"].(object)
		for name := range scores {
			list, _ := dig(scores, name, "spanScores").([]any)
			for _, s := range list {
				if begin, end := dig(s, "begin").(float64), dig(s, "end").(float64); begin < 0 || begin > end || end > length {
					t.Fatalf("span %v to %v of %v", begin, end, length)
				}
			}
		}
	})
}
