package wait

import (
	"time"

	"github.com/freigabe/freigabe/internal/locale"
)

// Words says the range to the author of a comment, seen from a moment: "meist
// zwischen 10:05 und 14:30 Uhr".
func (r Range) Words(lang string, now time.Time) string {
	if now.After(r.To) {
		return locale.T(lang, "reader.wait.longer")
	}
	zone := zoneOf(r)
	to := roundUp(r.To, r.To.Sub(now))
	var words string
	switch from := r.From.In(zone).Truncate(5 * time.Minute); {
	case !r.Known:
		words = locale.T(lang, "reader.wait.guess", "to", moment(lang, to, now, zone))
	case from.After(now.Add(5*time.Minute)) && sameDay(from, to, zone):
		words = locale.T(lang, "reader.wait.between", "from", moment(lang, from, now, zone), "to", clock(lang, to, zone))
	case from.After(now.Add(5 * time.Minute)):
		words = locale.T(lang, "reader.wait.between", "from", moment(lang, from, now, zone), "to", moment(lang, to, now, zone))
	default:
		words = locale.T(lang, "reader.wait.until", "to", moment(lang, to, now, zone))
	}
	switch {
	case r.Opens.After(now):
		words = locale.T(lang, "reader.wait.opens", "time", moment(lang, r.Opens, now, zone)) + " " + words
	case r.Resumes.After(now):
		words += locale.T(lang, "reader.wait.resumes", "time", moment(lang, r.Resumes, now, zone))
	}
	return words
}

// Sentence is Words as a sentence of a letter.
func (r Range) Sentence(lang string, now time.Time) string {
	if now.After(r.To) {
		return r.Words(lang, now)
	}
	return locale.T(lang, "reader.wait.decision", "when", r.Words(lang, now))
}

// roundUp makes a promise as exact as it is near: to 5 minutes within the hour,
// to a quarter within four, else to the half hour.
func roundUp(t time.Time, ahead time.Duration) time.Time {
	step := 30 * time.Minute
	switch {
	case ahead < time.Hour:
		step = 5 * time.Minute
	case ahead < 4*time.Hour:
		step = 15 * time.Minute
	}
	if r := t.Truncate(step); r.Before(t) {
		return r.Add(step)
	}
	return t
}

func sameDay(a, b time.Time, zone *time.Location) bool {
	ay, am, ad := a.In(zone).Date()
	by, bm, bd := b.In(zone).Date()
	return ay == by && am == bm && ad == bd
}

func clock(lang string, t time.Time, zone *time.Location) string {
	return locale.T(lang, "reader.wait.clock", "time", t.In(zone).Format("15:04"))
}

// moment names a time of day, with the day where it is not today.
func moment(lang string, t, now time.Time, zone *time.Location) string {
	switch {
	case sameDay(t, now, zone):
		return clock(lang, t, zone)
	case sameDay(t, now.AddDate(0, 0, 1), zone):
		return locale.T(lang, "reader.wait.tomorrow", "time", clock(lang, t, zone))
	}
	return locale.DateTimeIn(lang, t, zone)
}
