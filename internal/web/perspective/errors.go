package perspective

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/freigabe/freigabe/internal/web"
)

// refusal is an error as the Perspective API words it. The other interfaces of
// this package take status and message from it and use a shape of their own.
type refusal struct {
	status  int    // of HTTP
	name    string // of google.rpc.Code
	message string
	details []any
	after   time.Duration // for 429: when to try again
}

func (r *refusal) Error() string { return r.message }

// The error types that clients look for.
const (
	commentEmpty         = "COMMENT_EMPTY"
	commentTooLong       = "COMMENT_TOO_LONG"
	noAttributes         = "NO_REQUESTED_ATTRIBUTES"
	languageNotSupported = "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
	invalidRequest       = "INVALID_REQUEST"
)

type analyzerDetail struct {
	Type      string          `json:"@type"`
	ErrorType string          `json:"errorType"`
	Language  *languageDetail `json:"languageNotSupportedByAttributeError,omitempty"`
}

type languageDetail struct {
	Detected  []string `json:"detectedLanguages,omitempty"`
	Requested []string `json:"requestedLanguages,omitempty"`
	Attribute string   `json:"attribute"`
}

type errorInfo struct {
	Type     string            `json:"@type"`
	Reason   string            `json:"reason"`
	Domain   string            `json:"domain"`
	Metadata map[string]string `json:"metadata"`
}

const (
	analyzerType  = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
	errorInfoType = "type.googleapis.com/google.rpc.ErrorInfo"
	service       = "commentanalyzer.googleapis.com"
)

func bad(errorType, format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, name: "INVALID_ARGUMENT", message: fmt.Sprintf(format, args...),
		details: []any{analyzerDetail{Type: analyzerType, ErrorType: errorType}}}
}

func wrongLanguage(attribute, tags string, d languageDetail) *refusal {
	d.Attribute = attribute
	r := bad(languageNotSupported, "Attribute %s does not support request languages: %s", attribute, tags)
	r.details = []any{analyzerDetail{Type: analyzerType, ErrorType: languageNotSupported, Language: &d}}
	return r
}

func denied(reason, message string) *refusal {
	return &refusal{status: http.StatusForbidden, name: "PERMISSION_DENIED", message: message,
		details: []any{errorInfo{errorInfoType, reason, "googleapis.com", map[string]string{"service": service}}}}
}

func limited(metric, limit string, after time.Duration) *refusal {
	return &refusal{status: http.StatusTooManyRequests, name: "RESOURCE_EXHAUSTED", after: after,
		message: fmt.Sprintf("Quota exceeded for quota metric '%s' and limit '%s'.", metric, limit),
		details: []any{errorInfo{errorInfoType, "RATE_LIMIT_EXCEEDED", "googleapis.com", map[string]string{"service": service, "quota_metric": metric, "quota_limit": limit}}}}
}

var errBusy = &refusal{status: http.StatusServiceUnavailable, name: "UNAVAILABLE", message: "The service is currently unavailable.", after: time.Second}

// refusalOf words any error for a client. What is nobody's business outside is
// logged under a reference, which is all that the client gets.
func (s *facade) refusalOf(ctx context.Context, route string, err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return bad(invalidRequest, "Request payload size exceeds the limit: 1048576 bytes.")
	}
	if ctx.Err() != nil {
		return &refusal{status: 499, name: "CANCELLED", message: "The request was cancelled."}
	}
	ref := rand.Text()[:8]
	s.Log.Error("scoring request failed", "reference", ref, "error", err, "route", route)
	if errors.Is(err, ErrUnavailable) {
		return &refusal{status: http.StatusServiceUnavailable, name: "UNAVAILABLE", message: "The service is currently unavailable (" + ref + ").", after: 5 * time.Second}
	}
	return &refusal{status: http.StatusInternalServerError, name: "INTERNAL", message: "Internal error encountered (" + ref + ")."}
}

// ErrUnavailable is wrapped by what the interfaces of this package return while
// the database cannot be reached.
var ErrUnavailable = errors.New("the database is not available")

// fail answers a refusal in Google's shape.
func fail(w http.ResponseWriter, r *refusal) error {
	type body struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Status  string `json:"status"`
		Details []any  `json:"details,omitempty"`
	}
	setRetry(w, r)
	return web.JSON(w, r.status, map[string]body{"error": {r.status, r.message, r.name, r.details}})
}

func setRetry(w http.ResponseWriter, r *refusal) {
	w.Header().Set("Cache-Control", "no-store")
	if r.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(max(1, math.Ceil(r.after.Seconds())))))
	}
}
