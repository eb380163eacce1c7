package desk

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// mostNotices bounds how many of each kind are listed at once.
const mostNotices = 50

// noticeList is what notices.html shows: what readers reported and nobody
// answered yet.
type noticeList struct {
	Frame
	Groups     []noticeGroup   // notices of illegal content before flags; empty ones left out
	Objections []store.Measure // of authors to measures, oldest first
	Answered   bool
	Wrong      string       // why an answer could not be taken
	Tried      store.Notice // the answer that was tried, to keep its words
}

// noticeGroup is the open notices of one kind, oldest first.
type noticeGroup struct {
	Kind string
	Rows []noticeRow
	More bool // there are more than are listed
}

// noticeRow is a notice with what it is about.
type noticeRow struct {
	store.Notice
	Said     store.Said // the text that readers see, or else the newest
	Headline string
}

func (d *Desk) noticesPage(w http.ResponseWriter, r *http.Request) error {
	p, err := d.noticeList(r)
	if err != nil {
		return err
	}
	p.Answered = r.URL.Query().Has("answered")
	return d.srv.Page(w, r, http.StatusOK, "desk/notices.html", p)
}

func (d *Desk) noticeList(r *http.Request) (noticeList, error) {
	f, err := d.frame(r, "notices", "desk.nav.notices")
	if err != nil {
		return noticeList{}, err
	}
	p := noticeList{Frame: f}
	reach := web.WhoOf(r).Reach()
	if p.Objections, err = d.store.Objections(r.Context(), reach, mostNotices); err != nil {
		return p, err
	}
	for _, kind := range []string{store.Illegal, store.Flagged} {
		g, err := d.noticeGroup(r.Context(), reach, kind)
		if err != nil {
			return p, err
		}
		if len(g.Rows) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	return p, nil
}

func (d *Desk) noticeGroup(ctx context.Context, reach store.Reach, kind string) (noticeGroup, error) {
	g := noticeGroup{Kind: kind}
	open, err := d.store.OpenNotices(ctx, reach, kind, mostNotices+1)
	if err != nil {
		return g, err
	}
	if g.More = len(open) > mostNotices; g.More {
		open = open[:mostNotices]
	}
	headlines := map[string]string{}
	for _, n := range open {
		row := noticeRow{Notice: n}
		if row.Said, err = d.store.Said(ctx, n.Comment); err != nil {
			return g, err
		}
		headline, known := headlines[n.Article]
		if !known {
			a, err := d.store.Article(ctx, n.Article)
			if err != nil {
				return g, err
			}
			headline = a.Doc.Headline
			headlines[n.Article] = headline
		}
		row.Headline = headline
		g.Rows = append(g.Rows, row)
	}
	return g, nil
}

// answerNotice closes a notice. The comment stays as it is: taking it down is a
// decision with reasons of its own, on the comment's page. What is wrong with an
// answer is said on the list, whose form keeps the words.
func (d *Desk) answerNotice(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	n, err := d.store.Notice(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	who := web.WhoOf(r)
	err = d.admitted(r, n.Comment)
	switch {
	case moderation.KindOf(err) == moderation.NotFound:
		return moderation.Missing("notice")
	case err != nil:
		return err
	case !who.Editor.Role.Decides():
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	case !n.Decided.IsZero():
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.conflict"}
	}
	n.Outcome, n.Answer = r.PostFormValue("outcome"), r.PostFormValue("answer")
	err = d.closeNotice(r.Context(), n, who.Editor.ID)
	if wrong, ok := errors.AsType[*moderation.Error](err); ok && wrong.Kind == moderation.Invalid {
		p, err := d.noticeList(r)
		if err != nil {
			return err
		}
		p.Wrong, p.Tried = locale.T(p.Lang, wrong.Key, wrong.Args...), n
		return d.srv.Page(w, r, http.StatusUnprocessableEntity, "desk/notices.html", p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/notices?answered", http.StatusSeeOther)
	return nil
}

// closeNotice keeps an answer, and has the open ones counted afresh.
func (d *Desk) closeNotice(ctx context.Context, n store.Notice, editor string) (err error) {
	if n.Answer = strings.TrimSpace(n.Answer); n.Answer != "" {
		if n.Answer, err = moderation.CleanText("answer", n.Answer, longestReason); err != nil {
			return err
		}
	}
	if err := d.store.AnswerNotice(ctx, n.ID, editor, n.Outcome, n.Answer); err != nil {
		return err
	}
	d.counts.forget()
	return nil
}
