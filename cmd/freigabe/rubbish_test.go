package main

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
	"github.com/freigabe/freigabe/internal/web"
	"golang.org/x/net/html"
)

// rubbish is what people, programs and scanners put into fields that ask for
// something else.
var rubbish = []string{"", "0", "-1", "99999999999999999999", "1e309", "NaN", "'\"--;", "\x00", "a\x00b", "\xff\xfe", strings.Repeat("ü", 300), strings.Repeat("x", 6000),
	"2026-02-31", "9999-99-99", "24:00", "25:61", "null", "[]", "{}", "%", "../../etc", "<script>alert(1)</script>", "\u202e", "on", "approve", "reject", "remove", "undo",
	"reject:profanity", "return", "escalate", "F4", "pending", "any", "hot", "de", "ban", "suspend", "http://127.0.0.1:1/x", "１", "1,5", "𝔘𝔘"}

// inner are words of the program's inside, which no answer shows.
var inner = regexp.MustCompile(`(?i)goroutine|panic:|sqlite|SQLSTATE|sql: |\.go:\d|no such (table|column)|json: cannot|strconv|context canceled|deadline exceeded`)

// filled is a form as a page shows it, with what it would send.
type filled struct {
	method, action string
	fields         []field
}

// field is a field with the value that it shows; a button or an option of a list
// is one of several.
type field struct {
	name, value string
	choice      bool
}

// scribbler fills in forms wrongly.
type scribbler struct {
	*rand.Rand
	t      *testing.T
	n      *node
	cookie *http.Cookie
	pages  map[string]int // how often each was visited
	status map[int]int    // of the answers to forms
}

// Whatever is sent from any form of the desk and of the readers' pages, it is
// accepted or refused with a word for people: no internal error, nothing of the
// program's inside in an answer, and a record that holds afterwards.
// FREIGABE_RUBBISH says how many forms are sent.
func TestRubbishInEveryForm(t *testing.T) {
	count := 150
	if n, err := strconv.Atoi(os.Getenv("FREIGABE_RUBBISH")); err == nil {
		count = n
	}
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s, err := store.Open(ctx, store.Options{DSN: dsn})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := playDemo(ctx, dsn, "http://kommentare.example"); err != nil {
			t.Fatal(err)
		}
		var log syncBuffer
		n, err := newNode(ctx, &settings{db: dsn, addr: "127.0.0.1:0", hold: "0", limits: "off", data: t.TempDir()}, &log)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- n.serve(ctx, func(string) {}) }()
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		b := &scribbler{Rand: rand.New(rand.NewPCG(seed, 0)), t: t, n: n, pages: map[string]int{"/": 0, "/desk/": 0, "/desk/queue": 0, "/desk/queue?state=approved": 0}, status: map[int]int{}}
		for sent := 0; sent < count && !t.Failed(); {
			sent += b.page()
		}
		if b.status[http.StatusSeeOther]+b.status[http.StatusOK] < count/10 || b.status[http.StatusUnprocessableEntity] < count/20 {
			t.Errorf("the forms were hardly understood: %v", b.status)
		}
		if _, err := n.store.Check(ctx, ""); err != nil {
			t.Errorf("the record afterwards: %v", err)
		}
		cancel()
		if err := <-done; err != nil && err != http.ErrServerClosed {
			t.Error(err)
		}
		if strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("the log: %s", log.String())
		}
	})
}

