package jobs

import (
	"context"
	"fmt"
	"strings"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// TellMeasure tells a proven author what the desk decided about the author, that
// it was lifted, or what it answers to an objection. It is the work of jobs of the
// kind "measure". Who gave no address finds it on the receipts' pages.
func (p *Postman) TellMeasure(ctx context.Context, j store.Job) error {
	id, news, _ := strings.Cut(j.Key, "/")
	m, err := p.Store.Measure(ctx, id)
	if moderation.KindOf(err) == moderation.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	comment, email, err := p.Store.Addressee(ctx, m.Author)
	if err != nil || email == "" || news == "decided" && !m.Lifted.IsZero() {
		return err // the letter about the end says more
	}
	rec, err := p.Store.ReceiptOf(ctx, comment)
	if err != nil {
		return fmt.Errorf("tell of measure %s: %w", id, err)
	}
	l, err := p.letter(ctx, "measure."+news, j.Key, rec)
	if err != nil {
		return err
	}
	l.Outcome, l.Reason = locale.T(rec.Lang, "measure.kind."+m.Kind), m.Reason
	if !m.Until.IsZero() {
		l.Date = locale.DateTime(rec.Lang, m.Until)
	}
	if news == "answered" {
		l.Reason = m.Answer
		l.Change = say(rec, map[bool]string{true: "measure.answer.lifted", false: "measure.answer.stays"}[!m.Lifted.IsZero()])
	}
	l.Receipt, l.URL = "", l.URL+"#measures"
	return p.Sender.Send(ctx, mail.Compose(l))
}

// say is a text in the form in which the site addresses its readers.
func say(rec store.Receipt, key string) string {
	if rec.Site.Informal {
		return locale.Familiar(rec.Lang, key)
	}
	return locale.T(rec.Lang, key)
}
