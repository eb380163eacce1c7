package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/purge"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/desk"
)

// settings is what serve and demo can be told.
type settings struct {
	db, readDB, addr, config string
	listenDB, opsAddr        string
	drain                    time.Duration
	proxies                  string
	only                     string
	hold, limits             string
	lease                    time.Duration
	smtp, mailFrom, public   string
	purge                    string
	trace                    string
	traceShare               float64
	siteRate                 int
	memory                   string
	logLevel                 string
	oidc                     desk.OIDC
	oidcRoles                string
	data                     string // demo
}

func serveFlags() (*flag.FlagSet, *settings) {
	fs, s := flagSet("serve"), &settings{}
	fs.StringVar(&s.db, "db", "", "database: sqlite:PATH or postgres://…")
	fs.StringVar(&s.readDB, "read-db", "", "database of readers' pages, for PostgreSQL: another role, or replicas")
	fs.StringVar(&s.listenDB, "listen-db", "", "direct address of PostgreSQL for notifications, where -db goes through a pooler")
	fs.StringVar(&s.addr, "addr", "127.0.0.1:8080", "address to listen on")
	fs.StringVar(&s.opsAddr, "ops-addr", "", "address of their own for /metrics and, on this machine, /debug/pprof/; such as 127.0.0.1:9090")
	fs.DurationVar(&s.drain, "drain", 0, "how long to answer on after a signal to stop while /readyz says no, for load balancers; such as 5s")
	fs.StringVar(&s.config, "config", "", "settings file (TOML); every flag is a key of it")
	fs.StringVar(&s.proxies, "trusted-proxies", "", "addresses and networks whose X-Forwarded-For is believed, separated by commas")
	fs.StringVar(&s.only, "only", "", "score: serve the scoring API alone")
	fs.StringVar(&s.smtp, "smtp", "", "mail server: smtp://USER:PASSWORD@HOST:PORT, or smtps://…; without it no mail is sent")
	fs.StringVar(&s.mailFrom, "mail-from", "", "sender of mails, such as kommentare@blatt.example")
	fs.StringVar(&s.public, "public", "", "this installation's address for its readers, such as https://kommentare.blatt.example; as asked where not set")
	fs.StringVar(&s.purge, "purge", "", "caches to tell of changes, separated by spaces, each KIND+URL with KIND purge, ban, keys or tags; such as ban+http://10.0.0.5:6081")
	fs.StringVar(&s.trace, "trace", "", "collector of traces (OpenTelemetry, OTLP over HTTP), such as http://127.0.0.1:4318; none are made without")
	fs.Float64Var(&s.traceShare, "trace-share", 0.05, "part of the requests that is traced, 0 to 1")
	fs.IntVar(&s.siteRate, "site-rate", web.SiteRate, "submissions a second that this node takes in for one site; more are asked to come back in a moment")
	fs.StringVar(&s.memory, "memory", "", "soft limit of memory such as 256MB: the program tidies up more often before it passes it; GOMEMLIMIT does the same")
	fs.StringVar(&s.logLevel, "log", "info", "debug, info, warn or error")
	oidcFlags(fs, s)
	testFlags(fs, s)
	return fs, s
}

// oidcFlags let people of the desk sign in at the publisher's own provider.
func oidcFlags(fs *flag.FlagSet, s *settings) {
	fs.StringVar(&s.oidc.Issuer, "oidc-issuer", "", "OpenID Connect for the desk: the provider's address, as its discovery document names it")
	fs.StringVar(&s.oidc.ClientID, "oidc-client-id", "", "the client's id there; its redirect address is -public and /desk/oidc/callback")
	fs.StringVar(&s.oidc.ClientSecret, "oidc-client-secret", "", "the client's secret; better set as FREIGABE_OIDC_CLIENT_SECRET or in the settings file")
	fs.StringVar(&s.oidc.Name, "oidc-name", "", "the provider's name on the button")
	fs.StringVar(&s.oidc.Groups, "oidc-groups", "groups", "the claim that lists a person's groups")
	fs.StringVar(&s.oidcRoles, "oidc-roles", "", "roles by group, the first that fits counts: leitung=chief,redaktion=editor")
}

// testFlags are for tests: they change what a newsroom relies on.
func testFlags(fs *flag.FlagSet, s *settings) {
	fs.StringVar(&s.hold, "hold", "", "for tests: seconds that every decision can be undone")
	fs.DurationVar(&s.lease, "lease", 0, "for tests: how long a node keeps work that it has taken on, at the most")
	fs.StringVar(&s.limits, "limits", "", "for tests: off lets senders do as much as they like")
}

