package article

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxNodes is how many nodes of a page the extraction looks at: its cost grows
// faster than the page, and real articles have a few thousand.
const maxNodes = 60000

// ParseHTML reads a page. Headline, date, publisher and picture come from JSON-LD
// and Open Graph where the page has them, the body from the page itself. base, the
// page's address, resolves relative addresses; nil if unknown. Scripts never
// survive, and addresses are http, https or dropped. The error is an *Error.
func ParseHTML(src []byte, base *url.URL) (Article, error) {
	return parseHTML(src, "", base)
}

func parseHTML(src []byte, contentType string, base *url.URL) (Article, error) {
	text, err := decodeHTML(src, contentType)
	if err != nil {
		return Article{}, err
	}
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return Article{}, ErrMarkup.because(err)
	}
	p := newPage(doc, base)
	if p.nodes > maxNodes {
		return Article{}, ErrTooLong
	}
	a := p.metadata()
	prune(doc)
	a.Policy = p.policy()
	a.Image = p.image()
	p.ledeOnPage(&a)
	p.dateline(&a)
	a.addBoxes(p.boxes())
	body := p.body()
	body = p.below(&a, body)
	return a.assemble(body)
}

// page is a parsed document and what was read from its head.
type page struct {
	doc   *html.Node
	own   *url.URL // the page's address, nil if unknown
	base  *url.URL // what relative addresses start from
	nodes int
	meta  map[string]string // name or property in lower case to content
	ld    map[string]any    // the article among the page's JSON-LD, nil if none
	ids   map[string]map[string]any
}

func newPage(doc *html.Node, base *url.URL) *page {
	p := &page{doc: doc, own: base, base: base, meta: map[string]string{}, ids: map[string]map[string]any{}}
	for n := range doc.Descendants() {
		p.nodes++
		switch {
		case n.DataAtom == atom.Meta:
			p.addMeta(n)
		case n.DataAtom == atom.Script && strings.Contains(strings.ToLower(attr(n, "type")), "ld+json"):
			p.addJSONLD(rawText(n))
		case n.DataAtom == atom.Base && attr(n, "href") != "":
			if u, err := url.Parse(attr(n, "href")); err == nil && p.base != nil {
				p.base = p.base.ResolveReference(u)
			} else if err == nil && u.IsAbs() {
				p.base = u
			}
		}
	}
	return p
}

func (p *page) addMeta(n *html.Node) {
	content := clean(attr(n, "content"))
	for _, key := range []string{"property", "name", "itemprop"} {
		if k := strings.ToLower(attr(n, key)); k != "" && p.meta[k] == "" {
			p.meta[k] = content
		}
	}
}

// body extracts the lines of the article: by the readability library, or, where
// that found much less than the page's own mark of the article's body, from there;
// where the page holds no text, from JSON-LD's articleBody.
func (p *page) body() []line {
	marked := linesOf(p.markedBody())
	size := lengthOf(marked)
	parser := readability.NewParser()
	parser.DisableJSONLD = true
	parser.KeepClasses = true
	var lines []line
	if found, err := parser.ParseDocument(p.doc, p.base); err == nil {
		lines = linesOf(named(found.Node))
	}
	if n := lengthOf(lines); size > 0 && (n*10 < size*8 || n*10 > size*15) {
		lines = marked
	}
	if stated := p.articleBody(); lengthOf(stated) > 2*lengthOf(lines) {
		return stated
	}
	return lines
}

// named sets the atoms of elements that the readability library made by name alone.
func named(n *html.Node) *html.Node {
	if n == nil {
		return nil
	}
	n.DataAtom = atom.Lookup([]byte(n.Data))
	for d := range n.Descendants() {
		if d.Type == html.ElementNode {
			d.DataAtom = atom.Lookup([]byte(d.Data))
		}
	}
	return n
}

var bodyClass = regexp.MustCompile(`(?i)(^|[\s_-])(article-?_*(body|content|text)|entry-content|post-content|story-?_*(body|content)|artikel-?_*(text|inhalt|body)|body-?text|rich-?text)([\s_-]|$)`)

// markedBody is the element that the page itself marks as the article's body, nil if none.
func (p *page) markedBody() *html.Node {
	var byClass *html.Node
	for n := range p.doc.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case attr(n, "itemprop") == "articleBody":
			return n
		case byClass == nil && bodyClass.MatchString(attr(n, "class")) && len(linesOf(n)) > 1:
			byClass = n
		}
	}
	return byClass
}

// lengthOf is the number of bytes of prose in lines.
func lengthOf(lines []line) int {
	n := 0
	for _, l := range lines {
		if !l.head {
			n += len(l.text)
		}
	}
	return n
}

