package article

import (
	"regexp"
	"strings"
)

var (
	imageMarker = regexp.MustCompile(`(?i)^\[?(?:titelbild|aufmacherbild|aufmacher|artikelbild|hauptbild|beitragsbild|symbolbild|vorschaubild|bild|foto|image|bildunterschrift|bildtext)\]?:?$`)
	markerGlued = regexp.MustCompile(`^(?:Titelbild|Aufmacherbild|Artikelbild|Beitragsbild|Bildunterschrift)(?::\s*|\s+[|–-]\s+)?(\p{Lu}.{20,})$`)
	sections    = regexp.MustCompile(`(?i)^(?:startseite\s*[>›»/|]\s*)?(politik|wirtschaft|sport|kultur|wissenschaft|wissen|lokales|regionales|panorama|ausland|inland|deutschland|österreich|schweiz|europa|welt|meinung|feuilleton|gesellschaft|gesundheit|digital|technik|netzwelt|medien|reise|auto|bildung|umwelt|geld|finanzen|karriere|leben|chronik|international|national|vermischtes)$`)
	chrome      = regexp.MustCompile(`(?i)^(?:anzeige|werbung|advertisement|teilen|drucken|merken|speichern|vorlesen|anhören|artikel (?:anhören|vorlesen|teilen|drucken|merken|speichern|versenden)|per e-?mail (?:teilen|versenden)|link kopieren|facebook|twitter|x|whatsapp|telegram|linkedin|xing|e-?mail|zur startseite|nach oben|zurück|impressum|datenschutz|newsletter.{0,40}|jetzt abonnieren|abo|abonnieren|folgen sie uns.{0,40}|\d+ kommentare?|kommentare? \(?\d+\)?|lesezeit:?.{0,20}|(?:ca\. )?\d+ min(?:\.|uten)?(?: lesezeit)?|skip to content|zum inhalt(?: springen)?|menü|suche|login|anmelden)$`)
	teaserHead  = regexp.MustCompile(`(?i)^(?:mehr zum thema|lesen sie auch|auch interessant|das könnte sie(?: auch)? interessieren|weitere (?:artikel|nachrichten|meldungen|themen)|mehr (?:aus|zu|nachrichten|artikel).{0,40}|meistgelesen|empfohlen(?:e artikel)?|passend dazu|zum thema|related|read more|aus dem ressort|unsere empfehlungen?)\s*:?$`)
	teaserLine  = regexp.MustCompile(`(?i)^(?:lesen sie (?:auch|hier|dazu|mehr)|mehr (?:dazu|zum thema)|auch interessant|siehe auch|read also|(?:➤|→|>>|»|▶)+)\s*[:.–-]?\s*\S`)
)

// head reads what stands above the body of a crawled text.
type head struct {
	a        *Article
	dateRank int
	imaged   bool   // a picture's marker, caption or credit was seen
	loose    []line // lines that no form explains: lede, or the body's first paragraph
	ended    int    // lines up to which the head reaches
	looseEnd int    // how many of loose lie before ended
}

// maxLoose is how many unexplained lines the head may hold before it is the body.
const maxLoose = 2

// readHead fills the fields above the body and returns the lines of the body. The
// headline is the first line. The lede is what stands between it and the picture or
// dateline: where nothing parts it from the body it counts as the first paragraph.
func readHead(a *Article, lines []line) []line {
	lines = skipChrome(lines)
	for len(lines) > 1 && readAboveHeadline(a, lines[0].text) {
		lines = skipChrome(lines[1:])
	}
	if len(lines) == 0 || runeLen(lines[0].text) > maxHeadline {
		return lines
	}
	a.Headline = lines[0].text
	h := head{a: a}
	if a.Date != "" {
		h.dateRank = 2
	}
	lines = lines[1:]
	for i := 0; i < len(lines) && !h.over(); {
		used := h.read(lines[i:])
		if used == 0 {
			h.loose = append(h.loose, lines[i])
			i++
			continue
		}
		i += used
		h.ended, h.looseEnd = i, len(h.loose)
	}
	return append(h.lede(), lines[h.ended:]...)
}

func skipChrome(lines []line) []line {
	for len(lines) > 0 && chrome.MatchString(lines[0].text) {
		lines = lines[1:]
	}
	return lines
}

// readAboveHeadline takes a section's name or a bare date above the headline.
func readAboveHeadline(a *Article, s string) bool {
	if m := sections.FindStringSubmatch(s); m != nil && a.Section == "" {
		a.Section = m[1]
		return true
	}
	if d, ok := readDateline(s); ok && a.Date == "" && d.publisher == "" && len(d.authors) == 0 {
		a.Date = d.day
		return true
	}
	return false
}

