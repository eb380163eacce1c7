package browser

import (
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const page = `<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>Leserbriefe</title>
<link rel="icon" href="data:,">
<style>body{background:#fff;color:#111} @media (prefers-color-scheme:dark){body{background:#111;color:#eee}}</style>
</head><body><main><h1>Leserbriefe</h1>
<noscript><p id="plain">Ohne Skript lesbar.</p></noscript>
<form action="/sent" method="post"><label>Name <input name="name" id="name"></label>
<button>Absenden</button></form></main>
%s</body></html>`

// site serves the page with some more HTML in its body, and what forms and scripts ask for.
func site(t *testing.T, body string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
		fmt.Fprintf(w, page, body)
	})
	mux.HandleFunc("POST /sent", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/?name="+url.QueryEscape(r.PostFormValue("name")), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /conflict", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "decided meanwhile", http.StatusConflict)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestKeyboardPath(t *testing.T) {
	tab := New(t)
	address := site(t, "")
	tab.Open(address)
	tab.Press(kb.Tab + "Zoë Weiß" + kb.Enter)
	tab.WaitFor("location.search.includes('name')")
	var line []string
	for _, r := range tab.Requests() {
		line = append(line, fmt.Sprintf("%s %s %d", r.Method, strings.TrimPrefix(r.URL, address), r.Status))
	}
	want := "GET / 200, POST /sent 303, GET /?name=Zo%C3%AB+Wei%C3%9F 200"
	if got := strings.Join(without(line, "data:"), ", "); got != want {
		t.Errorf("requests %s, want %s", got, want)
	}
}

// without drops lines that hold a word: the browser asks for the icon when it likes.
func without(lines []string, word string) []string {
	var left []string
	for _, l := range lines {
		if !strings.Contains(l, word) {
			left = append(left, l)
		}
	}
	return left
}

func TestProfilesAreSeparate(t *testing.T) {
	address := site(t, "")
	first := New(t)
	first.Open(address)
	if c := first.Cookies(); len(c) != 1 || c[0] != "seen=127.0.0.1" {
		t.Errorf("cookies %v", c)
	}
	second := first.Another()
	second.Open(address + "/conflict")
	if c := Eval[string](second, "document.cookie"); c != "seen=1" {
		t.Errorf("a second tab of the same person sees the cookie %q", c)
	}
	if c := New(t).Cookies(); len(c) != 0 {
		t.Errorf("another test's tab sees cookies %v", c)
	}
}

func TestConditions(t *testing.T) {
	address := site(t, "")
	tab := New(t)
	tab.Viewport(320, 640)
	tab.Dark(true)
	tab.Open(address)
	if w := Eval[int](tab, "innerWidth"); w != 320 {
		t.Errorf("the window is %d pixels wide", w)
	}
	background := "getComputedStyle(document.body).backgroundColor"
	if c := Eval[string](tab, background); c != "rgb(17, 17, 17)" {
		t.Errorf("dark background is %s", c)
	}
	tab.Dark(false)
	if c := Eval[string](tab, background); c != "rgb(255, 255, 255)" {
		t.Errorf("light background is %s", c)
	}
	file := filepath.Join(t.TempDir(), "page.png")
	tab.Screenshot(file)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if picture, err := png.DecodeConfig(f); err != nil || picture.Width != 320 {
		t.Errorf("screenshot: %v, %d pixels wide", err, picture.Width)
	}
}

func TestWithoutJavaScript(t *testing.T) {
	address := site(t, "<script>document.body.dataset.ran = 'yes'</script>")
	tab := New(t)
	tab.JavaScript(false)
	tab.Open(address)
	if Eval[bool](tab, "'ran' in document.body.dataset") {
		t.Error("the script ran")
	}
	if text := Get(tab, chromedp.Text(chromedp.CSS("#plain"))); text != "Ohne Skript lesbar." {
		t.Errorf("the page says %q", text)
	}
	tab.JavaScript(true)
	tab.Open(address)
	if !Eval[bool](tab, "document.body.dataset.ran === 'yes'") {
		t.Error("the script did not run when allowed again")
	}
}

func TestSlowAndOffline(t *testing.T) {
	address := site(t, "")
	tab := New(t)
	tab.Open(address)
	fetch := "(async () => {const t = performance.now(); await fetch('/?' + t); return performance.now() - t})()"
	tab.SlowNetwork(300*time.Millisecond, 0)
	if ms := Eval[float64](tab, fetch); ms < 290 {
		t.Errorf("an answer took %.0f ms on a line of 300 ms", ms)
	}
	tab.Offline(true)
	if Eval[bool](tab, "navigator.onLine") || Eval[bool](tab, "fetch('/').then(() => true, () => false)") {
		t.Error("the page reached the network while offline")
	}
	tab.Offline(false)
	if !Eval[bool](tab, "fetch('/').then(() => true, () => false)") {
		t.Error("the page did not come back online")
	}
	work := "(() => {const t = performance.now(); let x = 0; for (let i = 0; i < 2e7; i++) x += Math.sqrt(i); return performance.now() - t})()"
	Eval[float64](tab, work) // compiled now
	fast := Eval[float64](tab, work)
	tab.SlowCPU(20)
	if slow := Eval[float64](tab, work); slow < 2*fast {
		t.Errorf("work took %.0f ms at full speed and %.0f ms at a twentieth", fast, slow)
	}
}

