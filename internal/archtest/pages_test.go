package archtest

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// html/template's escaping inside scripts has had holes; data reaches scripts
// by data attributes or JSON addresses instead.
func TestTemplatesWriteNothingIntoScripts(t *testing.T) {
	err := filepath.WalkDir(filepath.Join(root(), "frontend"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".html" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if found := actionInScript(string(text)); found != "" {
			t.Errorf("%s has an action inside a script element: %s", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	templateComment = regexp.MustCompile(`(?s)\{\{-?\s*/\*.*?\*/\s*-?\}\}`)
	scriptStart     = regexp.MustCompile(`(?i)<script(?:\s(?:[^>{]|\{\{.*?\}\})*)?>`)
	scriptEnd       = regexp.MustCompile(`(?i)</script`)
)

// actionInScript returns the text of a script element that holds a template's
// action, "" where there is none. Actions in the start tag's attributes are fine.
func actionInScript(text string) string {
	text = templateComment.ReplaceAllString(text, "")
	for {
		start := scriptStart.FindStringIndex(text)
		if start == nil {
			return ""
		}
		text = text[start[1]:]
		body := text
		if end := scriptEnd.FindStringIndex(text); end != nil {
			body, text = text[:end[0]], text[end[1]:]
		}
		if strings.Contains(body, "{{") {
			return strings.TrimSpace(body)
		}
		if len(body) == len(text) {
			return "" // never closed, and clean
		}
	}
}

func TestActionInScript(t *testing.T) {
	tests := []struct {
		template string
		found    bool
	}{
		{`<p>{{.Name}}</p><script src="{{asset "embed.js"}}" defer></script><p>{{.Text}}</p>`, false},
		{`{{/* <script>{{ */}}<p data-id="{{.ID}}"></p><scripture>{{.X}}</scripture>`, false},
		{`<script>let x = 1</script>{{.X}}`, false},
		{`<script>let x = {{.X}}</script>`, true},
		{`<script src="{{if gt .N 1}}a{{end}}"></script><SCRIPT type=module>` + "\n" + `let x = "{{.X}}"</SCRIPT>`, true},
		{`<script type="application/ld+json">{{.LD}}</script>`, true},
		{`<script>{{.X}}`, true},
	}
	for _, tt := range tests {
		if got := actionInScript(tt.template); (got != "") != tt.found {
			t.Errorf("%s: found %q, want %v", tt.template, got, tt.found)
		}
	}
}

// dependencyLine is a row of the table in docs/dependencies.md: module,
// licence, what for, what would replace it.
var dependencyLine = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|([^|]+)\\|([^|]+)\\|([^|]+)\\|$")

func TestDependenciesAreAccountedFor(t *testing.T) {
	out, err := goCommand(t, "mod", "edit", "-json")
	if err != nil {
		t.Fatalf("read go.mod: %v", err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Tool []struct{ Path string }
	}
	if err := json.Unmarshal([]byte(out), &mod); err != nil {
		t.Fatalf("read go.mod: %v", err)
	}
	page, err := os.ReadFile(filepath.Join(root(), "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, row := range dependencyLine.FindAllStringSubmatch(string(page), -1) {
		for _, cell := range row[2:] {
			if strings.TrimSpace(cell) == "" {
				t.Errorf("docs/dependencies.md: %s has an empty cell", row[1])
			}
		}
		rows[row[1]] = true
	}
	for _, r := range mod.Require {
		isTool := false
		for _, tool := range mod.Tool {
			isTool = isTool || within(tool.Path, r.Path)
		}
		if (!r.Indirect || isTool) && !rows[r.Path] {
			t.Errorf("%s has no row in docs/dependencies.md: why, its licence, what would replace it", r.Path)
		}
		delete(rows, r.Path)
	}
	for path := range rows {
		t.Errorf("docs/dependencies.md has a row for %s, which go.mod does not name", path)
	}
}
