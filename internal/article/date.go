package article

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// months maps the beginnings of month names to months: German, Austrian
// (Jänner, Feber) and English, in full and as newspapers shorten them.
var months = map[string]time.Month{
	"januar": 1, "jänner": 1, "jaenner": 1, "january": 1, "jan": 1, "jän": 1,
	"februar": 2, "feber": 2, "february": 2, "feb": 2,
	"märz": 3, "maerz": 3, "march": 3, "mär": 3, "mrz": 3, "mar": 3,
	"april": 4, "apr": 4, "mai": 5, "may": 5,
	"juni": 6, "june": 6, "jun": 6, "juli": 7, "july": 7, "jul": 7,
	"august": 8, "aug": 8, "september": 9, "sept": 9, "sep": 9,
	"oktober": 10, "october": 10, "okt": 10, "oct": 10,
	"november": 11, "nov": 11, "dezember": 12, "december": 12, "dez": 12, "dec": 12,
}

const monthNames = `(januar|jänner|jaenner|january|jan|jän|februar|feber|february|feb|märz|maerz|march|mär|mrz|mar|april|apr|mai|may|juni|june|jun|juli|july|jul|august|aug|september|sept|sep|oktober|october|okt|oct|november|nov|dezember|december|dez|dec)`

var (
	wordDate    = regexp.MustCompile(`(?i)(\d{1,2})\.?\s*` + monthNames + `\.?,?\s*(\d{4})`) // 26. April 2024, 26 Apr 2024
	numberDate  = regexp.MustCompile(`(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})`)            // 26.04.2024, 26.4.24
	isoDate     = regexp.MustCompile(`(\d{4})[-/](\d{2})[-/](\d{2})`)                        // 2024-04-26T10:00
	englishDate = regexp.MustCompile(`(?i)` + monthNames + `\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})`)
)

// dateHit is a date within a line, at the bytes start to end.
type dateHit struct {
	start, end int
	day        string // "2006-01-02"
}

// findDate is the first valid date in s. The day counts as it is printed; a time
// zone does not move it.
func findDate(s string) (dateHit, bool) {
	var best dateHit
	found := false
	for _, form := range []struct {
		re               *regexp.Regexp
		day, month, year int // which group holds what
	}{{wordDate, 1, 2, 3}, {numberDate, 1, 2, 3}, {isoDate, 3, 2, 1}, {englishDate, 2, 1, 3}} {
		for _, m := range form.re.FindAllStringSubmatchIndex(s, 8) {
			group := func(i int) string { return s[m[2*i]:m[2*i+1]] }
			day, ok := dayOf(group(form.year), group(form.month), group(form.day))
			if !ok || (m[1] < len(s) && s[m[1]] >= '0' && s[m[1]] <= '9') {
				continue
			}
			if !found || m[0] < best.start {
				best, found = dateHit{m[0], m[1], day}, true
			}
			break
		}
	}
	return best, found
}

// dayOf checks a date's parts and writes it as "2006-01-02"; "24" means 2024.
func dayOf(year, month, day string) (string, bool) {
	y, errY := strconv.Atoi(year)
	d, errD := strconv.Atoi(day)
	m, named := months[strings.ToLower(month)]
	if !named {
		n, err := strconv.Atoi(month)
		if err != nil {
			return "", false
		}
		m = time.Month(n)
	}
	if len(year) == 2 {
		y += 2000
	}
	t := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if errY != nil || errD != nil || t.Day() != d || t.Month() != m || y < 1800 || y > 2200 {
		return "", false
	}
	return t.Format(time.DateOnly), true
}

// dayIn is the first date in a field such as datePublished, "" where there is none.
func dayIn(s string) string {
	hit, _ := findDate(s)
	return hit.day
}

// dateline is what a line such as "Hafenpost | 26.04.2024, 10:15 Uhr" says.
type dateline struct {
	day, publisher, section string
	authors                 []string
	rank                    int // 3 published, 2 plain, 1 "Stand:" or updated
}

