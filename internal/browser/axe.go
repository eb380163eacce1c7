package browser

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// axe-core finds accessibility defects in a page. It is fetched when a test
// first needs it, and kept in the user's cache folder: its licence (MPL-2.0)
// and size keep it out of the repository.
const (
	axeVersion = "4.14.1"
	axeDigest  = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c" // SHA-256 of axe.min.js
)

// Violation is a defect that axe-core found.
type Violation struct {
	ID     string   `json:"id"`     // of axe-core's rule, such as "color-contrast"
	Impact string   `json:"impact"` // minor, moderate, serious, critical
	Help   string   `json:"help"`   // what should be
	Nodes  []string `json:"nodes"`  // selector and reason, one for each element
}

func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
}

// audit runs axe-core on the page as it stands.
const audit = `axe.run(document, {
	resultTypes: ['violations'],
	runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
}).then(r => r.violations.map(v => ({
	id: v.id, impact: v.impact, help: v.help,
	nodes: v.nodes.map(n => n.target.join(' ') + ': ' + n.failureSummary.replace(/\s+/g, ' ')),
})))`

// Violations returns the defects of the page as it stands (WCAG 2.0 to 2.2, A
// and AA, and best practice), none where it is fine. Where axe-core cannot be
// fetched it ends the test as a missing Chromium does.
func (b *Tab) Violations() []Violation {
	b.t.Helper()
	script, err := axe()
	if err != nil {
		missing(b.t, err)
	}
	b.Do(chromedp.Evaluate[chromedp.Void](script))
	return Eval[[]Violation](b, audit)
}

// axe returns the checker's script, from the cache or fetched by npm.
func axe() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	file := filepath.Join(cache, "freigabe", "axe-core-"+axeVersion+".js")
	if script, err := os.ReadFile(file); err == nil && digest(script) == axeDigest {
		return string(script), nil
	}
	script, err := fetchAxe()
	if err != nil {
		return "", fmt.Errorf("fetch axe-core %s by npm: %w", axeVersion, err)
	}
	return string(script), keep(file, script)
}

// fetchAxe lets npm bring the package, from whatever registry it is set to.
func fetchAxe() ([]byte, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, errors.New("no npm found (install the package npm)")
	}
	dir, err := os.MkdirTemp("", "freigabe-axe-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	install := exec.Command(npm, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts",
		"--prefix", dir, "axe-core@"+axeVersion)
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	script, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return nil, err
	}
	if got := digest(script); got != axeDigest {
		return nil, fmt.Errorf("its script has the digest %s, want %s", got, axeDigest)
	}
	return script, nil
}

// keep stores the script under its final name in one step, so that processes
// that fetch it at the same time do not read each other's halves.
func keep(file string, script []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("make a cache folder: %w", err)
	}
	part, err := os.CreateTemp(filepath.Dir(file), "axe-")
	if err != nil {
		return fmt.Errorf("cache axe-core: %w", err)
	}
	_, err = part.Write(script)
	if err := errors.Join(err, part.Close()); err != nil {
		return fmt.Errorf("cache axe-core: %w", err)
	}
	return os.Rename(part.Name(), file)
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
