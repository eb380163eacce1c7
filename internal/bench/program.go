package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// program builds Freigabe, once in a run.
func (b *bench) program(ctx context.Context) (string, error) {
	path := filepath.Join(b.dir, "freigabe")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/freigabe").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program (run bench in the repository): %w: %s", err, out)
	}
	return path, nil
}

// running is the real program at work.
type running struct {
	base  string
	pid   int
	ready time.Duration // from its start
	stop  func()
}

// launch starts the program and waits until it is ready.
func (b *bench) launch(ctx context.Context, flags ...string) (*running, error) {
	program, err := b.program(ctx)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	cmd := exec.CommandContext(ctx, program, append([]string{"serve", "-db", b.dsn, "-addr", "127.0.0.1:0"}, flags...)...)
	if b.apart {
		cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", ownCores(runtime.NumCPU()).program, program}, cmd.Args[1:]...)...)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &running{pid: cmd.Process.Pid, stop: func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }} // measured by then
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil || !strings.Contains(line, "http") {
		r.stop()
		return nil, fmt.Errorf("start the program: it said %q: %w", line, err)
	}
	r.base = strings.TrimSpace(line[strings.Index(line, "http"):])
	for {
		res, err := http.Get(r.base + "/readyz")
		if err != nil {
			r.stop()
			return nil, err
		}
		_ = res.Body.Close() // only its status counts
		if statusOK(res.StatusCode) {
			r.ready = time.Since(begun)
			return r, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// cores are those that the program and the generator of its load have to themselves.
type cores struct{ program, generator string }

// ownCores shares out the cores of this machine: the first half, or one, to the generator.
func ownCores(n int) cores {
	half := max(1, n/2)
	return cores{fmt.Sprintf("%d-%d", half, max(half, n-1)), fmt.Sprintf("0-%d", half-1)}
}

// keepApart gives this process and the program cores of their own, where there
// are two, until the function given back is called: otherwise what is measured is
// how they wait for each other.
func (b *bench) keepApart() (end func()) {
	all := runtime.NumCPU()
	pin := func(list string) error {
		return exec.Command("taskset", "-a", "-p", "-c", list, strconv.Itoa(os.Getpid())).Run()
	}
	if all < 2 || pin(ownCores(all).generator) != nil {
		fmt.Fprintln(os.Stderr, "bench: program and generator share their cores (one core, or no taskset)")
		return func() {}
	}
	b.apart = true
	return func() {
		b.apart = false
		_ = pin(fmt.Sprintf("0-%d", all-1)) // the rows after this one are slower otherwise, and say so
	}
}
