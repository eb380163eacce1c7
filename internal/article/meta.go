package article

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/language"
)

// Bounds on JSON-LD, which a page may nest and repeat at will.
const (
	maxLDDepth = 12
	maxLDNodes = 2000
)

// addJSONLD looks for the article in one script element: alone, in an array, in
// @graph or below mainEntity. Nodes with an @id are kept to resolve references.
func (p *page) addJSONLD(src string) {
	src = strings.Map(func(r rune) rune { // line breaks within strings are common, and invalid
		if r < ' ' {
			return ' '
		}
		return r
	}, src)
	src = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(src), ";"))
	src = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(src, "<!--"), "-->"))
	var v any
	if json.Unmarshal([]byte(src), &v) == nil {
		p.visitLD(v, 0)
	}
}

func (p *page) visitLD(v any, depth int) {
	if depth > maxLDDepth || len(p.ids) > maxLDNodes {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			p.visitLD(e, depth+1)
		}
	case map[string]any:
		if id, ok := v["@id"].(string); ok && len(v) > 1 {
			p.ids[id] = v
		}
		if rankLD(v) > rankLD(p.ld) {
			p.ld = v
		}
		for _, key := range []string{"@graph", "mainEntity", "mainEntityOfPage", "publisher", "image", "author"} {
			p.visitLD(v[key], depth+1)
		}
	}
}

var articleType = regexp.MustCompile(`^(?:https?://schema\.org/)?(\w*Article|BlogPosting|Report|LiveBlogPosting)$`)

// rankLD prefers news articles to other articles, and those with a headline.
func rankLD(v map[string]any) int {
	rank := 0
	for _, t := range texts(v["@type"]) {
		if m := articleType.FindStringSubmatch(t); m != nil {
			rank = max(rank, 2)
			if strings.HasSuffix(m[1], "NewsArticle") {
				rank = 4
			}
		}
	}
	if rank > 0 && text(v["headline"]) != "" {
		rank++
	}
	return rank
}

// texts is a JSON-LD value that may be one string or several.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v[:min(len(v), 20)] {
			if s := text(e); s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// text is a JSON-LD value as one string: a string, the first of several, or @value.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		s, _ := v["@value"].(string)
		return s
	case []any:
		if all := texts(v); len(all) > 0 {
			return all[0]
		}
	}
	return ""
}

// object is a JSON-LD value as an object: the first of several, references resolved.
func (p *page) object(v any) map[string]any {
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	m, _ := v.(map[string]any)
	if id, ok := m["@id"].(string); ok && len(m) == 1 {
		return p.ids[id]
	}
	return m
}

// names are the names of persons or organisations in a JSON-LD value.
func (p *page) names(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, e := range list[:min(len(list), 20)] {
		name := text(e)
		if o := p.object(e); name == "" && o != nil {
			name = text(o["name"])
		}
		if name = plainText(name); name != "" && runeLen(name) <= 100 && !strings.Contains(name, "://") {
			out = append(out, name)
		}
	}
	return out
}

// metadata fills what the page's head says: JSON-LD first, then Open Graph and
// other meta elements, then the page's own elements.
func (p *page) metadata() Article {
	a := Article{
		Headline:  firstOf(plainText(text(p.ld["headline"])), plainText(p.meta["og:title"]), p.first(isH1), p.title()),
		Lede:      p.description(),
		Publisher: firstOf(first(p.names(p.ld["publisher"])), p.meta["og:site_name"], p.meta["dc.publisher"], p.meta["publisher"]),
		Date:      firstOf(dayIn(text(p.ld["datePublished"])), dayIn(p.meta["article:published_time"]), dayIn(p.meta["datepublished"]), dayIn(p.meta["date"]), dayIn(p.meta["dc.date"]), p.timeElement()),
		Section:   firstOf(plainText(text(p.ld["articleSection"])), p.meta["article:section"]),
		Authors:   p.names(p.ld["author"]),
		URL:       p.canonical(),
		Language:  p.language(),
	}
	if name := p.meta["author"]; len(a.Authors) == 0 && name != "" && !strings.Contains(name, "://") && runeLen(name) <= 100 {
		a.Authors = []string{name}
	}
	if h1 := p.first(isH1); h1 != "" && strings.HasPrefix(fold(a.Headline), fold(h1)) && p.ld == nil {
		a.Headline = h1 // og:title often adds the publisher's name
	}
	return a
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func isH1(n *html.Node) bool { return n.DataAtom == atom.H1 }

// first is the text of the first element that want accepts.
func (p *page) first(want func(*html.Node) bool) string {
	for n := range p.doc.Descendants() {
		if n.Type == html.ElementNode && want(n) {
			if s := clean(innerText(n)); s != "" {
				return s
			}
		}
	}
	return ""
}

// title is the page's title without the publisher's name behind the last bar.
func (p *page) title() string {
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.Title && n.Namespace == "" {
			s := clean(rawText(n))
			for _, bar := range []string{" | ", " – ", " — ", " - "} {
				if i := strings.LastIndex(s, bar); i > len(s)/3 {
					return s[:i]
				}
			}
			return s
		}
	}
	return ""
}

// description is the lede of the page's head. One that was cut for search engines
// is none.
func (p *page) description() string {
	for _, s := range []string{plainText(text(p.ld["description"])), plainText(p.meta["og:description"]), plainText(p.meta["description"])} {
		cut := strings.HasSuffix(s, "…") || strings.HasSuffix(s, "...") || strings.HasSuffix(s, "[…]") || strings.HasSuffix(s, "[...]")
		if s != "" && !cut {
			return s
		}
	}
	return ""
}

func (p *page) timeElement() string {
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.Time {
			if day := dayIn(attr(n, "datetime")); day != "" {
				return day
			}
		}
	}
	return ""
}

// canonical is the address that the page gives for itself, or the one it came from.
func (p *page) canonical() string {
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.Link && strings.EqualFold(attr(n, "rel"), "canonical") {
			if u := p.absolute(attr(n, "href")); u != "" {
				return u
			}
		}
	}
	if u := p.absolute(p.meta["og:url"]); u != "" {
		return u
	}
	if p.own != nil {
		return webAddress(p.own.String())
	}
	return ""
}

// absolute resolves an address against the page's; "" unless it is http or https.
func (p *page) absolute(ref string) string {
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil || ref == "" {
		return ""
	}
	if p.base != nil {
		u = p.base.ResolveReference(u)
	}
	return webAddress(u.String())
}

// webAddress is s if it is an absolute http or https address without user name, "" otherwise.
func webAddress(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(s) > 2000 || clean(s) != s {
		return ""
	}
	return u.String()
}

// relativePath is s if it is a path below the source's folder, "" otherwise.
func relativePath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" || len(s) > 500 || clean(s) != s ||
		strings.HasPrefix(u.Path, "/") || strings.ContainsAny(u.Path, "\\:") {
		return ""
	}
	for _, part := range strings.Split(u.Path, "/") {
		if part == ".." {
			return ""
		}
	}
	return s
}

// language is the page's, as a valid BCP 47 tag.
func (p *page) language() string {
	declared := ""
	for n := range p.doc.Descendants() {
		if n.DataAtom == atom.Html {
			declared = attr(n, "lang")
			break
		}
	}
	return languageTag(firstOf(text(p.ld["inLanguage"]), declared, p.meta["og:locale"], p.meta["language"]))
}

func languageTag(s string) string {
	tag, err := language.Parse(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
	if err != nil || tag == language.Und {
		return ""
	}
	return tag.String()
}
