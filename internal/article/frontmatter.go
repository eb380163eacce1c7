package article

import "strings"

// fields are the entries of a front matter: key in lower case to one or several values.
type fields map[string][]string

// maxFields bounds a front matter: beyond it the block is no front matter.
const maxFields = 200

// cutFrontMatter parts a front matter (between two lines "---", or "+++" for TOML)
// from the Markdown below. Understood are `key: value` and `key = "value"`, quotes,
// lists in brackets or below the key, and folded texts (> and |). Tables and nested
// keys are skipped. A block that is not closed is Markdown.
func cutFrontMatter(text string) (fields, string) {
	text = strings.TrimLeft(text, "\n ")
	fence, _, _ := strings.Cut(text, "\n")
	fence = strings.TrimRight(fence, " \t")
	if fence != "---" && fence != "+++" {
		return nil, text
	}
	rows := strings.Split(text, "\n")
	for i := 1; i < len(rows); i++ {
		row := strings.TrimRight(rows[i], " \t")
		if row == fence || fence == "---" && row == "..." {
			return readFields(rows[1:i], fence == "+++"), strings.Join(rows[i+1:], "\n")
		}
	}
	return nil, text
}

func readFields(rows []string, toml bool) fields {
	f := fields{}
	sign := ":"
	if toml {
		sign = "="
	}
	for i := 0; i < len(rows) && len(f) < maxFields; i++ {
		key, value, ok := strings.Cut(rows[i], sign)
		if trimmed := strings.TrimSpace(key); !ok || trimmed == "" || key[0] == ' ' || key[0] == '\t' || key[0] == '#' || key[0] == '-' || key[0] == '[' {
			continue
		}
		below := indented(rows[i+1:])
		values := fieldValues(strings.TrimSpace(value), rows[i+1:i+1+below])
		i += below
		if key = strings.ToLower(clean(strings.Trim(key, " \t\"'"))); len(values) > 0 && f[key] == nil {
			f[key] = values
		}
	}
	return f
}

// indented counts the rows that continue the value above them.
func indented(rows []string) int {
	n := 0
	for n < len(rows) && (rows[n] == "" || rows[n][0] == ' ' || rows[n][0] == '\t' || strings.HasPrefix(rows[n], "- ") || rows[n] == "]") {
		n++
	}
	return n
}

// fieldValues reads one value and the rows that continue it.
func fieldValues(value string, below []string) []string {
	switch {
	case value == "" || strings.HasPrefix(value, "#"):
		return listBelow(below)
	case strings.HasPrefix(value, ">"), strings.HasPrefix(value, "|"):
		return one(strings.Join(below, " "))
	case strings.HasPrefix(value, "["):
		return bracketed(value + " " + strings.Join(below, " "))
	case strings.HasPrefix(value, `"""`), strings.HasPrefix(value, "'''"):
		return one(strings.ReplaceAll(strings.Trim(value, `"'`)+" "+strings.Join(below, " "), value[:3], ""))
	case value[0] == '"' || value[0] == '\'':
		return one(unquote(value))
	}
	value, _, _ = strings.Cut(value, " #")
	return one(strings.Join(append([]string{value}, below...), " "))
}

func one(s string) []string {
	if s = clean(s); s == "" {
		return nil
	}
	return []string{s}
}

func listBelow(rows []string) []string {
	var out []string
	for _, row := range rows {
		if item, ok := strings.CutPrefix(strings.TrimSpace(row), "- "); ok {
			out = append(out, one(unquote(strings.TrimSpace(item)))...)
		}
	}
	return out
}

func bracketed(s string) []string {
	s, _, _ = strings.Cut(strings.TrimPrefix(s, "["), "]")
	var out []string
	for _, item := range strings.Split(s, ",") {
		out = append(out, one(unquote(strings.TrimSpace(item)))...)
	}
	return out
}

// unquote takes the quotes round a value off and undoes what they escape; what
// follows the closing quote, a remark, is dropped.
func unquote(s string) string {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return s
	}
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case quote == '"' && s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(escaped(s[i]))
		case quote == '\'' && s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
			b.WriteByte(quote)
		case s[i] == quote:
			return b.String()
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func escaped(c byte) byte {
	if c == 'n' || c == 't' || c == 'r' {
		return ' '
	}
	return c
}

// get is the first value of the first key that is set.
func (f fields) get(keys ...string) string {
	return first(f.all(keys...))
}

// all are the values of the first key that is set.
func (f fields) all(keys ...string) []string {
	for _, k := range keys {
		if v := f[k]; len(v) > 0 {
			return v
		}
	}
	return nil
}
