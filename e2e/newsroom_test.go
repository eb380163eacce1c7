package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

type key struct{}

// newsroom is a running installation with a site, an article and people.
type newsroom struct {
	program  string       // "": this version's
	inside   []string     // words before the program's, such as of a namespace
	client   *http.Client // how it is reached; nil: as usual
	dsn, dir string
	env      []string
	base     string // http://127.0.0.1:port
	article  string
	keys     map[string]string // API key by editor's name
	posted   map[string]posted
	cmd      *exec.Cmd
	mu       sync.Mutex
	log      *bytes.Buffer
}

type posted struct{ id, receipt string }

// people are the editors of every newsroom.
var people = []struct{ name, role string }{{"anna", "editor"}, {"jonas", "editor"}, {"ruth", "chief"}}

const articleText = `---
title: Die alte Brücke wird saniert
lede: Ab Mai ist der Übergang für ein halbes Jahr gesperrt.
date: 2026-11-20
publisher: Blatt
url: https://blatt.example/bruecke
---

Der Stadtrat hat die Sanierung der alten Brücke beschlossen. Sie kostet zwei Millionen Euro und beginnt im Mai.

## Umleitung über den Damm

Der Verkehr wird über den Damm geführt. Fußgänger können eine Fähre nehmen.
`

// freigabe runs a command of the program and gives what it printed.
func (n *newsroom) freigabe(in string, args ...string) (string, string, error) {
	cmd := exec.Command(cmp.Or(n.program, binary), args...)
	cmd.Env = append(os.Environ(), append(n.env, "FREIGABE_DB="+n.dsn)...)
	cmd.Stdin = strings.NewReader(in)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	return out.String(), errOut.String(), err
}

// furnished is the database of a newsroom that nobody has used yet, as a backup. It is
// made once for each number of deciders: a test that starts the program ten times
// before it begins takes longer for that than for the rest.
type furnished struct {
	once    sync.Once
	file    string
	article string
	keys    map[string]string
	err     error
}

var newsrooms = [4]furnished{} // by deciders

func (f *furnished) make(deciders int) error {
	dir := filepath.Join(filepath.Dir(binary), fmt.Sprint("deciders-", deciders))
	n := &newsroom{dsn: "sqlite:" + filepath.Join(dir, "freigabe.db")}
	if err := n.furnish(deciders); err != nil {
		return err
	}
	f.file, f.article, f.keys = filepath.Join(dir, "backup.gz"), n.article, n.keys
	if _, errOut, err := n.freigabe("", "backup", f.file); err != nil {
		return fmt.Errorf("freigabe backup: %w: %s", err, errOut)
	}
	return nil
}

// open gives the newsroom its site, people and article, and starts it.
func (n *newsroom) open(deciders int) error {
	n.posted = map[string]posted{}
	if n.program != "" { // another version's database it makes itself
		if err := n.furnish(deciders); err != nil {
			return err
		}
		return n.start()
	}
	f := &newsrooms[deciders]
	if f.once.Do(func() { f.err = f.make(deciders) }); f.err != nil {
		return f.err
	}
	n.article, n.keys = f.article, maps.Clone(f.keys)
	if _, errOut, err := n.freigabe("", "restore", f.file); err != nil {
		return fmt.Errorf("freigabe restore: %w: %s", err, errOut)
	}
	return n.start()
}

// furnish sets the newsroom up by the program's own commands.
func (n *newsroom) furnish(deciders int) error {
	n.keys = map[string]string{}
	set := func(in string, args ...string) (string, error) {
		out, errOut, err := n.freigabe(in, args...)
		if err != nil {
			return "", fmt.Errorf("freigabe %s: %w: %s", strings.Join(args, " "), err, errOut)
		}
		return strings.TrimSpace(out), nil
	}
	if _, err := set("", "site", "add", "-name", "blatt", "-url", "https://blatt.example"); err != nil {
		return err
	}
	// Comments drawn for blind control stand by age in every order; a script that
	// asks for an order must not hang on that draw.
	if _, err := set(`{"blind_percent": 0}`, "site", "set", "-site", "blatt", "-"); err != nil {
		return err
	}
	for _, p := range people[len(people)-deciders:] {
		email := p.name + "@blatt.example"
		if _, err := set("ein langes passwort\n", "editor", "add", "-email", email, "-name", p.name, "-role", p.role, "-password-stdin"); err != nil {
			return err
		}
		k, err := set("", "key", "add", "-scope", "desk", "-editor", email)
		if err != nil {
			return err
		}
		n.keys[p.name] = k
	}
	id, err := set(articleText, "article", "add", "-site", "blatt", "-")
	n.article = id
	return err
}

// start runs the program until it is ready.
func (n *newsroom) start() error {
	words := append(slices.Clone(n.inside), cmp.Or(n.program, binary), "serve", "-addr", "127.0.0.1:0")
	n.cmd = exec.Command(words[0], words[1:]...)
	n.cmd.Env = append(os.Environ(), append(n.env, "FREIGABE_DB="+n.dsn)...)
	n.cmd.Stderr = &locked{n}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := n.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	i := strings.Index(line, "http://")
	if i < 0 {
		return fmt.Errorf("the program said %q (%w): %s", line, err, n.said())
	}
	n.base = strings.TrimSpace(line[i:])
	return until("readiness", func() error {
		_, err := n.call(http.MethodGet, "/readyz", "", nil)
		return err
	})
}

type locked struct{ n *newsroom }

func (l *locked) Write(b []byte) (int, error) {
	l.n.mu.Lock()
	defer l.n.mu.Unlock()
	return l.n.log.Write(b)
}

// said is what the program has logged.
func (n *newsroom) said() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.String()
}

func (n *newsroom) stop() {
	if n.cmd != nil && n.cmd.Process != nil {
		_ = n.cmd.Process.Kill() // it may have ended already
		_ = n.cmd.Wait()         // killed: its status says nothing
		n.cmd = nil
	}
}

// until waits for a condition, for as long as a slow machine may need.
func until(what string, ok func() error) error {
	var err error
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		if err = ok(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("waited for %s: %w", what, err)
}

// answer is an HTTP answer, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

var errRefused = errors.New("refused")

// call sends JSON and reads the answer; a status of 400 and above is errRefused.
func (n *newsroom) call(method, path, bearer string, body any) (answer, error) {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, n.base+path, in)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	return send(cmp.Or(n.client, noRedirects), req)
}

// noRedirects follows nothing: a redirect is part of what is tested.
var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func send(client *http.Client, req *http.Request) (answer, error) {
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	a := answer{res.StatusCode, res.Header, b}
	if err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("%w: %s %s: %s", errRefused, req.Method, req.URL.Path, b)
	}
	return a, err
}

// form posts a page's form, as a browser without JavaScript does.
func (n *newsroom) form(path string, values url.Values) (answer, error) {
	req, err := http.NewRequest(http.MethodPost, n.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(cmp.Or(n.client, noRedirects), req)
}
