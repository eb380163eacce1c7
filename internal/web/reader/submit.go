package reader

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// trap is the field that people do not see and programs fill in. Whoever fills
// it gets their form back with everything they typed and an empty trap, so that
// a person whose browser filled it in sends again and loses nothing; pretending
// that the comment was taken in would lose it.
const trap = "leave_empty"

// submit takes in a comment from the form: 303 to its receipt, or the form again.
func (rd *Reader) submit(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	leave, err := rd.Server.Limits.Enter(r.PathValue("id"))
	if err != nil {
		return rd.formAgain(w, r, store.Site{}, err)
	}
	defer leave()
	in, site, err := rd.submission(r)
	if err == nil {
		var done store.Submitted
		if done, err = rd.store.Submit(r.Context(), in); err == nil {
			address := "/receipts/" + done.Token
			if done.Repeat {
				address += "?again=1"
			} else {
				address += "?new=1"
			}
			http.Redirect(w, r, address, http.StatusSeeOther)
			return nil
		}
	}
	return rd.formAgain(w, r, site, err)
}

// submission reads and checks what was typed. The site is given as far as it was
// found, for the form that goes back.
func (rd *Reader) submission(r *http.Request) (store.Submission, store.Site, error) {
	f := r.PostForm
	art, site, err := rd.store.WrittenTo(r.Context(), r.PathValue("id"))
	if err != nil {
		return store.Submission{}, site, err
	}
	if err := FromHere(r, site); err != nil {
		return store.Submission{}, site, err
	}
	if f.Get(trap) != "" {
		return store.Submission{}, site, moderation.BadField("", "error.trap")
	}
	in := store.Submission{
		Article: art.ID, Parent: f.Get("parent_id"), Text: f.Get("text"), Name: f.Get("name"), Email: f.Get("email"),
		Lang: or(lang(r.URL.Query()), site.Lang), Hinted: f.Get("hinted") == "1",
	}
	claim := Claim{Token: f.Get("token"), Receipt: f.Get("receipt"), OfAge: f.Get("age") == "1"}
	if err := Identify(r.Context(), &rd.signon, &rd.names, site, claim, &in); err != nil {
		return in, site, err
	}
	if in, err = Clean(site, in); err != nil {
		return in, site, err
	}
	if f.Get("notify") != "" && in.Email != "" {
		in.Notify = store.NotifyAsked
	}
	if in.Sender, err = rd.Server.Sender(r); err != nil {
		return in, site, err
	}
	if err := rd.Server.Limits.TakeSubmission(in.Sender.Now, art.ID, site.ID); err != nil {
		return in, site, err
	}
	in.Promise, err = rd.Wait.Promise(r.Context(), site)
	return in, site, err
}

// Clean prepares what an author sent, or says which field is wrong.
func Clean(site store.Site, in store.Submission) (_ store.Submission, err error) {
	if in.Text, err = moderation.CleanText("text", in.Text, site.Length()); err != nil {
		return in, err
	}
	if in.Name, err = moderation.CleanName(in.Name); err != nil {
		return in, err
	}
	if in.Email, err = moderation.CleanEmail(in.Email); err != nil {
		return in, err
	}
	if in.Parent != "" && cleanID(in.Parent) == "" {
		return in, moderation.BadField("parent_id", "error.parent")
	}
	return in, nil
}

// FromHere refuses what a foreign page makes a browser send: pages of the site,
// of this installation, and programs that name no origin may.
func FromHere(r *http.Request, site store.Site) error {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(site.AllowedOrigins(), origin) {
		return nil
	}
	if u, err := url.Parse(origin); err == nil && u.Host == r.Host {
		return nil
	}
	return &moderation.Error{Kind: moderation.Forbidden, Key: "error.cross_origin"}
}

// submitPage is the form again, with what was wrong.
type submitPage struct {
	frame
	Article store.Article // the zero value while the database is away
	Form    form
}

// formAgain answers an error of the form with the form and all that was typed.
// It works without the database, so that nobody loses a text to its absence.
func (rd *Reader) formAgain(w http.ResponseWriter, r *http.Request, site store.Site, cause error) error {
	status, problem := rd.explain(w, cause)
	if status == 0 {
		return cause
	}
	language := or(lang(r.URL.Query()), or(site.Lang, "de"))
	p := submitPage{}
	p.Lang, p.Site, p.NoIndex = language, site, true
	p.Title = locale.T(language, "reader.form.title")
	if art, err := rd.store.Article(r.Context(), r.PathValue("id")); err == nil {
		p.Article = art
	}
	f := formFor(language, site, store.Article{ID: r.PathValue("id")}, "")
	rd.recognise(r, site, &f)
	f.Text, f.Name, f.Email, f.Notify = r.PostForm.Get("text"), r.PostForm.Get("name"), r.PostForm.Get("email"), r.PostForm.Get("notify") != ""
	if id := cleanID(r.PostForm.Get("parent_id")); id != "" && problem.Field != "parent_id" {
		if c, err := rd.store.Released(r.Context(), id); err == nil {
			f.Parent = c
		}
	}
	f.Cancel = "/a/" + f.ID
	f.Error = &formError{problem.Field, locale.T(language, problem.Key, problem.Args...)}
	p.Form = f
	return rd.Server.Page(w, r, status, "submit.html", p)
}

// recognise lets the form say again as whom its author sent it, where a token or
// an earlier comment's receipt still proves that.
func (rd *Reader) recognise(r *http.Request, site store.Site, f *form) {
	if set, err := SettingsOf(site); err == nil {
		f.ask(set)
	}
	f.SignOn, f.OfAge = false, r.PostForm.Get("age") == "1"
	if id, err := rd.store.ByReaderToken(r.Context(), r.PostForm.Get("token")); err == nil {
		f.Token, f.As = r.PostForm.Get("token"), id.Name
		return
	}
	if receipt := r.PostForm.Get("receipt"); receipt != "" {
		if rec, err := rd.store.Receipt(r.Context(), receipt); err == nil {
			f.Receipt, f.As = receipt, rec.Name
		}
	}
}

// explain gives the status and the words for an error that the author of a form
// can do something about; 0 for any other.
func (rd *Reader) explain(w http.ResponseWriter, err error) (int, *moderation.Error) {
	if u, ok := errors.AsType[*web.Unavailable](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(u.After.Seconds()+0.999))))
		return u.Status, &moderation.Error{Key: u.Key}
	}
	if errors.Is(err, store.ErrBusy) {
		w.Header().Set("Retry-After", "2")
		return http.StatusServiceUnavailable, &moderation.Error{Key: "error.site_limit"}
	}
	if errors.Is(err, store.ErrUnavailable) {
		rd.Server.Log.Error("database not available", "error", err, "route", "submit")
		w.Header().Set("Retry-After", "5")
		return http.StatusServiceUnavailable, &moderation.Error{Key: "error.unavailable"}
	}
	e, ok := errors.AsType[*moderation.Error](err)
	switch {
	case ok && (e.Key == errGuests.Key || e.Key == errWay.Key || e.Key == "error.reader_token"):
		return http.StatusForbidden, e
	case !ok || e.Kind == moderation.NotFound || e.Kind == moderation.Forbidden:
		return 0, nil
	case e.Kind == moderation.Conflict:
		return http.StatusConflict, e
	}
	return http.StatusUnprocessableEntity, e
}
