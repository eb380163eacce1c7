package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/store"
)

// Looking after the models in numbers.
const (
	studyEvery = 5 * time.Minute
	nightGrace = 10 * time.Minute // after nightHour: holds of the day before have ended by then
	watchEvery = time.Hour
	watchWeek  = 7 * 24 * time.Hour
	watchPast  = 4 * watchWeek // before the week
	watchMost  = 1000          // comments of the week, and as many of the weeks before
)

// Study looks after the models of all sites: it learns what was left, trains at
// night what was decided by day, and watches for drift. Each site is looked after
// by one node at a time; one that fails does not hold up the others.
func (b *Brain) Study(ctx context.Context) error {
	sites, err := b.Store.Sites(ctx)
	if err != nil {
		return err
	}
	for _, s := range sites {
		if err := b.study(ctx, s.ID); err != nil {
			b.Log.Error("a site's model was not looked after", "site", s.ID, "error", err)
		}
	}
	return nil
}

func (b *Brain) study(ctx context.Context, site string) error {
	now, due, err := b.due(ctx, site)
	if err != nil {
		return err
	}
	if due {
		mine, err := b.teach(ctx, site, now)
		if err != nil || !mine {
			return err
		}
		if err := b.nightly(ctx, site); err != nil {
			return fmt.Errorf("train at night: %w", err)
		}
	}
	last, err := b.Store.DriftAlarm(ctx, site)
	if err != nil || b.Store.Now().Sub(last.At) < watchEvery {
		return err
	}
	return b.watch(ctx, site)
}

// due tells whether there is something to learn or to train, without loading the
// model, and where the chain ends.
func (b *Brain) due(ctx context.Context, site string) (end int64, due bool, err error) {
	if end, err = b.Store.ChainEnd(ctx, site); err != nil {
		return 0, false, err
	}
	saved, err := b.Store.ModelList(ctx, site)
	if err != nil {
		return end, false, err
	}
	var newest store.SiteModel
	if len(saved) > 0 {
		newest = saved[0]
	}
	if newest.Refused != "" || newest.Pending > 0 && b.tonight() > night(newest.Learned) {
		return end, true, nil
	}
	for at := newest.Position; ; {
		fresh, reached, err := b.Store.Lessons(ctx, site, at, page)
		if err != nil || len(fresh) > 0 || reached == at {
			return end, len(fresh) > 0, err
		}
		at = reached
	}
}

// tonight is the day that has begun for training.
func (b *Brain) tonight() int { return night(b.Store.Now().Add(-nightGrace)) }

// nightly trains at night what was decided by day. It does what the first
// decision of the new day would cause, only earlier.
func (b *Brain) nightly(ctx context.Context, site string) error {
	p, err := b.pupil(ctx, site)
	if err != nil {
		return err
	}
	p.teach.Lock()
	defer p.teach.Unlock()
	if p.pending == 0 || b.tonight() <= night(p.learned) {
		return nil
	}
	end, err := b.Store.ChainEnd(ctx, site)
	if err != nil {
		return err
	}
	at := place{position: int64(p.model.Load().Position()), lessons: p.lessons, learned: p.learned}
	for open := at.position; open < end; { // all that was decided by day must be out of its hold
		fresh, reached, err := b.Store.Lessons(ctx, site, open, page)
		if err != nil || len(fresh) > 0 || reached == open {
			return err
		}
		open = reached
	}
	t, ok, err := b.train(ctx, site, at)
	if err != nil {
		return err
	}
	p.pending = 0
	if !ok {
		return b.saveSteps(ctx, site, p, true)
	}
	p.model.Store(t.Site)
	p.report.Store(&t.Report)
	p.saved, p.savedAt = at.position, b.Store.Now()
	return nil
}

// watch compares the comments of the last week with those of the weeks before.
func (b *Brain) watch(ctx context.Context, site string) error {
	now := b.Store.Now()
	p, err := b.pupil(ctx, site)
	if err != nil {
		return err
	}
	since, err := b.calibratedSince(ctx, site)
	if err != nil {
		return err
	}
	week, err := b.look(ctx, site, now.Add(-watchWeek), now, since)
	if err != nil {
		return err
	}
	before, err := b.look(ctx, site, now.Add(-watchWeek-watchPast), now.Add(-watchWeek), now)
	if err != nil {
		return err
	}
	d := assess.Watch(before, week)
	report, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode drift: %w", err)
	}
	return b.Store.SaveDrift(ctx, store.Drift{Site: site, Alarms: d.Alarms, Report: string(report)}, p.model.Load().Version())
}

// look gathers what comments showed. Scores are held against decisions only where
// they were calibrated, which is known from a moment on.
func (b *Brain) look(ctx context.Context, site string, from, to, calibrated time.Time) (assess.Week, error) {
	var w assess.Week
	found, err := b.Store.Look(ctx, site, from, to, watchMost)
	if err != nil {
		return w, err
	}
	for _, l := range found {
		w.Unseen = append(w.Unseen, b.Base.Unseen(l.Text))
		if a := b.Base.Assess(assess.Input{Text: l.Text}); a.Refuse != nil {
			w.Scores = append(w.Scores, *a.Refuse)
		}
		if l.Decided && l.Refuse != nil && !calibrated.IsZero() && !l.At.Before(calibrated) {
			w.Expected, w.Refused = append(w.Expected, *l.Refuse), append(w.Refused, l.Refused)
		}
	}
	return w, nil
}

// calibratedSince is the moment from which on a site's scores of "would be
// refused" are calibrated: when the oldest of the row of calibrated models that
// leads up to the one in use was trained. The zero time: they are not.
func (b *Brain) calibratedSince(ctx context.Context, site string) (time.Time, error) {
	saved, err := b.Store.ModelList(ctx, site)
	var since time.Time
	for _, m := range saved {
		if !m.Retrained || m.Refused != "" {
			continue
		}
		var r assess.Report
		if err := json.Unmarshal([]byte(m.Report), &r); err != nil || !r.Heads[assess.Refuse].Calibrated {
			break // not by this program, or before calibration began
		}
		since = m.Created
	}
	return since, err
}
