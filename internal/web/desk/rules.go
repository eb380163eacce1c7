package desk

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// ruleName is a rule's name in a language; a site's own rule without one is named by its key.
func ruleName(lang string, r moderation.Rule) string {
	key := "rules." + string(r) + ".name"
	if !locale.Has(key) {
		return string(r)
	}
	return locale.T(lang, key)
}

// number is a rule's key on the desk: 1 to 5, 0 for a rule beside the five.
func number(r moderation.Rule) int { return slices.Index(moderation.Rules, r) + 1 }

// longestQuote bounds how much of a comment a statement of reasons quotes.
const longestQuote = 120

// reasonFor writes the statement of reasons for a rule: what is wrong, with the
// passage quoted where one is known, and what to change. It speaks the site's
// language and in its form of address.
func reasonFor(site store.Site, r moderation.Rule, passage string) string {
	if own := ownReasons(site)[r]; own != "" && (passage != "" || !strings.Contains(own, passageMark)) {
		return strings.ReplaceAll(own, passageMark, quote(passage))
	}
	say := locale.T
	if site.Informal {
		say = locale.Familiar
	}
	key := "rules." + string(r)
	if !locale.Has(key + ".short") {
		return ownSentence(site, r, passage)
	}
	first := say(site.Lang, key+".short")
	if passage != "" {
		first = say(site.Lang, key+".long", "passage", quote(passage))
	}
	return first + " " + say(site.Lang, key+".change")
}

// ownSentence is what the guide says to the author for a rule of the site's own.
func ownSentence(site store.Site, r moderation.Rule, passage string) string {
	own, ok := site.OwnRule(r)
	if !ok {
		return ""
	}
	says := own.Says(site.Informal)
	if passage == "" { // no passage to quote: the mark goes, with the quotation marks around it
		return strings.Join(strings.Fields(quotedMark.ReplaceAllString(says, "")), " ")
	}
	return strings.ReplaceAll(says, passageMark, quote(passage))
}

// quotedMark is the mark of the passage with the quotation marks around it.
var quotedMark = regexp.MustCompile(`[„“"»«‚‘']?\{passage\}[“”"«»‘’']?`)

// passageMark stands for the passage in a site's own sentence.
const passageMark = "{passage}"

// ownReasons are a site's own sentences by rule, in its form of address; without
// one, the catalogue's hold.
func ownReasons(site store.Site) map[moderation.Rule]string {
	return reasonsIn(site, reasonsPart(site.Informal))
}

// reasonsPart names the settings that hold the sentences of one form of address.
func reasonsPart(informal bool) string {
	if informal {
		return "reasons_du"
	}
	return "reasons"
}

func reasonsIn(site store.Site, part string) map[moderation.Rule]string {
	var own map[moderation.Rule]string
	if text := site.Extra[part]; text == nil || json.Unmarshal(text, &own) != nil {
		return nil
	}
	return own
}

// quote cuts a passage to a line that a sentence can hold.
func quote(passage string) string {
	passage = strings.Join(strings.Fields(passage), " ")
	if runes := []rune(passage); len(runes) > longestQuote {
		return strings.TrimSpace(string(runes[:longestQuote])) + " …"
	}
	return passage
}

// passageOf is the passage that counts most for a rule: the first one found.
func passageOf(a moderation.Assessment, r moderation.Rule) string {
	if found := a.Rules[r].Passages; len(found) > 0 {
		return found[0].Text
	}
	return ""
}
