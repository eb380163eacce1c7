package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// hotThreads is how many threads a node serves before its memory is read.
const hotThreads = 1000

// node measures the real program: from start to ready, and its memory after
// serving many threads.
func (b *bench) node(ctx context.Context) error {
	program := filepath.Join(b.dir, "freigabe")
	if out, err := exec.Command("go", "build", "-o", program, "./cmd/freigabe").CombinedOutput(); err != nil {
		return fmt.Errorf("build the program (run bench in the repository): %w: %s", err, out)
	}
	ids, err := b.manyThreads(ctx)
	if err != nil {
		return err
	}
	begun := time.Now()
	cmd := exec.CommandContext(ctx, program, "serve", "-db", b.dsn, "-addr", "127.0.0.1:0")
	said, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }() // measured by then
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	base := strings.TrimSpace(line[strings.Index(line, "http"):])
	for {
		res, err := http.Get(base + "/readyz")
		if err != nil {
			return err
		}
		_ = res.Body.Close() // only its status counts
		if statusOK(res.StatusCode) {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	b.atMost("start to ready", time.Since(begun).Seconds(), "s", 1, "")
	for range 3 {
		for _, id := range ids {
			if _, err := fetch(base+"/embed/articles/"+id, "gzip"); err != nil {
				return err
			}
		}
	}
	resident, err := memory(cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.atMost(fmt.Sprintf("memory after serving %d threads of 50", hotThreads), resident, "MB", 150, "resident, of the whole process")
	return nil
}

// manyThreads makes articles with 50 released comments each.
func (b *bench) manyThreads(ctx context.Context) ([]string, error) {
	h, err := b.house(ctx)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	ids := make([]string, hotThreads)
	for i := range ids {
		a, err := h.article(ctx, "node-"+strconv.Itoa(i))
		if err == nil {
			err = h.released(ctx, a, 50)
		}
		if err != nil {
			return nil, err
		}
		ids[i] = a.ID
	}
	return ids, nil
}

// memory reads the resident memory of a process, in MB.
func memory(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory (Linux only): %w", err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	var kb float64
	if _, err := fmt.Sscan(after, &kb); err != nil {
		return 0, fmt.Errorf("read the memory: %w", err)
	}
	return kb / 1000, nil
}