var (
	publishedWord = regexp.MustCompile(`(?i)(veröffentlicht|erschienen|erstellt|publiziert|online seit|datum|published|posted|vom)\b[\s:]*(am|seit|on)?[\s:,]*$`)
	updatedWord   = regexp.MustCompile(`(?i)(zuletzt\s+)?(aktualisiert|stand|geändert|bearbeitet|update|updated|aktualisierung)\b[\s:]*(am|on)?[\s:,]*$`)
	weekday       = regexp.MustCompile(`(?i)\b((montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|(mo|di|mi|do|fr|sa|so)\.?,?)[\s,]*(,|den|dem)?\s*$`)
	inSentence    = regexp.MustCompile(`(?i)(^|\s)(am|seit|bis|zum|im|ab|den|der|dem|des|the|of|on|in|nach|vor|und|für|mit|beim)\s*$`)
	clockTime     = regexp.MustCompile(`(?i)^[\s,|·•/T–-]*(um\s+)?\d{1,2}[:.]\d{2}(:\d{2})?(\.\d+)?\s*(uhr|h|MESZ|MEZ|CEST|CET|Z|[+-]\d{2}:?\d{2})?`)
	readingTime   = regexp.MustCompile(`(?i)(lesezeit|lesedauer|reading time)\b.{0,20}$|\b\d+\s*(min\.?|minuten|minutes?)(\s+(lesezeit|read|lesedauer))?$`)
	sectionAfter  = regexp.MustCompile(`^\s*in\s+([\p{Lu}][\p{L} &-]{2,30})$`)
	updateAfter   = regexp.MustCompile(`(?i)[\s,|·•(–-]*(zuletzt\s+)?(aktualisiert|stand|geändert|update|updated)\b.*$`)
)

const separators = " \t|·•,;:–—-/()"

// readDateline recognises a short line that says who published when. A sentence
// or a headline with a date in it is none.
func readDateline(s string) (dateline, bool) {
	if runeLen(s) > 120 {
		return dateline{}, false
	}
	hit, ok := findDate(s)
	if !ok {
		return dateline{}, false
	}
	d := dateline{day: hit.day, rank: 2}
	before, after := s[:hit.start], s[hit.end:]
	before = weekday.ReplaceAllString(before, "")
	switch {
	case publishedWord.MatchString(before):
		before, d.rank = publishedWord.ReplaceAllString(before, ""), 3
	case updatedWord.MatchString(before):
		before, d.rank = updatedWord.ReplaceAllString(before, ""), 1
	case inSentence.MatchString(before):
		return dateline{}, false
	}
	after = clockTime.ReplaceAllString(after, "")
	after = readingTime.ReplaceAllString(updateAfter.ReplaceAllString(after, ""), "")
	if m := sectionAfter.FindStringSubmatch(after); m != nil {
		d.section, after = m[1], ""
	}
	return d, d.name(before) && d.name(after)
}

// name takes the words beside a date as author or publisher. It reports false
// where they are neither, so that the line is not a dateline.
func (d *dateline) name(s string) bool {
	s = strings.Trim(s, separators)
	if s == "" {
		return true
	}
	if runeLen(s) > 60 || len(strings.Fields(s)) > 8 || endsSentence(s) {
		return false
	}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("|·•", r) }) {
		part = strings.Trim(part, separators)
		authors := readByline(part)
		switch {
		case part == "" || readingTime.MatchString(part):
		case len(authors) > 0:
			d.authors = append(d.authors, authors...)
		case d.publisher == "":
			d.publisher = part
		default: // "Anna Beispiel | Hafenpost | 26.04.2024"
			d.authors = append(d.authors, d.publisher)
			d.publisher = part
		}
	}
	return true
}

var (
	byline     = regexp.MustCompile(`^(?:Von|By|Text:|Text von|Autor:|Autorin:|Autoren:|Ein Beitrag von|Ein Kommentar von|Eine Analyse von)\s+([\p{Lu}][\p{L}.'’ ,&/-]{2,90})$`)
	bylineJoin = regexp.MustCompile(`\s*(?:,|&|/|\bund\b|\band\b)\s*`)
	personName = regexp.MustCompile(`^(?:(?:Dr\.|Prof\.)\s+)*[\p{Lu}][\p{L}.'’-]*(?:\s+(?:von|van|de|der|den|zu|di|la|el|al|dos|da))*(?:\s+[\p{Lu}][\p{L}.'’-]*){1,3}$`)
)

// readByline is the names in "Von Anna Beispiel und Jan Muster", nil where the
// line is no byline ("Von Anfang an gescheitert" is a subheading).
func readByline(s string) []string {
	m := byline.FindStringSubmatch(strings.Trim(s, separators))
	if m == nil {
		return nil
	}
	var names []string
	for _, name := range bylineJoin.Split(strings.Trim(m[1], separators), -1) {
		switch {
		case name == "":
		case personName.MatchString(name):
			names = append(names, name)
		case len(names) == 0:
			return nil
		}
	}
	return names
}
