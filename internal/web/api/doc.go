// Package api is the public JSON interface under /api/v1: articles, their
// released comments, submissions, receipts, reports. The section in publishers'
// pages uses it, and so do programs; openapi.json describes it.
//
// It knows released comments alone: the id of any other is answered exactly like
// an unknown one. Scripts of other hosts may read an answer only from the origins
// of the site that it belongs to, and never with credentials, which readers do
// not have.
package api
