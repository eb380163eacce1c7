package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
)

// watch is what those who look after a node can see of it. Nothing here names a
// person or a text; routes count by their pattern, never by their address.
type watch struct {
	store    *store.Store
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	metrics  http.Handler
	registry *prometheus.Registry
	tracing  *tracing    // nil: off
	stopping atomic.Bool // told to stop: load balancers must send nobody any more
}

// jobKinds are the kinds of work whose backlog is watched.
var jobKinds = []string{"publish", "assess", "receipt", "tell", "tell-parent", "learn", "webhook", "purge"}

func newWatch(s *store.Store) *watch {
	w := &watch{
		store:    s,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "freigabe_requests_total", Help: "Requests answered."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "freigabe_request_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .02, .05, .1, .25, 1, 5}}, []string{"route"}),
	}
	r := prometheus.NewRegistry()
	w.registry = r
	r.MustRegister(w.requests, w.seconds, backlog{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(s.Pool(), s.Backend()))
	w.metrics = promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return w
}

// backlog asks the database, at each reading, what waits.
type backlog struct{ s *store.Store }

var (
	waitingDesc = prometheus.NewDesc("freigabe_waiting_comments", "Comments that wait for a decision.", []string{"state"}, nil)
	dueDesc     = prometheus.NewDesc("freigabe_jobs_due", "Work that should have begun; counted up to 10000.", []string{"kind"}, nil)
	ageDesc     = prometheus.NewDesc("freigabe_jobs_oldest_seconds", "How long the oldest work that should have begun has waited.", []string{"kind"}, nil)
	failedDesc  = prometheus.NewDesc("freigabe_jobs_failed", "Work that waits after a failure.", []string{"kind"}, nil)
	nodesDesc   = prometheus.NewDesc("freigabe_nodes", "Servers that have the database open.", nil, nil)
	upDesc      = prometheus.NewDesc("freigabe_database_up", "1 where the database answers.", nil, nil)
	intakeDesc  = prometheus.NewDesc("freigabe_intake_waiting", "Submissions that wait for their commit on this node.", nil, nil)
)

// rateOf gives how many submissions a second of one site the node takes in now.
func rateOf(p *web.Pressure) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "freigabe_intake_rate", Help: "Submissions a second of one site that this node takes in now; fewer than set where it is busy."}, p.Rate)
}

// pagesOf gives how much the readers' pages in memory take up.
func pagesOf(pages *thread.Pages) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "freigabe_pages_bytes", Help: "Readers' pages kept in memory."}, func() float64 {
		size, _ := pages.Size()
		return float64(size)
	})
}

// Describe names the figures.
func (b backlog) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingDesc, dueDesc, ageDesc, failedDesc, nodesDesc, upDesc, intakeDesc} {
		to <- d
	}
}

// Collect gives the figures. Without the database it says just that.
func (b backlog) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	gauge(intakeDesc, float64(b.s.Arriving()))
	nodes, err := b.s.Nodes(ctx)
	waits, err1 := b.s.QueueCounts(ctx, store.Everywhere)
	due, err2 := b.s.Backlogs(ctx, jobKinds...)
	if errors.Join(err, err1, err2) != nil {
		gauge(upDesc, 0)
		return
	}
	gauge(upDesc, 1)
	gauge(nodesDesc, float64(len(nodes)))
	for _, st := range []moderation.State{moderation.Pending, moderation.Escalated, moderation.Appealed} {
		gauge(waitingDesc, float64(waits[st]), string(st))
	}
	now := b.s.Now()
	for _, k := range due {
		gauge(dueDesc, float64(k.Due), k.Kind)
		gauge(failedDesc, float64(k.Failed), k.Kind)
		age := 0.0
		if !k.Oldest.IsZero() {
			age = now.Sub(k.Oldest).Seconds()
		}
		gauge(ageDesc, age, k.Kind)
	}
}

// around counts the requests of the server, answers for those who watch, and
// says that the node is not ready once it has been told to stop.
func (w *watch) around(server http.Handler, proxies web.Proxies) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/metrics" && r.Method == http.MethodGet && direct(r) && len(proxies) == 0:
			w.metrics.ServeHTTP(rw, r)
			return
		case r.URL.Path == "/readyz" && w.stopping.Load():
			rw.Header().Set("Retry-After", "5")
			http.Error(rw, "stopping", http.StatusServiceUnavailable)
			return
		}
		var span trace.Span
		if w.tracing != nil {
			r, span = w.tracing.begin(r)
		}
		begun, counted := time.Now(), &counting{ResponseWriter: rw, status: http.StatusOK}
		server.ServeHTTP(counted, r)
		route := r.Pattern
		if route == "" {
			route = "none"
		}
		w.requests.WithLabelValues(route, strconv.Itoa(counted.status)).Inc()
		w.seconds.WithLabelValues(route).Observe(time.Since(begun).Seconds())
		if span != nil {
			w.tracing.end(span, r.Method, route, counted.status)
		}
	})
}

// direct tells whether a request comes from a program of this machine and was
// not passed on by a proxy on it: how much waits is nobody else's affair.
func direct(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" && r.Header.Get("Via") == ""
}

// counting notes an answer's status.
type counting struct {
	http.ResponseWriter
	status int
}

func (c *counting) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Flush sends what is written so far; live updates need it.
func (c *counting) Flush() {
	_ = http.NewResponseController(c.ResponseWriter).Flush() // without it the answer only comes later
}

// Unwrap lets http.ResponseController through.
func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// private serves metrics, and to programs of this machine profiles, at an
// address of their own.
func (w *watch) private(ctx context.Context, addr string) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", w.metrics)
	profile := func(pattern string, h http.HandlerFunc) {
		mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
			if !direct(r) {
				http.NotFound(rw, r)
				return
			}
			h(rw, r)
		})
	}
	profile("/debug/pprof/", pprof.Index)
	profile("/debug/pprof/profile", pprof.Profile)
	profile("/debug/pprof/trace", pprof.Trace)
	profile("/debug/pprof/symbol", pprof.Symbol)
	srv := &http.Server{Addr: addr, Handler: mux, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() {
		<-ctx.Done()
		_ = srv.Close() // nobody relies on its last answer
	}()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// presence keeps the node's row among those that have the database open.
func presence(ctx context.Context, s *store.Store) error {
	name, _ := os.Hostname() // "" names it as well as can be
	p := store.Presence{ID: store.NewID(), Name: name, Version: version}
	tick := time.NewTicker(store.Heartbeat)
	defer tick.Stop()
	for {
		said, cancel := context.WithTimeout(ctx, 5*time.Second)
		_ = s.Present(said, p) // the next beat tries again; a database that is away is told elsewhere
		cancel()
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			_ = s.Absent(last, p.ID) // after 15 seconds it counts as gone anyway
			return nil
		case <-tick.C:
		}
	}
}
