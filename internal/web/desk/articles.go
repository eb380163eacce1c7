package desk

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// articleList is what articles.html shows.
type articleList struct {
	Frame
	Rows    []store.ArticleLoad
	Sites   []store.Site
	Fetches bool
	Wrong   string // why an article could not be taken in
	Text    string // the text that was tried
	URL     string
	Added   *store.Article
}

// Share is the share of rejected among the decided.
func (p articleList) Share(l store.ArticleLoad) string {
	if l.Approved+l.Rejected == 0 {
		return "–"
	}
	return percent(p.Frame, l.Rejected, l.Approved+l.Rejected)
}

func (d *Desk) articleList(r *http.Request) (articleList, error) {
	f, err := d.frame(r, "articles", "desk.articles.title")
	if err != nil {
		return articleList{}, err
	}
	p := articleList{Frame: f, Fetches: d.fetch != nil}
	who := web.WhoOf(r)
	if p.Sites, err = d.sites(r.Context(), who); err != nil {
		return p, err
	}
	p.Rows, err = d.store.ArticleLoads(r.Context(), who.Reach(), 200)
	return p, err
}

func (d *Desk) articlesPage(w http.ResponseWriter, r *http.Request) error {
	p, err := d.articleList(r)
	if err != nil {
		return err
	}
	if id := r.URL.Query().Get("added"); id != "" {
		if a, err := d.store.Article(r.Context(), id); err == nil && web.WhoOf(r).Sees(a.Site, a.Doc.Section) {
			p.Added = &a
		}
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/articles.html", p)
}

// addArticle takes in an article: an address of the own site, a file or a text.
// What cannot be taken in is said beside the form, which keeps the text.
func (d *Desk) addArticle(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	if !mayEdit(web.WhoOf(r)) {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	site, err := d.siteFor(r)
	if err != nil {
		return err
	}
	doc, picture, err := d.intake(r, site)
	if wrong, ok := errors.AsType[*article.Error](err); ok {
		p, err := d.articleList(r)
		if err != nil {
			return err
		}
		p.Wrong, p.Text, p.URL = wrong.Message(p.Lang), r.PostFormValue("text"), r.PostFormValue("url")
		return d.srv.Page(w, r, http.StatusUnprocessableEntity, "desk/articles.html", p)
	}
	if err != nil {
		return err
	}
	if !web.WhoOf(r).Sees(site.ID, doc.Section) {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.section"}
	}
	a, err := d.store.AddArticle(r.Context(), store.Article{Site: site.ID, Doc: doc}, picture)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/articles?added="+url.QueryEscape(a.ID), http.StatusSeeOther)
	return nil
}

// mayEdit tells who may change articles: all but auditors, who only read.
func mayEdit(who web.Who) bool { return who.Editor.Role != moderation.Auditor }

// siteFor is the site that a form names, or the only one served.
func (d *Desk) siteFor(r *http.Request) (store.Site, error) {
	sites, err := d.sites(r.Context(), web.WhoOf(r))
	if err != nil {
		return store.Site{}, err
	}
	for _, s := range sites {
		if s.ID == r.PostFormValue("site") || len(sites) == 1 {
			return s, nil
		}
	}
	return store.Site{}, moderation.Missing("site")
}

// intake reads the article from whichever field of the form is filled.
func (d *Desk) intake(r *http.Request, site store.Site) (article.Article, *store.Image, error) {
	if address := strings.TrimSpace(r.PostFormValue("url")); address != "" && d.fetch != nil {
		return d.fetch(r.Context(), site, address)
	}
	if r.MultipartForm != nil {
		if files := r.MultipartForm.File["file"]; len(files) > 0 && files[0].Size > 0 {
			f, err := files[0].Open()
			if err != nil {
				return article.Article{}, nil, err
			}
			defer f.Close()
			src, err := io.ReadAll(io.LimitReader(f, article.MaxSource+1))
			if err != nil {
				return article.Article{}, nil, err
			}
			doc, err := article.Parse(files[0].Filename, src)
			return doc, nil, err
		}
	}
	doc, err := article.Parse("", []byte(r.PostFormValue("text")))
	return doc, nil, err
}

// articleForm is what article.html shows: an article, and when it takes comments.
type articleForm struct {
	Frame
	Art    store.Article
	Status string
	Saved  bool
	Opens  string // for the input fields, in the time of Berlin
	Closes string
}

const inputTime = "2006-01-02T15:04" // of <input type=datetime-local>

func (d *Desk) ownArticle(r *http.Request) (store.Article, error) {
	a, err := d.store.Article(r.Context(), r.PathValue("id"))
	if err == nil && !web.WhoOf(r).Sees(a.Site, a.Doc.Section) {
		err = moderation.Missing("article")
	}
	return a, err
}

func (d *Desk) articlePage(w http.ResponseWriter, r *http.Request) error {
	a, err := d.ownArticle(r)
	if err != nil {
		return err
	}
	f, err := d.frame(r, "articles", "desk.articles.title")
	if err != nil {
		return err
	}
	f.Title = a.Doc.Headline
	p := articleForm{Frame: f, Art: a, Status: a.Status(f.Now), Saved: r.URL.Query().Has("saved"), Opens: forInput(a.Opens), Closes: forInput(a.Closes)}
	return d.srv.Page(w, r, http.StatusOK, "desk/article.html", p)
}

func forInput(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(locale.Berlin).Format(inputTime)
}

func fromInput(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(inputTime, text, locale.Berlin)
	if err != nil {
		return t, moderation.BadField(field, "error.time")
	}
	return t.UTC(), nil
}

// saveArticle sets when an article takes comments, and its watch list.
func (d *Desk) saveArticle(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	a, err := d.ownArticle(r)
	if err != nil {
		return err
	}
	if !mayEdit(web.WhoOf(r)) {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	if a.Opens, err = fromInput("opens", r.PostFormValue("opens")); err != nil {
		return err
	}
	if a.Closes, err = fromInput("closes", r.PostFormValue("closes")); err != nil {
		return err
	}
	a.Closed = r.PostFormValue("closed") == "1"
	a.CloseCount = atoi(r.PostFormValue("count"))
	if a.Daily, err = daily(a.Daily, r.PostFormValue("daily_from"), r.PostFormValue("daily_to")); err != nil {
		return err
	}
	a.TwoReads = r.PostFormValue("two") == "1"
	a.Watchlist = terms(r.PostFormValue("watch"))
	if err := d.store.SetThread(r.Context(), a); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/articles/"+url.PathEscape(a.ID)+"?saved", http.StatusSeeOther)
	return nil
}

// daily reads the hours of the day in which an article takes comments; both empty:
// all day. Days and zone stay as they were set.
func daily(was *store.Hours, from, to string) (*store.Hours, error) {
	if from == "" && to == "" {
		return nil, nil
	}
	begin, err1 := time.Parse("15:04", from)
	end, err2 := time.Parse("15:04", to)
	if err1 != nil || err2 != nil || !end.After(begin) {
		return nil, moderation.BadField("daily_to", "error.daily_hours")
	}
	h := store.Hours{}
	if was != nil {
		h = *was
	}
	h.From, h.To = from, to
	return &h, nil
}

// terms reads a watch list: one name or term a line.
func terms(text string) []string {
	var out []string
	for t := range strings.Lines(text) {
		t = strings.Join(strings.Fields(strings.ToValidUTF8(t, "")), " ")
		if t != "" && len(t) <= 200 && len(out) < 200 {
			out = append(out, t)
		}
	}
	return out
}
