package web

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/store"
)

// Proxies lists the networks whose X-Forwarded-For is believed.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks separated by commas.
func ParseProxies(list string) (Proxies, error) {
	var out Proxies
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if addr, err := netip.ParseAddr(part); err == nil {
			out = append(out, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q is neither an address nor a network such as 10.0.0.0/8", part)
		}
		out = append(out, p)
	}
	return out, nil
}

// Trust tells whether an address is one of them.
func (p Proxies) Trust(a netip.Addr) bool {
	for _, n := range p {
		if n.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// Addr is the reader's address: the connection's, or the last forwarded one that
// no trusted proxy wrote of itself.
func (s *Server) Addr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := ap.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.Proxies.Trust(addr); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	return addr
}

// Sender is the rotating hash of the reader's address.
func (s *Server) Sender(r *http.Request) (store.Sender, error) {
	return s.Store.SenderOf(r.Context(), s.Addr(r))
}

// Limiter holds back senders who do too much of one thing. It keeps hashes in
// memory only. A nil Limiter holds nobody back.
type Limiter struct {
	PerSite  int       // submissions a second of one site, from all its readers; 0: SiteRate
	Pressure *Pressure // fewer than that where the node is busy; nil: never fewer

	now    func() time.Time
	seed   maphash.Seed
	shards [64]shard

	mu    sync.Mutex
	sites map[string]string // of articles
}

type shard struct {
	mu      sync.Mutex
	buckets map[uint64]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// Rate is how often something may be done: Burst at once, then one each Every.
type Rate struct {
	Burst int
	Every time.Duration
}

// The rates of what readers can do.
var (
	SubmitRate = Rate{8, 20 * time.Second}
	HintRate   = Rate{20, 6 * time.Second}
	FlagRate   = Rate{10, 30 * time.Second}
	ReactRate  = Rate{30, 2 * time.Second}
	SignInRate = Rate{10, 20 * time.Second}
)

// SiteRate is how many submissions a second one site may have on one node at the
// most, half that at once; on a busy machine it is less, see Pressure. It is far
// more than a desk can read; it keeps one site's flood from taking the database
// away from the others.
const SiteRate = 1000

// siteBurst is how many submissions to one site may come at once on however busy a
// node, where the site may have as many at all.
const siteBurst = 25

// errSiteFull asks to come back: more come in than the node can take.
var errSiteFull = &Unavailable{http.StatusServiceUnavailable, "error.site_limit", 2 * time.Second}

// Enter begins a submission to an article before anything is done for it. It
// returns an *Unavailable with status 503 where the site's share is used up, or
// too many submissions are under way; otherwise leave is to be called at the end.
func (l *Limiter) Enter(article string) (leave func(), err error) {
	if l == nil || l.Pressure == nil {
		return func() {}, nil
	}
	if site := l.siteOf(article); site != "" && !l.has("submit-site", site, l.siteRate()) || !l.Pressure.enter() {
		l.Pressure.turnedAway()
		return nil, errSiteFull
	}
	return l.Pressure.leave, nil
}

// TakeSubmission counts a submission by a sender to a site. Too many of a sender
// are 429; too many of all readers together are 503, for it is nobody's fault.
func (l *Limiter) TakeSubmission(sender, article, site string) error {
	if err := l.Take("submit", sender, SubmitRate); err != nil || l == nil {
		return err
	}
	l.remember(article, site)
	if l.Take("submit-site", site, l.siteRate()) == nil {
		return nil
	}
	if l.Pressure != nil {
		l.Pressure.turnedAway()
	}
	return errSiteFull
}

func (l *Limiter) siteRate() Rate {
	most := cmp.Or(max(0, l.PerSite), SiteRate)
	perSecond := float64(most)
	if l.Pressure != nil {
		perSecond = min(perSecond, l.Pressure.Rate())
	}
	return Rate{max(10, min(siteBurst, most/2), int(perSecond/2)), time.Duration(float64(time.Second) / perSecond)}
}

// siteOf is the site of an article that somebody has written to before, or "".
func (l *Limiter) siteOf(article string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sites[article]
}

// remember notes the site of an article, which never changes.
func (l *Limiter) remember(article, site string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sites == nil || len(l.sites) > 4096 {
		l.sites = map[string]string{} // bounded memory
	}
	l.sites[article] = site
}

// NewLimiter makes a limiter.
func NewLimiter(now func() time.Time) *Limiter {
	return &Limiter{now: now, seed: maphash.MakeSeed()}
}

// Take counts one deed of a kind by a sender. It returns an *Unavailable with
// status 429 where that is too much.
func (l *Limiter) Take(kind, sender string, rate Rate) error {
	if l == nil {
		return nil
	}
	left := l.draw(kind, sender, rate, 1)
	if left < 0 {
		return &Unavailable{http.StatusTooManyRequests, "error.limit", time.Duration(-left * float64(rate.Every))}
	}
	return nil
}

// has tells whether one more deed would be allowed, without counting it.
func (l *Limiter) has(kind, sender string, rate Rate) bool { return l.draw(kind, sender, rate, 0) >= 1 }

// draw takes tokens out of a sender's bucket and gives how many are left; less
// than nothing where they were not there and none were taken.
func (l *Limiter) draw(kind, sender string, rate Rate, tokens float64) (left float64) {
	key := maphash.String(l.seed, kind+"\x00"+sender)
	s, now := &l.shards[key%64], l.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.buckets) > 4096 || s.buckets == nil {
		s.buckets = map[uint64]bucket{} // bounded memory: forgetting favours the readers
	}
	b, known := s.buckets[key]
	if !known {
		b = bucket{float64(rate.Burst), now}
	}
	b.tokens = min(float64(rate.Burst), b.tokens+now.Sub(b.at).Seconds()/rate.Every.Seconds())
	b.at = now
	if left = b.tokens - tokens; left >= 0 {
		b.tokens = left
	}
	s.buckets[key] = b
	return left
}
