package german

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func prepare(s string) *Text {
	var t Text
	t.Scan(s)
	t.Tokenize(nil)
	return &t
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Größe": "groesse", "Gro\u0308ße": "groesse", "Sch\u200bei\u00adße": "scheisse", "Ｓｃｈｅｉｓｓｅ": "scheisse", "𝓐𝓫𝓬": "abc",
		"ﬁes": "fies", "Schеiße": "scheisse", "Sch31ße": "scheisse", "S c h e i ß e": "scheisse", "S.c.h.e.i.ß.e": "scheisse",
		"Scheeeeiße": "scheisse", "20er": "20er", "Covid19": "covid19", "3fach": "3fach", "G7": "g7", "CO2": "co2", "1.234,50": "0 . 0 , 0",
		"Sch***e": "sch*e", "geht's": "gehts", "$chwein": "schwein", "🅰🅱🅲": "abc", "naïve": "naive", "@name": "\x01user", "#wort": "wort",
	} {
		if got := strings.TrimSpace(string(prepare(in).Fold)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestOriginLeadsBack(t *testing.T) {
	src := "Ach, S c h e i ß e und Gro\u0308ße: Sch31ße!"
	p := prepare(src)
	want := []string{"S c h e i ß e", "Gro\u0308ße", "Sch31ße"}
	for _, k := range p.Tokens {
		if len(want) > 0 && src[k.Start:k.End] == want[0] {
			if a, b := p.Origin(k.From, k.To); src[a:b] != want[0] {
				t.Errorf("origin of %q is %q", want[0], src[a:b])
			}
			want = want[1:]
		}
	}
	if len(want) > 0 {
		t.Errorf("not found as tokens: %q", want)
	}
}

func TestStemAndSplit(t *testing.T) {
	for _, g := range [][]string{{"radweg", "radwege", "radweges"}, {"rad", "raeder"}, {"lehrer", "lehrerinnen", "lehrern"}, {"wohnung", "wohnungen"}} {
		first := string(Root(nil, []byte(g[0])))
		for _, w := range g[1:] {
			if got := string(Root(nil, []byte(w))); got != first && !strings.HasPrefix(got, first) {
				t.Errorf("%s and %s: %q, %q", g[0], w, first, got)
			}
		}
	}
	known := func(p []byte) bool { return string(p) == "wohnung" || string(p) == "bau" || string(p) == "wohn" }
	all := func(uint32) bool { return true }
	if end, next := Split([]byte("wohnungsbau"), all, known); end != 7 || next != 8 {
		t.Errorf("split at %d, %d", end, next)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"Größe", "S c h e i ß e", "a\u0308\u200d\xff", "4rsch $au 3fach", "Sch***e, Ar-sch", "🏳️‍🌈 👍🏽"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := prepare(s)
		last := int32(0)
		for _, k := range p.Tokens {
			if k.Start < last || k.End <= k.Start || int(k.End) > len(s) || k.To <= k.From || int(k.To) > len(p.Fold) {
				t.Fatalf("token %+v", k)
			}
			last = k.Start
			if utf8.ValidString(s) && !utf8.ValidString(s[k.Start:k.End]) {
				t.Fatal("a token cuts a character")
			}
			if a, b := p.Origin(k.From, k.To); a < int(k.Start) || b > int(k.End) {
				t.Fatal("origin outside its token")
			}
		}
	})
}
