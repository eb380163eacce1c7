package jobs

import (
	"testing"
	"time"
)

// Long work rests after each stretch of it, and not at each call.
func TestBreath(t *testing.T) {
	t.Parallel()
	for busy, least := range map[bool]time.Duration{false: rest, true: idle * stretch} {
		testBreath(t, &breath{busy: func() bool { return busy }}, least)
	}
}

func testBreath(t *testing.T, b *breath, least time.Duration) {
	rests := 0
	b.rested.Store(time.Now().UnixNano())
	for end := time.Now().Add(20 * stretch); time.Now().Before(end); {
		before := b.rested.Load()
		if b.take(); b.rested.Load() != before {
			rests++
			if time.Since(time.Unix(0, before)) < stretch+least {
				t.Fatal("it rested before it was time to, or not at all")
			}
		}
	}
	if rests == 0 {
		t.Error("it never rested")
	}
}
