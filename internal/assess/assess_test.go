package assess

import (
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
)

const sample = "Ich finde den neuen Radweg an der Schillerstraße gut, aber die Ampelschaltung ist für Kinder viel zu kurz. " +
	"Vielleicht kann die Stadt das noch einmal prüfen, bevor etwas passiert. Danke für den Bericht!"

var sampleArticle = &Article{
	Headline: "Neuer Radweg in der Schillerstraße eröffnet",
	Lede:     "Nach zwei Jahren Bauzeit hat die Stadt den Radweg zwischen Bahnhof und Gymnasium freigegeben.",
	Body:     strings.Repeat("Der Weg ist drei Meter breit und durch einen Bordstein von der Fahrbahn getrennt. Kritik gibt es an der Ampel vor der Schule. ", 12),
}

func TestAssessGivesAllRules(t *testing.T) {
	for _, text := range []string{"", " ", sample, "\xff\xfe", "👍", "Hello, this is a comment and you are all wrong about it.", "привет как дела у вас сегодня"} {
		a := Default().Assess(Input{Text: text, Article: sampleArticle})
		for _, rule := range moderation.Rules {
			s, ok := a.Rules[rule]
			if !ok || (s.Value == nil) == (s.NotChecked == "") || s.Version == "" {
				t.Errorf("%q: rule %s: %+v: want exactly one of score and cause, with a version", text, rule, s)
			}
			for _, p := range s.Passages {
				if p.Start < 0 || p.End > len(text) || text[p.Start:p.End] != p.Text || p.Why == "" {
					t.Errorf("%q: rule %s: passage %+v does not match the text", text, rule, p)
				}
			}
		}
	}
}

func BenchmarkAssess(b *testing.B) {
	m := Default()
	in := Input{Text: sample, Article: sampleArticle}
	m.Assess(in)
	b.ReportAllocs()
	for b.Loop() {
		m.Assess(in)
	}
}

func BenchmarkRetrain(b *testing.B) {
	words := strings.Fields(sample + " Das ist eine Frechheit und der Bürgermeister sollte endlich zurücktreten statt weiter Geld zu verschwenden")
	ds := make([]Decision, 20_000)
	for i := range ds {
		var t strings.Builder
		for j := range 30 {
			t.WriteString(words[(i*7+j*j*(1+i%5)+j*i)%len(words)] + " ")
		}
		ds[i] = Decision{Position: uint64(i + 1), Input: Input{Text: t.String()}}
		if i%5 == 0 {
			ds[i].Outcome, ds[i].Rule = Refused, moderation.Rules[i/5%len(moderation.Rules)]
		}
	}
	for b.Loop() {
		Default().Retrain(ds)
	}
}
