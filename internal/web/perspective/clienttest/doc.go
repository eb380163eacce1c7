// Package clienttest asks a scoring server through Google's generated Go client.
// It is a module of its own, so that the client's dependencies stay out of
// Freigabe's; the test of package perspective runs it against a server.
package clienttest
