package desk

import (
	"errors"
	"net/http"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/web"
)

// maxBatch bounds how many decisions come in one request.
const maxBatch = 200

// batch is several decisions at once, each with its own outcome.
type batch struct {
	Decisions []ask `json:"decisions"`
}

// outcome is what became of one decision of a batch.
type outcome struct {
	decided
	Code  int          `json:"code"` // as the decision alone would have been answered
	Error *web.Problem `json:"error,omitempty"`
	By    string       `json:"by,omitempty"` // name of who took the decision that won
}

// batchJSON answers POST /api/v1/desk/batches: single decisions sent together,
// taken one after the other in the order given. A refused one does not hold up
// the others. Sent twice, it changes nothing the second time.
func (d *Desk) batchJSON(w http.ResponseWriter, r *http.Request) error {
	var b batch
	if err := readAsk(r, &b); err != nil {
		return err
	}
	if len(b.Decisions) == 0 || len(b.Decisions) > maxBatch {
		return moderation.BadField("decisions", "error.limit_range", "max", "200")
	}
	results := make([]outcome, len(b.Decisions))
	for i, a := range b.Decisions {
		done, err := d.take(r, a)
		if err != nil {
			p, ok := web.ProblemOf(r, err)
			if !ok {
				return err // the database is gone: what was decided before is kept, the rest may be sent again
			}
			done.ID = a.ID
			results[i] = outcome{decided: done, Code: p.Status, Error: &p}
			if e, ok := errors.AsType[*moderation.Error](err); ok && e.Decision != nil {
				results[i].By = e.Decision.Name
			}
			continue
		}
		results[i] = outcome{decided: done, Code: http.StatusOK}
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, struct {
		Results []outcome `json:"results"`
	}{results})
}
