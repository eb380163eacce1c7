// Package archtest holds the rules of this repository that a compiler does not
// know, as tests: which part may import which, that all SQL is in the store and
// one function alone sets a comment's state, how long files and functions may
// be, that no template writes into a script, and that every direct dependency
// is accounted for in docs/dependencies.md.
//
// Where a rule has exceptions they are listed beside it, each with its reason,
// and an exception that is no longer needed fails too.
package archtest
