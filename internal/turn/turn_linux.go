package turn

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// turn is how long the turns of work that can wait are. A thread that wakes goes
// before one that runs if its own turns are shorter (EEVDF, Linux 6.12 and later,
// kernel/sched/fair.c, PREEMPT_SHORT); the usual ones are 0.7 to 2.8 ms. At most
// 100 ms is allowed (sched_setattr(2)).
const turn = 20 * time.Millisecond

func long(work func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Whoever started the program may have chosen another policy, which stays. What
	// fails here, as under a filter of system calls, leaves the turns as they are.
	was, err := unix.SchedGetAttr(0, 0)
	if err == nil && was.Policy == unix.SCHED_NORMAL {
		longer := *was
		longer.Runtime = uint64(turn)
		if unix.SchedSetAttr(0, &longer, 0) == nil {
			defer func() { _ = unix.SchedSetAttr(0, was, 0) }() // allowed a moment ago
		}
	}
	work()
}

// offer is a system call that Go knows of, so that its other goroutines can go on
// while this thread waits for its next turn.
func offer() { _, _, _ = unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) } // cannot fail (sched_yield(2))
