package reader

import (
	"net/http"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// receiptPage is what an author sees of a comment.
type receiptPage struct {
	frame
	Receipt  store.Receipt
	Token    string
	State    string // in words
	Words    string // what it means for the author
	Wait     string // how long it will take; "" once it is decided
	Rule     string // its name, after a refusal
	Reason   string
	Change   string    // what the author can change
	Text     []segment // with the passages marked
	Diff     []segment // against the text before, while the new one waits
	Until    string    // appeals are possible so long
	New      bool
	Again    bool
	Error    *formError
	Typed    string // what was typed into the form that failed
	Decided  string
	Editing  bool
	Resubmit bool
	News     string          // about news of answers by mail: "", "none", "asked" or "on"
	Answer   bool            // the decision answers an appeal
	Measures []store.Measure // that the author is told of, newest first
	Now      time.Time
	Object   string // id of the measure whose objection failed
	Another  bool   // the author may write another comment as the same person
}

// segment is a stretch of text.
type segment struct {
	Text string
	Mark string // "", "passage", "gone" or "new"
}

// receipt serves the page of one comment to whoever has its link.
func (rd *Reader) receipt(w http.ResponseWriter, r *http.Request) error {
	p, err := rd.receiptPage(r)
	if err != nil {
		return err
	}
	p.New, p.Again = r.URL.Query().Get("new") == "1", r.URL.Query().Get("again") == "1"
	return rd.showReceipt(w, r, http.StatusOK, p)
}

func (rd *Reader) showReceipt(w http.ResponseWriter, r *http.Request, status int, p receiptPage) error {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex")
	return rd.Server.Page(w, r, status, "receipt.html", p)
}

func (rd *Reader) receiptPage(r *http.Request) (receiptPage, error) {
	rec, err := rd.store.Receipt(r.Context(), r.PathValue("token"))
	if err != nil {
		return receiptPage{}, err
	}
	p := receiptPage{Receipt: rec, Token: r.PathValue("token")}
	p.Lang, p.Site, p.NoIndex = or(lang(r.URL.Query()), or(rec.Lang, rec.Site.Lang)), rec.Site, true
	p.Title, p.Now = locale.T(p.Lang, "reader.receipt.title"), rd.store.Now()
	p.describe()
	p.News = rd.newsOf(rec)
	set, err := SettingsOf(rec.Site)
	if err != nil {
		return p, err
	}
	p.Another = set.Lets(AsGuest) && !rec.Erased && rec.Article.Status(rd.store.Now()) == store.ThreadOpen
	p.Editing, p.Resubmit = rec.Can(moderation.Edit), rec.Can(moderation.Resubmit)
	p.Text = marked(rec)
	if rec.Status == moderation.Pending {
		expected, err := rd.Wait.For(r.Context(), rec)
		if err != nil {
			return p, err
		}
		p.Wait = expected.Words(p.Lang, rd.store.Now())
	}
	if p.Measures, err = rd.measures(r.Context(), rec); err != nil {
		return p, err
	}
	if rec.Status == moderation.Pending && rec.Revision > 1 && !rec.Erased {
		texts, err := rd.store.Texts(r.Context(), rec.Comment)
		if err != nil {
			return p, err
		}
		p.Diff = difference(texts[rec.Revision-2], rec.Text)
	}
	return p, nil
}

// describe puts state and decision into words.
func (p *receiptPage) describe() {
	rec, key := p.Receipt, "reader.state."+string(p.Receipt.Status)
	p.State, p.Words = p.T(key), p.T(key+".text")
	switch {
	case rec.Status == moderation.Appealed && rec.Alone:
		p.Words = p.T("reader.state.appealed.waiting")
	case rec.Live > 0 && rec.Live < rec.Revision && rec.Status == moderation.Pending:
		p.Words = p.T("reader.state.approved.edited")
	}
	d := rec.Decision
	if d == nil {
		return
	}
	p.Decided = locale.DateTime(p.Lang, d.At)
	p.Reason, p.Rule, p.Change = ReasonWords(p.Lang, rec)
	if rec.Status == moderation.Appealed {
		p.Change = "" // whether anything is wrong with the text is what the appeal asks
	}
	switch {
	case d.Step == moderation.Uphold:
		p.Answer, p.Words = true, p.T(key+".final")
	case d.Step == moderation.Overturn:
		p.Answer, p.Words = true, p.T("reader.appeal.overturned")
	case rec.Can(moderation.Appeal):
		p.Until = locale.Date(p.Lang, d.At.Add(moderation.AppealWindow))
	}
}

// ReasonWords gives the statement of reasons in words: the reason, the rule's
// name and what the author can change, where the reason does not say it. A capacity or closed thread is neutral.
func ReasonWords(lang string, rec store.Receipt) (reason, rule, change string) {
	d := rec.Decision
	if d == nil {
		return "", "", ""
	}
	say := func(key string) string {
		switch {
		case !locale.Has(key):
			return ""
		case rec.Site.Informal:
			return locale.Familiar(lang, key)
		}
		return locale.T(lang, key)
	}
	if d.Step == moderation.Decline {
		return say("rules.N0." + d.Reason + ".long"), "", ""
	}
	reason = d.Reason
	if d.Rule != "" {
		name := "rules." + string(d.Rule)
		rule, change = say(name+".name"), say(name+".change")
		if own, ok := rec.Site.OwnRule(d.Rule); ok {
			rule = own.Name
		}
	}
	if strings.Contains(reason, change) { // the usual reason says it already
		change = ""
	}
	return reason, rule, change
}

// marked divides a text at the passages of its decision.
func marked(rec store.Receipt) []segment {
	var out []segment
	from := 0
	if rec.Decision != nil {
		for _, m := range rec.Decision.Passages {
			if m.Start < from || m.End > len(rec.Text) || m.Start >= m.End {
				continue // of another text, or overlapping
			}
			if m.Start > from {
				out = append(out, segment{Text: rec.Text[from:m.Start]})
			}
			out = append(out, segment{rec.Text[m.Start:m.End], "passage"})
			from = m.End
		}
	}
	if from < len(rec.Text) {
		out = append(out, segment{Text: rec.Text[from:]})
	}
	return out
}

// receiptStep takes the author's step from the page's forms.
func (rd *Reader) receiptStep(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	rec, err := rd.store.Receipt(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	step, typed := moderation.Step(r.PostForm.Get("step")), r.PostForm.Get("text")
	sender, err := rd.Server.Sender(r)
	if err == nil {
		err = rd.Server.Limits.Take("submit", sender.Now, web.SubmitRate)
	}
	if err == nil {
		err = rd.takeStep(r, rec, step, typed)
	}
	if err == nil {
		http.Redirect(w, r, "/receipts/"+r.PathValue("token")+"?done="+string(step), http.StatusSeeOther)
		return nil
	}
	return rd.receiptAgain(w, r, typed, err)
}

// newsOf says what the author hears of answers by mail.
func (rd *Reader) newsOf(rec store.Receipt) string {
	switch {
	case !rd.Mails || rec.Erased || rec.Status == moderation.Withdrawn || rec.Status == moderation.Removed:
		return ""
	case rec.Email != "" && rec.Notify == store.NotifyConfirmed:
		return "on"
	case rec.Email != "" && rec.Notify == store.NotifyAsked:
		return "asked"
	}
	return "none"
}

// news begins or ends news of answers by mail.
func (rd *Reader) news(r *http.Request, rec store.Receipt, on bool) error {
	if rd.newsOf(rec) == "" {
		return moderation.BadField("step", "error.step_unknown")
	}
	if !on {
		return rd.store.MuteThread(r.Context(), rec.Comment)
	}
	email, err := moderation.CleanEmail(r.PostForm.Get("email"))
	if err != nil {
		return err
	}
	return rd.store.AskForNews(r.Context(), rec.Comment, email)
}

// receiptAgain shows the page with what was wrong and what was typed.
func (rd *Reader) receiptAgain(w http.ResponseWriter, r *http.Request, typed string, cause error) error {
	status, problem := rd.explain(w, cause)
	if status == 0 {
		return cause
	}
	p, err := rd.receiptPage(r)
	if err != nil {
		return cause
	}
	p.Object = r.PostForm.Get("measure")
	p.Typed, p.Error = typed, &formError{problem.Field, locale.T(p.Lang, problem.Key, problem.Args...)}
	return rd.showReceipt(w, r, status, p)
}
