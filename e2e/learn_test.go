package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// teach EDITOR N REFUSED RELEASED: N comments of either kind come in, and the
// editor refuses the one and releases the other.
func teach(n *newsroom, args []string) error {
	if len(args) != 4 {
		return errors.New("usage: teach EDITOR N REFUSED RELEASED")
	}
	times, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make(chan error, 4)
	for at := range 4 {
		wg.Go(func() {
			for i := at; i < times; i += 4 {
				if err := n.teachOne(args[0], i, args[2], args[3]); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

func (n *newsroom) teachOne(editor string, i int, refused, released string) error {
	for step, text := range map[string]string{"reject": refused, "approve": released} {
		a, err := n.call("POST", "/api/v1/articles/"+n.article+"/comments", "", map[string]any{"text": fmt.Sprintf("%s (%d)", text, i), "author": map[string]string{"name": fmt.Sprintf("Leser %d", i)}})
		if err != nil {
			return err
		}
		var c struct{ ID string }
		if err := json.Unmarshal(a.body, &c); err != nil {
			return err
		}
		body := map[string]any{}
		if step == "reject" {
			body["rule"], body["reason"] = "aggression", "Bitte freundlicher."
		}
		if _, err := n.call("POST", "/api/v1/desk/comments/"+c.ID+"/"+step, n.keys[editor], body); err != nil {
			return err
		}
	}
	return nil
}

// learned EDITOR KEY: the comment was assessed by a model that has learned here.
func learned(n *newsroom, args []string) error {
	return until("an assessment by what was learned", func() error {
		a, err := n.call("GET", "/api/v1/desk/comments/"+n.posted[args[1]].id, n.keys[args[0]], nil)
		if err != nil {
			return err
		}
		var c struct {
			Assessment map[string]struct{ Version string }
		}
		if err := json.Unmarshal(a.body, &c); err != nil {
			return err
		}
		if v := c.Assessment["profanity"].Version; !strings.Contains(v, "+") {
			return fmt.Errorf("%q said so", v)
		}
		return nil
	})
}

// ordered EDITOR ORDER KEY KEY: in this order of the queue the first comment comes
// before the second.
func ordered(n *newsroom, args []string) error {
	first, second := n.posted[args[2]].id, n.posted[args[3]].id
	return until("the order of the queue", func() error {
		a, err := n.call("GET", "/api/v1/desk/queue?limit=200&order="+args[1], n.keys[args[0]], nil)
		if err != nil {
			return err
		}
		var q struct {
			Comments []struct {
				ID     string
				Refuse *float64
			}
		}
		if err := json.Unmarshal(a.body, &q); err != nil {
			return err
		}
		place := map[string]int{}
		for i, c := range q.Comments {
			if c.Refuse != nil {
				place[c.ID] = i + 1
			}
		}
		if place[first] == 0 || place[second] == 0 || place[first] > place[second] {
			return fmt.Errorf("places %d and %d", place[first], place[second])
		}
		return nil
	})
}

// trained: the model was trained afresh from at least 200 decisions.
func trained(n *newsroom, args []string) error {
	return until("a model trained afresh", func() error {
		a, err := n.call("GET", "/desk/model", n.keys["ruth"], nil)
		if err != nil {
			return err
		}
		if !strings.Contains(string(a.body), "Neu trainiert") {
			return errors.New("the page of the model does not say so")
		}
		return nil
	})
}

// stayshome: the program has no connection to another machine.
func stayshome(n *newsroom, _ []string) error {
	pid := strconv.Itoa(n.cmd.Process.Pid)
	fds, err := filepath.Glob("/proc/" + pid + "/fd/*")
	if err != nil || len(fds) == 0 {
		return errors.New("what the program has open cannot be read here")
	}
	var sockets []string
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, "socket:[") {
			sockets = append(sockets, strings.Trim(to, "socket:[]"))
		}
	}
	seen := 0
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, err := os.ReadFile("/proc/" + pid + "/net/" + table)
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(text), "\n")[1:] {
			f := strings.Fields(line)
			if len(f) < 10 || !slices.Contains(sockets, f[9]) {
				continue
			}
			seen++
			if to := remote(f[2]); !to.IsLoopback() && !to.IsUnspecified() {
				return fmt.Errorf("it talks to %s", to)
			}
		}
	}
	if seen == 0 {
		return errors.New("no socket of the program was found; the test sees nothing")
	}
	return nil
}

// remote reads an address as the kernel's tables write it: each four bytes turned
// round, in hexadecimal.
func remote(field string) net.IP {
	hex, _, _ := strings.Cut(field, ":")
	ip := make(net.IP, len(hex)/2)
	for i := range ip {
		b, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			return nil
		}
		ip[i/4*4+3-i%4] = byte(b)
	}
	return ip
}

// report LINE...: the yearly report holds each of these lines.
func report(n *newsroom, args []string) error {
	out, errOut, err := n.freigabe("", "report", "-site", "blatt")
	if err != nil {
		return fmt.Errorf("report: %w: %s", err, errOut)
	}
	for _, want := range args {
		if !slices.Contains(strings.Split(strings.ReplaceAll(out, "\r", ""), "\n"), want) {
			return fmt.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	return nil
}

// exported KEY WORDS...: what is kept of the comment's author holds the words.
func exported(n *newsroom, args []string) error {
	out, errOut, err := n.freigabe("", "export", "-author", n.base+n.posted[args[0]].receipt)
	if err != nil {
		return fmt.Errorf("export: %w: %s", err, errOut)
	}
	for _, w := range args[1:] {
		if !strings.Contains(out, w) {
			return fmt.Errorf("it lacks %q: %s", w, out)
		}
	}
	return nil
}

// erase KEY: everything of the comment's author is erased, on request.
func erase(n *newsroom, args []string) error {
	_, errOut, err := n.freigabe("", "erase", "-author", n.base+n.posted[args[0]].receipt)
	if err != nil {
		return fmt.Errorf("%w: erase: %s", errRefused, errOut)
	}
	return nil
}

// notify KEY WORDS: a reader gives notice of illegal content.
func notify(n *newsroom, args []string) error {
	_, err := n.call("POST", "/api/v1/comments/"+n.posted[args[0]].id+"/notices", "", map[string]any{"reason": args[1], "name": "Nina", "email": "nina@mail.example", "good_faith": true})
	return err
}
