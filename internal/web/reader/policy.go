package reader

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"strconv"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/yuin/goldmark"
)

// policyText is a version of the rules for readers.
type policyText struct {
	store.Policy
	HTML   template.HTML
	Signed string
}

// markdown renders the editors' words; HTML in them is left out.
func markdown(text string) template.HTML {
	var b bytes.Buffer
	if err := goldmark.Convert([]byte(text), &b); err != nil {
		return template.HTML(template.HTMLEscapeString(text)) //nolint:gosec // escaped
	}
	return template.HTML(b.String()) //nolint:gosec // goldmark escapes and omits raw HTML
}

// policyOf is a site's policy in a language; the zero value where it has none.
func (rd *Reader) policyOf(ctx context.Context, site store.Site, lang string) (policyText, error) {
	p, err := rd.store.Policy(ctx, site.ID, lang)
	if moderation.KindOf(err) == moderation.NotFound {
		return policyText{}, nil
	}
	return policyText{p, markdown(p.Text), p.Signed}, err
}

type policyPage struct {
	frame
	Policy   policyText
	Versions []store.Policy
	Newest   bool
}

// policy serves a site's policy at its stable address; version=N an earlier one.
func (rd *Reader) policy(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	base, language, siteID, version := rd.base(r), lang(q), cleanID(q.Get("site")), q.Get("version")
	k := thread.Key{Name: "policy\x00" + base + "\x00" + language + "\x00" + siteID + "\x00" + version}
	return rd.cached(w, r, k, func(ctx context.Context) (thread.Rendered, error) {
		site, err := rd.home(ctx, base)
		if siteID != "" {
			site, err = rd.store.Site(ctx, siteID)
		}
		if err != nil {
			return thread.Rendered{}, err
		}
		p, err := rd.policyPage(ctx, site, or(language, site.Lang), version)
		if err != nil {
			return thread.Rendered{}, err
		}
		p.Canonical = base + "/policy?site=" + site.ID
		body, err := web.Render("policy.html", p)
		return thread.Rendered{Body: body, Type: "text/html; charset=utf-8", Site: site}, err
	})
}

func (rd *Reader) policyPage(ctx context.Context, site store.Site, lang, version string) (policyPage, error) {
	p := policyPage{}
	p.Lang, p.Site = lang, site
	p.Title = p.T("reader.policy.title")
	all, err := rd.store.Policies(ctx, site.ID)
	if err != nil {
		return p, err
	}
	newest, err := rd.policyOf(ctx, site, lang)
	if err != nil {
		return p, err
	}
	p.Policy, p.Newest = newest, true
	for _, v := range all {
		if v.Lang != newest.Lang {
			continue
		}
		p.Versions = append(p.Versions, v)
		if strconv.Itoa(v.Version) == version && v.Version != newest.Version {
			p.Policy, p.Newest = policyText{v, markdown(v.Text), v.Signed}, false
		}
	}
	if len(p.Versions) == 0 {
		return p, moderation.Missing("policy")
	}
	return p, nil
}
