package article

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// attr is the value of an attribute, "" where it is missing.
func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// rawText is the text directly in n, as in a script element.
func rawText(n *html.Node) string {
	var b strings.Builder
	for c := range n.ChildNodes() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// innerText is the readable text of n, blocks and breaks as spaces.
func innerText(n *html.Node) string { return innerTextWithout(n, nil) }

// innerTextWithout is innerText without the element leave.
func innerTextWithout(n, leave *html.Node) string {
	var b strings.Builder
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case skipped(n) || n == leave:
		default:
			if isBlock(n) || n.DataAtom == atom.Br {
				b.WriteByte(' ')
			}
			for c := range n.ChildNodes() {
				visit(c)
			}
			if isBlock(n) {
				b.WriteByte(' ')
			}
		}
	}
	visit(n)
	return b.String()
}

// plainText is the text of a string that may hold markup, as JSON-LD's fields do.
func plainText(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return clean(s)
	}
	return clean(innerText(fragment(s)))
}

// fragment parses HTML into an element of its own; empty where it is nested too deeply.
func fragment(s string) *html.Node {
	root := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	nodes, err := html.ParseFragment(strings.NewReader(s), root)
	if err != nil {
		return root
	}
	top := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	for _, n := range nodes {
		top.AppendChild(n)
	}
	return top
}

// headingLevel is 1 to 6 for a heading, 0 otherwise.
func headingLevel(n *html.Node) int {
	return 1 + slices.Index([]atom.Atom{atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6}, n.DataAtom)
}

// isBlock reports an element that begins and ends a line.
func isBlock(n *html.Node) bool {
	switch n.DataAtom {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Aside, atom.Nav,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Li, atom.Dl, atom.Dt, atom.Dd,
		atom.Blockquote, atom.Pre, atom.Table, atom.Tr, atom.Td, atom.Th, atom.Caption, atom.Hr, atom.Figure, atom.Figcaption,
		atom.Address, atom.Details, atom.Summary, atom.Fieldset, atom.Form, atom.Body, atom.Center, atom.Time:
		return n.DataAtom != atom.Time
	}
	return false
}

// skipped elements hold no words of the article.
func skipped(n *html.Node) bool {
	if n.Type == html.CommentNode || n.Type == html.DoctypeNode {
		return true
	}
	if n.Type != html.ElementNode {
		return false
	}
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Object, atom.Embed, atom.Svg, atom.Math,
		atom.Button, atom.Select, atom.Textarea, atom.Input, atom.Label, atom.Video, atom.Audio, atom.Canvas, atom.Dialog, atom.Map,
		atom.Applet, atom.Frame, atom.Frameset, atom.Noembed, atom.Noframes, atom.Title, atom.Link, atom.Meta, atom.Plaintext, atom.Xmp:
		return true
	}
	style := strings.ReplaceAll(strings.ToLower(attr(n, "style")), " ", "")
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "hidden" }) ||
		strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

// prune takes out of the page what must never be read: scripts, forms' controls,
// navigation, hidden elements. Metadata has been read before.
func prune(doc *html.Node) {
	var out []*html.Node
	for n := range doc.Descendants() {
		hidden := skipped(n) && n.DataAtom != atom.Head && n.DataAtom != atom.Title && n.DataAtom != atom.Link && n.DataAtom != atom.Meta && n.Type != html.DoctypeNode
		if hidden && !holdsHeadline(n) || n.DataAtom == atom.Nav || strings.EqualFold(attr(n, "role"), "navigation") && !holdsHeadline(n) {
			out = append(out, n)
		}
	}
	for _, n := range out {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
}

// linesOf reads the lines of an element: paragraphs, headings and items of lists.
// Pictures and their captions are left out. A paragraph set wholly in bold that
// has the shape of a subheading is one: many editors write them so.
func linesOf(n *html.Node) []line {
	if n == nil {
		return nil
	}
	w := lineWalker{}
	w.walk(n)
	w.flush(0)
	return w.lines
}

// lineWalker collects text into lines.
type lineWalker struct {
	lines  []line
	text   strings.Builder
	bold   int // bytes of text within <b> or <strong>
	inBold int // depth of these
}

func (w *lineWalker) walk(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		w.text.WriteString(strings.ReplaceAll(n.Data, "\n", " "))
		if w.inBold > 0 {
			w.bold += len(strings.TrimSpace(n.Data))
		}
		return
	case skipped(n), n.DataAtom == atom.Figure, n.DataAtom == atom.Picture, n.DataAtom == atom.Nav:
		return
	case n.DataAtom == atom.Br:
		w.text.WriteByte('\n')
		return
	}
	block, bold := isBlock(n), n.DataAtom == atom.B || n.DataAtom == atom.Strong
	if block {
		w.flush(0)
	}
	if n.DataAtom == atom.Li {
		w.text.WriteString("• ")
	}
	if bold {
		w.inBold++
	}
	for c := range n.ChildNodes() {
		w.walk(c)
	}
	if bold {
		w.inBold--
	}
	if block {
		w.flush(headingLevel(n))
	}
}

// flush ends a line. Two breaks in a row part paragraphs, one is a space.
func (w *lineWalker) flush(level int) {
	text, bold := w.text.String(), w.bold
	w.text.Reset()
	w.bold = 0
	var parts []string
	for _, row := range strings.Split(text, "\n") {
		s := clean(row)
		if n := len(parts); n > 0 && s != "" && parts[n-1] != "" {
			parts[n-1] += " " + s
		} else {
			parts = append(parts, s)
		}
	}
	for _, s := range parts {
		if s == "" || s == "•" {
			continue
		}
		l := line{text: s, mark: true, head: level > 0}
		if level == 0 && bold*10 >= len(text)*8 && l.short() {
			l.head = true
		}
		w.lines = append(w.lines, l)
	}
}
