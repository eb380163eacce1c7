package external

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
)

// scorer starts a server with the given answer and a client with a clock that
// the test moves.
func scorer(t *testing.T, answer http.HandlerFunc) (*Scorer, *time.Time) {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	now := time.Unix(1_700_000_000, 0)
	s, err := New(Config{URL: srv.URL, Key: "k", Timeout: 5 * time.Second, Failures: 3, Rest: time.Minute, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return s, &now
}

func TestScore(t *testing.T) {
	s, _ := scorer(t, func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Text string }
		if json.NewDecoder(r.Body).Decode(&in) != nil || in.Text != "Grüße" || r.Header.Get("Authorization") != "Bearer k" {
			w.WriteHeader(400)
			return
		}
		w.Write([]byte(`{"scores":{"profanity":0.25,"refuse":0.5,"mood":3}}`))
	})
	got, why := s.Score(context.Background(), "Grüße")
	if why != "" || len(got) != 2 || got["profanity"] != 0.25 || got["refuse"] != 0.5 {
		t.Errorf("got %v, %q", got, why)
	}
}

func TestBadAnswersAreNotChecked(t *testing.T) {
	for _, body := range []string{"", "{}", "[]", `{"scores":{"mood":0.1}}`, `{"scores":{"refuse":1.5}}`, `{"scores":{"refuse":-0.01,"profanity":0.2}}`, `{"scores":{"refuse":"x"}}`, `{"scores":{"refuse":1e400}}`, `{"scores":{"refuse":NaN}}`, "<html>"} {
		s, _ := scorer(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) })
		if got, why := s.Score(context.Background(), "x"); got != nil || why != Lied {
			t.Errorf("%q: got %v, %q", body, got, why)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	s, _ := scorer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	if got, why := s.Score(context.Background(), "x"); got != nil || why != Failed {
		t.Errorf("got %v, %q", got, why)
	}
}

func TestLateAnswer(t *testing.T) {
	block := make(chan struct{})
	s, _ := scorer(t, func(http.ResponseWriter, *http.Request) { <-block })
	t.Cleanup(func() { close(block) })
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if got, why := s.Score(ctx, "x"); got != nil || why != Late {
		t.Errorf("got %v, %q", got, why)
	}
}

// An answer that begins in time and never ends is late, too.
func TestAnswerThatNeverEnds(t *testing.T) {
	block := make(chan struct{})
	s, _ := scorer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(`{"scores":`))
		w.(http.Flusher).Flush()
		<-block
	})
	t.Cleanup(func() { close(block) })
	s.cfg.Timeout = 50 * time.Millisecond
	if got, why := s.Score(context.Background(), "x"); got != nil || why != Late {
		t.Errorf("got %v, %q", got, why)
	}
}

// Texts go nowhere that hands out credentials, and unencrypted to the publisher's
// own networks alone.
func TestBarredAddresses(t *testing.T) {
	for _, x := range []struct {
		addr             string
		plain, encrypted bool // may be asked
	}{
		{"127.0.0.1", true, true}, {"::1", true, true}, {"10.1.2.3", true, true}, {"192.168.0.9", true, true}, {"fd12::9", true, true},
		{"203.0.113.7", false, true}, {"2001:db8::1", false, true},
		{"169.254.169.254", false, false}, {"fe80::1", false, false}, {"fd00:ec2::254", false, false}, {"0.0.0.0", false, false}, {"::", false, false}, {"224.0.0.1", false, false},
	} {
		a := netip.MustParseAddr(x.addr)
		if barred(a, false) == x.plain || barred(a, true) == x.encrypted {
			t.Errorf("%s: barred %v plain, %v encrypted", x.addr, barred(a, false), barred(a, true))
		}
	}
	s, err := New(Config{URL: "http://169.254.169.254/latest", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if got, why := s.Score(context.Background(), "x"); got != nil || why != Barred {
		t.Errorf("got %v, %q", got, why)
	}
}

func TestBreakerRestsAndTriesAgain(t *testing.T) {
	calls, healthy := 0, false
	s, now := scorer(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		if !healthy {
			w.WriteHeader(500)
			return
		}
		w.Write([]byte(`{"scores":{"refuse":0.5}}`))
	})
	for range 3 {
		s.Score(context.Background(), "x")
	}
	if _, why := s.Score(context.Background(), "x"); why != Resting || calls != 3 {
		t.Fatalf("after three failures: %q, %d calls", why, calls)
	}
	*now = now.Add(61 * time.Second)
	healthy = true
	if _, why := s.Score(context.Background(), "x"); why != "" || calls != 4 {
		t.Fatalf("after the rest: %q, %d calls", why, calls)
	}
}

func TestNewRefusesAddresses(t *testing.T) {
	for _, u := range []string{"", "scorer", "file:///etc/passwd", "http://", "http://:8080", "https://user:word@scorer.example"} {
		if _, err := New(Config{URL: u}); err == nil {
			t.Errorf("%q was accepted", u)
		}
	}
}
