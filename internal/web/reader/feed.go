package reader

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
)

const feedLength = 50

// ofSite are the feeds of a whole site, by name, and what they are narrowed to.
var ofSite = map[string]store.Only{"site": store.All, "picks": store.OnlyPicks, "answers": store.OnlyAnswers}

// feed serves /feeds/NAME.atom and .json, where NAME is an article's id, "site",
// "picks" or "answers".
func (rd *Reader) feed(w http.ResponseWriter, r *http.Request) error {
	name, kind, ok := strings.Cut(r.PathValue("file"), ".")
	if !ok || kind != "atom" && kind != "json" || cleanID(name) == "" {
		return moderation.Missing("page")
	}
	base, language := rd.base(r), lang(r.URL.Query())
	siteID := cleanID(r.URL.Query().Get("site"))
	k := thread.Key{Name: strings.Join([]string{"feed", base, language, siteID, r.PathValue("file")}, "\x00")}
	if _, whole := ofSite[name]; !whole {
		k.Article = name
	}
	return rd.cached(w, r, k, func(ctx context.Context) (thread.Rendered, error) {
		f, err := rd.gather(ctx, name, siteID, base)
		if err != nil {
			return thread.Rendered{}, err
		}
		f.lang = or(language, f.site.Lang)
		f.self = base + "/feeds/" + r.PathValue("file")
		write := f.atom
		if kind == "json" {
			write = f.json
		}
		out, err := write()
		out.OfSite = siteID != "" // which site is the home of an address can change with any
		return out, err
	})
}

// feedData is what both forms of a feed show.
type feedData struct {
	site      store.Site
	articles  map[string]store.Article
	comments  []store.Released
	of        *store.Article // nil: of the whole site
	only      store.Only
	lang      string
	base      string
	self      string
	updatedAt time.Time
}

func (rd *Reader) gather(ctx context.Context, name, siteID, base string) (feedData, error) {
	f := feedData{base: base, articles: map[string]store.Article{}, only: ofSite[name]}
	var err error
	article := ""
	_, whole := ofSite[name]
	switch {
	case !whole:
		a, err := rd.store.Article(ctx, name)
		if err != nil {
			return f, err
		}
		f.of, article, siteID, f.updatedAt = &a, a.ID, a.Site, a.Created
		fallthrough
	case siteID != "":
		f.site, err = rd.store.Site(ctx, siteID)
	default:
		f.site, err = rd.home(ctx, base)
	}
	if err != nil {
		return f, err
	}
	if f.comments, err = rd.store.Recent(ctx, f.site.ID, article, f.only, feedLength); err != nil {
		return f, err
	}
	for _, c := range f.comments {
		if _, known := f.articles[c.Article]; !known {
			if f.articles[c.Article], err = rd.store.Article(ctx, c.Article); err != nil {
				return f, err
			}
		}
		if c.Published.After(f.updatedAt) {
			f.updatedAt = c.Published
		}
	}
	if f.updatedAt.IsZero() {
		f.updatedAt = f.site.Created
	}
	return f, nil
}

func (f feedData) title() string {
	switch {
	case f.of != nil:
		return locale.T(f.lang, "reader.feed.title", "article", f.of.Doc.Headline)
	case f.only != store.All:
		return locale.T(f.lang, "reader.feed."+string(f.only), "site", f.site.Name)
	}
	return locale.T(f.lang, "reader.feed.site", "site", f.site.Name)
}

func (f feedData) home() string {
	if f.of != nil {
		return f.base + "/a/" + f.of.ID
	}
	return f.base + "/"
}

func (f feedData) entryTitle(c store.Released) string {
	return locale.T(f.lang, "reader.feed.entry", "name", c.Name, "article", f.articles[c.Article].Doc.Headline)
}

func (f feedData) link(c store.Released) string {
	return f.base + "/a/" + c.Article + "?k=" + c.ID + "#k" + c.ID
}

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Author  atomAuthor  `xml:"author"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
	Type string `xml:"type,attr,omitempty"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomEntry struct {
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Published string      `xml:"published"`
	Updated   string      `xml:"updated"`
	Author    atomAuthor  `xml:"author"`
	Links     []atomLink  `xml:"link"`
	Content   atomContent `xml:"content"`
}

type atomContent struct {
	Type string `xml:"type,attr"`
	Body string `xml:",chardata"`
}

func (f feedData) atom() (thread.Rendered, error) {
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	out := atomFeed{Lang: f.lang, ID: f.self, Title: f.title(), Updated: stamp(f.updatedAt), Author: atomAuthor{f.site.Name},
		Links: []atomLink{{"self", f.self, "application/atom+xml"}, {"alternate", f.home(), "text/html"}}}
	for _, c := range f.comments {
		out.Entries = append(out.Entries, atomEntry{
			ID: "urn:freigabe:" + c.ID, Title: f.entryTitle(c), Published: stamp(c.First), Updated: stamp(c.Published),
			Author: atomAuthor{c.Name}, Links: []atomLink{{"alternate", f.link(c), "text/html"}},
			Content: atomContent{"html", string(thread.Text(nil, c.Text))},
		})
	}
	body, err := xml.MarshalIndent(out, "", " ")
	if err != nil {
		return thread.Rendered{}, fmt.Errorf("atom feed: %w", err)
	}
	return thread.Rendered{Body: append([]byte(xml.Header), body...), Type: "application/atom+xml; charset=utf-8", Site: f.site}, nil
}

func (f feedData) json() (thread.Rendered, error) {
	items := []any{}
	for _, c := range f.comments {
		items = append(items, map[string]any{
			"id": c.ID, "url": f.link(c), "title": f.entryTitle(c), "content_text": c.Text, "content_html": string(thread.Text(nil, c.Text)),
			"date_published": c.First.UTC().Format(time.RFC3339), "date_modified": c.Published.UTC().Format(time.RFC3339),
			"authors": []any{map[string]any{"name": c.Name}}, "language": c.Lang,
		})
	}
	body, err := json.Marshal(map[string]any{
		"version": "https://jsonfeed.org/version/1.1", "title": f.title(), "home_page_url": f.home(), "feed_url": f.self,
		"language": f.lang, "items": items,
	})
	if err != nil {
		return thread.Rendered{}, fmt.Errorf("json feed: %w", err)
	}
	return thread.Rendered{Body: body, Type: "application/feed+json; charset=utf-8", Site: f.site}, nil
}

// siteFeeds are the feeds that a site's front page names.
func siteFeeds(lang string, site store.Site) []feedLink {
	title := func(key string) string { return locale.T(lang, "reader.feed."+key, "site", site.Name) }
	return []feedLink{
		{"/feeds/site.atom", "application/atom+xml", title("site")},
		{"/feeds/site.json", "application/feed+json", title("site")},
		{"/feeds/picks.atom", "application/atom+xml", title("picks")},
		{"/feeds/answers.atom", "application/atom+xml", title("answers")},
	}
}
