package perspective

import (
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/moderation"
)

// units counts a text's UTF-16 code units: two for a character beyond the basic
// plane, such as most emoji, one for any other. Offsets of this interface are
// counted so, since its clients are mostly JavaScript; ours are bytes of UTF-8.
func units(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// spans gives a rule's passages in UTF-16 units. Where the rule marked none, the
// one span is the whole text, as clients expect.
func spans(text string, s moderation.Score) []spanScore {
	value := score{Value: *s.Value, Type: probability}
	if len(s.Passages) == 0 {
		return []spanScore{{Begin: 0, End: units(text), Score: value}}
	}
	out := make([]spanScore, 0, len(s.Passages))
	for _, p := range s.Passages {
		begin := units(text[:within(text, p.Start)])
		length := units(text[within(text, p.Start):within(text, max(p.Start, p.End))])
		out = append(out, spanScore{Begin: begin, End: begin + length, Score: value})
	}
	return out
}

// within moves a byte offset into the text and back to the start of a character.
func within(text string, at int) int {
	at = max(0, min(at, len(text)))
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}
