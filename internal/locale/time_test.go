package locale

import (
	"testing"
	"time"
)

func TestNumber(t *testing.T) {
	for n, want := range map[int][2]string{
		0: {"0", "0"}, 999: {"999", "999"}, 1000: {"1.000", "1,000"},
		1234567: {"1.234.567", "1,234,567"}, -12040: {"−12.040", "−12,040"},
	} {
		if de, en := Number("de", n), Number("en", n); de != want[0] || en != want[1] {
			t.Errorf("Number(%d) = %q, %q, want %q", n, de, en, want)
		}
	}
}

func TestDatesAreGermanTime(t *testing.T) {
	winter := time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC) // already the new year in Berlin
	summer := time.Date(2026, 7, 4, 9, 5, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{Date("de", winter), "1. Januar 2027"},
		{Date("en", winter), "1 January 2027"},
		{DateTime("de", winter), "1. Januar 2027, 00:30 Uhr"},
		{DateTime("en", summer), "4 July 2026, 11:05"},
		{DateTimeIn("de", summer, time.UTC), "4. Juli 2026, 09:05 Uhr"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestAgo(t *testing.T) {
	for _, c := range []struct {
		d      time.Duration
		de, en string
	}{
		{-time.Hour, "gerade eben", "just now"},
		{59 * time.Second, "gerade eben", "just now"},
		{time.Minute, "vor 1 Minute", "1 minute ago"},
		{12*time.Minute + 50*time.Second, "vor 12 Minuten", "12 minutes ago"},
		{time.Hour, "vor 1 Stunde", "1 hour ago"},
		{47 * time.Hour, "vor 47 Stunden", "47 hours ago"},
		{72 * time.Hour, "vor 3 Tagen", "3 days ago"},
	} {
		if de, en := Ago("de", c.d), Ago("en", c.d); de != c.de || en != c.en {
			t.Errorf("Ago(%s) = %q, %q, want %q, %q", c.d, de, en, c.de, c.en)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Second: "30 Sekunden", time.Minute: "1 Minute", 50 * time.Hour: "2 Tage",
	} {
		if got := Span("de", d); got != want {
			t.Errorf("Span(%s) = %q, want %q", d, got, want)
		}
	}
}
