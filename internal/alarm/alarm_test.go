package alarm

import (
	"testing"
	"time"
)

// Nobody is woken early, however often, and neither where the kernel's timer has gone.
func TestWait(t *testing.T) {
	a := New()
	a.Wait(0) // a kernel's timer set to nothing would never ring
	a.Wait(-time.Hour)
	for i := range 20 {
		if i == 15 {
			a.Close()
		}
		begun := time.Now()
		if a.Wait(2 * time.Millisecond); time.Since(begun) < 2*time.Millisecond {
			t.Fatalf("woken %v after it was set, time %d", time.Since(begun), i)
		}
	}
}
