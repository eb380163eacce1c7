package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

// ErrNobody is a Teller's answer where there was nobody to tell, so that to ask it
// once more would be harmless.
var ErrNobody = errors.New("there is nobody to tell")

// harmless are the kinds whose repetition nobody notices. Such a job need not be
// gone as soon as it is done, so many are deleted together: a commit costs more than
// most of them. A letter is recorded at once, lest it go out again after a crash.
var harmless = map[string]bool{"publish": true, "assess": true, "learn": true}

// A done job waits so long for others, as long as there are not so many; leases are
// longer by far.
const (
	closeAfter = 100 * time.Millisecond
	closeMost  = 256
)

// finish records that a job is done: at once, or with others where nobody would
// notice its repetition.
func (r *Runner) finish(ctx context.Context, j store.Job, repeatable bool) error {
	if repeatable && r.done != nil {
		r.done <- j
		return nil
	}
	return r.Store.FinishJobs(ctx, j)
}

// closeJobs deletes what comes as done until the channel is closed.
func (r *Runner) closeJobs(ctx context.Context, done <-chan store.Job) {
	for j := range done {
		together := append(make([]store.Job, 0, closeMost), j)
		for end := time.After(closeAfter); len(together) < closeMost; {
			select {
			case j, open := <-done:
				if open {
					together = append(together, j)
					continue
				}
			case <-end:
			}
			break
		}
		if err := r.Store.FinishJobs(ctx, together...); err != nil {
			r.Log.Error("jobs' outcome not recorded; they will run again", "jobs", len(together), "error", err)
		}
	}
}
