// Package purge tells caches in front of Freigabe, Varnish or a delivery network,
// to drop what shows something that has changed.
//
// Freigabe allows a shared cache to keep a page for one second, so nothing here
// is needed where caches obey. Purging is for those that do not, or that an
// installation lets keep pages for longer. Pages carry the names of what they show
// in Surrogate-Key and Cache-Tag; a cache is told either names or addresses.
package purge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Kind is a way to ask a cache.
type Kind string

// The ways. All but the first also reach pages whose address nobody can list,
// such as the second page of a thread.
const (
	Addresses Kind = "purge" // PURGE, a request for each address: Varnish, nginx, most delivery networks
	Ban       Kind = "ban"   // BAN with the names in Surrogate-Key: Varnish with deploy/varnish.vcl
	Names     Kind = "keys"  // POST with the names in Surrogate-Key, as Fastly takes them
	Tags      Kind = "tags"  // POST of {"tags":[…]}, as Cloudflare takes them
)

// Cache is one cache to be told.
type Cache struct {
	Kind   Kind
	URL    *url.URL
	header string // of its key, "" where it wants none
	value  string
}

// Parse reads caches separated by spaces or commas, each KIND+URL, such as
// ban+http://10.0.0.5:6081. What stands before the host as NAME:VALUE@ is sent as
// a header, such as keys+https://Fastly-Key:SECRET@api.fastly.com/service/ID/purge.
func Parse(list string) ([]Cache, error) {
	var out []Cache
	for _, one := range strings.FieldsFunc(list, func(r rune) bool { return r == ' ' || r == ',' }) {
		c, err := parseOne(one)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

var errForm = errors.New("a cache to purge is written as KIND+URL, KIND one of purge, ban, keys, tags, such as ban+http://127.0.0.1:6081")

// parseOne never repeats what it read: it may hold a key.
func parseOne(text string) (Cache, error) {
	kind, rest, ok := strings.Cut(text, "+")
	c := Cache{Kind: Kind(kind)}
	u, err := url.Parse(rest)
	if !ok || err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return c, errForm
	}
	switch c.Kind {
	case Addresses, Ban, Names, Tags:
	default:
		return c, errForm
	}
	if u.User != nil {
		c.header = u.User.Username()
		c.value, _ = u.User.Password()
		u.User = nil
	}
	c.URL = u
	return c, nil
}

// Name is the cache for logs and metrics, without its key.
func (c Cache) Name() string { return string(c.Kind) + "+" + c.URL.Scheme + "://" + c.URL.Host }

// Change is what has changed: of an article, or of a whole site where Article is "".
type Change struct {
	Site    string
	Article string
}

// Everything that a site shows, one of its pages that show several articles, and
// pages that belong to no single site.
func everythingOf(site string) string { return "all-" + site }
func listsOf(site string) string      { return "site-" + site }

const lists = "lists"

// Tag gives the names that a page carries: of the article that it shows, or ""
// for one that shows several, and of its site, or "" for one that belongs to none.
func Tag(site, article string) []string {
	var names []string
	switch {
	case article != "":
		names = []string{"article-" + article}
	case site != "":
		names = []string{listsOf(site)}
	default:
		return []string{lists}
	}
	if site != "" {
		names = append(names, everythingOf(site))
	}
	return names
}

// Names gives the names of the pages that a change touches.
func (ch Change) Names() []string {
	if ch.Article == "" {
		return []string{everythingOf(ch.Site), lists}
	}
	return []string{"article-" + ch.Article, listsOf(ch.Site), lists}
}

// Paths gives the addresses of the pages that a change touches, as far as they
// can be listed: the first page of each order.
func (ch Change) Paths() []string {
	paths := []string{"/", "/feeds/site.atom", "/feeds/site.json", "/feeds/picks.atom", "/feeds/picks.json"}
	if ch.Article == "" {
		return paths
	}
	for _, page := range []string{"/a/", "/embed/articles/"} {
		for _, sort := range []string{"", "?sort=newest", "?sort=picks"} {
			paths = append(paths, page+ch.Article+sort)
		}
	}
	api := "/api/v1/articles/" + ch.Article
	return append(paths, api, api+"/comments", api+"/comments?sort=oldest", api+"/comments?sort=newest", api+"/comments?sort=picks",
		"/api/v1/counts?id="+ch.Article, "/feeds/"+ch.Article+".atom", "/feeds/"+ch.Article+".json")
}

// Send asks a cache to drop what a change touches. Public is the address that
// readers know, "" for the cache's own. Any answer but a 2xx is an error, and the
// cache is to be asked again; a cache that did not have the page says 404.
func Send(ctx context.Context, client *http.Client, c Cache, ch Change, public string) error {
	switch c.Kind {
	case Addresses:
		return c.each(ctx, client, ch.Paths(), public)
	case Ban:
		return c.ask(ctx, client, "BAN", c.URL.String(), public, ch.Names(), nil)
	case Names:
		return c.ask(ctx, client, http.MethodPost, c.URL.String(), "", ch.Names(), nil)
	}
	body, err := json.Marshal(map[string][]string{"tags": ch.Names()})
	if err != nil {
		return fmt.Errorf("encode the names: %w", err)
	}
	return c.ask(ctx, client, http.MethodPost, c.URL.String(), "", nil, body)
}

func (c Cache) each(ctx context.Context, client *http.Client, paths []string, public string) error {
	base := strings.TrimSuffix(c.URL.String(), "/")
	for _, path := range paths {
		if err := c.ask(ctx, client, "PURGE", base+path, public, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// ask sends one request; public gives its Host, by which a cache knows its pages.
func (c Cache) ask(ctx context.Context, client *http.Client, method, address, public string, names []string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("purge request: %w", err)
	}
	if u, err := url.Parse(public); err == nil && u.Host != "" {
		req.Host = u.Host
	}
	if c.header != "" {
		req.Header.Set(c.header, c.value)
	}
	if len(names) > 0 {
		req.Header.Set("Surrogate-Key", strings.Join(names, " "))
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.Name(), err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)); err != nil {
		return fmt.Errorf("answer of %s: %w", c.Name(), err)
	}
	if res.StatusCode/100 != 2 && (c.Kind != Addresses || res.StatusCode != http.StatusNotFound) {
		return fmt.Errorf("%s answered %s", c.Name(), res.Status)
	}
	return nil
}
