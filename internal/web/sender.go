package web

import (
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
	PerSite int // submissions a second of one site, from all its readers; 0: SiteRate

	now    func() time.Time
	seed   maphash.Seed
	shards [64]shard
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

// SiteRate is how many submissions a second one site may have on one node, twice
// that at once. It is far more than a desk can read; it keeps one site's flood from
// taking the database away from the others.
const SiteRate = 1000

// TakeSubmission counts a submission by a sender to a site. Too many of a sender
// are 429; too many of all readers together are 503, for it is nobody's fault.
func (l *Limiter) TakeSubmission(sender, site string) error {
	if err := l.Take("submit", sender, SubmitRate); err != nil || l == nil {
		return err
	}
	perSecond := l.PerSite
	if perSecond <= 0 {
		perSecond = SiteRate
	}
	if l.Take("submit-site", site, Rate{2 * perSecond, time.Second / time.Duration(perSecond)}) != nil {
		return &Unavailable{http.StatusServiceUnavailable, "error.site_limit", 2 * time.Second}
	}
	return nil
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
	if b.tokens < 1 {
		s.buckets[key] = b
		return &Unavailable{http.StatusTooManyRequests, "error.limit", time.Duration((1 - b.tokens) * float64(rate.Every))}
	}
	b.tokens--
	s.buckets[key] = b
	return nil
}
