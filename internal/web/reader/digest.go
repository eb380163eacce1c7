package reader

import (
	"net/http"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// digestPage is where digests by mail are ordered, confirmed and ended.
type digestPage struct {
	frame
	Article store.Article // the zero value where no article was asked for
	What    string        // in words, on the pages of links
	Kind    string        // chosen
	Email   string
	Error   *formError
	Done    bool   // the form was taken in
	Words   string // on the pages of links
	Button  string // "" when it is done
	Action  string
}

// digestForm asks for an address, and what it wants to get.
func (rd *Reader) digestForm(w http.ResponseWriter, r *http.Request) error {
	return rd.showDigest(w, r, digestPage{}, http.StatusOK)
}

func (rd *Reader) showDigest(w http.ResponseWriter, r *http.Request, p digestPage, status int) error {
	site, art, err := rd.digestOf(r)
	if err != nil {
		return err
	}
	p.Site, p.Article, p.Lang, p.NoIndex = site, art, or(lang(r.URL.Query()), site.Lang), true
	p.Title = p.T("digest.title")
	switch {
	case p.Kind != "":
	case art.ID != "":
		p.Kind = store.ThreadDigest
	default:
		p.Kind = store.PicksDigest
	}
	return rd.Server.Page(w, r, status, "digest.html", p)
}

// digestOf finds the article and the site that the address names.
func (rd *Reader) digestOf(r *http.Request) (store.Site, store.Article, error) {
	id := cleanID(r.URL.Query().Get("article"))
	if id == "" {
		site, err := rd.mineSite(r)
		return site, store.Article{}, err
	}
	art, err := rd.store.Article(r.Context(), id)
	if err != nil {
		return store.Site{}, art, err
	}
	site, err := rd.store.Site(r.Context(), art.Site)
	return site, art, err
}

// digest takes in an order. The answer is the same whether the address is known,
// and nothing is sent but the question until its owner confirms it.
func (rd *Reader) digest(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, art, err := rd.digestOf(r)
	if err != nil {
		return err
	}
	typed := digestPage{Kind: r.PostForm.Get("kind"), Email: r.PostForm.Get("email")}
	language := or(lang(r.URL.Query()), site.Lang)
	if err = rd.takeDigest(r, store.Subscription{Site: site.ID, Kind: typed.Kind, Article: art.ID, Lang: language, Email: typed.Email}); err == nil {
		return rd.showDigest(w, r, digestPage{Done: true}, http.StatusOK)
	}
	status, problem := rd.explain(w, err)
	if status == 0 {
		return err
	}
	typed.Error = &formError{problem.Field, locale.T(language, problem.Key, problem.Args...)}
	return rd.showDigest(w, r, typed, status)
}

func (rd *Reader) takeDigest(r *http.Request, in store.Subscription) (err error) {
	if in.Email, err = moderation.CleanEmail(in.Email); err != nil {
		return err
	}
	if in.Email == "" {
		return moderation.BadField("email", "error.email")
	}
	if in.Kind == store.PicksDigest {
		in.Article = ""
	} else if in.Article == "" {
		return moderation.BadField("kind", "error.digest_kind")
	}
	sender, err := rd.Server.Sender(r)
	if err != nil {
		return err
	}
	if err := rd.Server.Limits.Take("mine", sender.Now, web.SignInRate); err != nil {
		return err
	}
	return rd.store.Subscribe(r.Context(), in)
}

// digestPage is where the links in mails lead. It asks first: programs that check
// links for viruses open them, too.
func (rd *Reader) digestPage(end bool) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		x, err := rd.store.ByDigestToken(r.Context(), r.PathValue("token"))
		if err != nil {
			return err
		}
		return rd.showDigestLink(w, r, x, end, false)
	}
}

// digestStep confirms or ends a digest. Ending is also what a mail program's own
// button calls (RFC 8058).
func (rd *Reader) digestStep(end bool) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		x, err := rd.store.ByDigestToken(r.Context(), r.PathValue("token"))
		if err != nil {
			return err
		}
		if end {
			err = rd.store.EndDigest(r.Context(), x.ID)
		} else {
			err = rd.store.ConfirmDigest(r.Context(), x.ID)
		}
		if err != nil {
			return err
		}
		return rd.showDigestLink(w, r, x, end, true)
	}
}

func (rd *Reader) showDigestLink(w http.ResponseWriter, r *http.Request, x store.Subscription, end, done bool) error {
	site, err := rd.store.Site(r.Context(), x.Site)
	if err != nil {
		return err
	}
	p := digestPage{Action: r.URL.Path}
	p.Site, p.Lang, p.NoIndex = site, x.Lang, true
	p.Title = p.T("digest.title")
	p.What = p.T("digest.picks", "site", site.Name)
	if x.Kind == store.ThreadDigest {
		art, err := rd.store.Article(r.Context(), x.Article)
		if err != nil {
			return err
		}
		p.What = p.T("digest.thread", "article", art.Doc.Headline)
	}
	step := "digest.confirm"
	if end {
		step = "digest.end"
	}
	p.Words, p.Button = p.T(step+".ask"), p.T(step+".button")
	if done {
		p.Words, p.Button = p.T(step+".done"), ""
	}
	w.Header().Set("Cache-Control", "no-store")
	return rd.Server.Page(w, r, http.StatusOK, "digest.html", p)
}
