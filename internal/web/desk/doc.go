// Package desk is where editors decide: its pages, and the same things as JSON.
//
// A decision takes one way, whichever page or program asked for it: a request of
// package store, which asks the state table. So nothing here can reach a decision
// that the table refuses; the desk only offers what the table allows, and says in
// words what it refused.
//
// Every page works as plain forms. The triage screen (triage.go) becomes fast
// with its script: it holds the next comments ready (lease.go) and sends
// decisions in small batches. What is claimed by one screen is shown on no other,
// but a claim never stands in the way of a decision.
//
// Comments drawn for blind control are shown without anything that the machine
// said of them, until they are decided: those decisions alone measure it.
package desk
