package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// formats lists the scripts that are not modules. embed.ts is loaded by a plain
// script element in publishers' pages, whose variables it must not touch.
var formats = map[string]api.Format{
	"embed.ts": api.FormatIIFE,
}

// output is a file of frontend/static.
type output struct {
	name    string
	content []byte
}

// build bundles every entry of the folder src. Outputs are in order of name,
// and depend on nothing but the sources.
func build(src string) ([]output, error) {
	entries, err := entriesOf(src)
	if err != nil {
		return nil, err
	}
	var outputs []output
	made := map[string]string{}
	for _, entry := range entries {
		files, err := bundle(src, entry)
		if err != nil {
			return nil, fmt.Errorf("bundle %s: %w", entry, err)
		}
		for _, f := range files {
			if other, ok := made[f.name]; ok {
				return nil, fmt.Errorf("bundle %s: %s is already made from %s", entry, f.name, other)
			}
			made[f.name] = entry
			outputs = append(outputs, f)
		}
	}
	sort.Slice(outputs, func(i, j int) bool { return outputs[i].name < outputs[j].name })
	return outputs, nil
}

// entriesOf lists the scripts and styles at the top of src, in order of name.
func entriesOf(src string) ([]string, error) {
	files, err := os.ReadDir(src)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	var entries []string
	for _, f := range files {
		ext := filepath.Ext(f.Name())
		if f.IsDir() || strings.HasSuffix(f.Name(), ".d.ts") || (ext != ".ts" && ext != ".css") {
			continue
		}
		entries = append(entries, f.Name())
	}
	return entries, nil
}

// bundle makes the outputs of one entry. Property names stay as they are:
// mangling them breaks element.dataset without a word.
func bundle(src, entry string) ([]output, error) {
	format, ok := formats[entry]
	if !ok && filepath.Ext(entry) == ".ts" {
		format = api.FormatESModule
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{entry},
		AbsWorkingDir:     src,
		Outdir:            src, // nothing is written: only the names count
		Bundle:            true,
		Format:            format,
		Target:            api.ES2020,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		TsconfigRaw:       "{}", // no file outside src may change the outputs
	})
	if len(result.Errors) > 0 || len(result.Warnings) > 0 {
		return nil, complaint(append(result.Errors, result.Warnings...))
	}
	var outputs []output
	for _, f := range result.OutputFiles {
		outputs = append(outputs, output{filepath.Base(f.Path), f.Contents})
	}
	return outputs, nil
}

// complaint turns esbuild's messages, warnings included, into an error.
func complaint(messages []api.Message) error {
	var all error
	for _, m := range messages {
		if m.Location == nil {
			all = errors.Join(all, errors.New(m.Text))
			continue
		}
		all = errors.Join(all, fmt.Errorf("%s:%d: %s", m.Location.File, m.Location.Line, m.Text))
	}
	return all
}

// write replaces the outputs in the folder static and removes those that no
// entry makes any more.
func write(static string, outputs []output) error {
	for _, name := range leftOver(static, outputs) {
		if err := os.Remove(filepath.Join(static, name)); err != nil {
			return fmt.Errorf("remove an output without source: %w", err)
		}
	}
	for _, o := range outputs {
		if err := os.WriteFile(filepath.Join(static, o.name), o.content, 0o644); err != nil {
			return fmt.Errorf("write an output: %w", err)
		}
	}
	return nil
}

// current returns an error for each output that is not in the folder static as built.
func current(static string, outputs []output) error {
	const remedy = "run 'make generate' and commit"
	var stale error
	for _, o := range outputs {
		committed, err := os.ReadFile(filepath.Join(static, o.name))
		if err != nil || !bytes.Equal(committed, o.content) {
			stale = errors.Join(stale, fmt.Errorf("%s is not current: %s", o.name, remedy))
		}
	}
	for _, name := range leftOver(static, outputs) {
		stale = errors.Join(stale, fmt.Errorf("%s has no source: %s", name, remedy))
	}
	return stale
}

// leftOver lists scripts and styles in static that no entry makes.
func leftOver(static string, outputs []output) []string {
	made := map[string]bool{}
	for _, o := range outputs {
		made[o.name] = true
	}
	var names []string
	for _, pattern := range []string{"*.js", "*.css"} {
		found, _ := filepath.Glob(filepath.Join(static, pattern)) // fixed patterns: cannot be malformed
		for _, f := range found {
			if name := filepath.Base(f); !made[name] {
				names = append(names, name)
			}
		}
	}
	return names
}
