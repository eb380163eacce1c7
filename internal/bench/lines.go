package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// lines are connections to one server, kept open as a proxy before it keeps them.
// They do as little as can be: the generator shares its machine with the server,
// and what net/http's client does beside each answer would be measured with it.
type lines struct {
	addr   string
	host   string
	secret bool // https

	mu   sync.Mutex
	free []*line // the one used last is at the end
}

type line struct {
	net.Conn
	in   *bufio.Reader
	used time.Time
}

const (
	answerWithin = 30 * time.Second
	freeFor      = 15 * time.Second // less than a server keeps an idle connection
)

func linesTo(address string) (*lines, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("-url is an address such as http://127.0.0.1:8080, not %q", address)
	}
	l := &lines{addr: u.Host, host: u.Host, secret: u.Scheme == "https"}
	if u.Port() == "" {
		l.addr = net.JoinHostPort(u.Hostname(), u.Scheme)
	}
	return l, nil
}

// take gives a free connection, or a new one.
func (l *lines) take() (*line, error) {
	l.mu.Lock()
	for len(l.free) > 0 {
		last := l.free[len(l.free)-1]
		l.free = l.free[:len(l.free)-1]
		if time.Since(last.used) < freeFor {
			l.mu.Unlock()
			return last, nil
		}
		_ = last.Close() // unused for long; nothing is lost
	}
	l.mu.Unlock()
	dialer := &net.Dialer{Timeout: answerWithin}
	dial := dialer.Dial
	if l.secret {
		dial = (&tls.Dialer{NetDialer: dialer}).Dial
	}
	conn, err := dial("tcp", l.addr)
	if err != nil {
		return nil, err
	}
	return &line{Conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}, nil
}

// ask sends a request and gives the answer's status once it is there as a whole.
func (l *lines) ask(method, path, header string, body []byte) (status int, err error) {
	c, err := l.take()
	if err != nil {
		return 0, err
	}
	var b bytes.Buffer
	b.WriteString(method + " " + path + " HTTP/1.1\r\nHost: " + l.host + "\r\n" + header)
	if body != nil {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	status, more, err := c.exchange(b.Bytes())
	if err != nil || !more {
		_ = c.Close() // of no more use
		return status, err
	}
	c.used = time.Now()
	l.mu.Lock()
	l.free = append(l.free, c)
	l.mu.Unlock()
	return status, nil
}

// exchange tells also whether the connection can be used again.
func (c *line) exchange(request []byte) (status int, more bool, err error) {
	if err := c.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, false, err
	}
	if _, err := c.Write(request); err != nil {
		return 0, false, err
	}
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, false, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, !res.Close, err
}

// close ends all connections.
func (l *lines) close() {
	for _, c := range l.free {
		_ = c.Close() // nobody uses it any more
	}
}
