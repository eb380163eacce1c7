// Package thread is the readers' view of what was released: it renders the
// comments of a page, and keeps finished pages in memory, compressed, until
// something that they show changes.
//
// A thread changes only when an editor decides, so each page is rendered once
// per change and then served as it is to everyone. Pages follows the store's
// events in order and forgets what they touch. What it cannot be sure of it does
// not serve: unless the events were read within the last two seconds, Get
// answers ErrStale, and a rendering that fails or is overtaken by an event is
// never kept. Recent, for pages that very many read, spares them the wait for a
// change: as long as the page before it was current a moment ago, they get that one,
// and where a comment came and nothing else changed, so does whoever asks first.
//
// List writes the comments themselves, by hand and without reflection, because
// it is the one piece of HTML that is long. A test holds it equal to a
// html/template of the same page.
package thread
