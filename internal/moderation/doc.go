// Package moderation is the core of Freigabe: what a comment, a revision, a
// rule, a decision, a statement of reasons and an appeal are, and the one table
// that says who may move a revision from which state to which.
//
// It knows no database, no clock, no HTTP and no language: time, person and
// text come in as arguments, and what must follow a step goes out as data. So
// the rules a newsroom answers for can be read and tested in one place.
//
// Start with table.go: the table is the life of a comment. Apply, in apply.go,
// is the only code that derives a new state, and only the store calls it.
//
//go:generate go run ../statesdoc ../../docs/states.md
package moderation
