package store

import (
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// tracer makes spans where the program was told to trace, and otherwise nothing.
// It is asked for each time: the program sets its provider after this package is
// loaded, and a test more than once.
func tracer() trace.Tracer { return otel.Tracer("freigabe/store") }

// endSpan ends a span. Errors keep their text for themselves: a database's message
// may quote a row.
func endSpan(span trace.Span, err error) {
	switch {
	case errors.Is(err, ErrUnavailable):
		span.SetStatus(codes.Error, "unavailable")
	case err != nil:
		span.SetStatus(codes.Error, "refused")
	}
	span.End()
}
