// Package need ends a test for want of something that the machine does not have:
// a program, a right, a part of the history. On a developer's machine the test is
// skipped and says what was left out; in a run that may miss nothing (CI=true, or
// FREIGABE_REQUIRE_ALL=1 as make test sets it) it fails. scripts/deps.sh installs
// what is needed.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// All tells whether this run may leave nothing out.
func All() bool { return os.Getenv("CI") == "true" || os.Getenv("FREIGABE_REQUIRE_ALL") == "1" }

// Missing ends a test. What is missing is said in words that go on after "not
// tested: ".
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if All() {
		t.Fatalf("this run may leave nothing out: "+format, args...)
	}
	t.Skipf("not tested: "+format, args...)
}

// Program gives the path of a program that a Debian package brings.
func Program(t testing.TB, name, pack string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, "%s is not installed (package %s; scripts/deps.sh installs it)", name, pack)
	}
	return path
}
