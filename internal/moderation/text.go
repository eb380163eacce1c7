package moderation

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBytes bounds what is looked at at all; longer input is refused unread.
const MaxBytes = 64 << 10

// CleanText prepares a comment's text: line ends become \n, at most one empty
// line stays between paragraphs, and characters that turn the direction of
// writing or control a terminal are left out. Words are never altered. It
// refuses text that is not UTF-8, holds a zero byte, is empty, or has more than
// limit characters.
func CleanText(field, text string, limit int) (string, error) {
	switch {
	case len(text) > MaxBytes || utf8.RuneCountInString(text) > 4*limit+1000:
		return "", BadField(field, "error.text_long", "limit", strconv.Itoa(limit))
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "", BadField(field, "error.text_broken")
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n").Replace(text)
	text = strings.Map(keepRune, text)
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n > limit:
		return "", BadField(field, "error.text_long", "limit", strconv.Itoa(limit))
	case !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }):
		return "", BadField(field, "error.text_needed")
	}
	return text, nil
}

// keepRune drops control characters and those that override the direction of
// writing, which could make a text read otherwise than it was checked.
func keepRune(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
		return -1
	}
	return r
}

// CleanName prepares a name to be shown: one line of 2 to 40 characters.
func CleanName(name string) (string, error) {
	if len(name) > 1000 || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return "", BadField("name", "error.name_needed")
	}
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return keepRune(r)
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	if n := utf8.RuneCountInString(name); n < 2 || n > 40 || !strings.ContainsFunc(name, unicode.IsLetter) {
		return "", BadField("name", "error.name_needed")
	}
	return name, nil
}

// CleanEmail checks an address; "" is fine, as it is never required.
func CleanEmail(address string) (string, error) {
	address = strings.TrimSpace(address)
	if address == "" {
		return "", nil
	}
	a, err := mail.ParseAddress(address)
	if err != nil || a.Address != address || len(address) > 254 || strings.ContainsAny(address, "\r\n\x00") {
		return "", BadField("email", "error.email")
	}
	return address, nil
}