// below drops from the extracted lines what stands above the body: headline,
// lede, byline, date; and the comment area, if it is in them. A page without
// marked lede, whose description repeats the first paragraph, has that as its lede.
func (p *page) below(a *Article, lines []line) []line {
	lines, policy := cutPolicy(lines)
	if a.Policy == nil {
		a.Policy = policy
	}
	known := map[string]bool{fold(a.Headline): true, fold(a.Lede): true, fold(a.Section): true}
	if a.Image != nil && a.Image.Caption != "" {
		known[fold(a.Image.Caption)] = true
	}
	var out []line
	for i, l := range lines {
		names := readByline(l.text)
		d, dated := readDateline(l.text)
		switch {
		case known[fold(l.text)] && (i < 6 || !l.head):
		case i < 6 && len(names) > 0:
			a.Authors = append(a.Authors, names...)
		case i < 6 && dated && !l.head:
			if a.Date == "" {
				a.Date = d.day
			}
		default:
			out = append(out, l)
		}
	}
	return out
}

// maxHeadLines is how many lines below the headline may hold the dateline.
const maxHeadLines = 10

// dateline fills date, publisher and authors, where the page's head does not say
// them, from the lines between headline and body.
func (p *page) dateline(a *Article) {
	lines := linesOf(p.doc)
	start := slices.IndexFunc(lines, func(l line) bool { return fold(l.text) == fold(a.Headline) })
	for _, l := range lines[start+1 : min(len(lines), start+1+maxHeadLines)] {
		if runeLen(l.text) > 200 {
			return
		}
		d, ok := readDateline(l.text)
		if !ok || a.Date != "" && a.Date != d.day {
			continue
		}
		a.Date = d.day
		a.Publisher = firstOf(a.Publisher, d.publisher)
		a.Section = firstOf(a.Section, d.section)
		if len(a.Authors) == 0 {
			a.Authors = d.authors
		}
		return
	}
}

// policy reads the notice of the comment area, found by class, id or heading, and
// takes areas marked as such out of the page.
func (p *page) policy() *Policy {
	var found *Policy
	for _, n := range p.areas() {
		lines := linesOf(n)
		if found == nil {
			found = readPolicy(lines)
		}
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
	if found == nil {
		_, found = cutPolicy(linesOf(p.doc))
	}
	return found
}

var commentArea = regexp.MustCompile(`(?i)(^|[\s_-])(comments?|kommentare?|kommentarbereich|commentarea|commentsection|disqus|leserkommentare|netiquette|leserdebatte|community|respond|hausregeln)([\s_-]|$)`)

// areas are the outermost elements marked as a comment area, except those that
// hold the article itself (class "comments-open" on <body>).
func (p *page) areas() []*html.Node {
	var found []*html.Node
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		for c := range n.ChildNodes() {
			if c.Type != html.ElementNode {
				continue
			}
			if commentArea.MatchString(attr(c, "class")+" "+attr(c, "id")) && !holdsArticle(c) {
				found = append(found, c)
				continue
			}
			visit(c)
		}
	}
	visit(p.doc)
	return found
}

func holdsArticle(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Html, atom.Body, atom.Main, atom.Head:
		return true
	case atom.Article:
		return !commentArea.MatchString(attr(n, "class")) || holdsHeadline(n)
	}
	return holdsHeadline(n)
}

func holdsHeadline(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.DataAtom == atom.H1 || attr(d, "itemprop") == "articleBody" {
			return true
		}
	}
	return false
}

var boxClass = regexp.MustCompile(`(?i)(^|[\s_-])(related|teaser|teasers|teaserbox|teaser-?box|section-?box|sectionbox|mehr-zum-thema|more-?articles|recommend(ed|ations)?|empfehlungen|themenbox|infobox-links|ressort-?box)([\s_-]|$)`)

// boxes takes the section boxes out of the page: headings and links of elements
// that are marked so, and of <aside>.
func (p *page) boxes() []line {
	var nodes []*html.Node
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && (n.DataAtom == atom.Aside || boxClass.MatchString(attr(n, "class")+" "+attr(n, "id"))) && !holdsArticle(n) && !isLede(n) {
			nodes = append(nodes, n)
		}
	}
	var lines []line
	for _, n := range nodes {
		if n.Parent == nil {
			continue
		}
		for d := range n.Descendants() {
			if d.DataAtom == atom.A || headingLevel(d) > 0 {
				if s := clean(innerText(d)); runeLen(s) > 2 && runeLen(s) <= 120 {
					lines = append(lines, line{text: s})
				}
			}
		}
		n.Parent.RemoveChild(n)
	}
	return lines
}
