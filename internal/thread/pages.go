package thread

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/turn"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/singleflight"
)

// ErrStale says that nobody can know at this moment whether a page is current:
// the events could not be read within the last two seconds.
var ErrStale = errors.New("pages may be stale")

const (
	maxAge    = 2 * time.Second        // a page is served only if the events were read within it
	pollEvery = 500 * time.Millisecond // the net under the bell
	pollLimit = time.Second            // for one reading of the events
	awayFor   = time.Hour              // after that the events kept may not reach back far enough
	tries     = 5                      // renderings overtaken by events before giving up

	// While a change is rendered, the page before it may be served for as long as this
	// after it was last known to be current: less than the second for which others may
	// keep a page, and with that second less than the two after which what was taken
	// down is gone.
	overlap = 750 * time.Millisecond
	hot     = time.Second // a page that somebody asked for within it may be asked for again at once
)

// tracer makes spans where the program was told to trace, and otherwise nothing.
// It is asked for each time: the program sets its provider after this package is
// loaded, and a test more than once.
func tracer() trace.Tracer { return otel.Tracer("freigabe/thread") }

// Key names a page. Article says which events make it out of date; for a page
// without one, every change at the site does, and without a site every change.
type Key struct {
	Site, Article string
	Name          string // everything else that the page depends on
}

// Rendered is what a page's function gives.
type Rendered struct {
	Body  []byte
	Type  string    // Content-Type
	Until time.Time // the page changes by itself then; zero: never
	Site  store.Site

	// A page whose Key names neither article nor site may say here, once it is known,
	// what alone makes it out of date: changes of these articles, or of Site.
	Articles []string
	OfSite   bool
}

// Pages keeps finished pages in memory.
type Pages struct {
	store  *store.Store
	now    func() time.Time // tells how fresh the events are; not the store's clock
	budget int64            // bytes
	tag    func(site, article string) []string

	confirmed atomic.Int64 // when the last reading of the events began, in nanoseconds
	flight    singleflight.Group

	mu      sync.Mutex // guards what follows; held for map operations only
	entries map[Key]*entry
	before  map[Key]previous // of pages that have changed a moment ago
	size    int64            // of both, in bytes
	cursor  store.Cursor
	started bool
	watched map[chan struct{}]string // channel to article

	reading sync.Mutex // one reading of the events at a time
}

// entry is a page, or the place of one that is being rendered.
type entry struct {
	done  chan struct{}
	page  *Page
	err   error
	dirty bool // an event came while it was rendered: it must not be kept
	until time.Time
	used  int64
}

// previous is a page as it was before its last change.
type previous struct {
	page  *Page
	until time.Time // it may be served so long
	whole bool      // nothing was taken from it since: comments came to it
}

// New makes an empty cache of at most budget bytes; 0 stands for 64 MiB.
func New(st *store.Store, budget int64) *Pages {
	if budget <= 0 {
		budget = 64 << 20
	}
	return &Pages{store: st, now: time.Now, budget: budget, entries: map[Key]*entry{}, before: map[Key]previous{}, watched: map[chan struct{}]string{}}
}

// Tag names pages for caches that are told what has changed, by their site and
// article. It is to be called before the first page is asked for.
func (p *Pages) Tag(names func(site, article string) []string) { p.tag = names }

// Run follows the events until the context ends; it returns nil then.
func (p *Pages) Run(ctx context.Context) error {
	bell, stop := p.store.Bell()
	defer stop()
	defer p.endWatches()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		_ = p.Follow(ctx) // a failure shows as pages that go stale, and the next round tries again
		select {
		case <-ctx.Done():
			return nil
		case <-bell:
		case <-tick.C:
		}
	}
}

// Follow reads the events since the last time and forgets the pages they touch.
// After it returns without error every page is current.
func (p *Pages) Follow(ctx context.Context) error {
	p.reading.Lock()
	defer p.reading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	if !p.started || p.now().Sub(time.Unix(0, p.confirmed.Load())) > awayFor {
		head, err := p.store.PublicHead(ctx)
		if err != nil {
			return fmt.Errorf("find the newest event: %w", err)
		}
		p.cursor, p.started = head, true
		p.forgetAll()
	}
	for {
		begun := p.now()
		events, next, err := p.store.PublicEvents(ctx, p.cursor)
		if err != nil {
			return fmt.Errorf("read events: %w", err)
		}
		p.take(events)
		p.cursor = next
		if len(events) < store.EventsAtOnce {
			p.confirmed.Store(begun.UnixNano())
			return nil
		}
	}
}

