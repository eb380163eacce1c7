package importer

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

// readCSV reads a table with the columns id, url, text, at, and optionally
// parent, title, name, email and status (approved, pending; anything else is
// left out). Time is as in 2026-11-23T09:00:00Z or 2026-11-23 09:00:00.
func readCSV(from io.Reader) ([]Comment, error) {
	r := csv.NewReader(from)
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("the first line must name the columns: %w", err)
	}
	at := map[string]int{}
	for i, name := range head {
		at[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	for _, needed := range []string{"id", "url", "text", "at"} {
		if _, ok := at[needed]; !ok {
			return nil, fmt.Errorf("the column %q is missing", needed)
		}
	}
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var out []Comment
	for _, row := range rows {
		cell := func(name string) string {
			if i, ok := at[name]; ok {
				return row[i]
			}
			return ""
		}
		when, err := timeIn(cell("at"), time.RFC3339, time.DateTime)
		if err != nil {
			return nil, err
		}
		c := Comment{Key: "csv:" + cell("id"), URL: cell("url"), Title: cell("title"), Name: cell("name"), Email: cell("email"), Text: cell("text"), At: when}
		if p := cell("parent"); p != "" {
			c.Parent = "csv:" + p
		}
		switch cell("status") {
		case "approved", "":
		case "pending":
			c.Status = Pending
		default:
			c.Status = Dropped
		}
		out = append(out, c)
	}
	return out, nil
}
