package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/mail/mailtest"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// logs is what a node wrote, safe to read while it writes.
type logs struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// A chief adds somebody; a letter brings that person, and nobody else, the link by
// which they set their password. The mail server is away at first.
func TestInvitationByMail(t *testing.T) {
	for name, dsn := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "f.db") },
		"postgres": func(t *testing.T) string { return pgtest.New(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.New(t)
			server.Refuse.Store(1)
			log := &logs{}
			n := invitingNode(t, dsn(t), server.Address, log)
			chief := chiefOf(t, n)
			ask := func(method, path string, form url.Values) *httptest.ResponseRecorder {
				r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Sec-Fetch-Site", "same-origin")
				r.Header.Set("Accept", "text/html")
				r.AddCookie(chief)
				w := httptest.NewRecorder()
				n.server.ServeHTTP(w, r)
				return w
			}
			w := ask("POST", "/desk/people", url.Values{"email": {"nina@blatt.example"}, "name": {"Nina Voss"}, "role": {"editor"}, "everywhere": {"1"}})
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/people?mailed" || strings.Contains(w.Body.String(), "/desk/entry/") {
				t.Fatalf("added: %d %s\n%s", w.Code, w.Header(), w.Body)
			}
			id, link := letterOf(t, server)
			if again := ask("GET", "/desk/people?mailed", nil).Body.String(); !strings.Contains(again, "per Mail unterwegs") || strings.Contains(again, link) {
				t.Error("the page does not say that a letter is on its way, or shows its link")
			}
			token := link[strings.LastIndex(link, "/")+1:]
			if said := log.String(); !strings.Contains(said, "job failed") || strings.Contains(said, token) || strings.Contains(said, "nina@") {
				t.Errorf("the log: %s", said)
			}
			unsaid(t, n, token)
			if w := ask("POST", "/desk/entry/"+token, url.Values{"password": {"sieben kalte Igel"}, "again": {"sieben kalte Igel"}}); w.Code != http.StatusSeeOther {
				t.Fatalf("setting the password: %d\n%s", w.Code, w.Body)
			}
			if w := ask("GET", "/desk/entry/"+token, nil); w.Code != http.StatusNotFound {
				t.Errorf("the link works twice: %d", w.Code)
			}
			nina, err := n.store.Editor(context.Background(), "nina@blatt.example")
			if err != nil {
				t.Fatal(err)
			}
			ask("POST", "/desk/people/"+nina.ID, url.Values{"do": {"mail"}})
			if second, other := letterOf(t, server); second == id || other == link {
				t.Error("another link comes under the first letter's name")
			}
		})
	}
}

func invitingNode(t *testing.T, dsn, smtp string, log io.Writer) *node {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	n, err := newNode(ctx, &settings{db: dsn, addr: "127.0.0.1:0", limits: "off", smtp: "smtp://" + smtp, mailFrom: "desk@blatt.example", public: "https://k.example"}, log)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- n.serve(ctx, func(string) {}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	return n
}

func chiefOf(t *testing.T, n *node) *http.Cookie {
	t.Helper()
	ctx := context.Background()
	if _, err := n.store.AddSite(ctx, store.Site{Name: "blatt", Origin: "https://blatt.example"}); err != nil {
		t.Fatal(err)
	}
	e, err := n.store.AddEditor(ctx, store.Editor{Email: "ruth@blatt.example", Name: "Ruth Amann", Role: moderation.Chief, Password: "-"})
	if err != nil {
		t.Fatal(err)
	}
	token, err := n.store.SignIn(ctx, e.ID, "Testbrowser")
	if err != nil {
		t.Fatal(err)
	}
	return &http.Cookie{Name: web.SessionCookie, Value: token}
}

var entryLink = regexp.MustCompile(`https://k\.example/desk/entry/[0-9a-z]{32}`)

// letterOf waits for the next letter and gives its Message-ID and its link.
func letterOf(t *testing.T, server *mailtest.Server) (id, link string) {
	t.Helper()
	select {
	case raw := <-server.Got:
		m, err := netmail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		if to := m.Header.Get("To"); to != `"Nina Voss" <nina@blatt.example>` || !strings.Contains(string(body), "Ruth Amann") {
			t.Errorf("the letter to %s says\n%s", to, body)
		}
		return m.Header.Get("Message-Id"), entryLink.FindString(string(body))
	case <-time.After(20 * time.Second):
		t.Fatal("no letter came")
		return "", ""
	}
}

// unsaid checks that neither a link nor a job in the database holds the token.
func unsaid(t *testing.T, n *node, token string) {
	t.Helper()
	var out bytes.Buffer
	if _, err := n.store.Backup(context.Background(), &out); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(unzipped(t, out.Bytes()), []byte(token)) {
		t.Error("the database holds the token")
	}
}

func unzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
