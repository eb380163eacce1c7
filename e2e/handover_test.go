package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/pgtest"
)

// rounds is how often something is handed over in a test: once in every run, a
// tenth as often as FREIGABE_KILLS says in make soak.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("FREIGABE_KILLS")); err == nil && n > 10 {
		return n / 10
	}
	return 1
}

// counter is where other systems take in what a node hands over.
type counter struct {
	mu   sync.Mutex
	ids  []string // of what came in, in order
	kill func()   // is called once, while the next one is in hand and before the node has its answer
}

func (c *counter) take(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kill != nil {
		c.kill()
		c.kill = nil
	}
	c.ids = append(c.ids, id)
}

func (c *counter) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.ids...)
}

func (c *counter) arm(kill func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kill = kill
}

// has waits until so many have come in.
func (c *counter) has(t *testing.T, n *newsroom, want int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); len(c.all()) < want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d messages have come, want %d: %s", len(c.all()), want, n.said())
		}
	}
}

// killedAtHandOver has a step of the newsroom hand something over, kills the node
// while the receiver has it in hand, and lets the next one go on: what went out
// goes out once more, under the same id, and after that nothing does.
func (c *counter) killedAtHandOver(t *testing.T, n *newsroom, kind string, step func()) {
	t.Helper()
	before := len(c.all())
	node := n.cmd.Process
	c.arm(func() { _ = node.Kill() }) // a failure shows as no second message
	step()
	c.has(t, n, before+1)
	n.stop()
	if err := n.start(); err != nil {
		t.Fatal(err)
	}
	c.has(t, n, before+2)
	if err := until("the work to be recorded", func() error { return n.idle(kind) }); err != nil {
		t.Fatal(err)
	}
	got := c.all()[before:]
	if len(got) != 2 || got[0] == "" || got[0] != got[1] {
		t.Fatalf("%s: a kill at hand-over sent %q, want the same twice", kind, got)
	}
}

// idle tells whether no work of a kind waits.
func (n *newsroom) idle(kind string) error {
	a, err := n.call(http.MethodGet, "/metrics", "", nil)
	if err == nil && !bytes.Contains(a.body, []byte(`freigabe_jobs_due{kind="`+kind+`"} 0`+"\n")) {
		err = fmt.Errorf("work of kind %s waits", kind)
	}
	return err
}

func handingOver(t *testing.T, test func(t *testing.T, n *newsroom), env ...string) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			dsn := "sqlite:" + filepath.Join(t.TempDir(), "freigabe.db")
			if kind == "postgres" {
				dsn = pgtest.New(t)
			}
			n := &newsroom{dsn: dsn, dir: t.TempDir(), log: &bytes.Buffer{}, env: append(env, "FREIGABE_LIMITS=off", "FREIGABE_HOLD=0", "FREIGABE_LEASE=2s")}
			t.Cleanup(n.stop)
			test(t, n)
		})
	}
}

// submit sends a comment and gives its id.
func (n *newsroom) submit(t *testing.T, text, email string) string {
	t.Helper()
	a, err := n.call(http.MethodPost, "/api/v1/articles/"+n.article+"/comments", "", map[string]any{"text": text, "notify": email != "", "author": map[string]string{"name": "Berta", "email": email}})
	if err != nil {
		t.Fatal(err)
	}
	return field(a.body, "id")
}

// decide sends an editor's decision; the node may be killed before its answer.
func (n *newsroom) decide(id, step string) {
	_, _ = n.call(http.MethodPost, "/api/v1/desk/comments/"+id+"/"+step, n.keys["anna"], map[string]any{"rule": "digression", "reason": "Bitte zum Artikel."})
}

// TestKilledBeforeAWebhookIsRecorded: a receiver has a message in hand when the
// node is killed, before it can record that it went out. The next node sends it
// again under the same id.
func TestKilledBeforeAWebhookIsRecorded(t *testing.T) {
	t.Parallel()
	handingOver(t, func(t *testing.T, n *newsroom) {
		c := &counter{}
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.take(r.Header.Get("Webhook-Id")) }))
		t.Cleanup(receiver.Close)
		if err := n.open(3); err != nil {
			t.Fatal(err)
		}
		n.hook(t, receiver.URL)
		for i := range rounds() {
			id := n.submit(t, fmt.Sprintf("Die Brücke ist alt. (%d)", i), "")
			c.killedAtHandOver(t, n, "webhook", func() { n.decide(id, "approve") })
		}
	})
}

