// Package alike finds the texts of a site's last days that say nearly the same as
// another, by their fingerprints in memory: a campaign, or what an editor can
// decide once. A million texts take some seventy megabytes, and a look through
// them about a millisecond.
package alike

import (
	"context"
	"hash/maphash"
	"math/bits"
	"sort"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/turn"
)

// Lately is how far back texts are looked for.
const Lately = 7 * 24 * time.Hour

// The newest texts are read once more now and then, since what another node wrote
// may become visible after something newer.
const (
	again   = 10 * time.Second
	overlap = time.Minute
)

// Texts are those of all sites; safe for concurrent use.
type Texts struct {
	store *store.Store
	seed  maphash.Seed

	mu    sync.Mutex
	sites map[string]*prints
}

// New knows no text yet; it reads a site's when somebody first asks.
func New(st *store.Store) *Texts {
	return &Texts{store: st, seed: maphash.MakeSeed(), sites: map[string]*prints{}}
}

// Near is a comment with a text that says nearly the same.
type Near struct {
	Comment     string
	OtherAuthor bool
	Distance    int // in bits
}

// Near gives the comments, the oldest first and each once, of which a text differs
// from a print in at most so many bits, and of very many no more than are enough of
// the author's and enough of others': in a flood of the same text whoever asks for each
// would list all before it. The comment that asks is left out. The print 0 stands for a
// text too short to have one and is near nothing.
func (t *Texts) Near(ctx context.Context, site, comment, author string, print uint64, most, enough int) (out []Near, err error) {
	if print == 0 {
		return nil, nil
	}
	p := t.of(site)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := t.follow(ctx, site, p); err != nil {
		return nil, err
	}
	turn.Long(func() { out = p.near(comment, maphash.String(t.seed, author), print, most, enough) })
	return out, nil
}

// Like gives the comments whose text differs from a comment's newest one in at
// most so many bits; none where that is not assessed yet, or too short.
func (t *Texts) Like(ctx context.Context, site, comment string, most int) ([]Near, error) {
	p := t.of(site)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := t.follow(ctx, site, p); err != nil {
		return nil, err
	}
	for i := len(p.texts) - 1; i >= 0; i-- {
		if p.texts[i].comment == comment {
			return p.near(comment, p.texts[i].author, p.print[i], most, len(p.texts)), nil
		}
	}
	return nil, nil
}

func (t *Texts) of(site string) *prints {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.sites[site]
	if p == nil {
		p = &prints{}
		t.sites[site] = p
	}
	return p
}

// follow reads what has come since the last time, and forgets what is too old.
func (t *Texts) follow(ctx context.Context, site string, p *prints) error {
	now := t.store.Now()
	since := now.Add(-Lately)
	p.keep(p.after(since), len(p.texts))
	if n := len(p.texts); n > 0 {
		since = p.texts[n-1].at
		if d := now.Sub(p.whole); d >= again || d < 0 {
			since = since.Add(-overlap)
			p.keep(0, p.after(since))
			p.whole = now
		}
	}
	return t.store.Fingerprints(ctx, site, since, func(o store.Observed) {
		p.print = append(p.print, o.Fingerprint)
		p.texts = append(p.texts, text{o.At, maphash.String(t.seed, o.Author), o.Comment})
	})
}

// prints are a site's texts, the oldest first. The fingerprints lie apart from the
// rest, so that looking through them reads eight bytes for each text.
type prints struct {
	mu    sync.Mutex
	print []uint64
	texts []text
	whole time.Time // when the newest were last read again
}

type text struct {
	at      time.Time
	author  uint64 // a hash
	comment string
}

// after is the place of the first text after a moment.
func (p *prints) after(at time.Time) int {
	return sort.Search(len(p.texts), func(i int) bool { return p.texts[i].at.After(at) })
}

func (p *prints) keep(from, to int) { p.print, p.texts = p.print[from:to], p.texts[from:to] }

func (p *prints) near(comment string, author, print uint64, most, enough int) []Near {
	var out []Near
	place, own := map[string]int{}, 0
	for i, other := range p.print {
		d := bits.OnesCount64(print ^ other)
		if d > most || p.texts[i].comment == comment {
			continue
		}
		x := p.texts[i]
		if at, known := place[x.comment]; known {
			out[at].Distance = min(out[at].Distance, d)
			continue
		}
		other := x.author != author
		switch {
		case other && len(out)-own == enough:
			return out // and the author's own are no news beside so many
		case !other && own == enough:
			continue // those of others still are
		case !other:
			own++
		}
		place[x.comment] = len(out)
		out = append(out, Near{x.comment, other, d})
	}
	return out
}
