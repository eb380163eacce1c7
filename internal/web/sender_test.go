package web

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// A site takes in so much and no more; another site does not notice.
func TestASitesLimit(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	l := NewLimiter(func() time.Time { return now })
	l.PerSite = 10
	taken := func(site string) (n int, last error) {
		for i := range 100 {
			if last = l.TakeSubmission(fmt.Sprint(site, n, i, now), "", site); last != nil {
				return n, last
			}
			n++
		}
		return n, nil
	}
	n, err := taken("a")
	u, ok := errors.AsType[*Unavailable](err)
	if n != 10 || !ok || u.Status != http.StatusServiceUnavailable || u.After <= 0 {
		t.Errorf("%d at once, then %v; want 10 and a 503 with Retry-After", n, err)
	}
	if n, _ := taken("b"); n != 10 {
		t.Errorf("another site has %d", n)
	}
	now = now.Add(time.Second)
	if n, _ := taken("a"); n != 10 {
		t.Errorf("%d after a second, want 10", n)
	}
}

func TestASendersLimitComesFirst(t *testing.T) {
	l := NewLimiter(time.Now)
	var err error
	for range SubmitRate.Burst + 1 {
		err = l.TakeSubmission("berta", "", "a")
	}
	if u, ok := errors.AsType[*Unavailable](err); !ok || u.Status != http.StatusTooManyRequests {
		t.Errorf("the ninth at once: %v, want 429", err)
	}
	if (*Limiter)(nil).TakeSubmission("berta", "", "a") != nil {
		t.Error("limits that are off hold somebody back")
	}
}
