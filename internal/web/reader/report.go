package reader

import (
	"net/http"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// reportPage reports a comment, or gives notice of illegal content.
type reportPage struct {
	frame
	Comment store.Released
	Article store.Article
	Rules   []ruleChoice
	Done    bool
	Notice  store.Notice // as typed
	Error   *formError
}

type ruleChoice struct{ Rule, Name string }

func (rd *Reader) reportForm(w http.ResponseWriter, r *http.Request) error {
	return rd.reportPage(w, r, "report.html", reportPage{}, http.StatusOK)
}

func (rd *Reader) noticeForm(w http.ResponseWriter, r *http.Request) error {
	return rd.reportPage(w, r, "notice.html", reportPage{}, http.StatusOK)
}

// reportPage fills in the comment, which must be released; any other is answered
// as an unknown one.
func (rd *Reader) reportPage(w http.ResponseWriter, r *http.Request, name string, p reportPage, status int) error {
	c, err := rd.store.Released(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	site, err := rd.store.Site(r.Context(), c.Site)
	if err != nil {
		return err
	}
	if p.Article, err = rd.store.Article(r.Context(), c.Article); err != nil {
		return err
	}
	p.Comment, p.Site, p.Lang, p.NoIndex = c, site, or(lang(r.URL.Query()), site.Lang), true
	p.Title = locale.T(p.Lang, "reader.report.title")
	if name == "notice.html" {
		p.Title = locale.T(p.Lang, "reader.notice.title")
	}
	for _, rule := range moderation.Rules {
		p.Rules = append(p.Rules, ruleChoice{string(rule), locale.T(p.Lang, "rules."+string(rule)+".name")})
	}
	return rd.Server.Page(w, r, status, name, p)
}

func (rd *Reader) report(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	n := store.Notice{Comment: r.PathValue("id"), Kind: store.Flagged, Rule: moderation.Rule(r.PostForm.Get("rule")), Reason: r.PostForm.Get("reason")}
	_, err := TakeNotice(rd.Server, r, n)
	return rd.reported(w, r, "report.html", n, err)
}

func (rd *Reader) notice(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	f := r.PostForm
	n := store.Notice{Comment: r.PathValue("id"), Kind: store.Illegal, Reason: f.Get("reason"), Name: f.Get("name"), Email: f.Get("email"), GoodFaith: f.Get("good_faith") != ""}
	token, err := TakeNotice(rd.Server, r, n)
	if err == nil {
		http.Redirect(w, r, "/notices/"+token, http.StatusSeeOther)
		return nil
	}
	return rd.reported(w, r, "notice.html", n, err)
}

// noticeReceiptPage is what the sender of a notice sees of it.
type noticeReceiptPage struct {
	frame
	Notice  store.Notice
	Article store.Article
}

// noticeReceipt shows a notice to whoever has its link: that it came in, and what
// was decided.
func (rd *Reader) noticeReceipt(w http.ResponseWriter, r *http.Request) error {
	n, err := rd.store.NoticeByToken(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	site, err := rd.store.Site(r.Context(), n.Site)
	if err != nil {
		return err
	}
	p := noticeReceiptPage{Notice: n}
	if p.Article, err = rd.store.Article(r.Context(), n.Article); err != nil {
		return err
	}
	p.Site, p.Lang, p.NoIndex = site, or(lang(r.URL.Query()), site.Lang), true
	p.Title = p.T("reader.notice.yours")
	w.Header().Set("Cache-Control", "no-store")
	return rd.Server.Page(w, r, http.StatusOK, "notice_receipt.html", p)
}

func (rd *Reader) reported(w http.ResponseWriter, r *http.Request, name string, n store.Notice, err error) error {
	if err == nil {
		return rd.reportPage(w, r, name, reportPage{Done: true}, http.StatusOK)
	}
	status, problem := rd.explain(w, err)
	if status == 0 {
		return err
	}
	e := &formError{problem.Field, locale.T(or(lang(r.URL.Query()), "de"), problem.Key, problem.Args...)}
	return rd.reportPage(w, r, name, reportPage{Notice: n, Error: e}, status)
}

// TakeNotice checks and keeps a report; the token is of a notice's receipt.
func TakeNotice(s *web.Server, r *http.Request, n store.Notice) (string, error) {
	var err error
	if n.Reason != "" || n.Kind == store.Illegal {
		if n.Reason, err = moderation.CleanText("reason", n.Reason, maxArgument); err != nil {
			return "", err
		}
	}
	known := n.Rule == ""
	for _, rule := range moderation.Rules {
		known = known || rule == n.Rule
	}
	if !known {
		return "", moderation.BadField("rule", "error.rule_needed")
	}
	if n.Kind == store.Illegal {
		if err := checkNotice(&n); err != nil {
			return "", err
		}
	}
	if n.Sender, err = s.Sender(r); err != nil {
		return "", err
	}
	if err := s.Limits.Take("flag", n.Sender.Now, web.FlagRate); err != nil {
		return "", err
	}
	return s.Store.Report(r.Context(), n)
}

// checkNotice wants what the law wants (Article 16(2)): why, who, and good faith.
// Name and address may be missing where the notice is of child sexual abuse.
func checkNotice(n *store.Notice) (err error) {
	if n.Name != "" {
		if n.Name, err = moderation.CleanName(n.Name); err != nil {
			return err
		}
	}
	if n.Email, err = moderation.CleanEmail(n.Email); err != nil {
		return err
	}
	if !n.GoodFaith {
		return moderation.BadField("good_faith", "error.good_faith")
	}
	return nil
}
