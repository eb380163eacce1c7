package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The committed outputs must be what the committed sources give.
func TestAssetsCurrent(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := build(filepath.Join(root, "frontend", "src"))
	if err != nil {
		t.Fatal(err)
	}
	if err := current(filepath.Join(root, "frontend", "static"), outputs); err != nil {
		t.Error(err)
	}
}

// The committed outputs must keep the size budgets.
func TestAssetBudget(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := build(filepath.Join(root, "frontend", "src"))
	if err != nil {
		t.Fatal(err)
	}
	if err := report(t.Output(), outputs); err != nil {
		t.Error(err)
	}
}

// source makes a folder of sources.
func source(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestBuild(t *testing.T) {
	src := source(t, map[string]string{
		"embed.ts":        "import {greet} from './parts/greet'\nconst who: string = 'Zürich'; greet(document.body, who)",
		"desk.ts":         "import {greet} from './parts/greet'\nexport const start = () => greet(document.body, 'Desk')",
		"reader.css":      "p {\n  color: light-dark(#000, #fff);\n}",
		"parts/greet.ts":  "export function greet(e: HTMLElement, name: string) { e.dataset.who = name ?? '' }",
		"types.d.ts":      "declare const x: number",
		"parts/unused.ts": "export const never = 1",
	})
	outputs, err := build(src)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range outputs {
		got[o.name] = string(o.content)
	}
	if len(got) != 3 {
		t.Fatalf("outputs are %q, want embed.js, desk.js and reader.css", got)
	}
	embed := got["embed.js"]
	if !strings.HasPrefix(embed, "(()=>{") || strings.Contains(embed, "export") {
		t.Errorf("embed.js can touch the page's variables: %s", embed)
	}
	if !strings.Contains(embed, "dataset.who") || !strings.Contains(embed, "Zürich") {
		t.Errorf("embed.js lost a property or a letter: %s", embed)
	}
	if !strings.Contains(got["desk.js"], "export{") {
		t.Errorf("desk.js is no module: %s", got["desk.js"])
	}
	if want := "p{color:light-dark(#000,#fff)}\n"; got["reader.css"] != want {
		t.Errorf("reader.css is %q, want %q", got["reader.css"], want)
	}
}

func TestBuildRefuses(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"a syntax error", map[string]string{"desk.ts": "const = 1"}, "desk.ts:1"},
		{"a warning", map[string]string{"desk.css": "p { color: red; } }"}, "desk.css:1"},
		{"two sources of one output", map[string]string{"desk.ts": "import './parts/x.css'", "desk.css": "p{}", "parts/x.css": "b{}"}, "already made"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := build(source(t, tt.files)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestCurrentFindsEveryDrift(t *testing.T) {
	static := t.TempDir()
	outputs := []output{{"embed.js", []byte("1")}, {"reader.css", []byte("p{}")}}
	if err := current(static, outputs); err == nil || !strings.Contains(err.Error(), "embed.js is not current") {
		t.Errorf("missing outputs give %v", err)
	}
	if err := os.WriteFile(filepath.Join(static, "old.js"), []byte("0"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(static, "logo.svg"), []byte("<svg/>"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := current(static, nil); err == nil || !strings.Contains(err.Error(), "old.js has no source") {
		t.Errorf("an output without source gives %v", err)
	}
	if err := write(static, outputs); err != nil {
		t.Fatal(err)
	}
	if err := current(static, outputs); err != nil {
		t.Errorf("after writing: %v", err)
	}
	if _, err := os.Stat(filepath.Join(static, "logo.svg")); err != nil {
		t.Errorf("writing took a picture away: %v", err)
	}
	outputs[0].content = []byte("2")
	if err := current(static, outputs); err == nil {
		t.Error("a changed output passes for current")
	}
}

func TestReportHoldsTheBudget(t *testing.T) {
	noise := make([]byte, 5_990) // an incompressible script
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		noise[i] = byte(x)
	}
	outputs := []output{{"embed.js", noise}}
	if err := report(io.Discard, outputs); err != nil {
		t.Errorf("%d bytes: %v", len(noise), err)
	}
	outputs = append(outputs, output{"embed.css", []byte("p{color:#123456}b{margin:1px}")})
	if err := report(io.Discard, outputs); err == nil || !strings.Contains(err.Error(), "reader's section") {
		t.Errorf("script and style together over the budget: %v", err)
	}
}
