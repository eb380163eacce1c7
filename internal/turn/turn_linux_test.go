package turn

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/freigabe/freigabe/internal/need"
)

// attributes are those of this thread.
func attributes(t *testing.T) unix.SchedAttr {
	t.Helper()
	a, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		need.Missing(t, "a thread's turns cannot be read here: %v", err)
	}
	return *a
}

// A thread's turns are long during the work, its own before and after it, also where
// the work panics, and its priority stays what whoever started the program chose.
func TestTurnsAreLongOnlyMeanwhile(t *testing.T) {
	runtime.LockOSThread() // never unlocked: a thread of lower priority ends with the test
	if err := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 3); err != nil {
		need.Missing(t, "a thread's priority cannot be lowered here: %v", err)
	}
	before := attributes(t)
	var during, inner, back unix.SchedAttr
	func() {
		defer func() { _ = recover() }()
		Long(func() {
			during = attributes(t)
			Long(func() { inner = attributes(t) })
			back = attributes(t)
			panic("as work may")
		})
	}()
	if after := attributes(t); after != before {
		t.Errorf("after the work %+v, before %+v", after, before)
	}
	if before.Runtime == 0 {
		t.Log("left out: this kernel does not tell how long turns are (before 6.12)")
		return
	}
	for name, a := range map[string]unix.SchedAttr{"during the work": during, "within it": inner, "after what was within": back} {
		if a.Runtime != uint64(turn) || a.Nice != before.Nice || a.Policy != before.Policy {
			t.Errorf("%s %+v, want turns of %v and otherwise %+v", name, a, turn, before)
		}
	}
}

// Another policy stays as it is.
func TestAnotherPolicyStays(t *testing.T) {
	runtime.LockOSThread() // never unlocked, as above
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Policy: unix.SCHED_BATCH}, 0); err != nil {
		need.Missing(t, "a thread's policy cannot be chosen here: %v", err)
	}
	before := attributes(t)
	Long(func() {
		if during := attributes(t); during != before {
			t.Errorf("during the work %+v, before %+v", during, before)
		}
	})
	if after := attributes(t); after != before {
		t.Errorf("after the work %+v, before %+v", after, before)
	}
}

// Of two threads on one core that offer it, each goes on when the other has offered.
func TestOfferIsTaken(t *testing.T) {
	const offers = 2000
	var core unix.CPUSet
	if err := unix.SchedGetaffinity(0, &core); err != nil {
		need.Missing(t, "a thread cannot be bound to a core here: %v", err)
	}
	first := 0
	for !core.IsSet(first) {
		first++
	}
	core.Zero()
	core.Set(first)
	var there atomic.Int32
	var switched atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			runtime.LockOSThread() // never unlocked: the thread, bound to one core, ends with the goroutine
			defer there.Add(1)
			if err := unix.SchedSetaffinity(0, &core); err != nil {
				t.Errorf("bind the thread to a core: %v", err)
				return
			}
			for there.Add(1); there.Load() < 2; {
				Offer()
			}
			var before, after unix.Rusage
			_ = unix.Getrusage(unix.RUSAGE_THREAD, &before) // cannot fail for one's own thread
			for range offers {
				Offer()
			}
			_ = unix.Getrusage(unix.RUSAGE_THREAD, &after)
			switched.Add(after.Nivcsw - before.Nivcsw)
		})
	}
	wg.Wait()
	if switched.Load() < offers/10 { // a turn that nobody offers is a millisecond or more: a handful
		t.Errorf("%d of %d offers were taken", switched.Load(), 2*offers)
	}
}
