package main

import (
	"context"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// judge assesses by the shipped base alone: for the demo's past, before any site
// has learned anything.
type judge struct{ base *assess.Model }

func newAssessor() (*judge, error) { return &judge{assess.Default()}, nil }

// Assess judges a comment with its article, parent and thread.
func (j *judge) Assess(_ context.Context, t store.ToAssess) (moderation.Assessment, error) {
	a := t.Article.Doc
	return j.base.Assess(assess.Input{
		Text: t.Text, Parent: t.Parent, Thread: t.Thread,
		Article: &assess.Article{Headline: a.Headline, Lede: a.Lede, Body: a.Body()},
	}), nil
}
