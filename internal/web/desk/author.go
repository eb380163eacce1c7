package desk

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// authorShown is what author.html shows: a proven author's record and measures.
type authorShown struct {
	Frame
	Author store.Known
	Kinds  []string // of measures that this person may decide
	Saved  bool
}

// Decided is how many of the author's comments were decided.
func (p authorShown) Decided() int {
	r := p.Author.Record
	return r.Approved + r.Rejected + r.Removed
}

func (d *Desk) knownAuthor(r *http.Request) (store.Known, error) {
	k, err := d.store.KnownAuthor(r.Context(), r.PathValue("id"))
	if err != nil {
		return k, err
	}
	reach := web.WhoOf(r).Reach()
	seen, err := d.store.Wrote(r.Context(), reach.At(k.Site), k.ID)
	if err == nil && !seen {
		err = moderation.Missing("author")
	}
	if err == nil {
		k.Record.Last, err = d.visible(r.Context(), reach, k.Record.Last)
	}
	return k, err
}

// visible gives those of some decisions whose comments lie within reach.
func (d *Desk) visible(ctx context.Context, reach store.Reach, all []moderation.Decision) ([]moderation.Decision, error) {
	var comments []string
	for _, m := range all {
		comments = append(comments, m.Comment)
	}
	seen, err := d.store.Within(ctx, reach, comments)
	return slices.DeleteFunc(all, func(m moderation.Decision) bool { return !slices.Contains(seen, m.Comment) }), err
}

func (d *Desk) authorPage(w http.ResponseWriter, r *http.Request) error {
	k, err := d.knownAuthor(r)
	if err != nil {
		return err
	}
	f, err := d.frame(r, "lists", "desk.comment.author")
	if err != nil {
		return err
	}
	f.Title = k.Name
	p := authorShown{Frame: f, Author: k, Saved: r.URL.Query().Has("saved")}
	for _, kind := range store.MeasureKinds {
		if mayMeasure(f.Me, kind) {
			p.Kinds = append(p.Kinds, kind)
		}
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/author.html", p)
}

// mayMeasure tells who decides what about authors: editors all but a ban, which is
// for chiefs.
func mayMeasure(e store.Editor, kind string) bool {
	return e.Role.Decides() && (kind != store.MeasureBan || e.Role == moderation.Chief)
}

// answerObjection answers an author's objection to a measure.
func (d *Desk) answerObjection(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	m, err := d.store.Measure(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if seen, err := d.store.Wrote(r.Context(), web.WhoOf(r).Reach().At(m.Site), m.Author); err != nil || !seen {
		return cmp.Or(err, error(moderation.Missing("measure")))
	}
	me := web.WhoOf(r).Editor
	if !mayMeasure(me, m.Kind) {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	words := r.PostFormValue("answer")
	if strings.TrimSpace(words) != "" {
		if words, err = moderation.CleanText("answer", words, longestReason); err != nil {
			return err
		}
	}
	if err := d.store.AnswerObjection(r.Context(), m.ID, me.ID, r.PostFormValue("lift") == "1", words); err != nil {
		return err
	}
	http.Redirect(w, r, inside(or(r.PostFormValue("next"), "/desk/authors/"+url.PathEscape(m.Author)+"?saved")), http.StatusSeeOther)
	return nil
}

// measureAuthor adds a measure or lifts one.
func (d *Desk) measureAuthor(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	k, err := d.knownAuthor(r)
	if err != nil {
		return err
	}
	me := web.WhoOf(r).Editor
	kind := r.PostFormValue("kind")
	lift := r.PostFormValue("lift")
	if lift != "" {
		kind = kindOf(k.Measures, lift)
	}
	if !mayMeasure(me, kind) {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	if lift != "" {
		err = d.store.LiftMeasure(r.Context(), k.ID, lift, me.ID)
	} else {
		err = d.addMeasure(r, k, kind)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/authors/"+url.PathEscape(k.ID)+"?saved", http.StatusSeeOther)
	return nil
}

func kindOf(all []store.Measure, id string) string {
	for _, m := range all {
		if m.ID == id {
			return m.Kind
		}
	}
	return ""
}

func (d *Desk) addMeasure(r *http.Request, k store.Known, kind string) error {
	m := store.Measure{Author: k.ID, Kind: kind, Editor: web.WhoOf(r).Editor.ID}
	if words := r.PostFormValue("reason"); strings.TrimSpace(words) != "" {
		var err error
		if m.Reason, err = moderation.CleanText("reason", words, longestReason); err != nil {
			return err
		}
	}
	if days := atoi(r.PostFormValue("days")); days > 0 && kind != store.MeasureBan && kind != store.MeasureNote {
		m.Until = d.store.Now().Add(time.Duration(min(days, 365)) * 24 * time.Hour)
	}
	_, err := d.store.AddMeasure(r.Context(), m)
	return err
}
