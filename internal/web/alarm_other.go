//go:build !linux

package web

import "time"

// alarm gives what wakes a goroutine after a time, and what ends it.
func alarm() (wait func(time.Duration), end func()) { return time.Sleep, func() {} }
