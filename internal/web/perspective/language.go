package perspective

import (
	"strings"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
)

// languages is what an answer says of a text's language.
type languages struct {
	detected []string
	used     []string
	declared []string
	refused  string // declared, not understood, and not contradicted by the text; "" if none
}

// languagesOf settles the language of a text. Detection never fails: a text that
// is not surely of another language is German, the language of the desks served
// here. A declared language that is plainly wrong (Coral declares "en" for Swiss
// German sites) gives way to the text's own.
func languagesOf(declared []string, a moderation.Assessment) languages {
	l := languages{declared: declared, detected: []string{"de"}}
	if a.Rules[moderation.Insinuation].NotChecked == assess.ForeignText && a.Language != "" {
		l.detected = []string{a.Language}
		l.used = l.detected
		return l
	}
	l.used = l.detected
	if len(declared) == 0 || a.Language == "de" && !declares(declared, "de") {
		return l
	}
	if declares(declared, "de") || declares(declared, "en") {
		l.used = declared
		return l
	}
	l.refused = strings.Join(declared, ", ")
	return l
}

// declares tells whether a BCP 47 tag of a language is among those declared.
func declares(declared []string, lang string) bool {
	for _, tag := range declared {
		base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
		if base == lang {
			return true
		}
	}
	return false
}
