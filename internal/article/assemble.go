package article

import (
	"slices"
	"strings"
)

// ParseText reads the text of a page as a crawler saw it: headline, lede, the word
// "Titelbild", caption and credit, publisher and date, body, section boxes,
// "Kommentare" and the policy, each on lines of its own. The error is an *Error.
func ParseText(src []byte) (Article, error) {
	text, err := decode(src)
	if err != nil {
		return Article{}, err
	}
	var a Article
	above, policy := cutPolicy(readLines(text))
	a.Policy = policy
	body := readHead(&a, above)
	return a.assemble(body)
}

// assemble sorts the lines below the head into blocks, sign-off and boxes, and
// checks the whole. Captions, bylines and datelines among them are taken out.
func (a Article) assemble(lines []line) (Article, error) {
	lines = a.takeOut(lines)
	body, boxes := splitBoxes(lines)
	a.addBoxes(boxes)
	a.addBlocks(body)
	a.signOff()
	return a.finish()
}

// takeOut removes from a body the lines that belong elsewhere.
func (a *Article) takeOut(lines []line) []line {
	var out []line
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if c, ok := readCaption(l.text); ok && !l.head {
			addPicture(a, c)
			continue
		}
		if chrome.MatchString(l.text) || imageMarker.MatchString(l.text) {
			continue
		}
		if d, ok := readDateline(l.text); ok && !l.head && (d.rank != 2 || len(out) == 0) {
			if a.Date == "" {
				a.Date = d.day
			}
			continue
		}
		if teaserHead.MatchString(l.text) {
			n := teasers(lines[i+1:])
			a.addBoxes(lines[i+1 : i+1+n])
			i += n
			continue
		}
		if teaserLine.MatchString(l.text) && runeLen(l.text) <= maxBox {
			a.addBoxes([]line{l})
			continue
		}
		out = append(out, l)
	}
	return out
}

// teasers counts the short lines that follow "Mehr zum Thema" without a gap.
func teasers(lines []line) int {
	n := 0
	for n < len(lines) && lines[n].short() && !lines[n].head && (n == 0 || lines[n].gap == 0) && n < 8 {
		n++
	}
	return n
}

// boxGap is how many empty lines part boxes from the body where nothing else does.
const boxGap = 3

// splitBoxes parts the body from the short lines below it. A sign-off ends the
// body; so does a wide gap with only short lines below; otherwise the last
// sentence does.
func splitBoxes(lines []line) (body, boxes []line) {
	for i := len(lines) - 1; i >= 0 && runeLen(lines[i].text) <= maxBox || i >= 0 && i == len(lines)-1; i-- {
		if _, sign := takeSignOff(lines[i].text); sign != "" && i > 0 {
			return lines[:i+1], lines[i+1:]
		}
		if lines[i].gap >= boxGap && i > 1 {
			return splitShort(lines[:i], lines[i:])
		}
	}
	if i := signedAbove(lines); i >= 0 {
		return lines[:i+1], lines[i+1:]
	}
	return splitShort(lines, nil)
}

// signedAbove finds a long signed paragraph that only short lines follow, -1 where
// there is none.
func signedAbove(lines []line) int {
	i := len(lines) - 1
	for i >= 0 && runeLen(lines[i].text) <= maxBox {
		i--
	}
	if i >= 0 {
		if _, sign := takeSignOff(lines[i].text); sign != "" {
			return i
		}
	}
	return -1
}

// splitShort moves the short lines at the end of body to the boxes.
func splitShort(body, boxes []line) ([]line, []line) {
	end := len(body)
	for end > 1 && body[end-1].short() {
		end--
	}
	if end == 1 && body[0].short() && !body[0].head {
		return body, boxes // a body of short lines alone, such as a poem
	}
	return body[:end], append(slices.Clone(body[end:]), boxes...)
}

func (a *Article) addBoxes(lines []line) {
	for _, l := range lines {
		s := strings.TrimLeft(l.text, "•-–*·▪■➤→>»▶ ")
		known := slices.Contains(a.Boxes, s) || s == a.Headline
		if s == "" || known || runeLen(s) > maxBox || len(a.Boxes) >= maxBoxes || teaserHead.MatchString(s) || chrome.MatchString(s) {
			continue
		}
		a.Boxes = append(a.Boxes, s)
	}
}

// addBlocks makes paragraphs and subheadings. A subheading stands above a
// paragraph: of several short lines in a row only the last can be one, so that a
// list of teasers does not become headings.
func (a *Article) addBlocks(lines []line) {
	for i, l := range lines {
		kind := Paragraph
		below := i+1 < len(lines) && !lines[i+1].short()
		if l.head || !l.mark && below && l.short() && standsAlone(lines, i) {
			kind = Subheading
		}
		a.Blocks = append(a.Blocks, Block{Kind: kind, Text: l.text})
	}
}

// standsAlone reports that no short line without a gap is directly above line i.
func standsAlone(lines []line, i int) bool {
	return i == 0 || !lines[i-1].short() || lines[i].gap > 0
}

// signOff takes the sign-off from the end of the last paragraph.
func (a *Article) signOff() {
	n := len(a.Blocks)
	if n == 0 || a.SignOff != "" || a.Blocks[n-1].Kind != Paragraph {
		return
	}
	rest, sign := takeSignOff(a.Blocks[n-1].Text)
	if sign == "" || rest == "" && n == 1 {
		return
	}
	a.SignOff = sign
	if a.Blocks[n-1].Text = rest; rest == "" {
		a.Blocks = a.Blocks[:n-1]
		a.signOffAbove()
	}
}

// signOffAbove takes a sign-off off the paragraph above one that was nothing but
// the agency's copyright line.
func (a *Article) signOffAbove() {
	n := len(a.Blocks)
	if rest, sign := takeSignOff(a.Blocks[n-1].Text); sign != "" && rest != "" && strings.HasPrefix(a.SignOff, "©") {
		a.Blocks[n-1].Text, a.SignOff = rest, sign
	}
}

// finish checks the limits and makes every list non-nil.
func (a Article) finish() (Article, error) {
	if a.Headline == "" || runeLen(a.Headline) > maxHeadline {
		return Article{}, ErrNoHeadline
	}
	if len(a.Blocks) == 0 && a.Lede == "" {
		return Article{}, ErrNoText
	}
	if len(a.Blocks) > maxBlocks || len(a.Body()) > maxBody {
		return Article{}, ErrTooLong
	}
	if runeLen(a.Lede) > maxLede {
		a.Blocks = append([]Block{{Kind: Paragraph, Text: a.Lede}}, a.Blocks...)
		a.Lede = ""
	}
	if a.Image != nil && *a.Image == (Image{}) {
		a.Image = nil
	}
	if a.Blocks == nil {
		a.Blocks = []Block{}
	}
	if a.Boxes == nil {
		a.Boxes = []string{}
	}
	a.Authors = unique(a.Authors)
	return a, nil
}

func unique(names []string) []string {
	var out []string
	for _, n := range names {
		if n != "" && !slices.Contains(out, n) && len(out) < 10 {
			out = append(out, n)
		}
	}
	return out
}
