// Package browser lets a test see Freigabe as a person does: in a real Chromium,
// with a keyboard, a small screen, a dark theme, a slow line or no JavaScript.
//
// New opens a tab with a profile of its own: no test sees another's cookies or
// storage. One browser serves all tests of a process; it starts with the first
// tab and ends with the process. A test fails when its pages had an uncaught
// error or asked a foreign host for anything, unless it looked at these itself
// (Errors, Foreign): a page that breaks a promise silently must not pass.
//
// Hosts ending in .test lead to this machine, so that a test can embed the
// comments of http://kommentare.test:PORT in a page of http://zeitung.test:PORT.
// All other names lead nowhere.
//
// Where there is no Chromium the test is skipped and says so; with CI=true,
// FREIGABE_REQUIRE_ALL=1 or FREIGABE_REQUIRE_CHROMIUM=1 it fails instead.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/freigabe/freigabe/internal/need"
)

// patience bounds every step in the browser, so that no test hangs.
const patience = 30 * time.Second

const profileName = "freigabe-chromium-"

// shared is the one browser of this test process.
var shared struct {
	once sync.Once
	ctx  context.Context
	err  error
}

// names of the browser's program, Debian's first.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

// start returns the context of the running browser, or ends the test.
func start(t testing.TB) context.Context {
	t.Helper()
	program, err := find()
	if err != nil {
		missing(t, err)
	}
	shared.once.Do(func() { shared.ctx, shared.err = launch(program) })
	if shared.err != nil {
		t.Fatalf("start Chromium: %v", shared.err)
	}
	return shared.ctx
}

func find() (string, error) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium found (install the package chromium)")
}

// missing ends a test for want of a program: it fails where that may not be.
func missing(t testing.TB, err error) {
	t.Helper()
	if need.All() || os.Getenv("FREIGABE_REQUIRE_CHROMIUM") == "1" {
		t.Fatalf("%v, and this run may not do without it", err)
	}
	t.Skipf("not tested in a browser: %v", err)
}

// launch starts the browser with an empty profile.
func launch(program string) (context.Context, error) {
	sweep(os.TempDir())
	profile, err := os.MkdirTemp("", profileName+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, fmt.Errorf("make a profile: %w", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // root in a container has no sandbox
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
		chromedp.Flag("lang", "de"),
	)
	// These contexts live as long as the process: the browser, tied to it, ends with it.
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	watch := time.AfterFunc(2*patience, cancel) // a timeout in ctx would end the browser later
	defer watch.Stop()
	if err := chromedp.Do(ctx); err != nil {
		return nil, err
	}
	return ctx, nil
}

// sweep deletes the profiles of processes that are gone: the browser dies with
// its process, so nobody could do it then.
func sweep(root string) {
	profiles, _ := filepath.Glob(filepath.Join(root, profileName+"*")) // a fixed pattern: cannot be malformed
	for _, dir := range profiles {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), profileName), "-")
		pid, err := strconv.Atoi(owner)
		if err != nil {
			continue
		}
		if p, err := os.FindProcess(pid); err == nil && errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			_ = os.RemoveAll(dir) // what is left, the next sweep takes
		}
	}
}