func TestErrorsAndForeignHostsFailTheTest(t *testing.T) {
	address := site(t, `<script>
		fetch('/conflict')
		console.error('Warnung', 7)
		new Image().src = 'http://tracker.example/pixel.gif'
		new Image().src = 'http://bilder.test:1/pixel.gif'
		setTimeout(() => { document.title = 'done'; nowhere() })
	</script>`)
	start(t)
	var rec recorder
	var done sync.WaitGroup
	done.Go(func() {
		tab := New(&rec)
		tab.Open(address)
		tab.WaitFor("document.title === 'done'")
		waitUntil(t, "all requests are settled", func() bool {
			for _, r := range tab.Requests() {
				if r.Status == 0 && r.Failure == "" && !strings.HasPrefix(r.URL, "data:") {
					return false
				}
			}
			return len(tab.Requests()) >= 4
		})
	})
	done.Wait()
	rec.end()
	all := strings.Join(rec.errors, "\n")
	for _, want := range []string{"nowhere is not defined", "console.error: \"Warnung\" 7", "http://tracker.example/pixel.gif"} {
		if !strings.Contains(all, want) {
			t.Errorf("the test was not failed for %s; only for\n%s", want, all)
		}
	}
	if strings.Contains(all, "conflict") || strings.Contains(all, "bilder.test") || len(rec.errors) != 3 {
		t.Errorf("the test was failed for what is fine:\n%s", all)
	}
}

func TestNamesInTestLeadHere(t *testing.T) {
	address := strings.Replace(site(t, ""), "127.0.0.1", "zeitung.test", 1)
	tab := New(t)
	tab.Open(address)
	if title := Get(tab, chromedp.Title()); title != "Leserbriefe" {
		t.Errorf("the page at %s is %q", address, title)
	}
}

func TestViolations(t *testing.T) {
	tab := New(t)
	tab.Open(site(t, ""))
	for _, v := range tab.Violations() {
		t.Errorf("a sound page has %v", v)
	}
	tab.Open(site(t, `<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><p style="color:#bbb;background:#fff">blass</p>`))
	found := map[string]bool{}
	for _, v := range tab.Violations() {
		found[v.ID] = len(v.Nodes) == 1
	}
	if !found["image-alt"] || !found["color-contrast"] {
		t.Errorf("a page with two defects has only %v", found)
	}
}

func TestMissingBrowserSkipsOrFails(t *testing.T) {
	was := names
	names = []string{"no-such-browser"}
	defer func() { names = was }()
	for _, tt := range []struct {
		ci, require string
		fails       bool
	}{{"", "", false}, {"true", "", true}, {"", "1", true}} {
		t.Setenv("CI", tt.ci)
		t.Setenv("FREIGABE_REQUIRE_ALL", "")
		t.Setenv("FREIGABE_REQUIRE_CHROMIUM", tt.require)
		var rec recorder
		var done sync.WaitGroup
		done.Go(func() { New(&rec) })
		done.Wait()
		if tt.fails != (rec.failed != "") || tt.fails == (rec.skipped != "") {
			t.Errorf("%+v: failed %q, skipped %q", tt, rec.failed, rec.skipped)
		}
	}
}

func TestSweep(t *testing.T) {
	ended := exec.Command(os.Args[0], "-test.run=^$")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	dead := filepath.Join(root, profileName+strconv.Itoa(ended.Process.Pid)+"-1")
	alive := filepath.Join(root, profileName+strconv.Itoa(os.Getpid())+"-1")
	for _, dir := range []string{dead, alive} {
		if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sweep(root)
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("the profile of a dead process stays: %v", err)
	}
	if _, err := os.Stat(alive); err != nil {
		t.Errorf("the profile of a living process is gone: %v", err)
	}
}

// recorder stands in for a test, notes how it went and runs its clean-up on demand.
type recorder struct {
	testing.TB
	skipped, failed string
	errors          []string
	cleanups        []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	r.errors = append(r.errors, r.failed)
	runtime.Goexit()
}

func (r *recorder) end() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}

// waitUntil polls a condition until it holds, or fails the test after patience.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("waited in vain until %s", what)
			return
		}
	}
}
