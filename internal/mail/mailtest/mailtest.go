// Package mailtest is a mail server for tests: it takes letters over SMTP on a port
// of this machine and gives them to the test, bringing nothing any further.
package mailtest

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
)

// Server is a running mail server.
type Server struct {
	Address string      // host:port
	Got     chan string // the letters as they came in, headers and body
	Refuse  atomic.Int32
}

// New starts a server that ends with the test. It refuses as many letters as
// Refuse says, for the time being, before it takes one.
func New(t testing.TB) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &Server{Address: l.Addr().String(), Got: make(chan string, 10)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed: the test has ended
			}
			go s.talk(conn)
		}
	}()
	return s
}

func (s *Server) talk(conn net.Conn) {
	defer conn.Close()
	say := func(line string) { fmt.Fprint(conn, line+"\r\n") }
	say("220 mail.test")
	in := bufio.NewScanner(conn)
	for in.Scan() {
		switch verb := strings.ToUpper(strings.Fields(in.Text() + " x")[0]); verb {
		case "EHLO", "HELO":
			say("250-mail.test\r\n250 8BITMIME")
		case "MAIL":
			if s.Refuse.Add(-1) >= 0 {
				say("451 come again later")
				continue
			}
			say("250 ok")
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for in.Scan() && in.Text() != "." {
				b.WriteString(in.Text() + "\r\n")
			}
			s.Got <- b.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
