package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is a tab of the browser. Its methods end the test when the browser
// refuses; they are for the test's own goroutine.
type Tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex // guards what the browser reports from its own goroutine
	errors   []string
	requests []Request
	seen     int // requests that Foreign has judged
}

// Request is one request that a page made, redirects included.
type Request struct {
	Method, URL string
	Status      int    // of the answer, 0 while there is none
	Failure     string // why no answer came, such as "net::ERR_NAME_NOT_RESOLVED"
	id          network.RequestID
}

// New opens an empty tab of 1280 by 900 pixels with a fresh profile.
func New(t testing.TB) *Tab {
	t.Helper()
	return open(t, start(t), chromedp.WithNewBrowserContext())
}

// Alone opens a tab in a browser process of its own, for tests that kill it: kill
// ends the process with no chance to say goodbye, as a crash or a power cut does.
func Alone(t testing.TB) (b *Tab, kill func()) {
	t.Helper()
	program, err := find()
	if err != nil {
		missing(t, err)
	}
	ctx, err := launch(program)
	if err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	process := chromedp.FromContext(ctx).Browser.Process()
	kill = func() {
		if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("kill the browser: %v", err)
		}
	}
	t.Cleanup(kill)
	return open(t, ctx, chromedp.WithNewBrowserContext()), kill
}

// Another opens a second tab with the same cookies and storage.
func (b *Tab) Another() *Tab {
	b.t.Helper()
	return open(b.t, b.ctx)
}

func open(t testing.TB, parent context.Context, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	b := &Tab{t: t}
	ctx, closeTab := chromedp.NewContext(parent, append(options, chromedp.WithListener(b.note))...)
	b.ctx = ctx
	t.Cleanup(func() {
		for _, e := range b.Errors() {
			t.Errorf("error in the page: %s", e)
		}
		for _, u := range b.Foreign() {
			t.Errorf("the page asked a foreign host: %s", u)
		}
		closeTab()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	b.Viewport(1280, 900)
	return b
}

// Do runs chromedp's actions in order, each within half a minute.
func (b *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, a := range actions {
		Get(b, a)
	}
}

// Get runs one action of chromedp and returns its value.
func Get[T any](b *Tab, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("in the browser: %v", err)
	}
	return v
}

// Eval returns the value of a JavaScript expression in the page; a promise's
// value is waited for. It works in pages that may not run scripts, too.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	return Get(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Open loads an address and returns when the page has loaded.
func (b *Tab) Open(address string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(address))
}

// Press types keys as a keyboard does, wherever the focus is. Special keys are
// the constants of chromedp's package kb.
func (b *Tab) Press(keys string) {
	b.t.Helper()
	b.Do(chromedp.KeyEvent(keys))
}

// WaitFor waits until a JavaScript expression is true, over page loads too.
func (b *Tab) WaitFor(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if holds {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("waited in vain for %s (last: %v)", expression, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Screenshot writes the whole page as a PNG file.
func (b *Tab) Screenshot(file string) {
	b.t.Helper()
	if err := os.WriteFile(file, Get(b, chromedp.FullScreenshot(100)), 0o644); err != nil {
		b.t.Fatalf("write a screenshot: %v", err)
	}
}

// Cookies returns the cookies that this tab's profile holds, of any host, as NAME=DOMAIN.
func (b *Tab) Cookies() []string {
	b.t.Helper()
	var cookies []string
	for _, c := range Get(b, allCookies) {
		cookies = append(cookies, c.Name+"="+c.Domain)
	}
	return cookies
}

// Errors returns and forgets what went wrong in the pages so far: uncaught
// exceptions, console.error, violations of the content security policy. An
// answer like 404 or 409 is no error; see Requests.
func (b *Tab) Errors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.errors
	b.errors = nil
	return found
}

// Requests returns every request so far, in order.
func (b *Tab) Requests() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// Foreign returns the addresses on hosts other than this machine and .test
// that were asked for since it was last called.
func (b *Tab) Foreign() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []string
	for _, r := range b.requests[b.seen:] {
		if !ownHost(r.URL) {
			found = append(found, r.URL)
		}
	}
	b.seen = len(b.requests)
	return found
}

// ownHost says whether an address stays on this machine, as data: does.
func ownHost(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https", "ws", "wss":
		host := u.Hostname()
		return host == "localhost" || strings.HasSuffix(host, ".test") || net.ParseIP(host).IsLoopback()
	}
	return true
}

// note takes in an event; the browser calls it from its reading goroutine.
func (b *Tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			b.errors = append(b.errors, "console.error: "+words(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			b.errors = append(b.errors, fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text))
		}
	case *network.EventRequestWillBeSent:
		if e.RedirectResponse != nil {
			b.settle(e.RequestID, func(r *Request) { r.Status = int(e.RedirectResponse.Status) })
		}
		b.requests = append(b.requests, Request{Method: e.Request.Method, URL: e.Request.URL, id: e.RequestID})
	case *network.EventResponseReceived:
		b.settle(e.RequestID, func(r *Request) { r.Status = int(e.Response.Status) })
	case *network.EventLoadingFailed:
		b.settle(e.RequestID, func(r *Request) { r.Failure = e.ErrorText })
	}
}

// settle completes the newest request of an id: redirects share one.
func (b *Tab) settle(id network.RequestID, complete func(*Request)) {
	for i := len(b.requests) - 1; i >= 0; i-- {
		if b.requests[i].id == id {
			complete(&b.requests[i])
			return
		}
	}
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Text + " " + d.Exception.Description
	}
	return d.Text
}

// words renders the arguments of a console call.
func words(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		if a.Description != "" {
			all = append(all, a.Description)
			continue
		}
		all = append(all, string(a.Value))
	}
	return strings.Join(all, " ")
}
