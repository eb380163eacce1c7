package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/freigabe/freigabe"

// Parts that take in and send out: everything that stands on the store.
var services = []string{
	"internal/store", "internal/thread", "internal/assess", "internal/alike", "internal/article", "internal/mail",
	"internal/webhook", "internal/purge", "internal/signon", "internal/locale", "internal/config", "internal/moderation", "internal/alarm", "internal/turn", "frontend",
}

// allowed names, for each part, the parts it may import. A part is a folder
// with all below it; the longest one that fits a package holds for it. Packages
// of one part may import each other. A package outside every part fails.
var allowed = map[string][]string{
	"cmd":               nil, // anything but what is for developers
	"internal/web":      services,
	"internal/jobs":     services,
	"internal/importer": services,
	"internal/demo":     services,

	"internal/web/perspective": {"internal/web", "internal/assess", "internal/moderation", "internal/locale", "internal/config"}, // not the store: it keeps nothing

	"internal/neighbour": {"internal/web/perspective", "internal/store", "internal/assess", "internal/moderation"},

	"internal/alike":      {"internal/store", "internal/turn"},
	"internal/thread":     {"internal/store", "internal/moderation", "internal/locale", "internal/turn", "frontend"},
	"internal/store":      {"internal/moderation", "internal/article", "internal/turn"}, // never assess: scores are data to it
	"internal/assess":     {"internal/moderation"},
	"internal/mail":       {"internal/moderation", "internal/locale", "internal/config"},
	"internal/webhook":    {"internal/moderation", "internal/config"},
	"internal/signon":     {"internal/moderation", "internal/config"},
	"internal/purge":      nil,
	"internal/alarm":      nil,
	"internal/turn":       nil,
	"internal/article":    nil,
	"internal/locale":     nil,
	"internal/config":     nil,
	"frontend":            nil,
	"internal/moderation": nil,

	// For developers; bench and e2e may import anything.
	"internal/store/storetest": {"internal/store", "internal/moderation", "internal/article", "internal/pgtest"},
	"internal/signon/oidctest": nil,
	"internal/need":            nil,
	"internal/pgtest":          {"internal/need"},
	"internal/browser":         {"internal/need"},
	"internal/mail/mailtest":   nil,
	"internal/assets":          nil,
	"internal/archtest":        nil,
	"internal/bench":           nil,
	"internal/statesdoc":       {"internal/moderation"},
	"e2e":                      nil,
}

// forDevelopers must not get into the program.
var forDevelopers = []string{
	"internal/store/storetest", "internal/signon/oidctest", "internal/mail/mailtest", "internal/need", "internal/pgtest", "internal/browser", "internal/assets",
	"internal/archtest", "internal/bench", "internal/statesdoc", "e2e",
}

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Dir        string
	Imports    []string // of its files outside tests
	GoFiles    []string
}

// name is the package's folder in the module, "" for the module's own.
func (p listed) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// packages lists the module's packages, those that do not build included: that is
// for the compiler to say.
func packages(t *testing.T) []listed {
	t.Helper()
	out, err := goCommand(t, "list", "-e", "-json=ImportPath,Dir,Imports,GoFiles", "./...")
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 2 {
		t.Fatalf("go list names %d packages", len(all))
	}
	return all
}

// root is the module's folder.
func root() string { return filepath.Join("..", "..") }

// goCommand runs the go command in the module's folder.
func goCommand(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root()
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return "", errors.Join(err, errors.New(complaints.String()))
	}
	return string(out), nil
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		for _, target := range p.Imports {
			if target, ours := strings.CutPrefix(target, module+"/"); ours {
				if why := refused(p.name(), target); why != "" {
					t.Errorf("%s imports %s: %s", p.name(), target, why)
				}
			}
		}
		if part(p.name()) == "" {
			t.Errorf("%s is in no part: give it a line in the table of arrows", p.name())
		}
	}
}

// part returns the longest line of the table that a package falls under.
func part(pkg string) string {
	longest := ""
	for p := range allowed {
		if within(pkg, p) && len(p) > len(longest) {
			longest = p
		}
	}
	return longest
}

func within(pkg, part string) bool {
	return pkg == part || strings.HasPrefix(pkg, part+"/")
}

// refused says why a package may not import another, "" where it may.
func refused(from, to string) string {
	a, b := part(from), part(to)
	switch {
	case a == "":
		return "it is in no part"
	case a == b, slices.Contains(allowed[a], b):
		return ""
	case a == "internal/bench", a == "e2e":
		return ""
	case slices.Contains(forDevelopers, b):
		return b + " is for tests and tools"
	case a == "cmd":
		return ""
	case within(b, a):
		return "" // web puts together its own folders
	}
	return "the table of arrows has none from " + a + " to " + b
}

// The rule itself must bite: each of these arrows was named when it was made.
func TestRefused(t *testing.T) {
	for _, arrow := range [][2]string{
		{"internal/web", "internal/jobs"},
		{"internal/web/desk", "internal/jobs"},
		{"internal/web/perspective", "internal/store"},
		{"internal/store", "internal/assess"},
		{"internal/store", "internal/web"},
		{"internal/store", "internal/pgtest"},
		{"internal/store", "internal/store/storetest"},
		{"internal/assess", "internal/store"},
		{"internal/assess/model", "internal/store"},
		{"internal/moderation", "internal/locale"},
		{"internal/thread", "internal/web"},
		{"internal/article", "internal/moderation"},
		{"internal/jobs", "internal/browser"},
		{"frontend", "internal/assets"},
		{"cmd/freigabe", "internal/pgtest"},
		{"cmd/freigabe", "internal/store/storetest"},
		{"internal/new", "internal/store"},
	} {
		if refused(arrow[0], arrow[1]) == "" {
			t.Errorf("%s may import %s", arrow[0], arrow[1])
		}
	}
	for _, arrow := range [][2]string{
		{"cmd/freigabe", "internal/web"},
		{"internal/store/storetest", "internal/pgtest"},
		{"e2e", "internal/browser"},
		{"internal/web", "internal/web/desk"},
		{"internal/web/desk", "internal/store"},
		{"internal/web", "internal/web/perspective"},
		{"internal/assess/model", "internal/assess/german"},
		{"internal/assess", "internal/moderation"},
		{"internal/store/storetest", "internal/store"},
		{"internal/bench", "internal/store"},
		{"internal/jobs", "internal/mail"},
	} {
		if why := refused(arrow[0], arrow[1]); why != "" {
			t.Errorf("%s may not import %s: %s", arrow[0], arrow[1], why)
		}
	}
}

// The core must be readable and testable without a clock, a database or a network.
func TestModerationIsPure(t *testing.T) {
	for _, p := range packages(t) {
		if !within(p.name(), "internal/moderation") {
			continue
		}
		for _, target := range p.Imports {
			host, _, _ := strings.Cut(target, "/")
			if strings.Contains(host, ".") && !strings.HasPrefix(target, module) {
				t.Errorf("%s imports %s: only the standard library", p.name(), target)
			}
			if impure(target) {
				t.Errorf("%s imports %s: no clock, no database, no network", p.name(), target)
			}
		}
		for _, f := range parsed(t, p) {
			for _, position := range clockReadings(f) {
				t.Errorf("%s reads the clock: take the time as an argument", position)
			}
		}
	}
}

// impure names packages that reach outside; net/mail and net/url only parse.
func impure(target string) bool {
	for _, outside := range []string{"context", "os", "database/sql", "net/http", "net/smtp", "net/rpc", "net/textproto"} {
		if within(target, outside) {
			return true
		}
	}
	return target == "net"
}
