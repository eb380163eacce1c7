package thread

import (
	"slices"

	"github.com/freigabe/freigabe/internal/store"
)

// changes is what a number of events touch.
type changes struct {
	sites    map[string]bool // something changed there
	all      map[string]bool // everything may have changed there
	articles map[string]bool
}

func newChanges() changes {
	return changes{sites: map[string]bool{}, all: map[string]bool{}, articles: map[string]bool{}}
}

func (c changes) add(e store.Event) {
	switch {
	case e.Topic == "site" || (e.Topic == "thread" || e.Topic == "article") && e.Article == "":
		c.sites[e.Site], c.all[e.Site] = true, true
	case e.Topic == "thread" || e.Topic == "article":
		c.sites[e.Site], c.articles[e.Article] = true, true
	}
}

func (c changes) touch(k Key, en *entry) bool {
	switch {
	case k.Article != "" && en.page == nil: // still being rendered: its site is not known
		return c.articles[k.Article] || len(c.all) > 0
	case k.Article != "":
		return c.articles[k.Article] || c.all[en.page.Site.ID]
	case k.Site != "":
		return c.sites[k.Site]
	case en.page == nil:
		return true
	case en.page.articles != nil:
		return c.touchAny(en.page)
	case en.page.ofSite:
		return c.sites[en.page.Site.ID]
	}
	return true
}

// touchAny is touch for a page that depends on a few articles. Those of a site
// where everything may have changed are not told apart, as the page need not say
// whose they are.
func (c changes) touchAny(p *Page) bool {
	for article := range c.articles {
		if slices.Contains(p.articles, article) {
			return true
		}
	}
	return len(c.all) > 0
}
