package article

import (
	"bytes"
	"path"
	"regexp"
	"strings"
)

// Kinds of a Block.
const (
	Paragraph  = "paragraph"
	Subheading = "subheading"
)

// Limits on what is taken in; see also FetchTimeout.
const (
	MaxSource = 2 << 20 // bytes of a text, HTML or Markdown source
	MaxImage  = 8 << 20 // bytes of a picture

	maxHeadline = 300    // characters
	maxLede     = 1200   // characters
	maxBlocks   = 2000   // paragraphs and subheadings
	maxBody     = 400000 // bytes
	maxBoxes    = 40
	maxBox      = 200 // characters
)

// Article is a page with its parts kept apart. Every field but Headline may be
// empty; Blocks and Boxes are never nil, so that they are JSON arrays.
type Article struct {
	Headline  string   `json:"headline"`
	Lede      string   `json:"lede"`
	Image     *Image   `json:"image,omitempty"`
	Publisher string   `json:"publisher"`
	Date      string   `json:"date"` // day of publication as "2006-01-02", as printed on the page; "" where unknown
	Blocks    []Block  `json:"blocks"`
	SignOff   string   `json:"sign_off"` // as printed, such as "(afp/nh)"
	Boxes     []string `json:"boxes"`    // short lines below the body, such as names of sections
	Policy    *Policy  `json:"policy,omitempty"`
	URL       string   `json:"url,omitempty"` // absolute http or https
	Section   string   `json:"section,omitempty"`
	Language  string   `json:"language,omitempty"` // BCP 47, such as "de" or "de-AT"
	Authors   []string `json:"authors,omitempty"`
}

// Image is the picture that belongs to the headline. Src is an absolute http or
// https address, a relative path without "..", or "" where only the caption is known.
type Image struct {
	Src     string `json:"src"`
	Alt     string `json:"alt"`
	Caption string `json:"caption"`
	Credit  string `json:"credit"` // without "Foto:" or "©"
}

// Block is a paragraph or a subheading of the body.
type Block struct {
	Kind string `json:"kind"` // Paragraph or Subheading
	Text string `json:"text"`
}

// Policy is what the publisher says above the comments.
type Policy struct {
	Text   string `json:"text"`   // paragraphs joined by blank lines, salutation included
	Signed string `json:"signed"` // such as "Ihre Redaktion"; "" where unsigned
}

// Body is the text of the article: paragraphs and subheadings joined by blank lines.
func (a Article) Body() string {
	texts := make([]string, len(a.Blocks))
	for i, b := range a.Blocks {
		texts[i] = b.Text
	}
	return strings.Join(texts, "\n\n")
}

var (
	markup      = regexp.MustCompile(`(?i)^(<!--.*?-->\s*)*<(!doctype|\?xml|html|head|body|article|main|section|div|h1|p|meta|title|script|link)\b`)
	wholePage   = regexp.MustCompile(`(?i)<(html|body|article)[\s>]`)
	anyElement  = regexp.MustCompile(`(?i)</?(p|div|h1|h2|article|span|br)\b[^>]*>`)
	frontMatter = regexp.MustCompile(`^(---|\+\+\+)[ \t]*\r?\n`)
	markHeading = regexp.MustCompile(`^#{1,2} \S`)
)

// Parse reads a page in whichever of the three forms it has. The content
// decides; name (a file name, may be empty) only helps where it could be several.
// The error is an *Error that says what to do.
func Parse(name string, src []byte) (Article, error) {
	ext := strings.ToLower(path.Ext(name))
	start := bytes.TrimLeft(bytes.TrimPrefix(src, utf8Mark), " \t\r\n\v\f")
	start = start[:min(len(start), 4096)]
	switch {
	case markup.Match(start):
		return ParseHTML(src, nil)
	case (ext == ".html" || ext == ".htm" || ext == ".xhtml") && anyElement.Match(start):
		return ParseHTML(src, nil)
	case frontMatter.Match(start), ext == ".md", ext == ".markdown", markHeading.Match(start):
		return ParseMarkdown(src)
	case wholePage.Match(start):
		return ParseHTML(src, nil)
	}
	return ParseText(src)
}
