// Package external asks a scorer that the publisher runs, a transformer or a
// language model behind HTTP, for probabilities by rule. It is optional: no
// answer in time means "not checked", never "fine", and a scorer that keeps
// failing is left alone for a while, so that it cannot slow the queue down.
//
// The request is POST {"text": "..."} and the answer {"scores": {"profanity":
// 0.12, "refuse": 0.4}} with the names of the rules and "refuse"; others are
// ignored. Texts go to the address that an admin has set and to no other:
// redirects are not followed, and no proxy is used. Since the publisher's own
// networks are where a scorer usually is, they are allowed; the local link, where
// clouds serve credentials, is not, and without encryption nothing outside is.
package external

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
)

// Causes for "not checked", as codes that the desk puts into words.
const (
	Resting = "external_resting" // failed several times and is left alone for a while
	Late    = "external_late"    // no answer in time
	Failed  = "external_failed"  // not reached, or no answer with status 200
	Lied    = "external_lied"    // an answer that makes no sense
	Barred  = "external_barred"  // an address that texts must not go to

	// Unusable is for callers: the settings do not make a scorer.
	Unusable = "external_unusable"
)

// Config says where the scorer is and how patient to be. Zero values are
// replaced by two seconds, five failures and half a minute.
type Config struct {
	URL      string
	Key      string // sent as Authorization: Bearer, "" for none
	Timeout  time.Duration
	Failures int           // in a row, after which the scorer rests
	Rest     time.Duration // how long
	Now      func() time.Time
}

// Scorer is a client with a circuit breaker, safe for concurrent use.
type Scorer struct {
	cfg    Config
	client *http.Client

	mu     sync.Mutex
	failed int
	until  time.Time
	trying bool // one request is out to see whether the scorer is back
}

// ErrAddress is an address that makes no scorer.
var ErrAddress = errors.New("external scorer: the address must begin with http:// or https:// and hold no password")

// New makes a scorer. The address must be http or https, without a user.
func New(cfg Config) (*Scorer, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, ErrAddress
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 2 * time.Second
	}
	if cfg.Failures <= 0 {
		cfg.Failures = 5
	}
	if cfg.Rest <= 0 {
		cfg.Rest = 30 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Scorer{cfg: cfg, client: &http.Client{CheckRedirect: stay, Transport: transport(u.Scheme == "https")}}, nil
}

// transport connects to what the address names and to nothing else: by no proxy,
// and to an address of the network only after barred has seen it, so that a name
// which changes its address meanwhile leads nowhere either.
func transport(encrypted bool) *http.Transport {
	d := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || barred(to.Addr().Unmap(), encrypted) {
			return errBarred
		}
		return nil
	}}
	return &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
}

var errBarred = errors.New("external scorer: texts must not go to this address")

// metadata is where clouds hand out their machines' credentials over IPv6; over
// IPv4 they use an address of the local link.
var metadata = netip.MustParseAddr("fd00:ec2::254")

// barred tells whether an address must not be asked: what is no host's, the local
// link, on which clouds serve credentials, and without encryption everything
// outside the publisher's own networks.
func barred(a netip.Addr, encrypted bool) bool {
	if a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() || a == metadata {
		return true
	}
	return !encrypted && !a.IsLoopback() && !a.IsPrivate()
}

// Score asks for a text's probabilities. Where there is no answer, scores is nil
// and notChecked says why, in words that hold nothing of the text.
func (s *Scorer) Score(ctx context.Context, text string) (scores map[string]float64, notChecked string) {
	if !s.enter() {
		return nil, Resting
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	scores, err := s.ask(ctx, text)
	s.leave(err == nil)
	switch {
	case err == nil:
		return scores, ""
	case errors.Is(err, context.DeadlineExceeded):
		return nil, Late
	case errors.Is(err, errBarred):
		return nil, Barred
	case errors.Is(err, errLied):
		return nil, Lied
	}
	return nil, Failed
}

// enter reports whether a request may go out. After a rest one request tries;
// the others wait for its outcome.
func (s *Scorer) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed < s.cfg.Failures {
		return true
	}
	if s.trying || s.cfg.Now().Before(s.until) {
		return false
	}
	s.trying = true
	return true
}

func (s *Scorer) leave(ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trying = false
	if ok {
		s.failed = 0
		return
	}
	s.failed++
	if s.failed >= s.cfg.Failures {
		s.until = s.cfg.Now().Add(s.cfg.Rest)
	}
}

// maxAnswer is the longest answer read.
const maxAnswer = 64 << 10

func (s *Scorer) ask(ctx context.Context, text string) (map[string]float64, error) {
	body, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		return nil, fmt.Errorf("external scorer: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("external scorer: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if s.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+s.cfg.Key)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("external scorer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("external scorer: status %d", res.StatusCode)
	}
	var answer struct {
		Scores map[string]float64 `json:"scores"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&answer); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err() // broken off in the middle of the answer
		}
		return nil, fmt.Errorf("%w: no JSON of the form wanted", errLied) // the decoder's words might quote the answer
	}
	return known(answer.Scores)
}

var errLied = errors.New("external scorer: the answer makes no sense")

// known keeps the rules' probabilities and refuses an answer that holds none or
// one outside 0 to 1.
func known(scores map[string]float64) (map[string]float64, error) {
	out := map[string]float64{}
	for rule, p := range scores {
		if rule == "" || !assess.KnownHead(rule) {
			continue
		}
		if !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("%w: a score is not between 0 and 1", errLied)
		}
		out[rule] = p
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: it holds no score", errLied)
	}
	return out, nil
}
