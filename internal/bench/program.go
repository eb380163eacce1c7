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
// how they wait for each other. A PostgreSQL of this machine shares the program's.
func (b *bench) keepApart(ctx context.Context, h *house) (end func()) {
	all := runtime.NumCPU()
	if all < 2 || pin(os.Getpid(), ownCores(all).generator) != nil {
		fmt.Fprintln(os.Stderr, "bench: program and generator share their cores (one core, or no taskset)")
		return func() {}
	}
	b.apart = true
	server := h.server(ctx)
	for _, pid := range server.processes() {
		_ = pin(pid, ownCores(all).program) // one that has ended meanwhile
	}
	return func() {
		b.apart = false
		for _, pid := range append(server.processes(), os.Getpid()) {
			_ = pin(pid, fmt.Sprintf("0-%d", all-1)) // the rows after this one are slower otherwise, and say so
		}
	}
}

// pin lets a process, all its threads and what it starts run on some cores only.
func pin(pid int, cores string) error {
	return exec.Command("taskset", "-a", "-p", "-c", cores, strconv.Itoa(pid)).Run()
}

// postmaster is the first process of a PostgreSQL server on this machine, 0 for none.
type postmaster int

// server finds the one behind the house.
func (h *house) server(ctx context.Context) postmaster {
	var pid int
	var here bool
	err := h.Pool().QueryRowContext(ctx, "select pg_backend_pid(), coalesce(inet_server_addr() <<= '127.0.0.0/8' or inet_server_addr() = '::1', true)").Scan(&pid, &here)
	if err != nil || !here { // SQLite, or another machine's
		return 0
	}
	parent, name := ancestry(pid)
	if name != "postgres" {
		return 0
	}
	return postmaster(parent)
}

// processes lists it and those that it has started.
func (p postmaster) processes() (pids []int) {
	if p == 0 {
		return nil
	}
	all, _ := filepath.Glob("/proc/[0-9]*") // a fixed pattern: cannot be malformed
	for _, dir := range all {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if parent, _ := ancestry(pid); parent == int(p) || pid == int(p) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ancestry gives a process's parent and its own name; 0 and "" where it has ended.
func ancestry(pid int) (parent int, name string) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, ""
	}
	_, rest, _ := strings.Cut(string(text), "(")
	end := strings.LastIndexByte(rest, ')')
	if end < 0 {
		return 0, ""
	}
	var state string
	_, _ = fmt.Sscan(rest[end+1:], &state, &parent) // 0 where it cannot be read
	return parent, rest[:end]
}