// syncBuffer is a buffer that a server may write to while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// page opens a page that was opened seldom, learns its links, and sends some of
// its forms; it gives how many.
func (b *scribbler) page() int {
	known := slices.Sorted(maps.Keys(b.pages))
	path := known[b.IntN(len(known))]
	for range 6 {
		if other := known[b.IntN(len(known))]; b.pages[other] < b.pages[path] {
			path = other
		}
	}
	b.pages[path]++
	rec := b.send("GET", path, nil)
	doc, err := html.Parse(rec.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	links, forms := formsOf(doc)
	for _, l := range links {
		if l, _, _ := strings.Cut(l, "#"); strings.HasPrefix(l, "/") && !strings.HasPrefix(l, "/static/") && len(b.pages) < 600 {
			b.pages[l] += 0
		}
	}
	b.Shuffle(len(forms), func(i, j int) { forms[i], forms[j] = forms[j], forms[i] })
	forms = forms[:min(3, len(forms))]
	for _, f := range forms {
		if f.action == "" || !strings.HasPrefix(f.action, "/") {
			f.action = path
		}
		if strings.Contains(f.action, "/logout") || strings.HasPrefix(f.action, "/desk/sessions") || strings.HasPrefix(f.action, "/desk/people") {
			continue // these end the session, or the right to what comes next
		}
		rec := b.send(f.method, f.action, b.spoiled(f.fields))
		b.status[rec.Code]++
	}
	return len(forms)
}

// spoiled changes up to two of a form's fields.
func (b *scribbler) spoiled(fields []field) url.Values {
	v := url.Values{}
	b.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	for _, f := range fields {
		if !f.choice || !v.Has(f.name) {
			v.Add(f.name, f.value)
		}
	}
	for range b.IntN(3) {
		if len(fields) == 0 {
			break
		}
		name := fields[b.IntN(len(fields))].name
		switch b.IntN(5) {
		case 0:
			v.Del(name)
		case 1:
			v.Add(name, rubbish[b.IntN(len(rubbish))])
		default:
			v.Set(name, rubbish[b.IntN(len(rubbish))])
		}
	}
	return v
}

// send asks the node as the chief, and judges the answer.
func (b *scribbler) send(method, path string, form url.Values) *httptest.ResponseRecorder {
	if b.cookie == nil || b.IntN(40) == 0 {
		b.signIn()
	}
	var r *http.Request
	if method == "POST" {
		r = httptest.NewRequest("POST", "http://kommentare.example"+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		if form != nil {
			path, _, _ = strings.Cut(path, "?")
			path += "?" + form.Encode()
		}
		r = httptest.NewRequest("GET", "http://kommentare.example"+path, nil)
	}
	r.AddCookie(b.cookie)
	rec := httptest.NewRecorder()
	b.n.server.ServeHTTP(rec, r)
	if rec.Code >= 500 {
		b.t.Errorf("%s %s with %v: %d", method, path, form, rec.Code)
	}
	if found := inner.FindString(rec.Body.String()); rec.Code >= 400 && found != "" {
		b.t.Errorf("%s %s with %v shows %q", method, path, form, found)
	}
	return rec
}

func (b *scribbler) signIn() {
	people, err := b.n.store.Editors(b.t.Context(), "")
	if err != nil {
		b.t.Fatal(err)
	}
	i := slices.IndexFunc(people, func(e store.Editor) bool { return e.Role == moderation.Chief })
	token, err := b.n.store.SignIn(b.t.Context(), people[i].ID, "test")
	if err != nil {
		b.t.Fatal(err)
	}
	b.cookie = &http.Cookie{Name: web.SessionCookie, Value: token}
}

// formsOf lists the links and the forms of a page, each with the values it shows.
func formsOf(doc *html.Node) (links []string, forms []filled) {
	get := func(n *html.Node, name string) string {
		for _, a := range n.Attr {
			if a.Key == name {
				return a.Val
			}
		}
		return ""
	}
	var form *filled
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch name := get(n, "name"); {
		case n.Data == "a" && get(n, "href") != "":
			links = append(links, get(n, "href"))
		case n.Data == "form":
			forms = append(forms, filled{method: strings.ToUpper(get(n, "method")), action: get(n, "action")})
			form = &forms[len(forms)-1]
		case form == nil || name == "" || get(n, "type") == "file":
		case n.Data == "input" || n.Data == "button":
			form.fields = append(form.fields, field{name, get(n, "value"), n.Data == "button" || get(n, "type") == "radio"})
		case n.Data == "textarea":
			form.fields = append(form.fields, field{name, "Ein Satz, der lang genug ist.", false})
		case n.Data == "select":
			for o := range n.Descendants() {
				if o.Data == "option" {
					form.fields = append(form.fields, field{name, get(o, "value"), true})
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Data == "form" {
			form = nil
		}
	}
	walk(doc)
	return links, forms
}
