package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAssessKeepsOrderAndID(t *testing.T) {
	in := "Das ist ein guter Artikel.\n{\"id\":7,\"text\":\"Du Arschloch!\"}\n\n{\"id\":\"x\",\"text\":\"Danke <b>schön</b>\"}\n{kaputt\n"
	var out, errOut bytes.Buffer
	if code := runAssess(nil, strings.NewReader(in), &out, &errOut); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("got %d lines, want one for each of 4 comments", len(lines))
	}
	for i, want := range []string{"", "7", `"x"`, ""} {
		var got struct {
			ID    json.RawMessage
			Rules map[string]struct {
				Score      *float64
				NotChecked string `json:"not_checked"`
				Version    string
			}
			Flags []any
		}
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		if string(got.ID) != want || len(got.Rules) != 5 || got.Flags == nil {
			t.Errorf("line %d: id %s, %d rules, flags %v; want id %s and 5 rules", i, got.ID, len(got.Rules), got.Flags, want)
		}
		if got.Rules["digression"].NotChecked == "" {
			t.Errorf("line %d: digression was checked without an article", i)
		}
		if s := got.Rules["profanity"].Score; s == nil || (*s > 0.5) != (i == 1) {
			t.Errorf("line %d: profanity %v", i, s)
		}
	}
}

func TestModelCommands(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "a.jsonl")
	var rows strings.Builder
	for range 30 {
		rows.WriteString("{\"text\":\"Du bist ein dummer Idiot\",\"label\":1}\n{\"text\":\"Danke für den schönen Bericht\",\"label\":0}\n")
	}
	if err := os.WriteFile(data, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string, string) {
		var out, errOut bytes.Buffer
		code := runModel(args, nil, &out, &errOut)
		return code, out.String(), errOut.String()
	}
	one, two := filepath.Join(dir, "1.model"), filepath.Join(dir, "2.model")
	for _, name := range []string{one, two} {
		if code, _, errOut := run("train", "-data", data, data, "-out", name); code != 0 {
			t.Fatalf("train: exit %d: %s", code, errOut)
		}
	}
	a, _ := os.ReadFile(one)
	b, _ := os.ReadFile(two)
	if len(a) == 0 || !bytes.Equal(a, b) {
		t.Error("training twice gave different bytes")
	}
	code, out, errOut := run("eval", "-model", one, "-data", data)
	if code != 0 || !strings.Contains(out, "macro-F1 1.000") || !strings.Contains(out, "AUC 1.000") {
		t.Errorf("eval: exit %d: %s%s", code, out, errOut)
	}
	if err := os.WriteFile(two, append(a[:len(a)-9], "damaged!!"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := run("eval", "-model", two, "-data", data); code != 1 || strings.Count(errOut, "\n") != 1 {
		t.Errorf("damaged model: exit %d, %q; want 1 and one line", code, errOut)
	}
	for _, args := range [][]string{{}, {"train"}, {"train", "-data", data}, {"eval", "-data", data}, {"eval", "-modle", one, "-data", data}, {"bake"}} {
		if code, _, errOut := run(args...); code != 2 || errOut == "" {
			t.Errorf("%v: exit %d, %q; want 2 and a line", args, code, errOut)
		}
	}
}
