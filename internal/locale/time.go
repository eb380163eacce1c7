package locale

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a server without a time zone database shows German time too
)

// Berlin is the time zone in which Date and DateTime write.
var Berlin = mustZone("Europe/Berlin")

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic("unreachable: the time zone database is compiled in: " + err.Error())
	}
	return zone
}

// Number writes a whole number with the language's separator of thousands:
// 12.040 in German, 12,040 in English.
func Number(lang string, n int) string {
	separator := "."
	if Match(lang) == "en" {
		separator = ","
	}
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Date writes a day in the time zone of Berlin: "23. November 2026".
func Date(lang string, t time.Time) string { return DateIn(lang, t, Berlin) }

// DateTime writes a day and a time of day in the time zone of Berlin:
// "23. November 2026, 15:12 Uhr".
func DateTime(lang string, t time.Time) string { return DateTimeIn(lang, t, Berlin) }

// DateIn is Date in another time zone.
func DateIn(lang string, t time.Time, zone *time.Location) string {
	t = t.In(zone)
	month := T(lang, fmt.Sprintf("time.month.%02d", t.Month()))
	return T(lang, "time.date", "day", strconv.Itoa(t.Day()), "month", month, "year", strconv.Itoa(t.Year()))
}

// DateTimeIn is DateTime in another time zone.
func DateTimeIn(lang string, t time.Time, zone *time.Location) string {
	return T(lang, "time.datetime", "date", DateIn(lang, t, zone), "time", t.In(zone).Format("15:04"))
}

// Ago says how long ago something was: "vor 12 Minuten". Less than a minute, and
// a moment in the future (two clocks differ), is "gerade eben".
func Ago(lang string, d time.Duration) string {
	if d < time.Minute {
		return T(lang, "time.ago.now")
	}
	unit, n := largest(d)
	return Plural(lang, "time.ago."+unit, n)
}

// Span says how long something takes or has taken: "12 Minuten". It is rounded
// down to the largest full unit.
func Span(lang string, d time.Duration) string {
	unit, n := largest(d)
	return Plural(lang, "time.span."+unit, n)
}

// largest is the largest unit that fits into d, and how often it does. Days
// begin at 48 hours, since "vor 30 Stunden" says more than "vor 1 Tag".
func largest(d time.Duration) (unit string, n int) {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return "seconds", int(d / time.Second)
	case d < time.Hour:
		return "minutes", int(d / time.Minute)
	case d < 48*time.Hour:
		return "hours", int(d / time.Hour)
	}
	return "days", int(d / (24 * time.Hour))
}