// hook has every decision told to an address.
func (n *newsroom) hook(t *testing.T, address string) {
	t.Helper()
	settings := `{"webhooks": [{"url": "` + address + `", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"}]}`
	if out, errOut, err := n.freigabe(settings, "site", "set", "-site", "blatt", "-"); err != nil {
		t.Fatalf("settings: %v %s %s", err, out, errOut)
	}
}

// TestKilledBeforeALetterIsRecorded: the mail server has taken a letter when the
// node is killed. It goes out a second time with the same Message-ID, by which the
// author's mail program knows that it is the same, and not a third time.
func TestKilledBeforeALetterIsRecorded(t *testing.T) {
	t.Parallel()
	c := &counter{}
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go postOffice(server, c)
	handingOver(t, func(t *testing.T, n *newsroom) {
		if err := n.open(3); err != nil {
			t.Fatal(err)
		}
		for i := range rounds() {
			var id string
			c.killedAtHandOver(t, n, "receipt", func() { id = n.submit(t, fmt.Sprintf("Die Brücke ist alt. (%d)", i), "berta@mail.example") })
			c.killedAtHandOver(t, n, "tell", func() { n.decide(id, "reject") })
		}
	}, "FREIGABE_SMTP=smtp://"+server.Addr().String(), "FREIGABE_MAIL_FROM=kommentare@blatt.example")
}

// postOffice takes in mail as a mail server does.
func postOffice(server net.Listener, c *counter) {
	for {
		conn, err := server.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			takeLetters(conn, c)
		}()
	}
}

func takeLetters(conn net.Conn, c *counter) {
	say := func(words string) { fmt.Fprint(conn, words+"\r\n") }
	say("220 mail.test")
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.Fields(line + " x")[0]); verb {
		case "EHLO", "HELO":
			say("250-mail.test\r\n250 8BITMIME")
		case "DATA":
			say("354 go on")
			letter, err := readLetter(in)
			if err != nil {
				return
			}
			c.take(letter.Header.Get("Message-Id")) // it is taken now, whether or not its sender hears of it
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func readLetter(in *bufio.Reader) (*mail.Message, error) {
	var b bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == ".\r\n" {
			return mail.ReadMessage(&b)
		}
		b.WriteString(line)
	}
}

// TestMessagesThatRepeat: a line to a receiver that delays messages, doubles them,
// and swallows the answers to some. Each decision arrives, under one id with one
// content however often it comes, and a receiver that counts ids counts decisions.
func TestMessagesThatRepeat(t *testing.T) {
	t.Parallel()
	handingOver(t, func(t *testing.T, n *newsroom) {
		r := &receiver{bodies: map[string]string{}}
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		line := httptest.NewServer(&badLine{to: server.URL})
		t.Cleanup(line.Close)
		if err := n.open(3); err != nil {
			t.Fatal(err)
		}
		n.hook(t, line.URL)
		want := map[string]string{}
		for i := range 12 {
			id := n.submit(t, fmt.Sprintf("Nummer %d zur Brücke.", i), "")
			step := []string{"approve", "reject"}[i%2]
			n.decide(id, step)
			want[id] = []string{"approved", "rejected"}[i%2]
		}
		if err := until("all decisions at the receiver", func() error { return r.counts(want) }); err != nil {
			t.Fatal(err, n.said())
		}
		if r.times() <= len(want) {
			t.Errorf("%d deliveries of %d decisions: the line repeated nothing", r.times(), len(want))
		}
	})
}

// receiver keeps what it gets by its id.
type receiver struct {
	mu     sync.Mutex
	bodies map[string]string
	came   int
	wrong  error
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.came++
	id := req.Header.Get("Webhook-Id")
	if had, known := r.bodies[id]; err != nil || known && had != string(body) {
		r.wrong = fmt.Errorf("message %s came as %s and as %s (%v)", id, had, body, err)
	}
	r.bodies[id] = string(body)
}

func (r *receiver) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.came
}

// counts compares what came, by id, with the decisions taken.
func (r *receiver) counts(want map[string]string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wrong != nil || len(r.bodies) != len(want) {
		return fmt.Errorf("%d messages for %d decisions: %w", len(r.bodies), len(want), r.wrong)
	}
	for _, body := range r.bodies {
		var m struct {
			Type string
			Data struct {
				Comment string `json:"comment_id"`
			}
		}
		if err := json.Unmarshal([]byte(body), &m); err != nil || m.Type != "comment."+want[m.Data.Comment] {
			return fmt.Errorf("a message says %s, want %s", body, want[m.Data.Comment])
		}
	}
	return nil
}
