package web

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm gives what wakes a goroutine after a time, and what ends it. The kernel's
// timer (timerfd_create(2)) does so by the same way as a reader's request; one of
// Go's is up to a millisecond late on an idle machine already, and stands in for it
// where there is none to be had.
func alarm() (wait func(time.Duration), end func()) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return time.Sleep, func() {}
	}
	timer := os.NewFile(uintptr(fd), "timer")
	var times [8]byte
	wait = func(d time.Duration) {
		once := unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}
		err := unix.TimerfdSettime(fd, 0, &once, nil)
		if err == nil {
			_, err = timer.Read(times[:])
		}
		if err != nil {
			time.Sleep(d)
		}
	}
	return wait, func() { _ = timer.Close() } // nothing is lost with it
}
