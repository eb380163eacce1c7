package jobs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// publish writes what readers see, when a decision's hold has ended.
func (r *Runner) publish(ctx context.Context, j store.Job) error {
	return r.Store.Publish(ctx, j.Key)
}

// assessTries is how often a failing assessment is tried before the comment is
// marked as not checked. It waits in the queue all the time.
const assessTries = 5

func (r *Runner) assess(ctx context.Context, j store.Job) error {
	comment, number, err := revisionOf(j.Key)
	if err != nil {
		return err
	}
	t, err := r.Store.Unassessed(ctx, comment, number)
	if err != nil {
		return err
	}
	if t.State == moderation.Superseded || t.Text == "" {
		return nil
	}
	a, err := r.Assessor.Assess(ctx, t)
	if err != nil && j.Attempts < assessTries {
		return fmt.Errorf("assess %s: %w", j.Key, err)
	}
	if err != nil {
		a = moderation.NotChecked("failed")
	}
	return r.Store.SaveAssessment(ctx, comment, number, a)
}

func revisionOf(key string) (string, int, error) {
	comment, number, _ := strings.Cut(key, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		return "", 0, fmt.Errorf("job key %q names no revision", key)
	}
	return comment, n, nil
}

func (r *Runner) tellAuthor(ctx context.Context, j store.Job) error {
	if r.Teller == nil {
		return nil
	}
	d, err := r.Store.Decision(ctx, j.Key)
	if err != nil {
		return err
	}
	return r.Teller.TellAuthor(ctx, d)
}

// tellParent waits until the reply is public: nobody hears of a comment that
// readers cannot see.
func (r *Runner) tellParent(ctx context.Context, j store.Job) error {
	if r.Teller == nil {
		return nil
	}
	d, err := r.Store.Decision(ctx, j.Key)
	if err != nil {
		return err
	}
	released, err := r.Store.Released(ctx, d.Comment)
	switch {
	case moderation.KindOf(err) == moderation.NotFound && r.Store.Now().Sub(d.HoldUntil) < time.Minute:
		return &postpone{r.Store.Now().Add(time.Second)}
	case moderation.KindOf(err) == moderation.NotFound:
		return nil // it was taken down meanwhile
	case err != nil:
		return err
	case released.Revision != d.Revision:
		return nil
	}
	return r.Teller.TellParent(ctx, d)
}

func (r *Runner) learn(ctx context.Context, j store.Job) error {
	if r.Learner == nil {
		return nil
	}
	return r.Learner.Learn(ctx, j.Key)
}

// study looks after the models again and again.
func (r *Runner) study(ctx context.Context, _ store.Job) error {
	if r.Learner == nil {
		return nil
	}
	if err := r.Learner.Study(ctx); err != nil {
		return err
	}
	return &postpone{r.Store.Now().Add(studyEvery)}
}

// expire erases what must no longer be kept, every hour.
func (r *Runner) expire(ctx context.Context, _ store.Job) error {
	done, err := r.Store.Expire(ctx)
	if err != nil {
		return err
	}
	if done != (store.Expired{}) {
		r.Log.Info("retention", "texts", done.Texts, "emails", done.Emails, "senders", done.Senders)
	}
	return &postpone{r.Store.Now().Add(time.Hour)}
}
