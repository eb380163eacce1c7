// Package reader serves the pages that readers and authors see: the front page,
// an article with its comments, the form, the receipt of a comment, reports,
// feeds, the policy, and the section as a fragment for publishers' own pages.
//
// Everything works without JavaScript, sets no cookie and asks no other host. A
// page of released comments is the same bytes for every reader of its address:
// it comes out of thread.Pages, which renders it once per change. What concerns
// one author alone, the receipt, is reached by its link and is never kept by
// anyone (Cache-Control: no-store).
//
// An error in a form gives the form again with everything that was typed.
package reader