func demoFlags() (*flag.FlagSet, *settings) {
	fs, s := flagSet("demo"), &settings{}
	fs.StringVar(&s.addr, "addr", "127.0.0.1:8080", "address to listen on")
	fs.StringVar(&s.data, "data", "", "folder that keeps the database; a temporary one without")
	fs.StringVar(&s.logLevel, "log", "warn", "debug, info, warn or error")
	testFlags(fs, s)
	return fs, s
}

func runServe(args []string, io stdio) error {
	fs, s := serveFlags()
	if err := parse(fs, args); err != nil {
		return err
	}
	switch {
	case s.db == "":
		return usage(noDatabase)
	case s.only != "" && s.only != "score":
		return usage("-only knows “score”")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := fit(s.memory); err != nil {
		return err
	}
	n, err := newNode(ctx, s, io.err)
	if err != nil {
		return err
	}
	return n.serve(ctx, func(addr string) { fmt.Fprintf(io.out, "freigabe serves http://%s\n", addr) })
}

// node is one running program: everything that serve starts.
type node struct {
	set    *settings
	log    *slog.Logger
	store  *store.Store
	server *web.Server
	watch  *watch
	runner *jobs.Runner
	caches []purge.Cache
	loops  []func(context.Context) error // that run beside the server
	finish func()                        // waits for learning under way
	listen net.Listener
}

// newNode opens the database and the address, and wires everything together.
func newNode(ctx context.Context, s *settings, logTo io.Writer) (*node, error) {
	n := &node{set: s, log: logger(s.logLevel, logTo)}
	proxies, err := web.ParseProxies(s.proxies)
	if err != nil {
		return nil, usage("%s", err)
	}
	hold, err := holdOf(s.hold)
	if err != nil {
		return nil, err
	}
	if n.caches, err = purge.Parse(s.purge); err != nil {
		return nil, usage("-purge: %s", err)
	}
	if s.oidc.Roles, err = desk.ParseRoles(s.oidcRoles); err != nil {
		return nil, usage("-oidc-roles: %s", err)
	}
	if n.listen, err = net.Listen("tcp", s.addr); err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address with -addr", s.addr, err)
	}
	if n.store, err = store.Open(ctx, store.Options{DSN: s.db, ReadDSN: s.readDB, ListenDSN: s.listenDB, Hold: hold, Purge: len(n.caches) > 0}); err != nil {
		return nil, errors.Join(err, n.listen.Close())
	}
	n.watch = newWatch(n.store)
	n.server = web.New(n.store, n.log, proxies, n.limits())
	if s.trace != "" {
		if n.watch.tracing, err = startTracing(ctx, s.trace, s.traceShare, n.log); err != nil {
			return nil, errors.Join(err, n.store.Close(), n.listen.Close())
		}
		n.watch.tracing.proxies = proxies
	}
	n.loops = append(n.loops, func(ctx context.Context) error { return presence(ctx, n.store) })
	if s.opsAddr != "" {
		n.loops = append(n.loops, func(ctx context.Context) error { return n.watch.private(ctx, s.opsAddr) })
	}
	if err := n.wire(ctx); err != nil {
		return nil, errors.Join(err, n.store.Close(), n.listen.Close())
	}
	return n, nil
}

func holdOf(seconds string) (*time.Duration, error) {
	if seconds == "" {
		return nil, nil
	}
	f, err := strconv.ParseFloat(seconds, 64)
	if err != nil || f < 0 {
		return nil, usage("the hold is a number of seconds, not %q", seconds)
	}
	d := time.Duration(f * float64(time.Second))
	return &d, nil
}

func logger(level string, to io.Writer) *slog.Logger {
	var l slog.Level
	if l.UnmarshalText([]byte(strings.ToUpper(level))) != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: l}))
}

// grace is how long requests under way may take when the program is told to stop.
const grace = 10 * time.Second

// serve runs until the context ends; then requests and jobs under way are
// finished before the database is closed.
func (n *node) serve(ctx context.Context, ready func(addr string)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	srv := &http.Server{Handler: n.watch.around(n.server, n.server.Proxies), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug)}
	var wg sync.WaitGroup
	for _, loop := range n.loops {
		wg.Go(func() {
			if err := loop(ctx); err != nil && ctx.Err() == nil {
				n.log.Error("stopping", "error", err)
				cancel()
			}
		})
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(n.listen) }()
	ready(n.listen.Addr().String())
	var err error
	select {
	case <-ctx.Done():
		n.watch.stopping.Store(true)
		time.Sleep(n.set.drain) // load balancers notice meanwhile
	case err = <-served:
		cancel()
	}
	stopping, done := context.WithTimeout(context.Background(), grace)
	defer done()
	if err := srv.Shutdown(stopping); err != nil {
		n.log.Warn("requests cut off", "error", err)
	}
	wg.Wait()
	if n.finish != nil {
		n.finish()
	}
	if n.watch.tracing != nil {
		n.watch.tracing.stop(n.log)
	}
	return errors.Join(err, n.store.Close())
}
