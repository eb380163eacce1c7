package reader

import (
	"encoding/json"
	"fmt"
	"html/template"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

// structured is the article and its comments as schema.org describes them: a
// whole script element, since nothing is ever written into one by a template.
func structured(p articlePage) (template.HTML, error) {
	d := p.Doc
	ld := map[string]any{
		"@context": "https://schema.org", "@type": "NewsArticle", "@id": p.URL, "url": p.Canonical,
		"headline": d.Headline, "description": d.Lede, "inLanguage": or(d.Language, p.Site.Lang),
		"mainEntityOfPage": p.Canonical, "publisher": thing("Organization", or(d.Publisher, p.Site.Name)),
		"commentCount": p.Section.Article.Released, "isAccessibleForFree": true,
	}
	if d.Date != "" {
		ld["datePublished"] = d.Date
	}
	if d.Section != "" {
		ld["articleSection"] = d.Section
	}
	if p.Picture != "" {
		ld["image"] = []string{p.Absolute + p.Picture}
	}
	var authors []any
	for _, a := range d.Authors {
		authors = append(authors, thing("Person", a))
	}
	if len(authors) == 0 {
		authors = []any{thing("Organization", or(d.Publisher, p.Site.Name))}
	}
	ld["author"] = authors
	comments := []any{}
	for _, c := range p.Section.comments {
		if c.Gone == "" {
			comments = append(comments, commentLD(p, c))
		}
	}
	ld["comment"] = comments
	body, err := json.Marshal(ld) // escapes <, > and &
	if err != nil {
		return "", fmt.Errorf("structured data: %w", err)
	}
	return template.HTML(`<script type="application/ld+json">` + string(body) + `</script>`), nil //nolint:gosec // json.Marshal escapes
}

func thing(kind, name string) map[string]any { return map[string]any{"@type": kind, "name": name} }

func commentLD(p articlePage, c store.Released) map[string]any {
	at := func(id string) string { return p.URL + "?k=" + id + "#k" + id }
	out := map[string]any{
		"@type": "Comment", "@id": at(c.ID), "url": at(c.ID), "text": c.Text,
		"dateCreated": c.First.UTC().Format(time.RFC3339), "author": thing("Person", c.Name), "inLanguage": c.Lang,
	}
	if c.Edited {
		out["dateModified"] = c.Published.UTC().Format(time.RFC3339)
	}
	if c.Parent != "" {
		out["parentItem"] = map[string]any{"@type": "Comment", "@id": at(c.Parent)}
	}
	return out
}

// graph is the article as Open Graph describes it.
func graph(p articlePage) []property {
	g := []property{
		{"og:type", "article"}, {"og:title", p.Doc.Headline}, {"og:description", p.Doc.Lede}, {"og:url", p.Canonical},
		{"og:site_name", or(p.Doc.Publisher, p.Site.Name)}, {"og:locale", map[string]string{"de": "de_DE", "en": "en_GB"}[p.Lang]},
	}
	if p.Doc.Date != "" {
		g = append(g, property{"article:published_time", p.Doc.Date})
	}
	if p.Doc.Section != "" {
		g = append(g, property{"article:section", p.Doc.Section})
	}
	if p.Picture != "" {
		g = append(g, property{"og:image", p.Absolute + p.Picture})
	}
	return g
}
