package reader

import (
	"context"
	"html/template"
	"net/http"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
)

// frame is what every page of the built-in site has.
type frame struct {
	web.Base
	Site        store.Site
	Canonical   string
	Description string
	Feeds       []feedLink
	LD          template.HTML // a whole script element with structured data, "" for none
	Graph       []property    // Open Graph
	NoIndex     bool
}

type property struct{ Property, Content string }

type feedLink struct{ Href, Type, Title string }

// articlePage is an article with its comments.
type articlePage struct {
	frame
	Doc     article.Article
	Day     string // of publication, in words
	Picture string // address of the picture, "" where there is none here
	Absolute,
	URL string // of this page
	Section section
	Policy  policyText
}

// article serves an article with its comments.
func (rd *Reader) article(w http.ResponseWriter, r *http.Request) error {
	a := rd.asked(r)
	return rd.cached(w, r, a.key("page"), func(ctx context.Context) (thread.Rendered, error) {
		s, err := rd.section(ctx, a)
		if err != nil {
			return thread.Rendered{}, err
		}
		p, err := rd.articlePage(ctx, a, s)
		if err != nil {
			return thread.Rendered{}, err
		}
		body, err := web.Render("article.html", p)
		return thread.Rendered{Body: body, Type: "text/html; charset=utf-8", Until: s.until, Site: s.Site}, err
	})
}

func (rd *Reader) articlePage(ctx context.Context, a asked, s section) (articlePage, error) {
	doc := s.Article.Doc
	p := articlePage{Doc: doc, Section: s, URL: a.base + "/a/" + s.Article.ID, Absolute: a.base}
	p.Lang, p.Title, p.Site, p.Description = s.Lang, doc.Headline, s.Site, doc.Lede
	p.Canonical = or(doc.URL, p.URL)
	p.NoIndex = a.reply != "" || a.comment != ""
	if s.Article.ImageID != "" {
		p.Picture = "/images/" + s.Article.ImageID
	}
	if day, err := time.Parse(time.DateOnly, doc.Date); err == nil {
		p.Day = locale.DateIn(s.Lang, day, time.UTC)
	}
	title := locale.T(s.Lang, "reader.feed.title", "article", doc.Headline)
	of := "?site=" + s.Site.ID
	p.Feeds = []feedLink{
		{"/feeds/" + s.Article.ID + ".atom", "application/atom+xml", title},
		{"/feeds/" + s.Article.ID + ".json", "application/feed+json", title},
		{"/feeds/picks.atom" + of, "application/atom+xml", locale.T(s.Lang, "reader.feed.picks", "site", s.Site.Name)},
		{"/feeds/answers.atom" + of, "application/atom+xml", locale.T(s.Lang, "reader.feed.answers", "site", s.Site.Name)},
	}
	p.Graph = graph(p)
	var err error
	if p.Policy, err = rd.policyOf(ctx, s.Site, s.Lang); err != nil {
		return p, err
	}
	if p.Policy.HTML == "" && doc.Policy != nil {
		p.Policy = policyText{HTML: markdown(doc.Policy.Text), Signed: doc.Policy.Signed}
	}
	p.LD, err = structured(p)
	return p, err
}

// frontPage lists a site's articles.
type frontPage struct {
	frame
	Today    string
	Lead     *teaser
	Articles []teaser
	Policy   policyText
}

type teaser struct {
	ID, Headline, Lede, Section, Day, Picture, Alt string
	Count                                          int
}

// front serves the front page of the built-in site.
func (rd *Reader) front(w http.ResponseWriter, r *http.Request) error {
	base, language := rd.base(r), lang(r.URL.Query())
	k := thread.Key{Name: "front\x00" + base + "\x00" + language}
	return rd.cached(w, r, k, func(ctx context.Context) (thread.Rendered, error) {
		site, err := rd.home(ctx, base)
		if err != nil {
			return thread.Rendered{}, err
		}
		p := frontPage{}
		p.Lang, p.Title, p.Site, p.Canonical = or(language, site.Lang), site.Name, site, base+"/"
		now := rd.store.Now().In(locale.Berlin)
		p.Today = locale.Date(p.Lang, now)
		p.Feeds = siteFeeds(p.Lang, site)
		if err := rd.teasers(ctx, site, &p); err != nil {
			return thread.Rendered{}, err
		}
		body, err := web.Render("front.html", p)
		midnight := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, locale.Berlin)
		return thread.Rendered{Body: body, Type: "text/html; charset=utf-8", Until: midnight, Site: site}, err
	})
}

// home is the site whose articles the front page shows: the one of this address,
// or else the first.
func (rd *Reader) home(ctx context.Context, base string) (store.Site, error) {
	sites, err := rd.store.Sites(ctx)
	if err != nil {
		return store.Site{}, err
	}
	for _, s := range sites {
		if s.Origin == base {
			return s, nil
		}
	}
	if len(sites) == 0 {
		return store.Site{}, moderation.Missing("site")
	}
	return sites[0], nil
}

func (rd *Reader) teasers(ctx context.Context, site store.Site, p *frontPage) error {
	all, err := rd.store.Articles(ctx, site.ID, 60)
	if err != nil {
		return err
	}
	for _, a := range all {
		t := teaser{ID: a.ID, Headline: a.Doc.Headline, Lede: a.Doc.Lede, Section: a.Doc.Section, Count: a.Released}
		if day, err := time.Parse(time.DateOnly, a.Doc.Date); err == nil {
			t.Day = locale.DateIn(p.Lang, day, time.UTC)
		}
		if a.ImageID != "" && a.Doc.Image != nil {
			t.Picture, t.Alt = "/images/"+a.ImageID, a.Doc.Image.Alt
		}
		if p.Lead == nil {
			p.Lead = &t
			continue
		}
		p.Articles = append(p.Articles, t)
	}
	p.Policy, err = rd.policyOf(ctx, site, p.Lang)
	return err
}
