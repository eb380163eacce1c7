package perspective_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the answers of testdata/replay anew")

// Requests as other systems send them, and the answers they get. Scores, spans and
// versions change with the model and stand there as their kind.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob("testdata/replay/*.txtar")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	h := open(t)
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil || len(a.Files) == 0 {
				t.Fatalf("%v", err)
			}
			got := h.replay(t, a.Files[0].Data)
			if *update {
				a.Files = append(a.Files[:1], txtar.File{Name: "answer", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(a.Files) != 2 {
				t.Fatal("no answer to compare with: run with -update")
			}
			if diff := cmp.Diff(string(a.Files[1].Data), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// replay sends a request as it stands in a file and gives status and answer.
func (h *house) replay(t *testing.T, request []byte) string {
	t.Helper()
	head, body, found := bytes.Cut(request, []byte("\n\n"))
	if !found {
		t.Fatal("the request has no body")
	}
	body = bytes.TrimSpace(body)
	text := strings.ReplaceAll(string(head), "\n", "\r\n") + fmt.Sprintf("\r\nHost: replay\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Scheme, req.URL.Host, req.RequestURI = "http", strings.TrimPrefix(h.URL, "http://"), ""
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	pretty, err := json.MarshalIndent(kinds("", v), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s\n%s\n", res.StatusCode, res.Header.Get("Content-Type"), pretty)
}

// kinds replaces what depends on the model by words.
func kinds(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = kinds(k, x)
		}
	case []any:
		if name == "spanScores" && len(v) > 0 {
			v = v[:1] // how many there are depends on the model
		}
		for i, x := range v {
			v[i] = kinds(name, x)
		}
		return v
	case float64:
		switch {
		case name == "value" && v >= 0 && v <= 1:
			return "0 to 1"
		case name == "begin" || name == "end":
			return "offset"
		}
	case string:
		if name == "modelVersion" && strings.HasPrefix(v, "base-") {
			return "a version"
		}
	}
	return v
}
