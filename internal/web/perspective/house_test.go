package perspective_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/perspective"
)

// house is a server with keys, the shipped model, and a learner that remembers
// what it was told.
type house struct {
	*httptest.Server
	t       testing.TB
	keys    map[string]perspective.Key
	broken  error         // what looking up a key fails with
	hold    chan struct{} // looking up a key waits for its end, where there is one
	mu      sync.Mutex
	lessons []perspective.Lesson
	settled []perspective.Settlement
	log     bytes.Buffer
	status  map[string]int
}

func (h *house) Lookup(_ context.Context, secret string) (perspective.Key, error) {
	if h.hold != nil {
		<-h.hold
	}
	if h.broken != nil {
		return perspective.Key{}, h.broken
	}
	k, ok := h.keys[secret]
	if !ok {
		return perspective.Key{}, moderation.Missing("key")
	}
	return k, nil
}

func (h *house) For(context.Context, perspective.Key, string) perspective.Scorer {
	return assess.Default()
}

func (h *house) Teach(_ context.Context, _ perspective.Key, l perspective.Lesson) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lessons = append(h.lessons, l)
	return nil
}

func (h *house) Settle(_ context.Context, _ perspective.Key, d perspective.Settlement) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.Comment == "unknown" {
		return moderation.Missing("suggestion")
	}
	h.settled = append(h.settled, d)
	return nil
}

func (h *house) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(p)
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, status: map[string]int{}, keys: map[string]perspective.Key{
		"plain":   {ID: "k1"},
		"learn":   {ID: "k2", Policy: perspective.Policy{Learn: true}},
		"lenient": {ID: "k3", Policy: perspective.Policy{Lenient: true}},
		"tight":   {ID: "k4", Policy: perspective.Policy{PerMinute: 2}},
		"daily":   {ID: "k5", Policy: perspective.Policy{PerDay: 1}},
		"coral":   {ID: "k6", Policy: perspective.Policy{Learn: true, Secrets: []string{"alt", "neu"}}},
		"strict":  {ID: "k7", Policy: perspective.Policy{Secrets: []string{"neu"}, Reject: 0.5, Hold: 0.5}},
	}}
	log := slog.New(slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := web.New(nil, log, nil, nil)
	server.Handle(perspective.Routes(perspective.Deps{Keys: h, Models: h, Learning: h, Limits: limits(t), Now: time.Now, Log: log,
		Observe: func(route string, status int, _ time.Duration) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.status[route] = status
		}})...)
	h.Server = httptest.NewServer(server)
	t.Cleanup(h.Close)
	return h
}

// ask posts a body and gives the status and the answer.
func (h *house) ask(path, body string, header ...string) (int, map[string]any, http.Header) {
	h.t.Helper()
	req, err := http.NewRequest(http.MethodPost, h.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	out := map[string]any{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			h.t.Fatalf("%s answers %q: %v", path, raw, err)
		}
	}
	return res.StatusCode, out, res.Header
}

// dig follows keys and indices into an answer; nil where there is nothing.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch at := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				return nil
			}
			v = m[at]
		case int:
			l, ok := v.([]any)
			if !ok || at >= len(l) {
				return nil
			}
			v = l[at]
		}
	}
	return v
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

type object = map[string]any

// request is the body of an analysis by the attributes named.
func request(text string, attributes ...string) object {
	wanted := object{}
	for _, a := range attributes {
		wanted[a] = object{}
	}
	return object{"comment": object{"text": text}, "requestedAttributes": wanted}
}

// limits hold back nobody while fuzzing or measuring, which asks more than keys may.
func limits(t testing.TB) *web.Limiter {
	if _, test := t.(*testing.T); !test {
		return nil
	}
	return web.NewLimiter(time.Now)
}
