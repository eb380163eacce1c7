package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// Learning in numbers.
const (
	retrainEvery = 200              // decisions between two trainings
	retrainMost  = 20000            // decisions that a training looks back on
	nightHour    = 3                // when a new day begins for training
	saveEvery    = 20               // decisions between two savings of the online steps
	saveAfter    = time.Minute      // or this long, whichever is first
	teaching     = 5 * time.Minute  // lease of the one node that teaches a site
	notMine      = 30 * time.Second // before it is asked again whether another node still teaches
	page         = 2000             // decisions read at once
)

// Learn takes in a site's decisions up to the one named, in the order of the
// chain, once their holds have passed: one step each. Each 200th decision, and
// before the first one of a new day, the model is trained afresh from all of
// them. Where it does so, and what comes of it, follows from the decisions alone;
// so the same decisions give the same model anywhere.
func (b *Brain) Learn(ctx context.Context, decision string) error {
	d, err := b.Store.Decision(ctx, decision)
	if err != nil {
		return err
	}
	mine, err := b.teach(ctx, d.Site, d.Seq)
	if err == nil && !mine {
		return &postpone{b.Store.Now().Add(notMine)}
	}
	return err
}

// teach takes in what a site has decided, unless it has learned up to a position
// already. Mine is false where another node teaches the site.
func (b *Brain) teach(ctx context.Context, site string, upTo int64) (mine bool, err error) {
	if _, mine, err = b.Store.Lease(ctx, "learn/"+site, b.Node, teaching); err != nil || !mine {
		return false, err
	}
	p, err := b.pupil(ctx, site)
	if err != nil {
		return true, err
	}
	p.teach.Lock()
	defer p.teach.Unlock()
	if int64(p.model.Load().Position()) < upTo {
		if err := b.advance(ctx, site, p); err != nil {
			return true, fmt.Errorf("learn at site %s: %w", site, err)
		}
	}
	return true, b.saveSteps(ctx, site, p, false)
}

// advance takes in all that was decided since.
func (b *Brain) advance(ctx context.Context, site string, p *pupil) error {
	now := p.model.Load()
	way := &way{place: place{position: int64(now.Position()), lessons: p.lessons, learned: p.learned}, pending: p.pending}
	if err := b.follow(ctx, site, way); err != nil || len(way.fresh) == 0 {
		return err
	}
	model, report := now, p.report.Load()
	for _, at := range slices.Backward(way.trainings) {
		t, ok, err := b.train(ctx, site, at)
		if err != nil {
			return err
		}
		if ok { // what lies before it is part of it
			model, report = t.Site, &t.Report
			p.saved, p.savedAt = at.position, b.Store.Now()
			break
		}
	}
	steps, err := b.decisions(ctx, way.since(int64(model.Position())))
	if err != nil {
		return err
	}
	p.model.Store(model.Learn(steps...))
	p.report.Store(report)
	p.lessons, p.pending, p.learned = way.lessons, way.pending, way.learned
	return nil
}

// place is where in a site's decisions a model stands.
type place struct {
	position int64
	lessons  int       // up to here
	learned  time.Time // when the latest of them was decided
}

// way is what lies between what a model has learned and the present.
type way struct {
	place                    // as far as it was followed
	pending   int            // lessons since the last training
	trainings []place        // where the model must be trained afresh, in order
	fresh     []store.Lesson // to be learned
}

// follow reads a site's lessons from where the way ends.
func (b *Brain) follow(ctx context.Context, site string, w *way) error {
	for at := w.position; ; {
		more, reached, err := b.Store.Lessons(ctx, site, at, page)
		if err != nil || reached == at {
			return err
		}
		for _, l := range more {
			w.take(l)
		}
		at = reached
	}
}

// take goes one lesson further. Training falls due before the first lesson of a
// new day and after each retrainEvery-th lesson.
func (w *way) take(l store.Lesson) {
	if w.pending > 0 && night(l.At) > night(w.learned) {
		w.trainings, w.pending = append(w.trainings, w.place), 0
	}
	if l.At.After(w.learned) {
		w.learned = l.At
	}
	w.position, w.lessons, w.pending, w.fresh = l.Position, w.lessons+1, w.pending+1, append(w.fresh, l)
	if w.pending == retrainEvery {
		w.trainings, w.pending = append(w.trainings, w.place), 0
	}
	if len(w.fresh) >= 2*retrainMost { // a long way: a training looks no further back
		w.fresh = slices.Clone(w.fresh[retrainMost:])
		w.trainings = slices.DeleteFunc(w.trainings, func(p place) bool { return p.position < w.fresh[0].Position })
	}
}

// since are the lessons after a position.
func (w *way) since(position int64) []store.Lesson {
	for i, l := range w.fresh {
		if l.Position > position {
			return w.fresh[i:]
		}
	}
	return nil
}

// night numbers the days, each of which begins at nightHour.
func night(t time.Time) int {
	y, m, d := t.In(locale.Berlin).Add(-nightHour * time.Hour).Date()
	return (y*12+int(m))*31 + d
}

