//go:build !linux

package store

import (
	"net"
	"time"
)

// dialer notices connections that have gone silent.
func dialer() *net.Dialer {
	return &net.Dialer{
		Timeout:         5 * time.Second,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
	}
}
