package jobs

import (
	"context"
	"testing"

	"github.com/freigabe/freigabe/internal/assess"
)

// LastWords tells what each comment teaches when a site's model is trained afresh.
func LastWords(t *testing.T, b *Brain, site string, position int64) map[string]string {
	t.Helper()
	lessons, err := b.upTo(context.Background(), site, position)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, l := range lessons {
		out[l.Comment] = map[assess.Outcome]string{assess.Approved: "released", assess.Refused: "refused", assess.NotSelected: "nothing"}[outcome(l.Step)]
	}
	return out
}
