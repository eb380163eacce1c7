// Package locale holds every text that a reader, an author or an editor sees,
// in German and English, and writes numbers and times as each language does.
//
// The texts lie in catalogue/{area}.{language}.json, one key a line and sorted,
// so that changes of several people merge. A key begins with its area:
// "reader.form.name". Placeholders are written {name}. Texts that address the
// author formally may have a familiar form under the same key with ".du".
// To add a text, add its key to both files of the area; the tests fail on a key
// or a placeholder that one language lacks.
package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Languages are the languages of the catalogue, the default one first.
var Languages = []string{"de", "en"}

//go:embed catalogue/*.json
var files embed.FS

// catalogue holds the texts by language and key.
var catalogue = mustLoad(files)

func mustLoad(from fs.FS) map[string]map[string]string {
	all, err := load(from)
	if err != nil {
		panic("unreachable: the catalogue is compiled in and tested: " + err.Error())
	}
	return all
}

func load(from fs.FS) (map[string]map[string]string, error) {
	names, err := fs.Glob(from, "catalogue/*.json")
	if err != nil {
		return nil, fmt.Errorf("list catalogue: %w", err)
	}
	all := map[string]map[string]string{}
	for _, lang := range Languages {
		all[lang] = map[string]string{}
	}
	for _, name := range names {
		area, lang, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".json"), ".")
		texts, ok := all[lang]
		if !ok {
			return nil, fmt.Errorf("read %s: unknown language %q", name, lang)
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		part := map[string]string{}
		if err := json.Unmarshal(data, &part); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		for key, text := range part {
			if !strings.HasPrefix(key, area+".") {
				return nil, fmt.Errorf("read %s: key %q is not of this area", name, key)
			}
			texts[key] = text
		}
	}
	return all, nil
}

// Match is the catalogue's language for a language tag: "en-GB" gives "en", the
// empty tag and languages without a catalogue give German.
func Match(lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	if slices.Contains(Languages, base) {
		return base
	}
	return Languages[0]
}

// T is the text of a key with its placeholders filled in. The args are pairs of
// a placeholder's name and its value; values are taken as they are, so whoever
// writes HTML escapes the result. An unknown key is returned itself, which the
// tests of the pages look for.
func T(lang, key string, args ...string) string {
	text, ok := catalogue[Match(lang)][key]
	if !ok {
		return key
	}
	if len(args) < 2 {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+args[i]+"}", args[i+1])
	}
	return strings.NewReplacer(pairs...).Replace(text) // in one pass: a value is never searched for placeholders
}

// Familiar is T in the familiar form (du) where the key has one, else in the
// formal form.
func Familiar(lang, key string, args ...string) string {
	if Has(key + ".du") {
		key += ".du"
	}
	return T(lang, key, args...)
}

// Plural is the text of key.one or key.other, whichever suits n, with {n} filled
// in as a number of the language.
func Plural(lang, key string, n int, args ...string) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return T(lang, key+form, append([]string{"n", Number(lang, n)}, args...)...)
}

// Has reports whether the catalogue has a text for the key.
func Has(key string) bool {
	_, ok := catalogue[Languages[0]][key]
	return ok
}

// Keys lists all keys that begin with the prefix, sorted.
func Keys(prefix string) []string {
	var keys []string
	for key := range catalogue[Languages[0]] {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return slices.Sorted(slices.Values(keys))
}

// Texts is a copy of all texts whose key begins with the prefix, for a script
// that shows them in the browser.
func Texts(lang, prefix string) map[string]string {
	texts := maps.Clone(catalogue[Match(lang)])
	maps.DeleteFunc(texts, func(key, _ string) bool { return !strings.HasPrefix(key, prefix) })
	return texts
}
