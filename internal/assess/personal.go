package assess

import (
	"math/big"
	"regexp"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Patterns run only where a digit stands in the text, and on its bytes.
var (
	phonePattern   = regexp.MustCompile(`(?:\+|00)[1-9][0-9][ \-/.()0-9]{6,16}[0-9]|\(?0[1-9][0-9]{1,4}\)?[ \-/.]{0,2}[0-9][0-9 \-/.]{3,12}[0-9]`)
	ibanPattern    = regexp.MustCompile(`\b[A-Za-z]{2}[0-9]{2}(?: ?[0-9A-Za-z]{4}){2,7}(?: ?[0-9A-Za-z]{1,3})?\b`)
	addressPattern = regexp.MustCompile(`(?:\p{Lu}[\p{L}]*(?:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|ring|damm|ufer|steig|chaussee)|\p{Lu}[\p{L}\-]+[ \-](?:Stra(?:ß|ss)e|Str\.|Weg|Gasse|Platz|Allee|Ring|Damm|Ufer))\s+[0-9]{1,3}\s?[a-h]?\b`)
	cityPattern    = regexp.MustCompile(`\b[0-9]{4,5}\s+\p{Lu}\p{Ll}{2,}`)
	platePattern   = regexp.MustCompile(`\b\p{Lu}{1,3}[- ]\p{Lu}{1,2}[- ]?[1-9][0-9]{0,3}[EH]?\b`)
)

// personalData flags data that identify a third person.
func (r *result) personalData() {
	var found []moderation.Passage
	for i := range r.links {
		if l := &r.links[i]; l.Email {
			start, end := r.text.Bytes(l.From, l.To)
			found = append(found, r.stretch(start, end, "personal.email", ""))
		}
	}
	if r.text.Stats.Digits >= 1 {
		found = r.numbers(found)
	}
	if found != nil {
		r.flag(FlagPersonal, found[0].Code, "", found)
	}
}

func (r *result) numbers(found []moderation.Passage) []moderation.Passage {
	head := r.text.Src
	if r.text.Stats.Digits >= 6 {
		for _, m := range ibanPattern.FindAllStringIndex(head, 8) {
			if validIBAN(head[m[0]:m[1]]) {
				found = append(found, r.stretch(m[0], m[1], "personal.iban", ""))
			}
		}
		for _, m := range r.phones() {
			found = append(found, r.stretch(m[0], m[1], "personal.phone", ""))
		}
	}
	for _, m := range addressPattern.FindAllStringIndex(head, 8) {
		if r.personNear(m[0], m[1]) || cityPattern.MatchString(head[m[1]:min(len(head), m[1]+40)]) {
			found = append(found, r.stretch(m[0], m[1], "personal.address", ""))
		}
	}
	for _, m := range platePattern.FindAllStringIndex(head, 8) {
		if plate(head[:m[0]], head[m[0]:m[1]]) {
			found = append(found, r.stretch(m[0], m[1], "personal.plate", ""))
		}
	}
	return found
}

// phones returns telephone numbers: 7 to 15 digits that look dialled and are no
// date, sum or IBAN.
func (r *result) phones() [][2]int {
	if r.text.Stats.Digits < 7 {
		return nil
	}
	var out [][2]int
	for _, m := range phonePattern.FindAllStringIndex(r.text.Src, 8) {
		s := r.text.Src[m[0]:m[1]]
		if m[0] > 0 && (isDigit(r.text.Src[m[0]-1]) || r.text.Src[m[0]-1] == ',' || r.text.Src[m[0]-1] == '.') {
			continue
		}
		digits := 0
		for i := range len(s) {
			if isDigit(s[i]) {
				digits++
			}
		}
		if digits < 7 || digits > 15 || strings.Count(s, ".") == 2 && digits <= 8 {
			continue
		}
		out = append(out, [2]int{m[0], m[1]})
	}
	return out
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// personNear reports words that tie an address to a person who lives there.
func (r *result) personNear(start, end int) bool {
	text := strings.ToLower(r.text.Src[max(0, start-80):min(len(r.text.Src), end+60)])
	for _, w := range [...]string{"wohn", "herr ", "frau ", "familie", "adresse", "anschrift", "zu hause", "zuhause", "daheim", "sein haus", "ihr haus",
		"klingel", "nachbar", "privat", "postfach", "lebt in", "besuch"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// plate tells a licence plate from other capitals with a number ("ICE 4", "EU-DSGVO 2018").
func plate(before, s string) bool {
	letters := 0
	for _, c := range s {
		if c >= 'A' && c <= 'Z' || c == 'Ä' || c == 'Ö' || c == 'Ü' {
			letters++
		}
	}
	b := strings.ToLower(before[max(0, len(before)-40):])
	told := strings.Contains(b, "kennzeichen") || strings.Contains(b, "auto") || strings.Contains(b, "wagen") || strings.Contains(b, "nummernschild") ||
		strings.Contains(b, "fahrer") || strings.Contains(b, "pkw") || strings.Contains(b, "suv")
	return letters >= 2 && (told || strings.Count(s, "-") == 1 && strings.Count(s, " ") == 1)
}

// validIBAN checks length and check digits (ISO 13616, modulo 97).
func validIBAN(s string) bool {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	var digits strings.Builder
	for _, c := range s[4:] + s[:4] {
		switch {
		case c >= '0' && c <= '9':
			digits.WriteRune(c)
		case c >= 'A' && c <= 'Z':
			digits.WriteString([...]string{"10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25",
				"26", "27", "28", "29", "30", "31", "32", "33", "34", "35"}[c-'A'])
		default:
			return false
		}
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}
