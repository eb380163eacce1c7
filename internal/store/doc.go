// Package store keeps everything that Freigabe must not lose, in SQLite or in
// PostgreSQL, with one SQL text for both. Every line of SQL of the program is
// here; the few differences between the two databases are in dialect.go.
//
// Three functions change the life of a comment. Submit takes in a comment.
// Apply takes a step: it loads the revision, asks package moderation, and writes
// the new state, the decision with its hash and the jobs that must follow, in
// one transaction. Publish writes what readers see when a decision's hold has
// ended. Nothing else sets a state.
//
// What readers may see lies in the table publications alone; the functions in
// thread.go read that table and the articles, and no other, through a
// connection of their own (on PostgreSQL, a role that may read nothing else).
//
// The other files are named after the screens that need them.
package store
