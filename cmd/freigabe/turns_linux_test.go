package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A thread's turn is as long as asked for, where the system tells it.
func TestTakeTurns(t *testing.T) {
	before, err := unix.SchedGetAttr(unix.Gettid(), 0)
	if err != nil || before.Runtime == 0 {
		t.Logf("this system does not tell how long a turn is: %v; left out", err)
		return
	}
	takeTurns()
	after, err := unix.SchedGetAttr(unix.Gettid(), 0)
	if err != nil || after.Runtime != uint64(turn) {
		t.Errorf("a turn of %d ns was %d before: %v", after.Runtime, before.Runtime, err)
	}
	if after.Nice != before.Nice || after.Policy != before.Policy {
		t.Errorf("niceness and policy %d, %d, not %d, %d", after.Nice, after.Policy, before.Nice, before.Policy)
	}
}