// take forgets what events make out of date and tells those who watch.
func (p *Pages) take(events []store.Event) {
	c, losses := newChanges(), newChanges()
	for _, e := range events {
		c.add(e)
		if !e.Adds {
			losses.add(e)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetBefore()
	if len(c.sites) == 0 {
		return
	}
	p.noteLosses(losses)
	current := time.Unix(0, p.confirmed.Load()) // all pages were, when that reading of the events began
	for k, en := range p.entries {
		if c.touch(k, en) {
			p.drop(k, en)
			p.keepBefore(k, en, previous{en.page, current.Add(overlap), !losses.touch(k, en)})
		}
	}
	for ch, article := range p.watched {
		if !c.articles[article] {
			continue
		}
		select {
		case ch <- struct{}{}:
		default: // it has one waiting already
		}
	}
}

// drop takes an entry out; one that is being rendered will not be kept.
func (p *Pages) drop(k Key, en *entry) {
	en.dirty = true
	if en.page != nil {
		p.size -= en.page.size()
	}
	delete(p.entries, k)
}

// keepBefore keeps a page that has just changed, where it is worth it: somebody
// may ask for it while the change is rendered.
func (p *Pages) keepBefore(k Key, en *entry, old previous) {
	now := p.now()
	if en.page == nil || !now.Before(old.until) || now.Sub(time.Unix(0, en.used)) > hot || p.size+en.page.size() > p.budget {
		return // an earlier one of a page that changed again while it was rendered stays for its own time
	}
	if !en.until.IsZero() && en.until.Before(p.store.Now().Add(overlap)) {
		return // it is about to change by itself
	}
	p.dropBefore(k)
	p.before[k] = old
	p.size += en.page.size()
}

// noteLosses marks earlier pages that show what has been taken from readers since.
func (p *Pages) noteLosses(losses changes) {
	for k, old := range p.before {
		if old.whole && losses.touch(k, &entry{page: old.page}) {
			old.whole = false
			p.before[k] = old
		}
	}
}

func (p *Pages) dropBefore(k Key) {
	if old, kept := p.before[k]; kept {
		p.size -= old.page.size()
		delete(p.before, k)
	}
}

// forgetBefore lets go of earlier pages whose time is over.
func (p *Pages) forgetBefore() {
	for k, old := range p.before {
		if !p.now().Before(old.until) {
			p.dropBefore(k)
		}
	}
}

func (p *Pages) forgetAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range p.before {
		p.dropBefore(k)
	}
	for k, en := range p.entries {
		p.drop(k, en)
	}
}

// Fresh returns nil where the events were read recently enough, if need be by
// reading them now, and ErrStale otherwise.
func (p *Pages) Fresh(ctx context.Context) error {
	if p.isFresh() {
		return nil
	}
	_, err, _ := p.flight.Do("follow", func() (any, error) {
		return nil, p.Follow(context.WithoutCancel(ctx))
	})
	if err != nil || !p.isFresh() {
		return ErrStale
	}
	return nil
}

func (p *Pages) isFresh() bool {
	at := p.confirmed.Load()
	return at != 0 && p.now().Sub(time.Unix(0, at)) < maxAge
}

// Get gives a page, rendering it where it is not in memory. Requests for the
// same page share one rendering. It answers ErrStale where freshness is not
// confirmed, and the error of render, which is never kept.
func (p *Pages) Get(ctx context.Context, k Key, render func(context.Context) (Rendered, error)) (*Page, error) {
	return p.get(ctx, k, render, false)
}

// Recent is Get for pages that very many read: while a change is rendered they get
// the page before it, as long as that was current within the last overlap. Only
// where something was taken from readers, whoever asks first waits for the
// rendering, so that nobody begins to see it afterwards.
func (p *Pages) Recent(ctx context.Context, k Key, render func(context.Context) (Rendered, error)) (*Page, error) {
	return p.get(ctx, k, render, true)
}

func (p *Pages) get(ctx context.Context, k Key, render func(context.Context) (Rendered, error), recent bool) (*Page, error) {
	for range tries {
		if err := p.Fresh(ctx); err != nil {
			return nil, err
		}
		en, mine, before := p.lookUp(k)
		if recent && before != nil {
			if mine {
				go p.fillAside(ctx, k, en, render)
			}
			return before, nil
		}
		if mine {
			p.fill(ctx, k, en, render)
		}
		select {
		case <-en.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if page, err, ok := p.result(en); ok {
			return page, err
		}
	}
	return nil, ErrStale
}

// lookUp gives the entry of a page; mine says that the caller has to fill it.
// Until that is done, before is the page before the change, if it may still be
// served; to whoever has to fill it only where nothing was taken from it.
func (p *Pages) lookUp(k Key) (en *entry, mine bool, before *Page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	en = p.entries[k]
	if en != nil && !en.until.IsZero() && !p.store.Now().Before(en.until) {
		p.drop(k, en)
		en = nil
	}
	if en == nil {
		en, mine = &entry{done: make(chan struct{})}, true
		p.entries[k] = en
	}
	en.used = p.now().UnixNano()
	if old, kept := p.before[k]; kept && (old.whole || !mine) && en.page == nil && p.now().Before(old.until) {
		before = old.page
	}
	return en, mine, before
}

// fill renders a page into its entry.
func (p *Pages) fill(ctx context.Context, k Key, en *entry, render func(context.Context) (Rendered, error)) {
	defer close(en.done)
	finished := false
	defer func() {
		if !finished { // render panicked: nobody must wait for ever or find half a page
			p.keep(k, en, nil, time.Time{}, errors.New("rendering did not finish"))
		}
	}()
	// The rendering serves everyone who waits, so it outlives the first one's connection.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	ctx, span := tracer().Start(ctx, "thread.render")
	defer span.End()
	r, err := render(ctx)
	var page *Page
	if err == nil {
		turn.Long(func() { page = newPage(r, p.namesOf(k, r)) }) // who reads the page before it does not wait for its compression
	}
	p.keep(k, en, page, r.Until, err)
	finished = true
}

// fillAside is fill beside the request that began it. What fails here fails again
// in the request of whoever asks once the page before the change has had its time,
// and is reported there.
func (p *Pages) fillAside(ctx context.Context, k Key, en *entry, render func(context.Context) (Rendered, error)) {
	defer func() { _ = recover() }()
	p.fill(ctx, k, en, render)
}

func (p *Pages) namesOf(k Key, r Rendered) []string {
	if p.tag == nil {
		return nil
	}
	return p.tag(cmp.Or(r.Site.ID, k.Site), k.Article)
}

func (p *Pages) keep(k Key, en *entry, page *Page, until time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	en.page, en.err, en.until = page, err, until
	if p.entries[k] != en {
		en.dirty = true
		return
	}
	if err != nil {
		delete(p.entries, k)
		return
	}
	p.dropBefore(k)
	p.size += page.size()
	p.evict()
}

// result gives what an entry holds; false where an event overtook it.
func (p *Pages) result(en *entry) (*Page, error, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return en.page, en.err, !en.dirty || en.err != nil
}

// evict forgets the pages that nobody asked for the longest, until the rest
// fits into nine tenths of the budget.
func (p *Pages) evict() {
	if p.size <= p.budget {
		return
	}
	for p.size > p.budget*9/10 && len(p.entries) > 1 {
		var oldest Key
		var found *entry
		looked := 0
		for k, en := range p.entries { // a random sample of 32 is as good as an exact order
			if en.page != nil && (found == nil || en.used < found.used) {
				oldest, found = k, en
			}
			if looked++; looked >= 32 && found != nil {
				break
			}
		}
		if found == nil {
			return
		}
		p.drop(oldest, found)
		found.dirty = false // it is current, only forgotten
	}
}

// Watch gives a channel that rings after each change of an article's thread, and
// is closed when Run ends. The function returned ends it.
func (p *Pages) Watch(article string) (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	p.mu.Lock()
	p.watched[c] = article
	p.mu.Unlock()
	return c, func() {
		p.mu.Lock()
		delete(p.watched, c)
		p.mu.Unlock()
	}
}

// endWatches closes the channels of those who watch: nothing more will come.
func (p *Pages) endWatches() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.watched {
		close(c)
	}
	clear(p.watched)
}

// Budget is how many bytes are kept at the most.
func (p *Pages) Budget() int64 { return p.budget }

// Size is the number of bytes and of pages that are kept.
func (p *Pages) Size() (bytes int64, pages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size, len(p.entries)
}
