package desk

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// dossierPage is what comment.html shows: the whole dossier.
type dossierPage struct {
	Frame
	Card    Card
	Replies []store.Said
	Earlier []earlier             // decisions on comments that read alike
	History []moderation.Decision // newest first
	Done    *flash
	Noted   bool
	Shown   int            // the revision shown
	Settled *store.Opinion // how it was decided, where that stands
	Wrong   string
}

// commentPage shows everything of one comment. Opened by link it says who else
// has it on the screen; it takes the claim where nobody has it.
func (d *Desk) commentPage(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := d.admitted(r, id); err != nil {
		return err
	}
	f, err := d.frame(r, "lists", "desk.comment.title")
	if err != nil {
		return err
	}
	p := dossierPage{Frame: f, Noted: r.URL.Query().Has("noted")}
	if p.Card, err = d.card(r.Context(), f, id, atoi(r.URL.Query().Get("revision"))); err != nil {
		return err
	}
	p.Shown = p.Card.Revision
	if o, err := settledAs(p.Card.Dossier); err == nil {
		p.Settled = &o
	}
	p.Card.Next = "/desk/comments/" + url.PathEscape(id)
	p.Wrong = p.hindered(web.WhoOf(r))
	if p.Card.State.Open() && f.Decides && p.Wrong == "" {
		if p.Card.Holder, err = d.store.ClaimFor(r.Context(), id, d.claimant(r), claimLife); err != nil {
			return err
		}
	}
	if p.Replies, err = d.store.Replies(r.Context(), id, 20); err != nil {
		return err
	}
	if p.Earlier, err = d.earlierLike(r.Context(), f.Reach, p.Card); err != nil {
		return err
	}
	p.History = slices.Clone(p.Card.History)
	slices.Reverse(p.History)
	if p.Done, err = d.flash(r, f); err != nil {
		return err
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/comment.html", p)
}

// hindered says beforehand why this person cannot decide an appeal or an
// escalation, as far as the record alone tells it; the table has the last word.
func (p dossierPage) hindered(who web.Who) string {
	me := who.Editor.ID
	for _, m := range slices.Backward(moderation.InForce(p.Card.History, p.Card.Revision)) {
		if m.Actor.ID != me {
			continue
		}
		switch {
		case p.Card.State == moderation.Appealed && (m.Step == moderation.Reject || m.Step == moderation.Remove):
			return "desk.appeals.own"
		case p.Card.State == moderation.Escalated && m.Step == moderation.Escalate:
			return "desk.escalation.own"
		}
	}
	if p.Card.State == moderation.Appealed && p.Alone {
		return "desk.appeals.nobody"
	}
	return ""
}

// SettledWord names how the comment was decided.
func (p dossierPage) SettledWord() string { return p.Word(*p.Settled) }
