package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
)

// pace is how the keyboard test of the desk reports its times, in milliseconds.
var pace = regexp.MustCompile(`p50 ([0-9.]+) ms, p95 ([0-9.]+) ms, worst ([0-9.]+) ms`)

// keyPause is the time between two keys: four decisions a second, more than anybody
// reads.
const keyPause = "250ms"

// keys measures, in Chromium, the time from a key to the frame that shows the next
// comment. The desk's own test drives the thirty decisions and takes the times;
// without Chromium there is nothing to measure, and the row says so.
func (b *bench) keys(ctx context.Context) error {
	if _, err := exec.LookPath("chromium"); err != nil {
		fmt.Fprintln(os.Stderr, "bench: keys left out: no Chromium found (install the package chromium)")
		return nil
	}
	test := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", "^TestThirtyDecisionsByKeys$", "./internal/web/desk")
	test.Env = append(os.Environ(), "FREIGABE_KEY_PAUSE="+keyPause)
	out, err := test.CombinedOutput()
	if err != nil {
		return fmt.Errorf("thirty decisions by keys: %w\n%s", err, out)
	}
	found := pace.FindSubmatch(out)
	if found == nil {
		return fmt.Errorf("thirty decisions by keys: no times in %q", out)
	}
	p95, err := strconv.ParseFloat(string(found[2]), 64)
	if err != nil {
		return err
	}
	b.atMost("triage screen: key to next comment painted, p95", p95, "ms", 50, "median %s, most %s, 30 decisions, one each "+keyPause, found[1], found[3])
	return nil
}
