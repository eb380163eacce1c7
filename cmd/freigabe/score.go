package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/frontend"
	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/neighbour"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/desk"
	"github.com/freigabe/freigabe/internal/web/perspective"
	"github.com/prometheus/client_golang/prometheus"
)

// scoreRoutes lists the routes that other comment systems ask: the successor of
// the Perspective API and its neighbours. What they count goes to the registry.
// The function returned waits for what is still being learned.
func scoreRoutes(st *store.Store, srv *web.Server, counts prometheus.Registerer) (routes []web.Route, finish func()) {
	town := neighbour.New(st, assess.Default(), srv.Log)
	return perspective.Routes(perspective.Deps{Keys: town, Models: town, Learning: town, Desks: town, Server: srv,
		Limits: srv.Limits, Now: time.Now, Log: srv.Log, Observe: observer(counts)}), town.Wait
}

// observer counts requests by route and outcome, and how long they took.
func observer(counts prometheus.Registerer) func(string, int, time.Duration) {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "freigabe_score_requests_total", Help: "Requests of other comment systems by route and status."}, []string{"route", "status"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "freigabe_score_seconds", Help: "How long their answers took.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .8}}, []string{"route"})
	counts.MustRegister(requests, took)
	return func(route string, status int, d time.Duration) {
		requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
		took.WithLabelValues(route).Observe(d.Seconds())
	}
}

// wireScore joins a node that serves scoring alone: the foreign routes, health,
// and as much of the desk as the page about neighbours needs.
func (n *node) wireScore() {
	routes, finish := scoreRoutes(n.store, n.server, n.watch.registry)
	n.finish = finish
	for _, rt := range desk.Routes(n.server, desk.Options{}) {
		if strings.HasSuffix(rt.Pattern, " /desk/login") || strings.HasSuffix(rt.Pattern, " /desk/logout") {
			routes = append(routes, rt)
		}
	}
	n.server.Handle(append(routes, aloneRoutes(n.store)...)...)
}

// aloneRoutes are what a node needs that serves no readers.
func aloneRoutes(st *store.Store) []web.Route {
	plain := func(w http.ResponseWriter, text string) error {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, err := fmt.Fprintln(w, text)
		return err
	}
	files := frontend.Handler()
	return []web.Route{
		{Pattern: "GET /healthz", Access: web.Public, Handler: func(w http.ResponseWriter, _ *http.Request) error { return plain(w, "ok") }},
		{Pattern: "GET /readyz", Access: web.Public, Handler: func(w http.ResponseWriter, r *http.Request) error {
			if _, err := st.Communities(r.Context(), ""); err != nil {
				return fmt.Errorf("ask the database: %w", err)
			}
			return plain(w, "ready")
		}},
		{Pattern: "GET /static/", Access: web.Public, Handler: func(w http.ResponseWriter, r *http.Request) error {
			files.ServeHTTP(w, r)
			return nil
		}},
		{Pattern: "GET /desk/{$}", Access: web.Desk, Handler: func(w http.ResponseWriter, r *http.Request) error {
			http.Redirect(w, r, "/desk/neighbours", http.StatusSeeOther)
			return nil
		}},
	}
}

func runScore(args []string, io stdio) error {
	do, args, err := verb(args, "key", "list", "forget", "replay", "bench")
	if err != nil {
		return err
	}
	return map[string]func([]string, stdio) error{"key": runScoreKey, "list": runNeighbours, "forget": runForget, "replay": runReplay, "bench": runBench}[do](args, io)
}
