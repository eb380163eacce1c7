package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/alarm"
)

// Pressure finds out how many submissions a second this node can take in beside
// its readers, on whatever machine it runs. Ten times a second it looks at two
// things: how late a goroutine wakes up that has nothing to do, which is as late
// as an answer to a reader begins, and how long submissions waited for their
// commit. Where either is too long, fewer are let in; otherwise slowly more again.
// What other programs of the machine always delay does not count: it is as late while
// nobody submits.
type Pressure struct {
	most  float64              // submissions a second of one site
	delay func() time.Duration // longest wait for a commit since last asked

	mu     sync.Mutex
	rate   float64       // of now
	under  int           // submissions under way
	came   int           // submissions since the last look
	turned bool          // somebody was turned away since then
	calm   time.Duration // how late it is in quiet minutes when nobody submits
	busy   time.Time     // when somebody was last turned away, or waited
}

const (
	pulse     = 5 * time.Millisecond   // how often the goroutine wakes up
	look      = 100 * time.Millisecond // how often the rate changes
	lateMost  = 250 * time.Microsecond // as late in more than a twentieth of the cases, and
	lateMore  = 1.25                   // so many times as late as when nobody submits: too busy
	waitMost  = 250 * time.Millisecond // for a commit
	calmFalls = 10                     // looks until calm has followed a quieter machine most of the way, and
	calmRises = 3000                   // a busier one: five minutes, lest what disturbs just before a rush loosen the limit for all of it
	rateDown  = 0.85
	rateUp    = 0.01 // of the most, each look in which as many came as may
	rateFirst = 0.1  // of the most: a rush begins with it
	busyFor   = time.Second
)

// RateLeast is how many submissions a second of one site a node takes in however
// busy it is: a desk can read far fewer.
const RateLeast = 20

// NewPressure lets in at most so many submissions a second of one site; 0 stands
// for SiteRate.
func NewPressure(most int, delay func() time.Duration) *Pressure {
	most = cmp.Or(most, SiteRate)
	return &Pressure{most: float64(most), rate: max(min(RateLeast, float64(most)), float64(most)*rateFirst), delay: delay}
}

// Run looks until the context ends.
func (p *Pressure) Run(ctx context.Context) error {
	sleeper := alarm.New()
	defer sleeper.Close()
	var late []time.Duration
	for ctx.Err() == nil {
		begun := time.Now()
		sleeper.Wait(pulse)
		if late = append(late, time.Since(begun)-pulse); len(late) < int(look/pulse) {
			continue
		}
		slices.Sort(late)
		p.note(late[len(late)*19/20-1], p.delay())
		late = late[:0]
	}
	return nil
}

// note takes in what a look showed.
func (p *Pressure) note(late, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.came == 0 && p.under == 0
	used := p.turned || float64(p.came) > p.rate*look.Seconds()/2
	p.came, p.turned = 0, false
	if idle {
		p.rest(late)
	}
	if !idle && (late > max(lateMost, time.Duration(lateMore*float64(p.calm))) || wait > waitMost) {
		p.rate = max(min(RateLeast, p.most), p.rate*rateDown)
		p.busy = time.Now()
		return
	}
	if used {
		p.rate = min(p.most, p.rate+p.most*rateUp)
	}
}

// rest takes in how late it is while nobody submits.
func (p *Pressure) rest(late time.Duration) {
	switch {
	case p.calm == 0:
		p.calm = late
	case late < p.calm:
		p.calm += (late - p.calm) / calmFalls
	default:
		p.calm += (late - p.calm) / calmRises
	}
}

// Rate is how many submissions a second of one site are let in now.
func (p *Pressure) Rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rate
}

// Busy tells whether somebody was turned away or waited within the last second:
// work that can wait should.
func (p *Pressure) Busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.busy) < busyFor
}

// enter lets a submission in; false where as many are under way as the node
// carries out in a quarter of a second.
func (p *Pressure) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if float64(p.under) >= max(16, p.rate/4) {
		p.busy, p.turned = time.Now(), true
		return false
	}
	p.under++
	p.came++
	return true
}

func (p *Pressure) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.under--
}

// turnedAway notes that somebody was.
func (p *Pressure) turnedAway() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy, p.turned = time.Now(), true
}
