package article

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	textunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"
)

var utf8Mark = []byte("\xef\xbb\xbf")

// decode turns a source into UTF-8, or says why it is none. Beside UTF-8 it takes
// UTF-16 with a mark and Windows-1252, which old editorial systems still write.
func decode(src []byte) (string, error) {
	return decodeAs(src, func([]byte) encoding.Encoding { return charmap.Windows1252 })
}

// decodeHTML also heeds the charset of the Content-Type header and of <meta>.
// Valid UTF-8 is believed before either: pages that declare ISO-8859-1 and send
// UTF-8 are common, the reverse accident hardly produces valid UTF-8.
func decodeHTML(src []byte, contentType string) (string, error) {
	return decodeAs(src, func(src []byte) encoding.Encoding {
		enc, name, _ := charset.DetermineEncoding(src, contentType)
		if name == "utf-8" {
			return charmap.Windows1252
		}
		return enc
	})
}

func decodeAs(src []byte, legacy func([]byte) encoding.Encoding) (string, error) {
	if len(src) > MaxSource {
		return "", ErrTooLarge.with("2 MiB")
	}
	src, err := fromUTF16(src)
	if err != nil {
		return "", err
	}
	src = bytes.TrimPrefix(src, utf8Mark)
	if len(bytes.TrimSpace(src)) == 0 {
		return "", ErrEmpty
	}
	if kind := binaryKind(src); kind != "" {
		return "", ErrBinary.with(kind)
	}
	if !utf8.Valid(src) {
		if damagedUTF8(src) {
			return "", ErrEncoding
		}
		if src, err = legacy(src).NewDecoder().Bytes(src); err != nil || damagedCharacters(src) {
			return "", ErrEncoding
		}
	}
	text := norm.NFC.String(string(src))
	if len(text) > 2*MaxSource {
		return "", ErrTooLarge.with("2 MiB")
	}
	return text, nil
}

func fromUTF16(src []byte) ([]byte, error) {
	if !bytes.HasPrefix(src, []byte("\xff\xfe")) && !bytes.HasPrefix(src, []byte("\xfe\xff")) {
		return src, nil
	}
	out, err := textunicode.UTF16(textunicode.LittleEndian, textunicode.UseBOM).NewDecoder().Bytes(src)
	if err != nil {
		return nil, ErrEncoding
	}
	return out, nil
}

// signatures are the files that people pick by mistake, by their first bytes.
var signatures = []struct{ prefix, kind string }{
	{"%PDF-", "PDF"}, {"PK\x03\x04", "Word, OpenDocument, ZIP"}, {"\xd0\xcf\x11\xe0", "Word"}, {"{\\rtf", "RTF"},
	{"\x89PNG", "PNG"}, {"\xff\xd8\xff", "JPEG"}, {"GIF8", "GIF"}, {"\x1f\x8b", "gzip"}, {"SQLite format 3", "SQLite"},
}

// binaryKind names what kind of binary file src is, "" for text.
func binaryKind(src []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(src, []byte(s.prefix)) {
			return s.kind
		}
	}
	controls := 0
	for _, c := range src {
		if c == 0 {
			return "0x00"
		}
		if c < 0x20 && (c < '\t' || c > '\r') {
			controls++
		}
	}
	if controls > 8+len(src)/500 {
		return "0x01-0x1F"
	}
	return ""
}

// damagedUTF8 tells UTF-8 with a few broken places from a legacy encoding: in the
// latter, bytes above 0x7F form a valid sequence only by accident.
func damagedUTF8(src []byte) bool {
	valid, broken := 0, 0
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		switch {
		case r == utf8.RuneError && n == 1:
			broken++
		case n > 1:
			valid++
		}
		src = src[n:]
	}
	return valid > broken
}

// damagedCharacters finds what a legacy decoder makes of bytes that its
// encoding does not use: the replacement character, or C1 controls.
func damagedCharacters(src []byte) bool {
	return bytes.ContainsFunc(src, func(r rune) bool { return r == utf8.RuneError || (r >= 0x80 && r < 0xa0) })
}

// clean makes one line of readable text: spaces of every kind become one space,
// soft hyphens, zero-width marks, controls and direction overrides go.
func clean(s string) string {
	out := make([]rune, 0, len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || r == '\u2800':
			space = len(out) > 0
			continue
		case invisible(r):
			continue
		}
		if space {
			out = append(out, ' ')
			space = false
		}
		out = append(out, r)
	}
	return norm.NFC.String(string(out))
}

// invisible characters are never part of a publisher's words: U+00AD soft hyphen,
// U+200B zero-width space, U+2060 and U+FEFF joiners, U+202A-E and U+2066-9
// direction overrides. Joiners inside emoji and Persian words (U+200C-D) stay.
func invisible(r rune) bool {
	switch {
	case r == '\u00ad', r == '\u200b', r == '\u2060', r == '\ufeff', r == utf8.RuneError,
		r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r >= '\ufff9' && r <= '\ufffb':
		return true
	}
	return unicode.IsControl(r)
}
