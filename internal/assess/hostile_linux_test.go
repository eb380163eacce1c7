package assess

import (
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// hostileParts are what a text is made of that wants to cost time: each is
// repeated.
var hostileParts = []string{"a", "s", "sch", "sch*", "*", "a*", "#", "@", "@a", "@rsch ", ".", "a.", "a.b.", "a ", "a b ", "-", "_", "/", "\u0301", "a\u0301", "ä", "Ü",
	"\u200b", "1", "1 ", "0171 ", "12345", "DE89 ", "4", "4r5", "👩‍👩‍👧", "🖕", "🇩🇪", "\xff", "\xe2\x80", "http://", "http://a.de/", "www.", "a@b.de ", "x@", "dot ", "punkt de ",
	"(", "()", "\"", "\"a\" ", "'", ",", "!", "?", "?!", "\n", "\r\n", "\t", "du ", "du dummer ", "ein ", "ist ein ", "wer wohl ", "der ", "man munkelt ", "schwein ", "ihr schweine ",
	"Straße 1 ", "Hauptstraße 12a ", "B-AB 123 ", "Ar-", "ar sch ", "Abcdefghijklmnop", "donaudampfschiff", "ſ", "ﷺ", "Ⅷ", "𝔞", "㎏"}

// threadTime is the processor time of the calling thread, which other work on the
// machine does not stretch as it does the clock.
func threadTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestTimeGrowsWithLength makes hostile texts sixteen times as long, which may cost
// little more than sixteen times as much. A quadratic step would cost up to 256
// times. A part fails only if it does so every time.
func TestTimeGrowsWithLength(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cost := func(part string, size, runs int) time.Duration {
		in := Input{Text: strings.Repeat(part, size/utf8.RuneCountInString(part)+1), Article: sampleArticle}
		begun := threadTime(t)
		for range runs {
			if a := Default().Assess(in); len(a.Rules) != 5 || a.Rules["profanity"].NotChecked == internalFailed {
				t.Fatalf("%q: the assessment failed", part)
			}
		}
		return (threadTime(t) - begun) / time.Duration(runs)
	}
	const most = 56
	for _, part := range hostileParts {
		ratio := 0.0
		for range 4 {
			ratio = float64(cost(part, 9_600, 3)) / float64(max(cost(part, 600, 30), 100*time.Microsecond))
			if ratio < most {
				break
			}
		}
		if ratio >= most {
			t.Errorf("%q: sixteen times the text costs %.0f times the time", part, ratio)
		}
	}
}

// TestLongTextCostsNoMore holds that beyond the cap a text costs no more, however
// long it is.
func TestLongTextCostsNoMore(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, part := range hostileParts {
		text := strings.Repeat(part, 2_000_000/len(part))
		begun := threadTime(t)
		a := Default().Assess(Input{Text: text, Article: sampleArticle})
		if took := threadTime(t) - begun; took > time.Second {
			t.Errorf("%q: two million bytes took %v", part, took)
		}
		if a.Rules["profanity"].NotChecked == internalFailed {
			t.Errorf("%q: the assessment failed", part)
		}
		for _, s := range a.Rules {
			if len(s.Passages) > 400 {
				t.Errorf("%q: %d passages", part, len(s.Passages))
			}
		}
	}
}
