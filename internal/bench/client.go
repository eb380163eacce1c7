package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// wire is a client that does as little as can be: it writes ready-made bytes and
// reads an answer by its length, so that what is measured is the server.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
	ask  []byte
}

func dial(addr, path string, header ...string) (*wire, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	ask := "GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\n"
	for _, h := range header {
		ask += h + "\r\n"
	}
	return &wire{conn, bufio.NewReaderSize(conn, 64<<10), []byte(ask + "\r\n")}, nil
}

var lengthField = []byte("Content-Length: ")

// get asks once and gives the status and the length of the answer.
func (w *wire) get() (status, length int, err error) {
	if _, err := w.conn.Write(w.ask); err != nil {
		return 0, 0, err
	}
	line, err := w.in.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, 0, fmt.Errorf("no answer: %w", err)
	}
	status, _ = strconv.Atoi(string(line[9:12])) // 0 counts as a failure
	for len(bytes.TrimSpace(line)) > 0 {
		if line, err = w.in.ReadSlice('\n'); err != nil {
			return status, 0, err
		}
		if bytes.HasPrefix(line, lengthField) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(lengthField):]))); err != nil {
				return status, 0, err
			}
		}
	}
	_, err = io.CopyN(io.Discard, w.in, int64(length))
	return status, length, err
}

// hammer asks on several connections for a time, each as soon as it was
// answered.
func hammer(ctx context.Context, addr, path string, connections int, span time.Duration, header ...string) (perSecond float64, took spread, err error) {
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	begun := time.Now()
	for range connections {
		wg.Go(func() {
			mine, failed := hammerOne(ctx, addr, path, header)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			if failed != nil && err == nil {
				err = failed
			}
		})
	}
	wg.Wait()
	return float64(len(took)) / time.Since(begun).Seconds(), took, err
}

func hammerOne(ctx context.Context, addr, path string, header []string) (spread, error) {
	w, err := dial(addr, path, header...)
	if err != nil {
		return nil, err
	}
	defer w.conn.Close()
	var took spread
	for ctx.Err() == nil {
		begun := time.Now()
		status, _, err := w.get()
		if err != nil || status != http.StatusOK && status != http.StatusNotModified {
			return took, fmt.Errorf("%s: status %d: %w", path, status, err)
		}
		took = append(took, time.Since(begun))
	}
	return took, nil
}
