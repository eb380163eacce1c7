//go:build !linux

package turn

import "runtime"

func long(work func()) { work() }

func offer() { runtime.Gosched() }
