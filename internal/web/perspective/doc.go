// Package perspective speaks the languages of other comment systems, so that
// desks that do not run Freigabe can have their comments assessed by it: the
// Perspective API (whose service ended in 2026), the shape that clients of
// OpenAI's moderation endpoint speak, and Coral's external moderation phase and
// webhooks.
//
// The words of those systems (requestedAttributes, summaryScore, doNotStore) stay
// in this package. Start with routes.go, then analyze.go; attribute.go says which
// of our rules answers for which foreign name, errors.go how a refusal looks.
//
// This package keeps nothing: it has no store, writes no text to a log, and what
// it learns goes through the interface Learning, only where the key's policy
// allows it and the caller did not say doNotStore.
package perspective
