package reader

import (
	"context"
	"errors"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// authorSteps are the steps that a receipt's link allows.
var authorSteps = map[moderation.Step]bool{
	moderation.Edit: true, moderation.Resubmit: true, moderation.Withdraw: true, moderation.Appeal: true,
}

// TakeStep takes an author's step. An edit of a returned comment is its
// resubmission. The answer to a refusal never names who decided.
func TakeStep(ctx context.Context, st *store.Store, rec store.Receipt, step moderation.Step, words string) error {
	if !authorSteps[step] {
		return moderation.BadField("step", "error.step_unknown")
	}
	if step == moderation.Edit && rec.Can(moderation.Resubmit) {
		step = moderation.Resubmit
	}
	req := store.Request{Comment: rec.Comment, Step: step, Actor: moderation.Actor{ID: rec.Author, Role: moderation.Author}}
	if step != moderation.Withdraw {
		limit := rec.Site.Length()
		if step == moderation.Appeal {
			limit = maxArgument
		}
		clean, err := moderation.CleanText("text", words, limit)
		if err != nil {
			return err
		}
		if step == moderation.Appeal {
			req.Reason = clean
		} else {
			req.Text = clean
		}
	}
	if req.Text != "" && req.Text == rec.Text && rec.Status == moderation.Pending && rec.Revision > 1 {
		return nil // the same change sent again: its answer got lost
	}
	if req.Text != "" && req.Text == rec.Text {
		return moderation.BadField("text", "error.text_same")
	}
	_, err := st.Apply(ctx, req)
	return Anonymous(err)
}

// maxArgument is the greatest length of an appeal, in characters.
const maxArgument = 4000

// Anonymous takes the decision out of an error: an author hears of one by the
// receipt, once it has taken effect, and never who took it.
func Anonymous(err error) error {
	e, ok := errors.AsType[*moderation.Error](err)
	if !ok {
		return err
	}
	clean := *e
	clean.Decision = nil
	return &clean
}
