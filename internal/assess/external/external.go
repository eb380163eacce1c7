// Package external asks a scorer that the publisher runs, a transformer or a
// language model behind HTTP, for probabilities by rule. It is optional: no
// answer in time means "not checked", never "fine", and a scorer that keeps
// failing is left alone for a while, so that it cannot slow the queue down.
//
// The request is POST {"text": "..."} and the answer {"scores": {"profanity":
// 0.12, "refuse": 0.4}} with the names of the rules and "refuse"; others are
// ignored. Texts go to the address that an admin has set and to no other:
// redirects are not followed.
package external

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
)

// Causes for "not checked", as shown to editors.
const (
	Resting = "the external scorer failed several times and is left alone for a while"
	Late    = "the external scorer did not answer in time"
	Failed  = "the external scorer failed"
	Lied    = "the external scorer's answer makes no sense"
	Barred  = "the external scorer's address is not allowed"

	// Unusable is for callers: the settings do not make a scorer.
	Unusable = "the external scorer is not set up rightly"
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

// New makes a scorer. The address must be http or https.
func New(cfg Config) (*Scorer, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("external scorer: the address must begin with http:// or https://")
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
	return &Scorer{cfg: cfg, client: &http.Client{CheckRedirect: stay}}, nil
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
		return nil, fmt.Errorf("external scorer: %w", err)
	}
	return known(answer.Scores)
}

// known keeps the rules' probabilities and refuses an answer that holds none or
// one outside 0 to 1.
func known(scores map[string]float64) (map[string]float64, error) {
	out := map[string]float64{}
	for rule, p := range scores {
		if rule == "" || !assess.KnownHead(rule) {
			continue
		}
		if !(p >= 0 && p <= 1) {
			return nil, errors.New("external scorer: a score is not between 0 and 1")
		}
		out[rule] = p
	}
	if len(out) == 0 {
		return nil, errors.New("external scorer: the answer holds no score")
	}
	return out, nil
}