// train trains a model afresh from all decisions up to a place and saves it. One
// that does worse on the latest decisions than what was shown at the time is
// rolled back: it is noted, and ok is false.
func (b *Brain) train(ctx context.Context, site string, at place) (t assess.Trained, ok bool, err error) {
	lessons, err := b.upTo(ctx, site, at.position)
	if err != nil {
		return t, false, err
	}
	ds, err := b.decisions(ctx, lessons)
	if err != nil {
		return t, false, err
	}
	shown := make([]*float64, len(lessons))
	for i, l := range lessons {
		shown[i] = l.Refuse
	}
	t = b.trainSparing(ds, shown)
	report, err := json.Marshal(t.Report)
	if err != nil {
		return t, false, fmt.Errorf("encode report: %w", err)
	}
	m := store.SiteModel{Site: site, Position: at.position, Lessons: at.lessons, Learned: at.learned, Retrained: true, Report: string(report), Quality: &t.Report.After.AUC}
	if t.Worse {
		m.Version = fmt.Sprintf("%s+%d", b.Base.Version(), at.position)
		b.Log.Warn("a retrained model was worse on the latest decisions and is not used", "site", site, "auc", t.Report.After.AUC, "before", t.Report.Before.AUC)
		return t, false, b.Store.NoteRollback(ctx, m)
	}
	return t, true, b.save(ctx, m, t.Site)
}

// tidy is how much memory may come on top of what is in use before it is tidied up
// while a model is trained, in percent. Most of that is numbers, in which there is
// nothing to look through.
const tidy = 10

// sparingFrom is from how many decisions memory counts more than time: a look through
// all memory takes longer than a training of a few hundred, and one that takes its
// time in a rush would bring very many such looks.
const sparingFrom = retrainMost / 4

// trainSparing keeps trainings from taking more memory than they need: one at a
// time, and what a large one leaves is given back. One on retrainMost decisions needs
// some 130 MB.
func (b *Brain) trainSparing(ds []assess.Decision, shown []*float64) assess.Trained {
	b.training.Lock()
	defer b.training.Unlock()
	if len(ds) < sparingFrom {
		return b.Base.Train(ds, shown, (&breath{busy: b.Busy}).take)
	}
	defer debug.FreeOSMemory()
	usual := debug.SetGCPercent(tidy)
	defer debug.SetGCPercent(usual)
	if usual < tidy { // also where it is off
		debug.SetGCPercent(usual)
	}
	return b.Base.Train(ds, shown, new(breath).take)
}

// upTo reads what a site's decisions up to a position teach, the latest
// retrainMost of them: of each text the last word, so that an overturned refusal
// counts as the release that corrected it.
func (b *Brain) upTo(ctx context.Context, site string, position int64) ([]store.Lesson, error) {
	type text struct {
		comment  string
		revision int
	}
	said := map[text]bool{}
	var out []store.Lesson
	for at := position; at > 0 && len(out) < retrainMost; {
		more, reached, err := b.Store.LessonsBack(ctx, site, at, page)
		if err != nil {
			return nil, err
		}
		for _, l := range more {
			if key := (text{l.Comment, l.Revision}); !said[key] && len(out) < retrainMost {
				said[key] = true
				out = append(out, l)
			}
		}
		at = reached - 1
	}
	slices.Reverse(out)
	return out, nil
}

// decisions turns lessons into what the model learns from.
func (b *Brain) decisions(ctx context.Context, lessons []store.Lesson) ([]assess.Decision, error) {
	out := make([]assess.Decision, 0, len(lessons))
	articles := map[string]*assess.Relation{}
	var newest time.Time
	if len(lessons) > 0 {
		newest = lessons[len(lessons)-1].At
	}
	for _, l := range lessons {
		rel, ok := articles[l.Article]
		if !ok {
			a, err := b.Store.Article(ctx, l.Article)
			if err != nil {
				return nil, err
			}
			rel = b.Base.Relate(*articleOf(a), nil)
			articles[l.Article] = rel
		}
		d := assess.Decision{Position: uint64(l.Position), Rule: l.Rule, Outcome: outcome(l.Step), AgeDays: newest.Sub(l.At).Hours() / 24,
			Input: assess.Input{Text: l.Text, Parent: l.Parent, Relation: rel}}
		if o := l.Observed; o.Proven {
			d.Input.Author = &assess.History{Submitted: o.Submitted, Approved: o.Approved, Rejected: o.Rejected, AgeDays: o.AgeDays}
		}
		if l.Observed.External != "" {
			if err := json.Unmarshal([]byte(l.Observed.External), &d.Input.External); err != nil {
				return nil, fmt.Errorf("scores of an external scorer for %s: %w", l.Comment, err)
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// outcome is what a step says of a text. A reconsideration takes back what was
// said and says nothing itself.
func outcome(step moderation.Step) assess.Outcome {
	switch step {
	case moderation.Approve, moderation.Overturn, moderation.Restore:
		return assess.Approved
	case moderation.Reconsider:
		return assess.NotSelected
	}
	return assess.Refused
}

// saveSteps writes the steps learned since the last saving, where there are
// enough of them or they are old enough, or at once.
func (b *Brain) saveSteps(ctx context.Context, site string, p *pupil, now bool) error {
	model := p.model.Load()
	position := int64(model.Position())
	if !now && (position == p.saved || position-p.saved < saveEvery && b.Store.Now().Sub(p.savedAt) < saveAfter) {
		return nil
	}
	err := b.save(ctx, store.SiteModel{Site: site, Position: position, Lessons: p.lessons, Pending: p.pending, Learned: p.learned}, model)
	if err == nil {
		p.saved, p.savedAt = position, b.Store.Now()
	}
	return err
}

func (b *Brain) save(ctx context.Context, m store.SiteModel, model *assess.Site) error {
	var delta bytes.Buffer
	if err := model.Encode(&delta); err != nil {
		return err
	}
	m.Version, m.Delta = model.Version(), delta.Bytes()
	return b.Store.SaveModel(ctx, m)
}
