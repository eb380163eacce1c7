package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/lexicon"
	"github.com/freigabe/freigabe/internal/moderation"
)

// An attack rewrites a word so that people still read it.
type attack struct {
	name  string
	write func(string) string
}

func replacer(pairs ...string) func(string) string { return strings.NewReplacer(pairs...).Replace }

var attackList = []attack{
	{"leet", replacer("a", "4", "e", "3", "i", "1", "o", "0")},
	{"homoglyph", replacer("a", "а", "e", "е", "o", "о", "c", "с", "p", "р", "i", "і")},
	{"zero-width", func(w string) string { return between(w, "\u200b") }},
	{"umlaut", replacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")},
	{"spaced", func(w string) string { return between(w, " ") }},
	{"dotted", func(w string) string { return between(w, ".") }},
	{"stretched", func(w string) string { return stretch(w, 3) }},
	{"swapped", swap},
	{"upper case", strings.ToUpper},
	{"full width", func(w string) string { return mapped(w, 0xFEE0) }},
}

func between(w, sep string) string {
	return strings.Join(strings.Split(w, ""), sep)
}

// stretch repeats the first vowel.
func stretch(w string, n int) string {
	i := strings.IndexAny(w, "aeiouäöü")
	if i < 0 {
		return w
	}
	r, size := utf8.DecodeRuneInString(w[i:])
	return w[:i] + strings.Repeat(string(r), n) + w[i+size:]
}

// swap exchanges two letters in the middle.
func swap(w string) string {
	r := []rune(w)
	i := len(r) / 2
	if i < 1 || i+1 >= len(r) {
		return w
	}
	r[i], r[i+1] = r[i+1], r[i]
	return string(r)
}

func mapped(w string, by rune) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r + by
		}
		return r
	}, w)
}

// masks hide letters behind signs.
var masks = []attack{
	{"one sign (Sch*iße)", func(w string) string { return mask(w, 1) }},
	{"run of signs (Sch***e)", func(w string) string { r := []rune(w); return mask(w, len(r)/2) }},
}

func mask(w string, n int) string {
	r := []rune(w)
	from := max(1, (len(r)-n)/2)
	for i := from; i < from+n && i < len(r)-1; i++ {
		r[i] = '*'
	}
	return string(r)
}

// attacks measures the recall of disguised abuse against the same words written
// plainly.
func attacks(r *report, _ string) error {
	var words []string
	for _, w := range lexicon.Default.Stems(2) {
		if utf8.RuneCountInString(w) >= 5 && found(w) {
			words = append(words, w)
		}
	}
	r.note("words found when written plainly", float64(len(words)))
	for _, a := range append(attackList, masks...) {
		hits, n := 0.0, 0.0
		for _, w := range words {
			x := a.write(w)
			if x == w {
				continue
			}
			n++
			if found(x) {
				hits++
			} else if os.Getenv("EVAL_SHOW") != "" {
				fmt.Fprintf(r.out, "  %s: %s\n", a.name, x)
			}
		}
		r.floor("recall of the plain text's, "+a.name, hits/max(n, 1), .95)
	}
	return nil
}

func found(w string) bool {
	return score(moderation.Profanity, assess.Input{Text: "Das ist doch nur ein " + w + ", finde ich."}) >= 0.5
}

// falseAlarms counts harmless words that are taken for abuse, and comments that a
// newspaper released in which a word is marked.
func falseAlarms(r *report, data string) error {
	wrong, n := 0.0, 0.0
	for _, w := range lexicon.Default.Harmless() {
		n++
		if found(w) {
			wrong++
			if os.Getenv("EVAL_SHOW") != "" {
				fmt.Fprintln(r.out, "  ", w)
			}
		}
	}
	r.note("harmless words of the list", n)
	r.ceiling("harmless words taken for abuse", wrong/n, 0)
	if data == "" {
		return nil
	}
	rows, err := load(filepath.Join(data, "rp-mod/train.jsonl"))
	if err != nil {
		return err
	}
	hit, all := [2]float64{}, [2]float64{}
	for _, x := range rows {
		k := 0
		if x.Label {
			k = 1
		}
		all[k]++
		s := assess.Default().Assess(assess.Input{Text: x.Text}).Rules[moderation.Profanity]
		if s.Value != nil && *s.Value >= .5 {
			hit[k]++
			if k == 0 && os.Getenv("EVAL_SHOW") != "" {
				for _, p := range s.Passages {
					fmt.Fprintln(r.out, "   *", p.Text)
				}
			}
		}
	}
	r.note("RP-Mod: released comments with profanity at .5 or more", hit[0]/all[0])
	r.note("RP-Mod: refused comments with profanity at .5 or more", hit[1]/all[1])
	return nil
}
