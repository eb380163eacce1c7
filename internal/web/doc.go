// Package web holds what all of Freigabe's HTTP has in common: the list of
// routes with the access that each needs, the one mapping from errors to
// answers, sign-in, the pages' frame, and the limits per sender.
//
// The routes themselves are in its sub-packages: reader (the thread and all that
// readers do), desk (where editors decide), api (JSON), perspective (the shape
// of the Perspective API). Each gives a list of Route; New joins the lists, so
// there is no second list of exceptions that could drift from it.
//
// A handler is 15 to 30 lines: it reads the request, makes one call of the store
// and renders or redirects. It returns its error; nothing else answers one.
package web
