package assess

import (
	"bytes"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
)

// FuzzAssess holds that any bytes give all five rules and passages that match.
func FuzzAssess(f *testing.F) {
	for _, s := range []string{"", sample, "Du Sch***e!", "a\xff\u0308\u200b", "www.x.de beispiel punkt de", "S c h e i s s e", "@rsch $au 4rsch", "Tel. 0171 5550123 DE89370400440532013000"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, text, parent string) {
		a := Default().Assess(Input{Text: text, Parent: parent, Article: sampleArticle, Site: Settings{Watchlist: []string{parent}, AllowedHosts: []string{parent}}})
		check := func(ps []moderation.Passage) {
			for _, p := range ps {
				if p.Start < 0 || p.Start >= p.End || p.End > len(text) || text[p.Start:p.End] != p.Text {
					t.Fatalf("passage %+v does not match", p)
				}
			}
		}
		if len(a.Rules) != 5 {
			t.Fatalf("%d rules", len(a.Rules))
		}
		for rule, s := range a.Rules {
			if (s.Value == nil) == (s.NotChecked == "") || s.NotChecked == internalFailed {
				t.Fatalf("%s: %+v", rule, s)
			}
			if s.Value != nil && !(*s.Value >= 0 && *s.Value <= 1) {
				t.Fatalf("%s: score %v", rule, *s.Value)
			}
			check(s.Passages)
		}
		for _, fl := range a.Flags {
			check(fl.Passages)
		}
	})
}

// FuzzLoad holds that a file of any bytes is refused or gives a model that works.
func FuzzLoad(f *testing.F) {
	f.Add(embedded[:2000])
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := Load(bytes.NewReader(data)); err == nil {
			m.Assess(Input{Text: sample})
		}
		if s, err := Default().DecodeSite(bytes.NewReader(data)); err == nil {
			s.Assess(Input{Text: sample})
		}
	})
}

// FuzzReadRows holds that labelled rows are read or refused.
func FuzzReadRows(f *testing.F) {
	f.Add(`{"text":"a","label":1,"rule":"profanity"}`)
	f.Fuzz(func(t *testing.T, s string) {
		rows, err := ReadRows(strings.NewReader(s))
		for i := range rows {
			if err == nil && !KnownHead(rows[i].Rule) {
				t.Fatal("unknown rule accepted")
			}
		}
	})
}

// FuzzRelate holds that an article, thread and parent of any bytes can be related
// to any text.
func FuzzRelate(f *testing.F) {
	f.Add("Radweg", "Die Stadt baut.", "Donaudampfschifffahrt", sample)
	f.Fuzz(func(t *testing.T, headline, body, parent, text string) {
		m := Default()
		rel := m.Relate(Article{Headline: headline, Lede: parent, Body: body}, []string{text, parent})
		s := m.Assess(Input{Text: text, Parent: parent, Relation: rel}).Rules[moderation.Digression]
		if (s.Value == nil) == (s.NotChecked == "") || s.NotChecked == internalFailed {
			t.Fatalf("%+v", s)
		}
		if d := Distance(Fingerprint(text), Fingerprint(parent)); d < 0 {
			t.Fatalf("distance %d", d)
		}
		m.Nearest(text, []string{parent, body}, 3)
		m.Unseen(text)
	})
}
