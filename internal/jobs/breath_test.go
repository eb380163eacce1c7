package jobs

import (
	"testing"
	"time"
)

// Long work rests after each stretch of it, and not at each call.
func TestBreath(t *testing.T) {
	t.Parallel()
	b, rests := &breath{}, 0
	b.rested.Store(time.Now().UnixNano())
	for end := time.Now().Add(20 * stretch); time.Now().Before(end); {
		before := b.rested.Load()
		if b.take(); b.rested.Load() != before {
			rests++
			if time.Since(time.Unix(0, before)) < stretch+rest {
				t.Fatal("it rested before it was time to, or not at all")
			}
		}
	}
	if rests == 0 {
		t.Error("it never rested")
	}
}
