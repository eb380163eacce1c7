package reader

import (
	"net/http"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// minePage asks for an address, or lists the comments of one.
type minePage struct {
	frame
	Email string
	Done  bool
	Error *formError
	List  []mineEntry
	Open  bool // the list is shown
}

type mineEntry struct {
	Token, Article, Text, State string
	Receipt                     store.Receipt
}

// mineForm asks where to send the link to all of one's comments.
func (rd *Reader) mineForm(w http.ResponseWriter, r *http.Request) error {
	return rd.showMine(w, r, minePage{}, http.StatusOK)
}

func (rd *Reader) showMine(w http.ResponseWriter, r *http.Request, p minePage, status int) error {
	site, err := rd.mineSite(r)
	if err != nil {
		return err
	}
	p.Site, p.Lang, p.NoIndex = site, or(lang(r.URL.Query()), site.Lang), true
	p.Title = p.T("reader.mine.title")
	return rd.Server.Page(w, r, status, "mine.html", p)
}

func (rd *Reader) mineSite(r *http.Request) (store.Site, error) {
	if id := cleanID(r.URL.Query().Get("site")); id != "" {
		return rd.store.Site(r.Context(), id)
	}
	return rd.home(r.Context(), rd.base(r))
}

// mine sends the link. The answer is the same whether the address is known.
func (rd *Reader) mine(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, err := rd.mineSite(r)
	if err != nil {
		return err
	}
	email, err := moderation.CleanEmail(r.PostForm.Get("email"))
	if err == nil && email == "" {
		err = moderation.BadField("email", "error.email")
	}
	sender, failed := rd.Server.Sender(r)
	if failed != nil {
		return failed
	}
	if err == nil {
		err = rd.Server.Limits.Take("mine", sender.Now, web.SignInRate)
	}
	if err == nil {
		err = rd.store.AskForMine(r.Context(), store.Mine{Site: site.ID, Email: email})
	}
	if err == nil {
		return rd.showMine(w, r, minePage{Done: true}, http.StatusOK)
	}
	status, problem := rd.explain(w, err)
	if status == 0 {
		return err
	}
	words := locale.T(or(lang(r.URL.Query()), site.Lang), problem.Key, problem.Args...)
	return rd.showMine(w, r, minePage{Email: r.PostForm.Get("email"), Error: &formError{problem.Field, words}}, status)
}

// mineList shows all comments of the address that the link was sent to.
func (rd *Reader) mineList(w http.ResponseWriter, r *http.Request) error {
	m, receipts, err := rd.store.ByMineToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	site, err := rd.store.Site(r.Context(), m.Site)
	if err != nil {
		return err
	}
	p := minePage{Open: true}
	p.Site, p.Lang, p.NoIndex = site, or(lang(r.URL.Query()), site.Lang), true
	p.Title = p.T("reader.mine.title")
	for _, rec := range receipts {
		token, err := rd.store.ReceiptToken(r.Context(), rec.Comment)
		if err != nil {
			return err
		}
		p.List = append(p.List, mineEntry{token, rec.Article.Doc.Headline, rec.Text, p.T("reader.state." + string(rec.Status)), rec})
	}
	w.Header().Set("Cache-Control", "no-store")
	return rd.Server.Page(w, r, http.StatusOK, "mine.html", p)
}
