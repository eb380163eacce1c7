package lexicon

import (
	"testing"

	"github.com/freigabe/freigabe/internal/assess/german"
)

func find(s string) []Hit {
	var t german.Text
	t.Scan(s)
	t.Tokenize(nil)
	f := Finder{Lexicon: Default}
	f.Find(&t)
	return f.Hits
}

func TestSize(t *testing.T) {
	stems, harmless := Default.Size()
	if stems < 1500 || harmless < 300 {
		t.Errorf("%d stems, %d harmless words; want 1500 and 300", stems, harmless)
	}
}

func TestWays(t *testing.T) {
	for s, how := range map[string]string{
		"Arschloch": Plain, "Arschlöcher": Plain, "Vollidioten": Plain, "Aaaarsch": Plain, "Schlammmpe": Stretch, "Arshcloch": Swap, "Scheikßerl": Swap,
		"Sch***e": Mask, "W*chser": Mask, "F*ck": Mask, "A***": "", "Ar-sch-loch": Cut, "Saft sack": Cut, "leck mich am Arsch": InPhrase, "Kl0wichse1r": "",
	} {
		hits := find(s)
		got := ""
		if len(hits) > 0 {
			got = hits[0].How
		}
		if got != how {
			t.Errorf("%q: found as %q, want %q", s, got, how)
		}
	}
}

func TestHarmlessWordsNeverHit(t *testing.T) {
	for _, w := range Default.Harmless() {
		for _, h := range find(w) {
			if h.Entry.Severity >= 2 {
				t.Errorf("%q is taken for %q", w, h.Entry.Stem)
			}
		}
	}
	for _, w := range []string{"kostenloser", "quasi", "Fantasie", "Barsch", "rasch", "Vögeln", "Uhren", "schießen", "Marseille", "Torpedo", "auspacken", "Kuckuck",
		"witzig", "Bachelor", "wanken", "prickelnd", "Lumpensammler", "schuften", "lecker", "Analyse", "Schüren", "Ass", "dick", "Zuckerberg", "Pistole"} {
		if hits := find(w); len(hits) > 0 && hits[0].Entry.Severity >= 2 && hits[0].Entry.Class != EnglishOnly {
			t.Errorf("%q is taken for %q", w, hits[0].Entry.Stem)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, s := range []string{"insult 9 free: x", "mood 2 free: x", "insult 2 everywhere: x", "nonsense"} {
		if _, err := Compile(s, ""); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}

// FuzzCompile holds that a list of any bytes is compiled or refused, and that a
// compiled one can look through any text.
func FuzzCompile(f *testing.F) {
	f.Add("insult 2 free: mistkerl\nphrase 3 phrase: halt die klappe | geh weg", "mistkäfer*", "Halt die M*stk!")
	f.Fuzz(func(t *testing.T, stems, traps, text string) {
		l, err := Compile(stems, traps)
		if err != nil {
			return
		}
		var p german.Text
		p.Scan(text)
		p.Tokenize(nil)
		finder := Finder{Lexicon: l}
		finder.Find(&p)
		for _, h := range finder.Hits {
			if h.First > h.Last || h.Last >= len(p.Tokens) {
				t.Fatalf("%+v", h)
			}
		}
	})
}
