// Command statesdoc writes docs/states.md from the table in package moderation,
// so that the page for people and the code cannot differ.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: statesdoc FILE")
	}
	if err := os.WriteFile(os.Args[1], []byte(page()), 0o644); err != nil {
		log.Fatal(err)
	}
}

func page() string {
	var b strings.Builder
	b.WriteString(`# The life of a comment

Generated from ` + "`internal/moderation/table.go`" + ` by ` + "`go generate ./internal/moderation`" + `; do not edit.

A comment has revisions; a revision moves through the states below, and only by these rows. Readers see the newest approved
revision of a comment, once a publication names the decision that released it, and nothing else. "Before" is the state that the
record names: an undo and an upheld appeal lead back to it. What follows waits until the hold has passed; a take-down does not wait.

| from | step | to | who | needs | if | what follows | hold |
|---|---|---|---|---|---|---|---|
`)
	for _, m := range moderation.Moves {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", dash(string(m.From)), m.Step, m.To,
			list(m.Who), dash(list(m.Needs)), conditions(m.If), dash(list(m.Then)), map[bool]string{true: "yes", false: "-"}[m.Hold])
	}
	b.WriteString("\n```mermaid\nstateDiagram-v2\n")
	for _, m := range moderation.Moves {
		if m.To == moderation.Before || m.From == m.To {
			continue
		}
		from := string(m.From)
		if m.From == moderation.None {
			from = "[*]"
		}
		fmt.Fprintf(&b, "  %s --> %s: %s\n", from, m.To, m.Step)
	}
	b.WriteString("```\n")
	return b.String()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func list[T ~string](items []T) string {
	words := make([]string, len(items))
	for i, x := range items {
		words[i] = string(x)
	}
	return strings.Join(words, ", ")
}

func conditions(all []moderation.Condition) string {
	words := make([]string, len(all))
	for i, c := range all {
		words[i] = c.Name
	}
	return dash(strings.Join(words, "; "))
}
