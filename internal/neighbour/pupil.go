package neighbour

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/store"
)

const (
	retrainEvery = 200   // verdicts between two trainings from the start
	retrainMost  = 20000 // verdicts that such a training looks back on
	pageSize     = 500   // verdicts read at once
)

// pupil is a community's model. The model in use is replaced as a whole, so that
// answering never waits for learning.
type pupil struct {
	id      string
	base    *assess.Model
	model   atomic.Pointer[assess.Site]
	seq     atomic.Int64 // up to which suggestion it has learned
	waiting atomic.Bool  // a lesson is asked for and has not begun
	mu      sync.Mutex   // one lesson at a time
}

func newPupil(c store.Community, base *assess.Model) *pupil {
	p := &pupil{id: c.ID, base: base}
	p.model.Store(base.NewSite())
	if c.Model == nil {
		return p
	}
	// A model learned on another base is not used: it is learned anew.
	if m, err := base.DecodeSite(bytes.NewReader(c.Model)); err == nil {
		p.model.Store(m)
		p.seq.Store(c.ModelSeq)
	}
	return p
}

func (p *pupil) current() *assess.Site { return p.model.Load() }

func (p *pupil) behind(seq int64) bool { return p.seq.Load() < seq }

// catchUp lets a pupil learn in the background what was written meanwhile.
func (n *Neighbours) catchUp(p *pupil) {
	if p.waiting.Swap(true) {
		return // whoever waits will see what was just written
	}
	n.work.Go(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.waiting.Store(false)
		if err := n.learn(context.Background(), p); err != nil {
			n.Log.Error("learning from a neighbour failed; it is tried again with the next verdict", "community", p.id, "error", err)
		}
	})
}

// Wait returns when everything told so far has been learned.
func (n *Neighbours) Wait() { n.work.Wait() }

// learn takes in the verdicts after the last one learned.
func (n *Neighbours) learn(ctx context.Context, p *pupil) error {
	for {
		after := p.seq.Load()
		room := retrainEvery - int(after%retrainEvery)
		list, err := n.Store.Suggestions(ctx, p.id, after, min(room, pageSize), true)
		if err != nil {
			return fmt.Errorf("read suggestions: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		last := list[len(list)-1].Seq
		p.model.Store(p.current().Learn(lessons(list)...))
		p.seq.Store(last)
		if last%retrainEvery == 0 {
			if err := n.retrain(ctx, p, last); err != nil {
				return err
			}
		}
	}
}

// retrain trains a model from the start on the verdicts in force, and saves it.
func (n *Neighbours) retrain(ctx context.Context, p *pupil, upTo int64) error {
	var all []store.Suggestion
	for after := int64(0); after < upTo; {
		page, err := n.Store.Suggestions(ctx, p.id, after, pageSize, false)
		if err != nil {
			return fmt.Errorf("read suggestions: %w", err)
		}
		if len(page) == 0 {
			break
		}
		for _, x := range page {
			if x.Seq <= upTo && x.Comment != "" {
				all = append(all, x)
			}
		}
		after = page[len(page)-1].Seq
	}
	ds := lessons(all[max(0, len(all)-retrainMost):])
	if len(ds) == 0 {
		return nil
	}
	model := p.base.Retrain(ds)
	p.model.Store(model)
	var b bytes.Buffer
	if err := model.Encode(&b); err != nil {
		return err
	}
	return n.Store.SaveCommunityModel(ctx, p.id, upTo, b.Bytes())
}

// lessons turns verdicts into what the model learns from. A verdict is refused
// or approved as a whole; a rule that it names was broken.
func lessons(list []store.Suggestion) []assess.Decision {
	var newest time.Time
	for _, x := range list {
		if x.At.After(newest) {
			newest = x.At
		}
	}
	out := make([]assess.Decision, 0, len(list))
	for _, x := range list {
		d := assess.Decision{Position: uint64(x.Seq), Input: inputOf(x), Rule: x.Rule, AgeDays: newest.Sub(x.At).Hours() / 24}
		switch {
		case x.Comment == "":
			d.Outcome = assess.NotSelected // erased: there is nothing to learn from
		case x.Refused:
			d.Outcome = assess.Refused
		}
		out = append(out, d)
	}
	return out
}

// inputOf is what the assessment saw when the verdict was told.
func inputOf(x store.Suggestion) assess.Input {
	in := assess.Input{Text: x.Comment, Parent: x.Parent}
	var article assess.Article
	if x.Article != "" && json.Unmarshal([]byte(x.Article), &article) == nil {
		in.Article = &article
	}
	return in
}
