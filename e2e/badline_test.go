package e2e

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// badLine passes requests on as a bad network does: every second one late, every
// third one twice, and of every fourth the answer gets lost, so that its sender
// believes that it never arrived.
type badLine struct {
	to string
	n  atomic.Int64
}

func (l *badLine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := l.n.Add(1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if n%2 == 0 {
		time.Sleep(150 * time.Millisecond) // the delay is what is tested
	}
	status := l.pass(r, body)
	if n%3 == 0 {
		status = l.pass(r, body)
	}
	if n%4 == 0 {
		panic(http.ErrAbortHandler) // the line is cut
	}
	w.WriteHeader(status)
}

func (l *badLine) pass(r *http.Request, body []byte) int {
	again, err := http.NewRequest(r.Method, l.to, bytes.NewReader(body))
	if err != nil {
		return http.StatusBadGateway
	}
	again.Header = r.Header.Clone()
	res, err := http.DefaultClient.Do(again)
	if err != nil {
		return http.StatusBadGateway
	}
	_ = res.Body.Close() // only its status counts
	return res.StatusCode
}
