package article

import (
	"path"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var (
	creditClass = regexp.MustCompile(`(?i)(^|[\s_-])(credits?|copyright|source|quelle|fotograf(in)?|photographer|bildnachweis|bildquelle|rights|foto-?credit|urheber)([\s_-]|$)`)
	creditLabel = regexp.MustCompile(`^(?:` + creditWords + `|Foto von|Photo by)\s*(?::|©)?\s+|^(?:` + creditWords + `)\s*:\s*`)
	noPicture   = regexp.MustCompile(`(?i)(logo|placeholder|default|avatar|favicon|sprite|pixel|blank)[^/]*$`)
	ledeClass   = regexp.MustCompile(`(?i)(^|[\s_-])(lede|lead|lead-?text|teaser-?text|vorspann|intro|introduction|standfirst|dek|article-?_*(intro|lead|teaser|summary)|sub-?title|sub-?headline|unterzeile)([\s_-]|$)`)
)

// image is the picture that belongs to the headline: the page's figure that shows
// what JSON-LD or Open Graph name, otherwise its first. Addresses come from
// JSON-LD and Open Graph first, caption and credit from the figure.
func (p *page) image() *Image {
	stated := p.object(p.ld["image"])
	src := firstOf(p.absolute(text(p.ld["image"])), p.absolute(text(stated["url"])), p.absolute(text(stated["contentUrl"])), p.absolute(p.meta["og:image:secure_url"]), p.absolute(p.meta["og:image"]), p.absolute(p.meta["twitter:image"]))
	img := Image{}
	fig := p.figure(src)
	if fig != nil {
		img = p.readFigure(fig)
	}
	if src != "" && !(noPicture.MatchString(src) && fig == nil) {
		img.Src = src
	}
	if img.Alt == "" && fig == nil {
		img.Alt = p.meta["og:image:alt"]
	}
	if img.Caption == "" {
		c, _ := splitCaption(plainText(text(stated["caption"])))
		img.Caption, img.Credit = c.caption, firstOf(img.Credit, c.credit)
	}
	if img.Credit == "" {
		img.Credit = trimCredit(firstOf(plainText(text(stated["creditText"])), first(p.names(stated["copyrightHolder"])), plainText(text(stated["copyrightNotice"]))))
	}
	if img == (Image{}) {
		return nil
	}
	return &img
}

// figure finds the headline's figure, nil if the page has none.
func (p *page) figure(src string) *html.Node {
	var firstFig *html.Node
	prose := 0
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.P && !within(n, atom.Figure) {
			prose += len(clean(innerText(n)))
		}
		if n.DataAtom != atom.Figure || within(n, atom.Aside) || within(n, atom.Footer) {
			continue
		}
		img := p.readFigure(n)
		if img.Src != "" && src != "" && fileStem(img.Src) == fileStem(src) {
			return n
		}
		if firstFig == nil && (img.Src != "" || img.Caption != "") && prose < 1500 {
			firstFig = n
		}
	}
	return firstFig
}

func within(n *html.Node, a atom.Atom) bool {
	for up := range n.Ancestors() {
		if up.DataAtom == a {
			return true
		}
	}
	return false
}

var sizeSuffix = regexp.MustCompile(`([-_.]?\d{2,5}x\d{0,5}|[-_]\d{3,4}w?|[-_](small|medium|large|wide|scaled))+$`)

// fileStem is an address's file name without size and ending: the same picture
// comes in many sizes.
func fileStem(address string) string {
	address, _, _ = strings.Cut(address, "?")
	name := path.Base(address)
	return sizeSuffix.ReplaceAllString(strings.TrimSuffix(name, path.Ext(name)), "")
}

// readFigure reads a figure: its picture, and its caption with the credit, which
// may be an element of its own or the caption's end.
func (p *page) readFigure(fig *html.Node) Image {
	var img Image
	var caption, credit *html.Node
	for n := range fig.Descendants() {
		switch {
		case n.DataAtom == atom.Img && img.Src == "" && img.Alt == "":
			img.Src, img.Alt = p.pictureAddress(n), clean(attr(n, "alt"))
		case n.DataAtom == atom.Figcaption && caption == nil:
			caption = n
		case n.Type == html.ElementNode && credit == nil && isCredit(n):
			credit = n
		}
	}
	if credit != nil {
		img.Credit = trimCredit(creditLabel.ReplaceAllString(clean(innerText(credit)), ""))
	}
	if caption != nil {
		c, ok := splitCaption(clean(innerTextWithout(caption, credit)))
		img.Caption = c.caption
		if ok && img.Credit == "" {
			img.Credit = c.credit
		}
	}
	return img
}

func isCredit(n *html.Node) bool {
	prop := attr(n, "itemprop")
	return n.DataAtom != atom.Figcaption && n.DataAtom != atom.Img && n.DataAtom != atom.Source && n.DataAtom != atom.Picture &&
		(creditClass.MatchString(attr(n, "class")) || prop == "copyrightHolder" || prop == "creditText" || prop == "author")
}

// pictureAddress is where an img element's picture is, lazy loading included.
func (p *page) pictureAddress(n *html.Node) string {
	set, _, _ := strings.Cut(strings.TrimSpace(firstOf(attr(n, "data-srcset"), attr(n, "srcset"))), " ")
	for _, ref := range []string{attr(n, "data-src"), attr(n, "data-original"), attr(n, "src"), strings.TrimSuffix(set, ",")} {
		if ref == "" || strings.HasPrefix(ref, "data:") {
			continue
		}
		if u := firstOf(p.absolute(ref), relativePath(ref)); u != "" {
			return u
		}
	}
	return ""
}

func isLede(n *html.Node) bool {
	return attr(n, "itemprop") == "description" && n.DataAtom != atom.Meta || ledeClass.MatchString(attr(n, "class"))
}

// ledeOnPage prefers the lede that the page shows to the one in its head, and
// takes it out of the page. A lede that merely repeats the beginning of the first
// paragraph was made for search engines, and is none.
func (p *page) ledeOnPage(a *Article) {
	for n := range p.doc.Descendants() {
		if n.Type != html.ElementNode || !isLede(n) || n.DataAtom == atom.H1 || holdsArticle(n) || within(n, atom.Aside) || within(n, atom.Footer) {
			continue
		}
		s := clean(innerText(n))
		if runeLen(s) < 20 || runeLen(s) > maxLede || s == a.Headline || len(linesOf(n)) > 2 {
			continue
		}
		a.Lede = s
		n.Parent.RemoveChild(n)
		return
	}
	lede := fold(a.Lede)
	for n := range p.doc.Descendants() {
		if s := fold(innerTextOf(n, atom.P)); lede != "" && len(s) > len(lede) && strings.HasPrefix(s, lede) {
			a.Lede = ""
			return
		}
	}
}

func innerTextOf(n *html.Node, a atom.Atom) string {
	if n.DataAtom != a {
		return ""
	}
	return innerText(n)
}

// articleBody is the text that JSON-LD holds, as lines.
func (p *page) articleBody() []line {
	s := text(p.ld["articleBody"])
	if strings.Contains(s, "<p") || strings.Contains(s, "<br") {
		return linesOf(fragment(s))
	}
	var lines []line
	for _, l := range readLines(s) {
		if l.text = plainText(l.text); l.text != "" {
			lines = append(lines, l)
		}
	}
	return lines
}
