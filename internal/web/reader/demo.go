package reader

import (
	"net/http"

	"github.com/freigabe/freigabe/internal/web"
)

// original stands for the publisher's own page of a demo article: it leads to the
// article here.
func (rd *Reader) original(w http.ResponseWriter, r *http.Request) error {
	art, err := rd.store.ArticleByURL(r.Context(), "", rd.base(r)+"/demo/"+r.PathValue("slug"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/a/"+art.ID, http.StatusFound)
	return nil
}

type notePage struct {
	frame
	Words []string
}

// notePage stands for the publisher's imprint and privacy pages in the demo.
func (rd *Reader) notePage(name string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		site, err := rd.home(r.Context(), rd.base(r))
		if err != nil {
			return err
		}
		p := notePage{}
		p.Lang, p.Site, p.NoIndex = or(lang(r.URL.Query()), site.Lang), site, true
		p.Title = p.T("reader.nav." + name)
		p.Words = web.Paragraphs(p.T("reader.demo." + name))
		return rd.Server.Page(w, r, http.StatusOK, "note.html", p)
	}
}
