package store

import (
	"net"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of tcp(7), in milliseconds: how long sent
// data may stay without an answer from the other side's kernel.
const tcpUserTimeout = 0x12

// dialer gives up connections to a database that a network cut has made silent,
// within seconds instead of the quarter of an hour that TCP would wait.
func dialer() *net.Dialer {
	return &net.Dialer{
		Timeout:         5 * time.Second,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
		Control: func(network, _ string, raw syscall.RawConn) error {
			if network == "unix" {
				return nil
			}
			var err error
			if control := raw.Control(func(fd uintptr) {
				err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, 8000)
			}); control != nil {
				return control
			}
			return err
		},
	}
}
