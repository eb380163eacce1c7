// Package wait says how long comments will wait for their decision: to readers as
// an honest range in words, to a chief as a forecast for the coming hours.
//
// It knows how many comments wait at the site, the desk's shifts and how long
// others waited before, and nothing else. What a comment says, who wrote it, how
// it scored and where it stands in the queue never changes its range, so nobody
// can read a score from the time they are given. docs/waiting.md explains the
// model and what it is worth on a real stream.
package wait

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

const (
	lookBack = 90 * 24 * time.Hour // decisions that count
	keep     = 30 * time.Second    // a model is made from the record that often
	recount  = 5 * time.Second     // and what waits is counted that often
)

// Range is when a comment will probably be decided.
type Range struct {
	From, To time.Time
	Known    bool      // it rests on recorded waits
	Opens    time.Time // nobody is at the desk now, and somebody is then; zero: somebody is there
	Resumes  time.Time // the desk closes within the range and opens again then; zero: it does not
	Zone     *time.Location
}

// Estimator gives ranges for the sites of a store.
type Estimator struct {
	Store *store.Store

	mu    sync.Mutex
	sites map[string]known
}

// known is what was read of a site, and when.
type known struct {
	model         *Model
	waiting       int
	read, counted time.Time
	set           string // hours and shifts that the model was made with
}

// Promise gives what an author is told who submits to a site now.
func (e *Estimator) Promise(ctx context.Context, site store.Site) (store.Promise, error) {
	k, err := e.known(ctx, site)
	if err != nil {
		return store.Promise{}, fmt.Errorf("promise a wait: %w", err)
	}
	p := store.Promise{Waiting: k.waiting}
	if p.From, p.To = k.model.Range(e.Store.Now(), k.waiting); !k.model.Known() {
		p.From = time.Time{}
	}
	return p, nil
}

// For gives the range that the author of a comment was promised; for a text from
// before promises were kept, the one that holds for its site now.
func (e *Estimator) For(ctx context.Context, rec store.Receipt) (Range, error) {
	k, err := e.known(ctx, rec.Site)
	if err != nil {
		return Range{}, fmt.Errorf("expected wait: %w", err)
	}
	r := Range{From: rec.Promise.From, To: rec.Promise.To, Known: !rec.Promise.From.IsZero()}
	if r.To.IsZero() {
		r.From, r.To = k.model.Range(rec.Submitted, k.waiting)
		r.Known = k.model.Known()
	}
	if !r.Known {
		r.From = rec.Submitted
	}
	return k.model.Desk.during(r, e.Store.Now()), nil
}

// during adds to a range when the desk is closed before or within it.
func (d *Desk) during(r Range, now time.Time) Range {
	r.Zone = d.Zone
	if opens := d.Opens(now); opens.After(now) {
		r.Opens = opens
		return r
	}
	if !r.Known {
		return r // a guess is said without details
	}
	d.walk(now, func(s stretch) bool {
		if s.editors == 0 && s.from.Before(r.To) && s.to.Before(r.To) {
			r.Resumes = s.to
		}
		return s.to.Before(r.To) && r.Resumes.IsZero()
	})
	if !r.Resumes.IsZero() {
		r.Resumes = d.Opens(r.Resumes) // a day may begin closed as well
	}
	return r
}

// Model gives the model of a site, for a forecast, and how many wait there.
func (e *Estimator) Model(ctx context.Context, site store.Site) (*Model, int, error) {
	k, err := e.known(ctx, site)
	return k.model, k.waiting, err
}

func (e *Estimator) known(ctx context.Context, site store.Site) (known, error) {
	now := e.Store.Now()
	k, set := e.kept(site.ID, now), settings(site)
	var err error
	if k.model == nil || k.set != set || stale(k.read, now, keep) {
		if k.model, err = e.learn(ctx, site, now); err != nil {
			return k, err
		}
		k.read, k.set = now, set
	}
	if stale(k.counted, now, recount) {
		counts, err := e.Store.QueueCounts(ctx, store.AtSite(site.ID))
		if err != nil {
			return k, err
		}
		k.waiting, k.counted = counts[moderation.Pending], now
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.sites == nil {
		e.sites = map[string]known{}
	}
	e.sites[site.ID] = k
	return k, nil
}

// kept gives what was read of a site. Where that has become old it is given once
// as it is, for whoever asks to read anew, and until they have to all others as
// fresh: of a thousand who submit at once one does the work.
func (e *Estimator) kept(site string, now time.Time) known {
	e.mu.Lock()
	defer e.mu.Unlock()
	k := e.sites[site]
	if mine := k; k.model != nil {
		if stale(k.read, now, keep) {
			k.read = now
		}
		if stale(k.counted, now, recount) {
			k.counted = now
		}
		e.sites[site] = k
		return mine
	}
	return k
}

// settings are what a model depends on beside the record.
func settings(site store.Site) string {
	if site.Hours == nil {
		return string(site.Extra[Part])
	}
	return fmt.Sprintf("%v %s", *site.Hours, site.Extra[Part])
}

func stale(read, now time.Time, life time.Duration) bool {
	return read.IsZero() || now.Sub(read) >= life || now.Before(read)
}

// learn makes a site's model from the record.
func (e *Estimator) learn(ctx context.Context, site store.Site, now time.Time) (*Model, error) {
	desk := DeskOf(site)
	period := store.Period{Site: site.ID, From: now.Add(-lookBack), To: now.Add(time.Second)}
	waited, err := e.Store.Waited(ctx, period, remembers)
	if err != nil {
		return nil, err
	}
	pace, err := e.pace(ctx, site, now)
	return NewModel(desk, pace, pastOf(desk, waited)), err
}

// pace is how many comments an editor decides in an hour: as set, or else the
// median over the hours of the last weeks in which somebody decided a handful.
func (e *Estimator) pace(ctx context.Context, site store.Site, now time.Time) (float64, error) {
	if set := StaffingOf(site).Pace; set > 0 {
		return set, nil
	}
	recorded, err := e.Store.Pace(ctx, store.Period{Site: site.ID, From: now.Add(-4 * 7 * 24 * time.Hour), To: now})
	return paceOf(recorded), err
}

func paceOf(recorded []int) float64 {
	var busy []int
	for _, n := range recorded { // ascending
		if n >= 5 {
			busy = append(busy, n)
		}
	}
	if len(busy) < 10 {
		return defaultPace
	}
	return float64(busy[len(busy)/2])
}

// zoneOf is the time zone of a site's desk.
func zoneOf(r Range) *time.Location {
	if r.Zone == nil {
		return locale.Berlin
	}
	return r.Zone
}
