package article

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	marktext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// ParseMarkdown reads Markdown, with front matter (YAML's or TOML's simple forms)
// or without. Keys may be German or English: titel, vorspann, datum, bild,
// bildunterschrift, foto, publisher, ressort, url, autor; see docs/article.md.
// Headings below the first are subheadings, inline marks are removed, the first
// picture is the article's. The error is an *Error.
func ParseMarkdown(src []byte) (Article, error) {
	source, err := decode(src)
	if err != nil {
		return Article{}, err
	}
	source = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source)
	f, source := cutFrontMatter(source)
	if err := checkMarkdown(source); err != nil {
		return Article{}, err
	}
	a := f.article()
	body := []byte(source)
	w := markdownWalker{src: body}
	w.blocks(goldmark.DefaultParser().Parse(marktext.NewReader(body)), "")
	lines := w.lines
	if a.Headline == "" && len(lines) > 0 && (lines[0].head || f == nil) {
		a.Headline, lines = lines[0].text, lines[1:]
	} else if len(lines) > 0 && fold(lines[0].text) == fold(a.Headline) {
		lines = lines[1:]
	}
	if w.image != nil && a.Image == nil {
		a.Image = w.image
	} else if w.image != nil && a.Image.Src == "" {
		a.Image.Src, a.Image.Alt = w.image.Src, firstOf(a.Image.Alt, w.image.Alt)
	}
	lines, policy := cutPolicy(lines)
	if a.Policy == nil {
		a.Policy = policy
	}
	return a.assemble(lines)
}

// Bounds on what the Markdown library is given: nested quotes, lists and brackets
// cost it time that grows with the square of their number.
const (
	maxMarkdownLine = 20000 // bytes
	maxMarks        = 32    // quote and list marks at a line's beginning
	maxBrackets     = 400   // opening brackets in a paragraph
)

// checkMarkdown refuses what no newsroom writes and the library cannot bear.
func checkMarkdown(source string) error {
	if len(source) > maxBody+maxBody/2 {
		return ErrTooLong
	}
	brackets := 0
	for row := range strings.SplitSeq(source, "\n") {
		if len(row) > maxMarkdownLine {
			return ErrTooLong
		}
		if nesting(row) > maxMarks {
			return ErrMarkup
		}
		if strings.TrimSpace(row) == "" {
			brackets = 0
		}
		if brackets += strings.Count(row, "["); brackets > maxBrackets {
			return ErrMarkup
		}
	}
	return nil
}

var blockMark = regexp.MustCompile(`^(?:>+|[-*+]|\d+[.)])$`)

// nesting counts the marks of quotes and lists at a line's beginning.
func nesting(row string) int {
	n := 0
	for field := range strings.FieldsSeq(row) {
		if !blockMark.MatchString(field) {
			return n + strings.Count(field[:len(field)-len(strings.TrimLeft(field, ">"))], ">")
		}
		n += max(1, strings.Count(field, ">"))
	}
	return n
}

// article fills what a front matter says.
func (f fields) article() Article {
	a := Article{
		Headline:  f.get("title", "titel", "headline", "überschrift", "ueberschrift", "schlagzeile"),
		Lede:      f.get("lede", "lead", "teaser", "vorspann", "description", "beschreibung", "summary", "unterzeile", "subtitle", "untertitel"),
		Publisher: f.get("publisher", "verlag", "medium", "zeitung", "herausgeber", "site"),
		Date:      dayIn(f.get("date", "datum", "published", "veröffentlicht", "erschienen", "pubdate")),
		Section:   f.get("section", "ressort", "rubrik", "category", "kategorie", "categories", "kategorien"),
		Language:  languageTag(f.get("language", "lang", "sprache")),
		URL:       webAddress(f.get("url", "canonical", "link", "adresse")),
		SignOff:   f.get("sign_off", "kürzel", "kuerzel", "agentur", "agency"),
		Authors:   f.all("authors", "autoren", "author", "autor", "autorin", "von"),
	}
	for _, s := range f.all("boxes", "boxen", "themen") {
		a.addBoxes([]line{{text: s}})
	}
	if s := f.get("policy", "hinweis", "kommentarregeln"); s != "" {
		a.Policy = &Policy{Text: s, Signed: f.get("signed", "unterschrift", "gezeichnet")}
	}
	a.Image = f.image()
	return a
}

