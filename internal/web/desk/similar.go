package desk

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// Near-identical comments are looked at in parts, the oldest first, until as many wait
// as are decided at once; in a flood the oldest are decided long since.
const (
	mostSimilar   = 100
	similarPart   = 100
	similarLooked = 10_000
)

// nearBits is how many bits the fingerprints of near-identical texts differ in at most.
const nearBits = 3

// near are the texts that say nearly the same as another.
type near struct {
	Waiting           []string // ids, oldest first
	Released, Refused int      // of those looked at
}

// similarTo finds what is nearly the same as a comment, itself left out. Comments
// drawn for blind control are left out too: they are decided by themselves.
func (d *Desk) similarTo(ctx context.Context, reach store.Reach, site, comment string) (near, error) {
	var out near
	ids, err := d.alike(ctx, site, comment)
	if err != nil {
		return out, err
	}
	for part := range slices.Chunk(ids[:min(len(ids), similarLooked)], similarPart) {
		if err := d.lookAt(ctx, reach, part, &out); err != nil {
			return near{}, err
		}
		if len(out.Waiting) >= mostSimilar {
			break
		}
	}
	return out, nil
}

// lookAt adds where some comments stand.
func (d *Desk) lookAt(ctx context.Context, reach store.Reach, ids []string, out *near) error {
	ids, err := d.store.Within(ctx, reach, ids)
	if err != nil {
		return err
	}
	found, err := d.store.Standings(ctx, ids)
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b store.Standing) int { return cmp.Compare(slices.Index(ids, a.ID), slices.Index(ids, b.ID)) })
	for _, x := range found {
		switch {
		case x.State == moderation.Pending && !x.Blind:
			out.Waiting = append(out.Waiting, x.ID)
		case x.State == moderation.Approved:
			out.Released++
		case x.State == moderation.Rejected, x.State == moderation.Returned, x.State == moderation.Removed:
			out.Refused++
		}
	}
	return nil
}

// alike lists the comments with a fingerprint close to one's own, oldest first.
func (d *Desk) alike(ctx context.Context, site, comment string) ([]string, error) {
	near, err := d.texts.Like(ctx, site, comment, nearBits)
	var ids []string
	for _, n := range near {
		ids = append(ids, n.Comment)
	}
	return ids, err
}

// similar is what similar.html shows: a comment and those that nearly say the
// same, to be decided once.
type similar struct {
	Frame
	Card    Card
	Others  []Card
	Before  [2]int // released and refused lately
	Decided int
	Failed  int
}

func (d *Desk) similarPage(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := d.admitted(r, id); err != nil {
		return err
	}
	f, err := d.frame(r, "lists", "desk.comment.similar")
	if err != nil {
		return err
	}
	p := similar{Frame: f, Decided: atoi(r.URL.Query().Get("decided")), Failed: atoi(r.URL.Query().Get("failed"))}
	if p.Card, err = d.card(r.Context(), f, id, 0); err != nil {
		return err
	}
	found, err := d.similarTo(r.Context(), f.Reach, p.Card.Site.ID, id)
	if err != nil {
		return err
	}
	p.Before = [2]int{found.Released, found.Refused}
	for _, other := range found.Waiting[:min(len(found.Waiting), mostSimilar)] {
		c, err := d.card(r.Context(), f, other, 0)
		if err != nil {
			return err
		}
		p.Others = append(p.Others, c)
	}
	p.Card.Next = "/desk/similar/" + url.PathEscape(id)
	return d.srv.Page(w, r, http.StatusOK, "desk/similar.html", p)
}

// decideSimilar takes the same decision on a comment and on those checked beside
// it, each a decision of its own, on the text that the page showed. Only comments
// that are nearly the same count, whatever the form names.
func (d *Desk) decideSimilar(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := d.admitted(r, id); err != nil {
		return err
	}
	site, _, err := d.store.PlaceOf(r.Context(), id)
	if err != nil {
		return err
	}
	found, err := d.similarTo(r.Context(), web.WhoOf(r).Reach(), site, id)
	if err != nil {
		return err
	}
	ids := found.Waiting
	model := formAsk(r)
	if !slices.Contains([]string{"approve", "reject", "return", "decline"}, model.Step) {
		return moderation.BadField("step", "error.step_unknown")
	}
	read := map[string]int{id: model.Revision}
	for _, checked := range r.PostForm["comment"] {
		other, revision, _ := strings.Cut(checked, "/")
		read[other] = atoi(revision)
	}
	q := url.Values{}
	decided, failed := 0, 0
	for _, other := range append([]string{id}, ids[:min(len(ids), mostSimilar)]...) {
		revision, checked := read[other]
		if !checked {
			continue
		}
		if revision == 0 { // without it a text that its author changed meanwhile would be decided unread
			return moderation.BadField("revision", "error.revision")
		}
		a := model
		a.ID, a.Revision = other, revision
		if _, err := d.take(r, a); err == nil {
			decided++
		} else if moderation.KindOf(err) == moderation.Conflict {
			failed++ // somebody was faster: theirs holds
		} else {
			return err
		}
	}
	q.Set("decided", strconv.Itoa(decided))
	q.Set("failed", strconv.Itoa(failed))
	http.Redirect(w, r, "/desk/similar/"+url.PathEscape(id)+"?"+q.Encode(), http.StatusSeeOther)
	return nil
}
