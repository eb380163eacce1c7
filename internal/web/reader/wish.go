package reader

import (
	"net/http"

	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// wishPage is where links in mails lead that begin or end news of answers; with
// all=1, that end all news of the article. The page asks first: programs that
// check links for viruses open them, too.
func (rd *Reader) wishPage(notify string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return rd.showWish(w, r, notify, false)
	}
}

// wish keeps the wish. It is also what a mail program's own button for
// unsubscribing calls (RFC 8058).
func (rd *Reader) wish(notify string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		rec, err := rd.store.ByMailToken(r.Context(), r.PathValue("token"))
		if err != nil {
			return err
		}
		if notify == "" && r.URL.Query().Has("all") {
			err = rd.store.MuteThread(r.Context(), rec.Comment)
		} else {
			err = rd.store.SetNotify(r.Context(), rec.Comment, notify)
		}
		if err != nil {
			return err
		}
		return rd.showWish(w, r, notify, true)
	}
}

type wishPage struct {
	frame
	Receipt store.Receipt
	Action  string
	Words   string
	Button  string // "" when it is done
	More    string // address that ends all news of the article, where this ends less
}

func (rd *Reader) showWish(w http.ResponseWriter, r *http.Request, notify string, done bool) error {
	rec, err := rd.store.ByMailToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	p := wishPage{Receipt: rec, Action: r.URL.Path}
	all := notify == "" && r.URL.Query().Has("all")
	if all {
		p.Action += "?all=1"
	}
	p.Lang, p.Site, p.NoIndex = or(lang(r.URL.Query()), or(rec.Lang, rec.Site.Lang)), rec.Site, true
	p.Title = p.T("reader.receipt.title")
	switch {
	case done && notify != "":
		p.Words = p.T("mail.confirm.done")
	case done && all:
		p.Words = p.T("mail.mute.page")
	case all:
		p.Words, p.Button = p.T("mail.mute.ask"), p.T("mail.mute.confirm")
	case done:
		p.Words, p.More = p.T("mail.unsubscribe.page"), r.URL.Path+"?all=1"
	case notify != "":
		p.Words, p.Button = p.T("mail.confirm.ask"), p.T("mail.confirm.button")
	default:
		p.Words, p.Button, p.More = p.T("mail.unsubscribe.ask"), p.T("mail.unsubscribe.confirm"), r.URL.Path+"?all=1"
	}
	w.Header().Set("Cache-Control", "no-store")
	return rd.Server.Page(w, r, http.StatusOK, "wish.html", p)
}

type mailboxPage struct {
	frame
	Messages []mail.Caught
}

// mailbox shows the mails of the demo, which go nowhere else.
func (rd *Reader) mailbox(w http.ResponseWriter, r *http.Request) error {
	site, err := rd.home(r.Context(), rd.base(r))
	if err != nil {
		return err
	}
	p := mailboxPage{Messages: rd.Mailbox.Messages()}
	p.Lang, p.Site, p.NoIndex = or(lang(r.URL.Query()), site.Lang), site, true
	p.Title = p.T("mail.demo.title")
	return rd.Server.Page(w, r, http.StatusOK, "mailbox.html", p)
}
