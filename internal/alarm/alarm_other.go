//go:build !linux

// Package alarm wakes a goroutine on time, by Go's own timers where there is nothing
// better.
package alarm

import "time"

// Alarm wakes one goroutine.
type Alarm struct{}

// New makes one.
func New() *Alarm { return &Alarm{} }

// Wait returns when so much time has passed, at once where it is not positive.
func (*Alarm) Wait(d time.Duration) { time.Sleep(d) }

// Close ends it.
func (*Alarm) Close() {}
