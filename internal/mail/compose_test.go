package mail

import (
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
)

// The usual reason ends with what the author can change: the letter does not say
// it twice. A reason in other words gets it as a hint.
func TestWhatCanBeChangedIsSaidOnce(t *testing.T) {
	change := locale.T("de", "rules.insinuation.change")
	for reason, labelled := range map[string]bool{locale.T("de", "rules.insinuation.short") + " " + change: false, "Wer sagt das?": true} {
		l := Letter{Kind: "rejected", Lang: "de", Site: "blatt", Article: "Die Brücke", Text: "Text."}
		l.Explain(&moderation.Decision{Step: moderation.Reject, Rule: moderation.Insinuation, Reason: reason}, "")
		text := Compose(l).Text
		if strings.Count(text, change) != 1 || strings.Contains(text, "Was Sie ändern können") != labelled {
			t.Errorf("with the reason %q: %s", reason, text)
		}
	}
}
