package assess

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// maxLine is the longest line of a file of labelled rows.
const maxLine = 1 << 20

// ReadRows reads labelled rows as JSON lines: "text", "label" (a number, 0 or
// false for fine) and optionally "rule". Rows without a rule count for each of
// the given ones, or for Refuse where none are given. Empty lines are skipped.
func ReadRows(r io.Reader, rules ...string) ([]Row, error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 64<<10), maxLine)
	var rows []Row
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(sc.Text(), "\ufeff"))
		if line == "" {
			continue
		}
		row, err := readRow(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if row.Rule != "" || len(rules) == 0 {
			rows = append(rows, row)
			continue
		}
		for _, rule := range rules {
			row.Rule = rule
			rows = append(rows, row)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return rows, nil
}

func readRow(line string) (Row, error) {
	var in struct {
		Text  *string         `json:"text"`
		Label json.RawMessage `json:"label"`
		Rule  string          `json:"rule"`
	}
	if err := json.Unmarshal([]byte(line), &in); err != nil {
		return Row{}, fmt.Errorf("want a JSON object with text and label")
	}
	if in.Text == nil {
		return Row{}, fmt.Errorf("the field text is missing")
	}
	label, ok := readLabel(string(in.Label))
	if !ok {
		return Row{}, fmt.Errorf("the field label must be 0 or 1")
	}
	if !KnownHead(in.Rule) {
		return Row{}, fmt.Errorf("the rule is not one of insinuation, profanity, aggression, advertising, digression, refuse")
	}
	return Row{Text: *in.Text, Label: label, Rule: in.Rule}, nil
}

func readLabel(s string) (label, ok bool) {
	switch s {
	case "0", "false", `"0"`, "0.0":
		return false, true
	case "1", "true", `"1"`, "1.0":
		return true, true
	}
	return false, false
}
