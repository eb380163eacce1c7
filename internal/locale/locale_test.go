package locale

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/freigabe/freigabe/internal/moderation"
)

var placeholder = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// placeholders are the distinct placeholders of a text, sorted.
func placeholders(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))))
}

func TestLanguagesHaveTheSameKeysAndPlaceholders(t *testing.T) {
	de, en := catalogue["de"], catalogue["en"]
	if len(de) < 500 {
		t.Fatalf("only %d texts were read", len(de))
	}
	for key := range en {
		if _, ok := de[key]; !ok {
			t.Errorf("%s: no German text", key)
		}
	}
	for key, text := range de {
		other, ok := en[key]
		if !ok {
			t.Errorf("%s: no English text", key)
			continue
		}
		if strings.TrimSpace(text) == "" || strings.TrimSpace(other) == "" {
			t.Errorf("%s: an empty text", key)
		}
		if !slices.Equal(placeholders(text), placeholders(other)) {
			t.Errorf("%s: placeholders %v in German, %v in English", key, placeholders(text), placeholders(other))
		}
	}
}

func TestTextsAreWrittenWithCare(t *testing.T) {
	for lang, texts := range catalogue {
		for key, text := range texts {
			if strings.Contains(text, "!") {
				t.Errorf("%s: %s has an exclamation mark", lang, key)
			}
			if rest := placeholder.ReplaceAllString(text, ""); strings.ContainsAny(rest, "{}<>") {
				t.Errorf("%s: %s has a broken placeholder or markup", lang, key)
			}
			if text != strings.TrimSpace(text) || strings.Contains(text, "  ") {
				t.Errorf("%s: %s has needless spaces", lang, key)
			}
		}
	}
}

func TestFilesAreSortedOneKeyALine(t *testing.T) {
	names, err := fs.Glob(files, "catalogue/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want) // sorts keys
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(texts); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, want.Bytes()) {
			t.Errorf("%s is not sorted with one key a line, or has a key twice", name)
		}
	}
}

func TestFamiliarFormIsFamiliar(t *testing.T) {
	formal := regexp.MustCompile(`\b(Sie|Ihnen|Ihr|Ihre|Ihren|Ihrem|Ihrer)\b`)
	n := 0
	for key, text := range catalogue["de"] {
		base, ok := strings.CutSuffix(key, ".du")
		if !ok {
			continue
		}
		n++
		if formal.MatchString(text) {
			t.Errorf("%s addresses the author formally", key)
		}
		if !Has(base) || !slices.Equal(placeholders(text), placeholders(catalogue["de"][base])) {
			t.Errorf("%s has no formal counterpart with the same placeholders", key)
		}
	}
	if n == 0 {
		t.Error("no familiar texts at all")
	}
}

func TestPluralFormsComeInPairs(t *testing.T) {
	for key := range catalogue["de"] {
		if base, ok := strings.CutSuffix(key, ".one"); ok && !Has(base+".other") {
			t.Errorf("%s has no .other", key)
		}
		if base, ok := strings.CutSuffix(key, ".other"); ok && !Has(base+".one") {
			t.Errorf("%s has no .one", key)
		}
	}
}

func TestEveryRuleHasItsTexts(t *testing.T) {
	codes := []string{
		"L1", "L2", "L3", "L4", "L5", "L6", "D1", "D2", "F1", "F2", "F3", "F4", "F5", "F6",
		"N0.capacity", "N0.repeated", "N0.closed", "N0.locked",
	}
	for _, r := range moderation.Rules {
		codes = append(codes, string(r))
	}
	for _, code := range codes {
		for _, part := range []string{"name", "description", "short", "short.du", "long", "long.du", "change", "change.du"} {
			if key := "rules." + code + "." + part; !Has(key) {
				t.Errorf("no text %s", key)
			}
		}
		blames := strings.Contains(catalogue["de"]["rules."+code+".long"], "{passage}")
		if neutral := strings.HasPrefix(code, "N0"); blames == neutral {
			t.Errorf("%s: a rule quotes the passage, a neutral outcome quotes none", code)
		}
	}
}

func TestStatesStepsAndRolesHaveTheirTexts(t *testing.T) {
	var keys []string
	for _, s := range moderation.States {
		if s == moderation.None {
			continue
		}
		keys = append(keys, "desk.state."+string(s))
		if s != moderation.Escalated && s != moderation.Superseded { // neither is ever shown to an author
			keys = append(keys, "reader.state."+string(s), "reader.state."+string(s)+".text")
		}
	}
	for _, s := range moderation.Steps {
		keys = append(keys, "desk.step."+string(s))
	}
	for _, r := range moderation.Roles {
		keys = append(keys, "desk.role."+string(r))
	}
	for _, key := range keys {
		if !Has(key) {
			t.Errorf("no text %s", key)
		}
	}
}

func TestT(t *testing.T) {
	for _, c := range []struct {
		lang, key string
		args      []string
		want      string
	}{
		{"de", "reader.form.name", nil, "Name"},
		{"", "reader.section.title", nil, "Kommentare"},
		{"fr", "reader.section.title", nil, "Kommentare"},
		{"en-GB", "reader.section.title", nil, "Comments"},
		{"de", "reader.comment.by", []string{"name", "Jörg"}, "Kommentar von Jörg"},
		{"de", "reader.no.such.text", nil, "reader.no.such.text"},
		{"de", "reader.feed.entry", []string{"name", "{article}", "article", "A"}, "{article} zu „A“"},
	} {
		if got := T(c.lang, c.key, c.args...); got != c.want {
			t.Errorf("T(%q, %q) = %q, want %q", c.lang, c.key, got, c.want)
		}
	}
}

func TestFamiliar(t *testing.T) {
	if got := Familiar("de", "rules.profanity.short"); got != "Dein Kommentar enthält ein Schimpfwort." {
		t.Errorf("familiar form: %q", got)
	}
	if got := Familiar("de", "rules.profanity.name"); got != "Schimpfwort" {
		t.Errorf("without a familiar form: %q", got)
	}
}

func TestPlural(t *testing.T) {
	for n, want := range map[int]string{0: "0 Kommentare", 1: "1 Kommentar", 2: "2 Kommentare", 1204: "1.204 Kommentare"} {
		if got := Plural("de", "reader.count", n); got != want {
			t.Errorf("Plural of %d = %q, want %q", n, got, want)
		}
	}
}

func TestTextsAndKeysAgree(t *testing.T) {
	texts := Texts("en", "desk.keys.")
	if len(texts) == 0 || !slices.Equal(Keys("desk.keys."), slices.Sorted(maps.Keys(texts))) {
		t.Errorf("%d texts, %d keys", len(texts), len(Keys("desk.keys.")))
	}
	texts["desk.keys.title"] = "changed"
	if T("en", "desk.keys.title") != "Keys" {
		t.Error("a caller can change the catalogue")
	}
}

func TestLoadRefusesWrongFiles(t *testing.T) {
	for name, data := range map[string]string{
		"catalogue/reader.fr.json": `{}`,
		"catalogue/reader.de.json": `{"desk.title": "x"}`,
		"catalogue/mail.de.json":   `{"mail.x": 1}`,
	} {
		if _, err := load(fstest.MapFS{name: {Data: []byte(data)}}); err == nil {
			t.Errorf("%s with %s was accepted", name, data)
		}
	}
}