// over reports that the body has begun: too much is unexplained, or, behind the
// dateline, the lede is known and prose follows.
func (h *head) over() bool {
	loose := len(h.loose) - h.looseEnd
	switch {
	case loose > maxLoose:
		return true
	case h.dateRank > 0 && h.looseEnd > 0:
		return loose > 0
	case h.dateRank > 0 || h.imaged:
		return loose > 1
	}
	return false
}

// read takes what it knows off the front of lines and says how many it used.
func (h *head) read(lines []line) int {
	s := lines[0].text
	if chrome.MatchString(s) {
		return 1
	}
	if imageMarker.MatchString(s) {
		return 1 + h.captionBelow(lines[1:])
	}
	if m := markerGlued.FindStringSubmatch(s); m != nil && !h.imaged {
		c, _ := splitCaption(m[1])
		h.picture(c)
		return 1
	}
	if d, ok := readDateline(s); ok {
		h.date(d)
		return 1
	}
	if names := readByline(s); names != nil {
		h.a.Authors = append(h.a.Authors, names...)
		return 1
	}
	if c, ok := readCaption(s); ok {
		h.caption(c, lines[0].gap)
		return 1
	}
	if n := len(lines); n > 1 && lines[1].gap == 0 && isName(s) {
		if d, ok := readDateline(lines[1].text); ok && d.publisher == "" && h.a.Publisher == "" {
			h.a.Publisher = s
			h.date(d)
			return 2
		}
	}
	return 0
}

// isName reports a line that may be a publisher's name: a few words, no sentence.
func isName(s string) bool {
	return runeLen(s) <= 40 && len(strings.Fields(s)) <= 5 && !endsSentence(s)
}

// captionBelow takes the caption below a picture's marker, and the credit below
// the caption, and says how many lines they are.
func (h *head) captionBelow(lines []line) int {
	h.imaged = true
	if len(lines) == 0 {
		return 0
	}
	if _, ok := readDateline(lines[0].text); ok || readByline(lines[0].text) != nil {
		return 0
	}
	c, ok := splitCaption(lines[0].text)
	if !ok && len(lines) > 1 {
		if below, ok := splitCaption(lines[1].text); ok && below.caption == "" {
			c.credit = below.credit
			h.picture(c)
			return 2
		}
	}
	if !ok && lines[0].gap > 0 {
		return 0
	}
	h.picture(c)
	return 1
}

// caption takes a line with a credit. A credit alone belongs to the line above it,
// unless that line is the only one between headline and picture: then it is the lede.
func (h *head) caption(c credited, gap int) {
	if n := len(h.loose); c.caption == "" && n > h.looseEnd && gap == 0 && (n > 1 || h.loose[n-1].gap == 0) && !h.imaged {
		c.caption = h.loose[n-1].text
		h.loose = h.loose[:n-1]
	}
	h.picture(c)
}

// picture keeps the first picture of the page.
func (h *head) picture(c credited) {
	h.imaged = true
	addPicture(h.a, c)
}

func addPicture(a *Article, c credited) {
	switch {
	case a.Image == nil:
		a.Image = &Image{Caption: c.caption, Credit: c.credit}
	case a.Image.Caption == "" && a.Image.Credit == "":
		a.Image.Caption, a.Image.Credit = c.caption, c.credit
	case a.Image.Credit == "" && c.caption == "":
		a.Image.Credit = c.credit
	}
}

// date keeps the day of publication: "Veröffentlicht am" beats a plain date, and
// that beats "Stand:" and "Aktualisiert:".
func (h *head) date(d dateline) {
	if d.rank > h.dateRank {
		h.a.Date, h.dateRank = d.day, d.rank
	}
	if h.a.Publisher == "" {
		h.a.Publisher = d.publisher
	}
	if h.a.Section == "" {
		h.a.Section = d.section
	}
	h.a.Authors = append(h.a.Authors, d.authors...)
}

// lede takes the unexplained lines within the head as lede and gives back those
// that are too much for one: they begin the body.
func (h *head) lede() []line {
	var body []line
	for _, l := range h.loose[:h.looseEnd] {
		if n := runeLen(h.a.Lede) + runeLen(l.text); len(body) > 0 || n > maxLede {
			body = append(body, l)
			continue
		}
		h.a.Lede = strings.TrimSpace(h.a.Lede + " " + l.text)
	}
	return body
}
