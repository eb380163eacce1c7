package perspective

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/web"
)

// Scorer assesses a text.
type Scorer interface {
	Assess(in assess.Input) moderation.Assessment
}

// Models gives the model that answers for a community: its own where decisions
// have taught one, else the base. An empty name means the key's own community.
type Models interface {
	For(ctx context.Context, k Key, community string) Scorer
}

// Learning takes in what other desks decided.
type Learning interface {
	// Teach keeps a suggested score and lets the community's model learn it. The
	// same suggestion again changes nothing.
	Teach(ctx context.Context, k Key, l Lesson) error
	// Settle takes in a decision on a comment that only its name is known of. It
	// is a moderation.NotFound where the text cannot be had.
	Settle(ctx context.Context, k Key, d Settlement) error
}

// Lesson is a suggested score.
type Lesson struct {
	Community string
	Ref       string // the client's name of the comment, "" if it gave none
	Input     assess.Input
	Labels    map[moderation.Rule]float64 // 0 to 1, for the rules that the suggestion names
	Refused   bool                        // the verdict: some rule was said to be broken
}

// Settlement is a decision that a webhook told of.
type Settlement struct {
	Community string
	Ref       string // as in Lesson
	Comment   string // the other system's id
	Refused   bool
}

// Deps is what the routes need of the rest of the program.
type Deps struct {
	Keys     Keys
	Models   Models
	Learning Learning // nil: nothing is learned, whatever a key says
	Desks    Desks    // nil: the page about neighbours is not served
	Server   *web.Server
	Limits   *web.Limiter // nil: nobody is held back
	Now      func() time.Time
	Log      *slog.Logger
	Observe  func(route string, status int, took time.Duration) // nil: nobody counts
}

type facade struct {
	Deps
	inFlight atomic.Int64
}

// maxInFlight bounds the requests answered at once. Beyond it a client is told to
// come back, at once: one that gives up after 800 ms gains nothing from an answer
// that has waited longer, and everybody behind it loses.
const maxInFlight = 512

// prefixes are the addresses under which the methods answer. Coral appends the
// method to whatever address an admin enters, so the version may be missing.
var prefixes = []string{"", "/v1alpha1", "/perspective", "/perspective/v1alpha1"}

// Routes lists the routes for other systems. They are public to the kit, since
// their keys come in the query too; each checks its key first.
func Routes(d Deps) []web.Route {
	s := &facade{Deps: d}
	var routes []web.Route
	for _, prefix := range prefixes {
		routes = append(routes,
			web.Route{Pattern: "POST " + prefix + "/comments:analyze", Access: web.Public, Handler: s.serve("analyze", fail, s.analyze)},
			web.Route{Pattern: "POST " + prefix + "/comments:suggestscore", Access: web.Public, Handler: s.serve("suggestscore", fail, s.suggest)})
	}
	routes = append(routes,
		web.Route{Pattern: "GET /$discovery/rest", Access: web.Public, Handler: s.discovery},
		web.Route{Pattern: "GET /perspective/$discovery/rest", Access: web.Public, Handler: s.discovery},
		web.Route{Pattern: "POST /v1/moderations", Access: web.Public, Handler: s.serve("moderations", failModerations, s.moderations)},
		web.Route{Pattern: "POST /integrations/coral/phase", Access: web.Public, Handler: s.serve("coral-phase", fail, s.phase)},
		web.Route{Pattern: "POST /integrations/coral/webhook", Access: web.Public, Handler: s.serve("coral-webhook", fail, s.webhook)})
	if d.Desks != nil {
		routes = append(routes,
			web.Route{Pattern: "GET /desk/neighbours", Access: web.Chief, Handler: s.neighbours},
			web.Route{Pattern: "GET /desk/neighbours/{id}", Access: web.Chief, Handler: s.neighbour},
			web.Route{Pattern: "GET /desk/neighbours/{id}/decisions.jsonl", Access: web.Chief, Handler: s.export})
	}
	return routes
}

// call is one admitted request.
type call struct {
	*http.Request
	key  Key
	body []byte
}

// answer is what a method gives: JSON, and the version of the model that spoke.
type answer struct {
	value   any // nil: 204
	version string
}

// serve admits a request by its key, reads its body, and answers in the shape
// of the method's client.
func (s *facade) serve(route string, fail func(http.ResponseWriter, *refusal) error, do func(call) (answer, error)) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		start, status := s.Now(), http.StatusOK
		defer func() { s.observe(route, status, s.Now().Sub(start)) }()
		var a answer
		var err error = errBusy
		if s.inFlight.Add(1) <= maxInFlight {
			a, err = s.admitted(r, do)
		}
		s.inFlight.Add(-1)
		if err != nil {
			refused := s.refusalOf(r.Context(), route, err)
			status = refused.status
			return fail(w, refused)
		}
		w.Header().Set("Cache-Control", "no-store")
		if a.version != "" {
			w.Header().Set("X-Freigabe-Model", a.version)
		}
		if a.value == nil {
			status = http.StatusNoContent
			w.WriteHeader(status)
			return nil
		}
		return web.JSON(w, status, a.value)
	}
}

func (s *facade) admitted(r *http.Request, do func(call) (answer, error)) (answer, error) {
	key, err := s.keyOf(r)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return answer{}, err
	}
	return do(call{r, key, body})
}

func (s *facade) observe(route string, status int, took time.Duration) {
	if s.Observe != nil {
		s.Observe(route, status, took)
	}
}
