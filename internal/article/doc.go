// Package article takes in a page as an article: it finds headline, lede,
// picture, publisher, date, body, agency sign-off, section boxes and the policy
// of the comment area, and keeps them apart.
//
// Three forms are understood: the text of a page as a crawler saw it, HTML, and
// Markdown with front matter. Parse recognises which of them it was given;
// Fetch gets a page of an allowed site. All three parsers reduce their input to
// lines (lines.go), and one piece of code (assemble.go) decides what a line is,
// so that a caption or a policy never ends in the body, whatever the form.
//
// The fields are plain text: marks, tags and scripts are gone, but the words
// are the publisher's and must still be escaped where they are shown. Where the
// package is not sure, it keeps a line in the body rather than losing it.
//
// Limits: a source of 2 MiB (MaxSource), a picture of 8 MiB (MaxImage), a
// headline of 300 and a lede of 1,200 characters, 2,000 blocks and 400,000 bytes
// of body, 40 section boxes; fetching takes at most 15 seconds (FetchTimeout)
// and follows 5 redirects. Input beyond them is refused with an *Error that
// says in German and English what to do.
package article
