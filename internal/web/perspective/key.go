package perspective

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/web"
)

// Keys finds the key of a secret. A secret that no key for scoring has, or that
// was revoked, is a moderation.NotFound.
type Keys interface {
	Lookup(ctx context.Context, secret string) (Key, error)
}

// Key is who asks, and what was agreed with them.
type Key struct {
	ID     string
	Site   string // "": all sites
	Policy Policy
}

// Policy is what a key may do. It is kept as JSON with the key; the zero value
// stores nothing, tolerates nothing unknown, and has the default limits.
type Policy struct {
	Learn     bool     `json:"learn,omitempty"`      // suggested scores are kept and teach the community's model
	Lenient   bool     `json:"lenient,omitempty"`    // attributes that cannot be answered are left out in place of an error
	PerMinute int      `json:"per_minute,omitempty"` // requests a minute; 0: DefaultPerMinute
	PerDay    int      `json:"per_day,omitempty"`    // requests a day; 0: no such limit
	Hold      float64  `json:"hold,omitempty"`       // score from which a text counts as flagged; 0: DefaultHold
	Reject    float64  `json:"reject,omitempty"`     // score from which Coral is told to reject; 0: never, people decide
	Community string   `json:"community,omitempty"`  // whose model answers where the client names none
	Secrets   []string `json:"secrets,omitempty"`    // with which Coral signs; several while one is changed
	CoralURL  string   `json:"coral_url,omitempty"`  // where the texts that Coral's webhooks name can be read
	Token     string   `json:"coral_token,omitempty"`
}

// The defaults of a policy.
const (
	DefaultPerMinute = 6000
	DefaultHold      = 0.8
)

// ParsePolicy reads a policy as the key's settings hold it.
func ParsePolicy(settings string) (Policy, error) {
	var p Policy
	if err := json.Unmarshal([]byte(settings), &p); err != nil {
		return Policy{}, fmt.Errorf("read the policy of a key: %w", err)
	}
	return p, nil
}

// Encode is the policy as the key's settings hold it.
func (p Policy) Encode() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic("unreachable: a policy is plain data: " + err.Error())
	}
	return string(b)
}

func (p Policy) hold() float64 {
	if p.Hold > 0 {
		return p.Hold
	}
	return DefaultHold
}

// secretOf finds the key's secret where clients put it: the query, a header of
// Google's, or a bearer token.
func secretOf(r *http.Request) string {
	if secret := r.URL.Query().Get("key"); secret != "" {
		return secret
	}
	if secret := r.Header.Get("X-Goog-Api-Key"); secret != "" {
		return secret
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(secret)
	}
	return r.URL.Query().Get("access_token")
}

// keyOf admits a request: its key must be valid and within its limits.
func (s *facade) keyOf(r *http.Request) (Key, error) {
	secret := secretOf(r)
	if secret == "" {
		return Key{}, denied("API_KEY_MISSING", "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.")
	}
	key, err := s.Keys.Lookup(r.Context(), secret)
	if moderation.KindOf(err) == moderation.NotFound {
		return Key{}, denied("API_KEY_INVALID", "API key not valid. Please pass a valid API key.")
	}
	if err != nil {
		return Key{}, fmt.Errorf("look up a key: %w", err)
	}
	return key, s.take(key)
}

// take counts a request against the key's limits.
func (s *facade) take(k Key) error {
	perMinute := k.Policy.PerMinute
	if perMinute <= 0 {
		perMinute = DefaultPerMinute
	}
	err := s.Limits.Take("score-minute", k.ID, web.Rate{Burst: perMinute, Every: time.Minute / time.Duration(perMinute)})
	if u, ok := errors.AsType[*web.Unavailable](err); ok {
		return limited("commentanalyzer.googleapis.com/analyze_requests", "AnalyzeRequestsPerMinutePerProject", u.After)
	}
	if k.Policy.PerDay <= 0 {
		return err
	}
	err = s.Limits.Take("score-day", k.ID, web.Rate{Burst: k.Policy.PerDay, Every: 24 * time.Hour / time.Duration(k.Policy.PerDay)})
	if u, ok := errors.AsType[*web.Unavailable](err); ok {
		return limited("commentanalyzer.googleapis.com/analyze_requests", "AnalyzeRequestsPerDayPerProject", u.After)
	}
	return err
}
