package turn

import "testing"

// Work is done once, and its panic reaches the caller.
func TestLongWorks(t *testing.T) {
	n := 0
	func() {
		defer func() { n += recover().(int) }()
		Long(func() { n++; panic(2) })
	}()
	if n != 3 {
		t.Fatalf("work and its panic came to %d, want 3", n)
	}
}