// image is the picture of a front matter, nil where it names none.
func (f fields) image() *Image {
	src := f.get("image", "bild", "titelbild", "cover", "thumbnail", "featured_image")
	c, _ := splitCaption(f.get("caption", "bildunterschrift", "bildtext", "image_caption"))
	img := Image{
		Src:     firstOf(webAddress(src), relativePath(src)),
		Alt:     f.get("alt", "image_alt", "alternativtext", "bildbeschreibung"),
		Caption: c.caption,
		Credit:  firstOf(trimCredit(f.get("credit", "foto", "bildnachweis", "fotograf", "fotografin", "bildquelle", "image_credit")), c.credit),
	}
	if img == (Image{}) {
		return nil
	}
	return &img
}

// markdownWalker turns a parsed Markdown document into lines.
type markdownWalker struct {
	src   []byte
	lines []line
	image *Image
}

// blocks reads the blocks below n; bullet stands before a list's items.
func (w *markdownWalker) blocks(n ast.Node, bullet string) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Heading:
			w.add(line{text: w.inline(c), head: true})
		case *ast.Paragraph, *ast.TextBlock:
			w.paragraph(c, bullet)
		case *ast.ListItem:
			w.blocks(c, "• ")
		case *ast.HTMLBlock:
			w.lines = append(w.lines, linesOf(fragment(string(c.Lines().Value(w.src))))...)
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			w.add(line{text: string(c.Lines().Value(w.src))})
		default:
			w.blocks(c, bullet)
		}
	}
}

// paragraph adds a paragraph. One that is wholly bold and has the shape of a
// subheading is one, as in HTML.
func (w *markdownWalker) paragraph(n ast.Node, bullet string) {
	l := line{text: bullet + w.inline(n)}
	strong, ok := n.FirstChild().(*ast.Emphasis)
	l.head = ok && strong.Level == 2 && strong.NextSibling() == nil && l.short()
	w.add(l)
}

func (w *markdownWalker) add(l line) {
	l.mark = true
	if l.text = clean(l.text); l.text != "" && l.text != "•" {
		w.lines = append(w.lines, l)
	}
}

// inline is the text of n without its marks; pictures are taken out, and the
// first of them is kept.
func (w *markdownWalker) inline(n ast.Node) string {
	var b bytes.Buffer
	hidden := false // within <script> or <style>
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			if !hidden {
				b.Write(plainSegment(c, w.src))
			}
			if c.SoftLineBreak() || c.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.AutoLink:
			b.Write(c.Label(w.src))
		case *ast.RawHTML:
			tag := strings.ToLower(string(c.Segments.Value(w.src)))
			hidden = strings.HasPrefix(tag, "<script") || strings.HasPrefix(tag, "<style")
		case *ast.Image:
			w.picture(c)
		default:
			b.WriteString(w.inline(c))
		}
	}
	return b.String()
}

// plainSegment is a stretch of text without backslashes and character references.
func plainSegment(n *ast.Text, src []byte) []byte {
	s := n.Segment.Value(src)
	if n.IsRaw() {
		return s
	}
	return util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(s)))
}

func (w *markdownWalker) picture(n *ast.Image) {
	src := string(n.Destination)
	src = firstOf(webAddress(src), relativePath(src))
	if w.image != nil || src == "" {
		return
	}
	c, _ := splitCaption(clean(string(n.Title)))
	w.image = &Image{Src: src, Alt: clean(w.inline(n)), Caption: c.caption, Credit: c.credit}
}
