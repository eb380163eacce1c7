package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/freigabe/freigabe/internal/web"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// tracing sends spans of requests, writes, renderings and jobs to a collector.
// Spans name routes by their pattern, kinds of work and the class of an outcome:
// no address, no id, no word of a reader and no error's text.
type tracing struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	proxies  web.Proxies
}

// startTracing connects to the collector at an address such as
// http://127.0.0.1:4318 (OTLP over HTTP). Share is the part of requests that is
// traced, 0 to 1. The collector may be away: then spans are lost, and nothing else.
func startTracing(ctx context.Context, collector string, share float64, log *slog.Logger) (*tracing, error) {
	u, err := url.Parse(collector)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usage("-trace is the address of a collector, such as http://127.0.0.1:4318")
	}
	if share < 0 || share > 1 {
		return nil, usage("-trace-share is between 0 and 1")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()), otlptracehttp.WithTimeout(5*time.Second))
	if err != nil {
		return nil, fmt.Errorf("prepare traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces not delivered", "error", err) }))
	t := &tracing{provider: sdk.NewTracerProvider(
		sdk.WithBatcher(exporter),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(share))),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "freigabe"), attribute.String("service.version", version))),
	)}
	t.tracer = t.provider.Tracer("freigabe")
	otel.SetTracerProvider(t.provider)
	return t, nil
}

// stop sends what is left.
func (t *tracing) stop(log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		log.Warn("traces not delivered", "error", err)
	}
}

// begin opens the span of a request. Where a trusted proxy has begun a trace the
// request belongs to it; from anyone else such a claim is passed over.
func (t *tracing) begin(r *http.Request) (*http.Request, trace.Span) {
	ctx := r.Context()
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && t.proxies.Trust(from.Addr()) {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
	return r.WithContext(ctx), span
}

// end closes it, now that the route is known.
func (t *tracing) end(span trace.Span, method, route string, status int) {
	span.SetName(route)
	span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
