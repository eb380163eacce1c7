package assess

import (
	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/vocab"
)

// language names the language of a text as a BCP 47 tag, "" where it cannot be
// told, and whether it is sure. Letters of other alphabets decide first, then
// frequent words.
func language(t *german.Text, words []vocab.Word, site string) (tag string, sure bool) {
	s := &t.Stats
	other := s.Cyrillic + s.Greek + s.Arabic + s.Hebrew + s.Asian
	if other > 8 && other > 2*s.Latin {
		return alphabet(s), true
	}
	var n [len(vocab.Languages)]int
	for i := range words {
		b := words[i].Language()
		for l := 0; b != 0; l, b = l+1, b>>1 {
			if b&1 != 0 {
				n[l]++
			}
		}
	}
	if umlauts(t) {
		n[0]++
	}
	best, second := 0, 0
	for l := 1; l < len(n); l++ {
		if n[l] > n[best] {
			best = l
		}
	}
	for l := range n {
		if l != best {
			second = max(second, n[l])
		}
	}
	if site == "" {
		site = "de"
	}
	switch {
	case n[best] == 0:
		return "", false
	case n[best] >= 2 && n[best] > second+1 || n[best] >= 4 && n[best] > second:
		return vocab.Languages[best], true
	case vocab.Languages[best] == site || n[best] == second:
		return "", false
	}
	return vocab.Languages[best], false
}

func alphabet(s *german.Stats) string {
	switch m := max(s.Cyrillic, s.Greek, s.Arabic, s.Hebrew, s.Asian); m {
	case s.Cyrillic:
		return "ru"
	case s.Greek:
		return "el"
	case s.Arabic:
		return "ar"
	case s.Hebrew:
		return "he"
	}
	return "zh"
}

// umlauts reports letters that of the languages told apart only German uses.
func umlauts(t *german.Text) bool {
	for i := 0; i+1 < len(t.Src); i++ {
		if t.Src[i] == 0xC3 {
			switch t.Src[i+1] {
			case 0xA4, 0x9F, 0x84:
				return true
			}
		}
	}
	return false
}
