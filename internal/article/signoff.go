package article

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Agencies and other origins that sign a report, as they stand in a sign-off.
const agency = `(?:afp|dpa(?:-[a-z]+|/[a-z]+)?|reuters|rtr|rts|apa(?:-ots)?|ap|sid|epd|kna|ots|dts|dapd|ddp|ansa|tass|ria|sda|keystone-sda|xinhua|bloomberg|efe|pa|upi|ria|ntb|tt|pap|ctk|mti|interfax|ukrinform|newswire|presseportal|cna|jf|polizei|pm|red(?:aktion)?)`

var (
	signParens   = regexp.MustCompile(`\s*[(\[]((?i:mit\s+)?[^()\[\]]{2,80})[)\]]\s*\.?$`)
	signTokens   = regexp.MustCompile(`(?i)^` + agency + `(?:\s*[/,+&;-]\s*(?:` + agency + `|[a-zäöüß]{1,4}\.?))*(?:,?\s*` + dayPrinted + `)?$`)
	signStaff    = regexp.MustCompile(`^[a-zäöü]{1,4}\.?(?:\s*[/,+-]\s*[a-zäöü]{1,5}\.?){0,3}(?:,?\s*` + dayPrinted + `)?$`)
	signMaterial = regexp.MustCompile(`(?i)^(?:mit\s+)?(?:material|informationen|inhalten)\s+(?:von|der|des)\s+(?:den\s+)?(?:nachrichtenagentur(?:en)?\s*)?[\p{L}/, -]{0,50}$|^mit\s+agenturmaterial$`)
	signBare     = regexp.MustCompile(`([.!?…][”“"»«)]?)\s*[–—-]?\s*((?:AFP|dpa|Reuters|APA|SDA|KNA|epd|SID|afp|apa|reuters|sda|kna|sid)(?:-[a-z]{2,8})?(?:\s?[/,]\s?(?:[a-zäöü]{1,5}|AFP|APA|KNA|SID))*)\.?$`)
	signInfocom  = regexp.MustCompile(`\s*©\s*(dpa(?:-infocom)?)\s*,\s*dpa:[\d-]+(?:/\d+)?\s*$`)
)

const dayPrinted = `\d{1,2}\.\s?(?:\d{1,2}\.\s?|\p{L}{3,9}\.?\s)(?:\d{4}|\d{2})?`

// maxSignTail is how many bytes at a paragraph's end are searched for a sign-off.
const maxSignTail = 400

// takeSignOff parts an agency's or writer's sign-off from the end of the last
// paragraph: "(afp/nh)", "(dpa)", "(APA, red, 26.4.2024)", "dpa/js". sign is as
// printed, "" where there is none; rest is "" where the line was nothing else.
// Where both "(dpa)" and the agency's copyright line stand, the former counts.
func takeSignOff(s string) (rest, sign string) {
	if len(s) > maxSignTail {
		cut := len(s) - maxSignTail
		for !utf8.RuneStart(s[cut]) {
			cut++
		}
		if rest, sign = takeSignOff(s[cut:]); sign == "" {
			return s, ""
		}
		return strings.TrimSpace(s[:cut] + rest), sign
	}
	if m := signInfocom.FindStringSubmatchIndex(s); m != nil {
		rest, sign = takeSignOff(strings.TrimSpace(s[:m[0]]))
		if sign == "" {
			sign = "© " + s[m[2]:m[3]]
		}
		return rest, sign
	}
	if m := signParens.FindStringSubmatchIndex(s); m != nil {
		rest, inside := strings.TrimSpace(s[:m[0]]), strings.TrimSpace(s[m[2]:m[3]])
		known := signTokens.MatchString(inside) || signMaterial.MatchString(inside)
		// Initials alone are a sign-off only behind a sentence: "(EU)." and "(kurz)" are prose.
		staff := rest != "" && endsSentence(rest) && signStaff.MatchString(inside) && !strings.HasSuffix(s, ".")
		if staff || known && (rest == "" || endsSentence(rest) || !strings.HasSuffix(s, ".")) {
			return rest, strings.TrimSuffix(strings.TrimSpace(s[m[0]:]), ".")
		}
		return s, ""
	}
	if m := signBare.FindStringSubmatchIndex(s); m != nil {
		return strings.TrimSpace(s[:m[3]]), s[m[4]:m[5]]
	}
	if bare := strings.TrimSuffix(strings.TrimPrefix(s, "Quelle: "), "."); runeLen(bare) <= 40 &&
		(signTokens.MatchString(bare) && !strings.Contains(bare, " ") || signMaterial.MatchString(bare)) {
		return "", bare
	}
	return s, ""
}
