package reader

import (
	"context"
	"net/http"
	"slices"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// object is the author's objection to a measure: no step of a comment's life, but
// sent from the same page.
const object moderation.Step = "object"

// measures are those that the author of a receipt is told of. A typed name is
// nobody that could be known again, and has none.
func (rd *Reader) measures(ctx context.Context, rec store.Receipt) ([]store.Measure, error) {
	all, err := rd.store.MeasuresShown(ctx, rec.Comment)
	return slices.DeleteFunc(all, func(m store.Measure) bool { return !m.Told() }), err
}

// takeStep takes what a form of the receipt's page asks for.
func (rd *Reader) takeStep(r *http.Request, rec store.Receipt, step moderation.Step, typed string) error {
	if step == "news" || step == "mute" {
		return rd.news(r, rec, step == "news")
	}
	if step != object {
		return TakeStep(r.Context(), rd.store, rec, step, typed)
	}
	words, err := moderation.CleanText("text", typed, 4000)
	if err != nil {
		return err
	}
	shown, err := rd.measures(r.Context(), rec)
	id := r.PostForm.Get("measure")
	if err == nil && !slices.ContainsFunc(shown, func(m store.Measure) bool { return m.ID == id }) {
		err = moderation.Missing("measure")
	}
	if err != nil {
		return err
	}
	return rd.store.Object(r.Context(), rec.Author, id, words)
}

// Kind names a measure and its end.
func (p receiptPage) Kind(m store.Measure) string {
	if m.Until.IsZero() {
		return p.T("measure.kind." + m.Kind)
	}
	return p.T("measure.kind.until", "kind", p.T("measure.kind."+m.Kind), "date", locale.DateTime(p.Lang, m.Until))
}

// Say is a text in the form in which the site addresses its readers.
func (p receiptPage) Say(key string) string {
	if p.Receipt.Site.Informal {
		return locale.Familiar(p.Lang, key)
	}
	return p.T(key)
}
