package perspective_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/need"
)

// needs ends a test whose client cannot be fetched here.
func needs(t *testing.T, ok bool, why string) {
	t.Helper()
	if ok {
		return
	}
	need.Missing(t, "%s", why)
}

// command runs a program in a folder and gives what it printed.
func command(t *testing.T, dir string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Google's generated Go client is asked in a module of its own.
func TestGoogleGoClient(t *testing.T) {
	h := open(t)
	out, err := command(t, "clienttest", nil, "go", "mod", "download")
	needs(t, err == nil, "Google's client cannot be downloaded: "+out)
	out, err = command(t, "clienttest", []string{"FREIGABE_SCORE_URL=" + h.URL, "GOFLAGS=-mod=readonly"}, "go", "test", "-count=1", "-v", "./...")
	if err != nil || !strings.Contains(out, "--- PASS: TestAnalyze") || strings.Contains(out, "--- SKIP") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Google's Node client builds itself from the discovery document.
func TestGoogleNodeClient(t *testing.T) {
	h := open(t)
	npm, err := exec.LookPath("npm")
	needs(t, err == nil, "npm is not installed")
	dir := t.TempDir()
	for _, name := range []string{"package.json", "client.mjs"} {
		b, err := os.ReadFile(filepath.Join("clienttest", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := command(t, dir, nil, npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
	needs(t, err == nil, "Google's Node client cannot be installed: "+out)
	out, err = command(t, dir, []string{"FREIGABE_SCORE_URL=" + h.URL}, "node", "client.mjs")
	if err != nil || strings.TrimSpace(out) != "fine" {
		t.Errorf("%v\n%s", err, out)
	}
}
