//go:build !linux

package pgtest

import (
	"errors"
	"os"
	"os/exec"
)

// canStart is false where a server cannot be bound to this process's life:
// there, tests use the running server that FREIGABE_TEST_PG_DSN names.
const canStart = false

var errNotHere = errors.New("PostgreSQL for tests is started on Linux only: set FREIGABE_TEST_PG_DSN")

func runBound(*exec.Cmd, chan<- struct{}) error { return errNotHere }
func unprivileged(*exec.Cmd)                    {}
func giveAway(string) error                     { return errNotHere }
func lockFolder(string) (*os.File, error)       { return nil, errNotHere }
func sweep(string)                              {}
