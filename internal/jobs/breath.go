package jobs

import (
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/turn"
)

// breath lets long work give way to people who wait: after each stretch of it there
// is a rest, and within it the processor is offered to other threads. A goroutine that
// only offers to give way to others does not help people, since what comes over the
// network is looked for when nothing else is left to do.
type breath struct {
	busy   func() bool  // people wait for the node; nil: never
	rested atomic.Int64 // when the last rest ended, in nanoseconds
}

// A training of thousands of decisions may well take twice as long, and in a rush
// ten times.
const (
	stretch = time.Millisecond
	rest    = time.Millisecond
)

// take rests where it is time to. It is called every few tens of microseconds.
func (b *breath) take() {
	if now := time.Now().UnixNano(); now-b.rested.Load() <= int64(stretch) {
		turn.Offer()
		return
	}
	if b.busy != nil && b.busy() {
		time.Sleep(idle * stretch)
	} else {
		time.Sleep(rest)
	}
	b.rested.Store(time.Now().UnixNano())
}
