package need

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestMissingSkipsOrFails(t *testing.T) {
	for _, tt := range []struct {
		ci, all string
		fails   bool
	}{{"", "", false}, {"true", "", true}, {"", "1", true}} {
		t.Setenv("CI", tt.ci)
		t.Setenv("FREIGABE_REQUIRE_ALL", tt.all)
		var rec recorder
		var done sync.WaitGroup
		done.Go(func() { Program(&rec, "no-such-program", "no-such-package") })
		done.Wait()
		if tt.fails != (rec.failed != "") || tt.fails == (rec.skipped != "") {
			t.Errorf("%+v: failed %q, skipped %q", tt, rec.failed, rec.skipped)
		}
		if !strings.Contains(rec.failed+rec.skipped, "no-such-package") {
			t.Errorf("%q does not say what to install", rec.failed+rec.skipped)
		}
	}
	if Program(t, "go", "golang") == "" {
		t.Error("a program that is there has no path")
	}
}

// recorder stands in for a test and notes how it was ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
