// Package alarm wakes a goroutine on time. Go's own timers wait for the network at
// the same time, by a call that counts in milliseconds, and so are up to one of these
// late on an idle machine; the kernel's (timerfd_create(2)) wakes by the same way as a
// request that arrives.
package alarm

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Alarm wakes one goroutine. It is not safe for concurrent use.
type Alarm struct {
	timer *os.File // nil where the kernel gives none: Go's own stand in for it
	fd    int
}

// New makes one.
func New() *Alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return &Alarm{}
	}
	return &Alarm{os.NewFile(uintptr(fd), "timer"), fd}
}

// Wait returns when so much time has passed, at once where it is not positive.
func (a *Alarm) Wait(d time.Duration) {
	if d > 0 && !a.kernel(d) {
		time.Sleep(d)
	}
}

// kernel waits by the kernel's timer; false where it has not.
func (a *Alarm) kernel(d time.Duration) bool {
	if a.timer == nil {
		return false
	}
	once := unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}
	if err := unix.TimerfdSettime(a.fd, 0, &once, nil); err != nil {
		return false
	}
	var times [8]byte
	_, err := a.timer.Read(times[:])
	return err == nil
}

// Close gives the kernel's timer back; after it Go's wakes.
func (a *Alarm) Close() {
	if a.timer != nil {
		_ = a.timer.Close() // nothing is lost with it
		a.timer = nil
	}
}
