package webhook

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// The vector was computed with openssl:
// printf '%s' 'msg_1.1700000000.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64
func TestSignIsHMACOverIDTimeAndBody(t *testing.T) {
	m := Message{ID: "msg_1", At: time.Unix(1700000000, 0), Body: []byte(`{"a":1}`)}
	got, err := Sign("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", m)
	if err != nil || got != vector {
		t.Fatalf("%s %v", got, err)
	}
	for _, bad := range []string{"", "whsec_", "whsec_!!", "whsec_YQ=="} {
		if _, err := Sign(bad, m); err == nil {
			t.Errorf("the secret %q passed", bad)
		}
	}
}

func TestSendDeliversOrFails(t *testing.T) {
	status := http.StatusNoContent
	var seen *http.Request
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen, body = r, string(b)
		w.WriteHeader(status)
	}))
	defer srv.Close()
	hook := Hook{URL: srv.URL, Secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}
	m := Message{ID: "msg_1", At: time.Unix(1700000000, 0), Body: []byte(`{"a":1}`)}
	if err := Send(context.Background(), srv.Client(), hook, m); err != nil || body != `{"a":1}` {
		t.Fatalf("%v, body %q", err, body)
	}
	if seen.Header.Get("Webhook-Id") != "msg_1" || seen.Header.Get("Webhook-Timestamp") != "1700000000" || seen.Header.Get("Webhook-Signature") != vector {
		t.Fatalf("headers %v", seen.Header)
	}
	status = http.StatusInternalServerError
	if err := Send(context.Background(), srv.Client(), hook, m); err == nil {
		t.Fatal("a refused message passed as delivered")
	}
}

const vector = "v1,rkwp5YuvdrMkcu0ZhuMsXoTg44mHAr1Q0+FFgFpXsjY="
