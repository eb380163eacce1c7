// Package link finds links in a comment, also those written so that a filter
// does not see them ("beispiel punkt de", "beispiel (dot) com", "hxxp://"), and
// says what kind of address each one is.
//
// It works on text prepared by package german: one byte a character, lower
// case, so that every index is also that of the visible character.
package link

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Link is one address found.
type Link struct {
	From, To int    // characters
	Host     string // lower case, without "www."
	Rest     string // path, query and fragment
	Hidden   bool   // written so that filters do not see it
	Email    bool
}

// Domain is the part of a host that somebody registers, by the public suffix
// list: shop.beispiel.co.uk gives beispiel.co.uk.
func Domain(host string) string {
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return d
}

// maxLinks caps the links looked at in one text.
const maxLinks = 64

// Find appends the links of a text to dst, in order and without overlap.
func Find(text []byte, dst []Link) []Link {
	first := len(dst)
	for i := 0; i < len(text) && len(dst)-first < maxLinks; {
		if !wordByte(text[i]) || i > 0 && wordByte(text[i-1]) {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && wordByte(text[end]) {
			end++
		}
		if plainWord(text, i, end) {
			i = end
			continue
		}
		l, ok := at(text, i)
		if !ok {
			i = end
			continue
		}
		dst = append(dst, l)
		i = max(l.To, i+1)
	}
	return dst
}

// plainWord reports that what follows the word from i to end rules out a link, as
// it does for nearly all words.
func plainWord(text []byte, i, end int) bool {
	if end-i >= maxAddress {
		return false
	}
	if end == len(text) {
		return true
	}
	switch text[end] {
	case '-', 0xFF, '.', '_', '+', '@', ':':
		return false
	}
	return !dotBegins(text, end)
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

func hostByte(c byte) bool { return wordByte(c) || c == '-' || c == 0xFF }

// at reads a link that begins with the character i.
func at(text []byte, i int) (Link, bool) {
	if j, hidden := scheme(text, i); j > i {
		return fromHost(text, i, j, hidden)
	}
	if hasAt(text, i, "www.") {
		return fromHost(text, i, i+4, false)
	}
	return bare(text, i)
}

func hasAt(text []byte, i int, s string) bool {
	return len(text)-i >= len(s) && string(text[i:i+len(s)]) == s
}

// scheme returns the index after "http://" in its usual and disguised forms.
func scheme(text []byte, i int) (end int, hidden bool) {
	switch {
	case hasAt(text, i, "https://"):
		return i + 8, false
	case hasAt(text, i, "http://"):
		return i + 7, false
	case hasAt(text, i, "hxxps://"):
		return i + 8, true
	case hasAt(text, i, "hxxp://"):
		return i + 7, true
	case hasAt(text, i, "ftp://"):
		return i + 6, false
	case hasAt(text, i, "http:/"), hasAt(text, i, "https:"):
		return i + 6, true
	}
	return i, false
}

// maxAddress is how long a host with what stands before its @ can be, maxEnding
// how long a known ending. No more is looked at from one place, or a text made of
// dots would be read over and over.
const maxAddress, maxEnding = 320, 24

// fromHost reads host and path after a scheme or "www.".
func fromHost(text []byte, from, i int, hidden bool) (Link, bool) {
	for i < len(text) && text[i] == '/' {
		i++
	}
	if hasAt(text, i, "www.") {
		i += 4
	}
	end := i
	for end < min(len(text), i+maxAddress) && (hostByte(text[end]) || text[end] == '.' || text[end] == ':' || text[end] == '@') {
		end++
	}
	for end > i && !wordByte(text[end-1]) && text[end-1] != 0xFF {
		end--
	}
	if end <= i {
		return Link{}, false
	}
	host := string(text[i:end])
	if a := strings.LastIndexByte(host, '@'); a >= 0 {
		host = host[a+1:]
	}
	host, _, _ = strings.Cut(host, ":")
	to := pathEnd(text, end)
	return Link{From: from, To: to, Host: strings.TrimPrefix(host, "www."), Rest: string(text[end:to]), Hidden: hidden}, true
}

// pathEnd returns the end of what follows a host: path, query, fragment.
func pathEnd(text []byte, i int) int {
	if i >= len(text) || text[i] != '/' && text[i] != '?' && text[i] != '#' && text[i] != ':' {
		return i
	}
	end := i
	for end < len(text) && text[end] > ' ' && text[end] != '<' && text[end] != '>' && text[end] != '"' {
		end++
	}
	for end > i && strings.IndexByte(".,;:!?)]}'*", text[end-1]) >= 0 {
		end--
	}
	return end
}

// bare reads an address without a scheme: a domain with a known ending, an
// e-mail address, or a domain whose dot is written out.
func bare(text []byte, i int) (Link, bool) {
	end, labels := i, 1
	atSign := -1
	limit := min(len(text), i+maxAddress)
	for end < limit {
		c := text[end]
		switch {
		case hostByte(c):
		case c == '.' && end+1 < len(text) && hostByte(text[end+1]):
			labels++
		case (c == '_' || c == '+') && atSign < 0:
		case c == '@' && atSign < 0 && end > i:
			atSign = end
			labels = 1
		default:
			return finishBare(text, i, end, atSign, labels)
		}
		end++
	}
	if end < len(text) {
		return Link{}, false
	}
	return finishBare(text, i, end, atSign, labels)
}

func finishBare(text []byte, i, end, atSign, labels int) (Link, bool) {
	if labels == 1 {
		return writtenDot(text, i, end, atSign)
	}
	host := text[i:end]
	if atSign >= 0 {
		host = text[atSign+1 : end]
	}
	dot := lastDot(host)
	tld := host[dot+1:]
	path := atSign < 0 && end < len(text) && text[end] == '/'
	if !endings[string(tld)] && !(path && wordEndings[string(tld)]) && !shorteners[string(host)] {
		return Link{}, false
	}
	if dot < 2 && !shorteners[string(host)] { // "z.de" is an abbreviation
		return Link{}, false
	}
	if atSign >= 0 {
		return Link{From: i, To: end, Host: string(host), Email: true}, true
	}
	to := pathEnd(text, end)
	return Link{From: i, To: to, Host: strings.TrimPrefix(string(host), "www."), Rest: string(text[end:to])}, true
}

func lastDot(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '.' {
			return i
		}
	}
	return -1
}

// dots are the ways to write a dot in words or brackets.
var dots = [...]string{" punkt ", "(punkt)", "[punkt]", " (punkt) ", " [punkt] ", "{punkt}", "-punkt-", "(dot)", "[dot]", " dot ", " (dot) ", " [dot] ",
	"{dot}", "(.)", "[.]", " (.) ", " [.] ", "{.}", " . ", ". ", " .", "<punkt>", "<dot>", "_punkt_", "*punkt*", "'punkt'", " punkt.", "_dot_", "-dot-", "(d0t)"}

// dotBegins reports that one of dots may begin here: most words are followed by a
// space and another word, and need not be compared with each.
func dotBegins(text []byte, i int) bool {
	switch text[i] {
	case '(', '[', '{', '<', '-', '_', '*', '\'', '.':
		return true
	case ' ':
	default:
		return false
	}
	if i+2 >= len(text) {
		return i+1 < len(text) && text[i+1] == '.'
	}
	switch text[i+1] {
	case 'p':
		return text[i+2] == 'u'
	case 'd':
		return text[i+2] == 'o'
	case '(', '[', '{', '.':
		return true
	}
	return false
}

// writtenDot reads "beispiel punkt de": a word, a dot in words, a known ending.
func writtenDot(text []byte, i, end, atSign int) (Link, bool) {
	if end-i < 2 || end >= len(text) || !dotBegins(text, end) {
		return Link{}, false
	}
	for _, d := range dots {
		if !hasAt(text, end, d) {
			continue
		}
		j := end + len(d)
		k := j
		for k < min(len(text), j+maxEnding) && wordByte(text[k]) {
			k++
		}
		tld := string(text[j:k])
		if !spoken[tld] || k < len(text) && text[k] == 0xFF {
			continue
		}
		if loose := d == ". " || d == " ." || d == " . "; loose && (end-i < 4 || !strict[tld]) {
			continue
		}
		host := string(text[i:end]) + "." + tld
		if atSign >= 0 {
			host = string(text[atSign+1:end]) + "." + tld
		}
		to := pathEnd(text, k)
		return Link{From: i, To: to, Host: host, Rest: string(text[k:to]), Hidden: true, Email: atSign >= 0}, true
	}
	return Link{}, false
}
