// Package e2e holds Freigabe's promises as scripts: testdata/*.txtar, one
// promise each, opening with it in prose. They run against the real binary, on
// both databases, as readers and editors would use it.
//
// The verbs of the scripts are in verbs_test.go. A line with "!" before it must
// be refused.
package e2e
