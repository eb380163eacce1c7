package thread

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// link is a web address found in a text: bytes from start to end, and the
// address that it leads to.
type link struct {
	start, end int
	href       string
}

// findLinks finds the addresses that begin with http://, https:// or www. at the
// beginning of a word. Marks of punctuation at the end belong to the sentence.
func findLinks(text string) []link {
	var found []link
	for i := 0; i < len(text); {
		if b := text[i] | 0x20; b != 'h' && b != 'w' || i > 0 && wordByte(text[i-1]) || !beginsLink(text[i:]) {
			i++
			continue
		}
		end := i + linkLength(text[i:])
		if href, ok := addressOf(text[i:end]); ok {
			found = append(found, link{i, end, href})
		}
		i = end
	}
	return found
}

func beginsLink(s string) bool {
	return hasFold(s, "http://") || hasFold(s, "https://") || hasFold(s, "www.")
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func wordByte(b byte) bool {
	return b >= utf8.RuneSelf || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '/' || b == '@'
}

// linkLength is the number of bytes of the address at the beginning of s.
func linkLength(s string) int {
	end := strings.IndexAny(s, " \t\n\u00a0<>\"„“”»«`")
	if end < 0 {
		end = len(s)
	}
	for end > 0 {
		switch s[end-1] {
		case '.', ',', ';', ':', '!', '?', '\'', '*', '_':
			end--
			continue
		case ')':
			if strings.Count(s[:end], "(") < strings.Count(s[:end], ")") {
				end--
				continue
			}
		}
		break
	}
	return max(end, 1)
}

// addressOf gives the address that a written link leads to; false where it has
// no host, a password, or no sense.
func addressOf(written string) (string, bool) {
	if hasFold(written, "www.") {
		written = "http://" + written
	}
	u, err := url.Parse(written)
	if err != nil || u.User != nil || !strings.Contains(u.Hostname(), ".") {
		return "", false
	}
	u.RawQuery = escapePercent(u.RawQuery)
	return u.String(), true
}

// escapePercent escapes the percent signs that begin no escape. url.Parse lets
// them pass in a query only, and no reader of the page should have to guess what
// they mean.
func escapePercent(query string) string {
	var b strings.Builder
	for i := range len(query) {
		b.WriteByte(query[i])
		if query[i] == '%' && (len(query) < i+3 || !isHex(query[i+1]) || !isHex(query[i+2])) {
			b.WriteString("25")
		}
	}
	return b.String()
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }
