// Package assess judges a German comment against the five house rules: text in,
// assessment out, on the publisher's own machine. It says for each rule how
// likely a breach is, which words made it think so and which version said it;
// where it cannot judge it says "not checked", which is never the same as fine.
//
// Nothing here decides about a comment. The assessment sorts the queue and marks
// passages for the editor.
//
// Assess prepares the text once (package german), looks up words and phrases
// (lexicon, vocab), finds links (link), and asks the learned model (learn). A
// Model is the base that ships; a Site is that base plus the small difference
// that one newsroom's decisions make. Both are pure: no clock, no network, no
// file, and the same input gives the same output.
//
// Start with assess.go; each rule has a file of its name.
package assess
