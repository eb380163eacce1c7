package article

import (
	"regexp"
	"strings"
)

var (
	commentHeading = regexp.MustCompile(`(?i)^(?:\(?\d{1,5}\)?\s+)?(?:(?:leser|nutzer)?kommentare?|kommentarbereich|kommentieren|comments?|leserbriefe|(?:ihre|deine|eure) (?:meinung|kommentare)|kommentar-regeln|kommentarregeln|netiquette|hinweise? zu(?:m|r|n)? (?:den )?kommentar\p{L}*)\s*:?\s*(?:\(?\d{1,5}\)?)?$`)
	talkHeading    = regexp.MustCompile(`(?i)^(?:diskussion|diskutieren sie mit|forum|mitdiskutieren|debatte|join the discussion)\s*:?$`)
	salutation     = regexp.MustCompile(`(?i)^(?:liebe[rs]?|sehr geehrte[rs]?|geschätzte[rs]?|dear|hallo)\s+(?:[\p{L}*:/-]+\s+){0,5}?(?:leser|community|nutzer|user|kommentator|mitdiskut|forist|forums|readers?)[\p{L}*:/-]*(?:\s+(?:und|and|&)\s+[\p{L}*:/ -]{2,50})?\s*[,!.]?`)
	policyWord     = regexp.MustCompile(`(?i)kommentar|comment|netiquette|verzichten|beleidig|schimpf|moderier|moderat|freigabe|freigeben|freigeschaltet|geben .{0,40} frei|prüfung|beiträge|hausregeln|veröffentlich|publish|werbe|unterstellung|refrain`)
	signature      = regexp.MustCompile(`^(?:(?:Mit freundlichen Grüßen|Viele Grüße|Herzliche Grüße|Herzlichst|Mit besten Grüßen|Kind regards|Best regards)[,.]?\s*)?((?:Ihre?|Eure?|Euer|Die|Das|Dein|Deine|Your|The)\s[^.!?]{0,70}?(?:[Rr]edaktion|[Rr]edaktionsteam|[Tt]eam|[Mm]oderation|[Cc]hefredaktion|[Ee]ditors|[Vv]erlag|[Oo]nline-[Rr]edaktion)(?:\s(?:von|der|des|of)\s[^.!?]{2,50}|\s[\p{Lu}][^.!?]{1,40})?|[\p{Lu}][\p{L} -]{1,40}[ -](?:Redaktion|Team))\.?$`)
	signatureGlued = regexp.MustCompile(`[.!?]\s*((?:Ihre?|Eure?|Euer|Die|Das|Your)\s[^.!?]{0,60}?(?:Redaktion|Redaktionsteam|Team|Moderation|editors))\.?$`)
	greeting       = regexp.MustCompile(`(?i)^(?:mit freundlichen grüßen|viele grüße|herzliche grüße|herzlichst|mit besten grüßen|(?:kind|best) regards)[,.]?$`)
	commentChrome  = regexp.MustCompile(`(?i)^(?:(?:jetzt |neuen )?kommentare? (?:schreiben|verfassen|abgeben|anzeigen|laden|\(\d+\))|noch keine kommentare\p{P}?|(?:zum kommentieren )?(?:bitte )?(?:anmelden|einloggen|registrieren)|\d+ kommentare?|antworten|melden|neueste zuerst|älteste zuerst|sortieren.*|mehr (?:laden|anzeigen))$`)
)

// maxPolicy is the longest policy in lines; a comment area beyond it holds comments.
const maxPolicy = 40

// isPolicyTalk reports that lines talk about comments: two different words of
// such a notice. An editorial to "Liebe Leser" does not.
func isPolicyTalk(lines []line) bool {
	seen := map[string]bool{}
	for _, l := range lines[:min(len(lines), maxPolicy)] {
		for _, w := range policyWord.FindAllString(strings.ToLower(l.text[:min(len(l.text), 1000)]), 20) {
			seen[w[:min(len(w), 6)]] = true
		}
		if len(seen) >= 2 {
			return true
		}
	}
	return false
}

// cutPolicy parts the page's lines at the comment area: what stands above it, and
// the policy in it. Whatever follows the policy, comments of readers among it, is dropped.
// A link "12 Kommentare" beside the headline is no comment area: text must stand above it.
func cutPolicy(lines []line) (above []line, policy *Policy) {
	sentences := 0
	for i, l := range lines {
		rest := lines[i+1:]
		switch {
		case commentHeading.MatchString(l.text) && (sentences >= 2 || sentences == 1 && isPolicyTalk(rest[:min(len(rest), 3)])),
			sentences >= 1 && talkHeading.MatchString(l.text) && isSalutation(rest) && isPolicyTalk(rest):
			return lines[:i], readPolicy(rest)
		case sentences >= 2 && isSalutation(lines[i:]) && isPolicyTalk(lines[i:]):
			return lines[:i], readPolicy(lines[i:])
		}
		if endsSentence(l.text) || runeLen(l.text) > 150 {
			sentences++
		}
	}
	return lines, nil
}

func isSalutation(lines []line) bool {
	return len(lines) > 0 && salutation.MatchString(lines[0].text)
}

// readPolicy reads the notice at the top of a comment area; nil where there is
// none, only comments or a form.
func readPolicy(lines []line) *Policy {
	for len(lines) > 0 && (commentChrome.MatchString(lines[0].text) || commentHeading.MatchString(lines[0].text)) {
		lines = lines[1:]
	}
	if len(lines) == 0 || !isPolicyTalk(lines) {
		return nil
	}
	var texts []string
	signed := ""
	for i, l := range lines[:min(len(lines), maxPolicy)] {
		if m := signature.FindStringSubmatch(l.text); m != nil && len(texts) > 0 {
			signed = m[1]
			break
		}
		if greeting.MatchString(l.text) {
			continue
		}
		if commentChrome.MatchString(l.text) || i > 0 && !endsSentence(l.text) && !l.bullet() && runeLen(l.text) < 60 {
			break
		}
		if m := signatureGlued.FindStringSubmatchIndex(l.text); m != nil && i > 0 && len(l.text) < 5000 {
			texts = append(texts, l.text[:m[2]])
			signed = l.text[m[2]:m[3]]
			break
		}
		texts = append(texts, l.text)
	}
	for i := range texts {
		texts[i] = strings.TrimSpace(texts[i])
	}
	return &Policy{Text: strings.Join(texts, "\n\n"), Signed: signed}
}
