package reader

import (
	"net/http"
)

// verifyPage is where the link in a receipt's mail leads by which an author
// confirms the address. It asks first, as every page does that a mail leads to.
func (rd *Reader) verifyPage(w http.ResponseWriter, r *http.Request) error {
	return rd.showVerify(w, r, false)
}

// verify keeps that the address is the author's: from now on they are known.
func (rd *Reader) verify(w http.ResponseWriter, r *http.Request) error {
	rec, err := rd.store.ByMailToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	set, err := SettingsOf(rec.Site)
	if err != nil {
		return err
	}
	if err := rd.store.VerifyEmail(r.Context(), rec, set.naming(rec.Name)); err != nil {
		return err
	}
	return rd.showVerify(w, r, true)
}

func (rd *Reader) showVerify(w http.ResponseWriter, r *http.Request, done bool) error {
	rec, err := rd.store.ByMailToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	p := wishPage{Receipt: rec, Action: r.URL.Path}
	p.Lang, p.Site, p.NoIndex = or(lang(r.URL.Query()), or(rec.Lang, rec.Site.Lang)), rec.Site, true
	p.Title = p.T("reader.verify.title")
	if done || rec.Proven {
		p.Words = p.T("reader.verify.done")
	} else {
		p.Words, p.Button = p.T("reader.verify.ask", "email", rec.Email), p.T("reader.verify.button")
	}
	w.Header().Set("Cache-Control", "no-store")
	return rd.Server.Page(w, r, http.StatusOK, "wish.html", p)
}
