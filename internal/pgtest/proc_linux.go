package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// canStart says that servers can be bound to this process's life here.
const canStart = true

// runBound starts the process so that it ends when this one does, however this
// one ends, and closes ended when it is gone. The kernel ties the death signal
// to the parent's thread, hence the goroutine that keeps its thread for life.
func runBound(cmd *exec.Cmd, ended chan<- struct{}) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT // PostgreSQL's "immediate shutdown"
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(ended)
		}
	}()
	return <-started
}

// unprivileged makes a command run as an ordinary user where this process is
// root, because PostgreSQL refuses to run as root.
func unprivileged(cmd *exec.Cmd) {
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if uid, gid, err := account(); err == nil && os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
}

// giveAway hands a folder to the account that unprivileged commands run as.
func giveAway(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := account()
	if err != nil {
		return err
	}
	return os.Chown(dir, int(uid), int(gid))
}

// account is the user that PostgreSQL runs as under root.
func account() (uid, gid uint32, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		id, err1 := strconv.ParseUint(u.Uid, 10, 32)
		group, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return uint32(id), uint32(group), nil
		}
	}
	return 0, 0, fmt.Errorf("no user postgres or nobody on this machine")
}

// lockFolder marks a folder as in use; the mark goes with the process.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	return f, syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// sweep deletes the folders of processes that are gone. Folders of the last
// minute stay: their maker may not have locked them yet.
func sweep(root string) {
	dirs, _ := filepath.Glob(filepath.Join(root, tempName+"*")) // a fixed pattern: cannot be malformed
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
		if err != nil && !os.IsNotExist(err) {
			continue // another user's
		}
		if lock == nil || syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir) // what is left, the next sweep takes
		}
		if lock != nil {
			_ = lock.Close()
		}
	}
}
