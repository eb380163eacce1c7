package assess

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
)

func TestCases(t *testing.T) {
	src, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(src), "\n") {
		wants, text, ok := strings.Cut(line, " | ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		a := Default().Assess(Input{Text: text})
		for wants = strings.TrimSpace(wants); wants != ""; wants = strings.TrimSpace(wants) {
			var want string
			if wants[0] == '"' {
				end := strings.IndexByte(wants[1:], '"') + 2
				want, wants = wants[:end], wants[end:]
			} else {
				want, wants, _ = strings.Cut(wants, " ")
			}
			if !holds(a, want) {
				t.Errorf("cases.txt:%d: %s does not hold for %q", n+1, want, text)
			}
		}
	}
}

func holds(a moderation.Assessment, want string) bool {
	switch want[0] {
	case '"':
		for _, s := range a.Rules {
			for _, p := range s.Passages {
				if p.Text == strings.Trim(want, `"`) {
					return true
				}
			}
		}
		for _, f := range a.Flags {
			for _, p := range f.Passages {
				if p.Text == strings.Trim(want, `"`) {
					return true
				}
			}
		}
		return false
	case '+', '-':
		for _, f := range a.Flags {
			if f.Kind == want[1:] {
				return want[0] == '+'
			}
		}
		return want[0] == '-'
	}
	i := strings.IndexAny(want, "<>")
	bound, err := strconv.ParseFloat(want[i+1:], 64)
	s := a.Rules[moderation.Rule(want[:i])]
	if err != nil || s.Value == nil {
		return false
	}
	return (*s.Value > bound) == (want[i] == '>')
}

func TestDigressionNeedsArticle(t *testing.T) {
	if s := Default().Assess(Input{Text: sample}).Rules[moderation.Digression]; s.NotChecked != NoArticle {
		t.Errorf("without an article: %+v", s)
	}
	fits := *Default().Assess(Input{Text: sample, Article: sampleArticle}).Rules[moderation.Digression].Value
	strays := *Default().Assess(Input{Text: "Meine Rente wurde um drei Euro erhöht, und beim Arzt wartet man Monate.", Article: sampleArticle}).Rules[moderation.Digression].Value
	thanks := *Default().Assess(Input{Text: "Danke, sehr gut!", Article: sampleArticle}).Rules[moderation.Digression].Value
	if !(fits < strays) || !(thanks < DefaultCuts.Fine) {
		t.Errorf("fitting %.2f, straying %.2f, thanks %.2f", fits, strays, thanks)
	}
}

func TestSettings(t *testing.T) {
	in := Input{Text: "Mehr dazu auf www.shop-beispiel.de und von Petra Sommers Nachbar.",
		Site: Settings{AllowedHosts: []string{"shop-beispiel.de"}, Watchlist: []string{"Petra Sommer"}}}
	a := Default().Assess(in)
	if *a.Rules[moderation.Advertising].Value > 0.3 {
		t.Error("an allowed host counts as advertising")
	}
	if !holds(a, "+watchlist") {
		t.Error("the watch list was not seen")
	}
}

func TestFingerprint(t *testing.T) {
	a := Fingerprint("Kauft jetzt die besten Uhren der Welt, nur heute zum halben Preis, solange der Vorrat reicht!")
	b := Fingerprint("KAUFT jetzt die b e s t e n Uhren der Welt, nur heute zum halben Preis solange der Vorrat reicht")
	c := Fingerprint(sample)
	if Distance(a, b) > NearlySame || Distance(a, c) <= NearlySame || Distance(Fingerprint("ja"), Fingerprint("ja")) <= NearlySame {
		t.Errorf("distances %d, %d", Distance(a, b), Distance(a, c))
	}
}

// From three on an editor is told how many earlier texts are nearly the same, and of
// very many that they are.
func TestSimilarTextsAreTold(t *testing.T) {
	for n, want := range map[int]string{2: "", 3: "(3)", 99: "(99)", EnoughSimilar: "(100+)"} {
		told := ""
		for _, f := range Default().Assess(Input{Text: sample, Similar: make([]Similar, n)}).Flags {
			if f.Kind == FlagBurst {
				told = f.Why
			}
		}
		if (want == "") != (told == "") || !strings.Contains(told, want) {
			t.Errorf("of %d texts an editor is told %q, want %q", n, told, want)
		}
	}
}

// decisions are enough for a site to learn that it refuses talk of the weather.
func decisions(n int) []Decision {
	good := []string{"Der neue Spielplatz im Park ist schön geworden", "Die Kinder freuen sich über die Rutsche", "Danke für den Bericht über die Schule"}
	bad := []string{"Das Wetter wird morgen wieder regnerisch", "Heute scheint die Sonne und es ist warm", "Der Regen hört ja gar nicht mehr auf"}
	ds := make([]Decision, n)
	for i := range ds {
		ds[i] = Decision{Position: uint64(i + 1), Input: Input{Text: good[i/2%3] + " " + strconv.Itoa(i%7)}}
		if i%2 == 0 {
			ds[i].Input.Text = bad[i/2%3]
			ds[i].Outcome, ds[i].Rule = Refused, moderation.Digression
		}
	}
	return ds
}

func encode(t *testing.T, s *Site) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSiteLearns(t *testing.T) {
	m, ds := Default(), decisions(120)
	s := m.Retrain(ds)
	bad, good := s.Assess(Input{Text: "Morgen kommt wieder Regen"}), s.Assess(Input{Text: "Der Spielplatz ist schön"})
	if *bad.Refuse < 0.6 || *good.Refuse > 0.4 {
		t.Errorf("after 120 decisions: refused kind %.2f, released kind %.2f", *bad.Refuse, *good.Refuse)
	}
	if !bytes.Equal(encode(t, s), encode(t, m.Retrain(ds))) {
		t.Error("the same decisions gave two models")
	}
	if s.Version() == m.Version() || s.Position() != 120 {
		t.Errorf("version %s, position %d", s.Version(), s.Position())
	}
}

func TestSiteSurvivesWriting(t *testing.T) {
	m := Default()
	s := m.Retrain(decisions(100))
	back, err := m.DecodeSite(bytes.NewReader(encode(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	next := decisions(110)[100:]
	a, b := s.Learn(next...), back.Learn(next...)
	if !bytes.Equal(encode(t, a), encode(t, b)) {
		t.Error("a model that was written and read learned otherwise")
	}
	if !bytes.Equal(encode(t, a), encode(t, a.Learn(next...))) {
		t.Error("a decision was learned twice")
	}
	if bytes.Equal(encode(t, a), encode(t, s)) {
		t.Error("ten decisions changed nothing")
	}
	broken := encode(t, s)
	broken[len(broken)/2] ^= 1
	if _, err := m.DecodeSite(bytes.NewReader(broken)); err == nil {
		t.Error("a damaged file was read")
	}
}

func TestNotSelectedTeachesNothing(t *testing.T) {
	m := Default()
	ds := decisions(100)
	for i := range ds {
		ds[i].Outcome = NotSelected
	}
	s := m.Retrain(ds)
	x, y := m.Assess(Input{Text: sample}).Refuse, s.Assess(Input{Text: sample}).Refuse
	if *x != *y {
		t.Errorf("scores differ: %v, %v", *x, *y)
	}
}

func TestHistoryCountsOnlyWhereProven(t *testing.T) {
	m := Default()
	ds := decisions(200)
	for i := range ds {
		ds[i].Input.Text = "Ein Kommentar über dies und das Nummer " + strconv.Itoa(i%9)
		ds[i].Input.Author = &History{Submitted: 20, Approved: 18, Rejected: 2}
		if ds[i].Outcome == Refused {
			ds[i].Input.Author = &History{Submitted: 20, Approved: 4, Rejected: 16}
		}
	}
	s := m.Retrain(ds)
	text := "Ein Kommentar über dies und das"
	bad := *s.Assess(Input{Text: text, Author: &History{Submitted: 20, Approved: 4, Rejected: 16}}).Refuse
	none := *s.Assess(Input{Text: text}).Refuse
	good := *s.Assess(Input{Text: text, Author: &History{Submitted: 20, Approved: 19, Rejected: 1}}).Refuse
	if !(bad > none && none > good) {
		t.Errorf("refused often %.2f, unknown %.2f, released often %.2f", bad, none, good)
	}
}

func TestExternalScoreJoins(t *testing.T) {
	low := *Default().Assess(Input{Text: sample, External: map[string]float64{"aggression": 0.05}}).Rules[moderation.Aggression].Value
	high := *Default().Assess(Input{Text: sample, External: map[string]float64{"aggression": 0.95}}).Rules[moderation.Aggression].Value
	if !(high > low) {
		t.Errorf("with .95: %.2f, with .05: %.2f", high, low)
	}
}

func TestWhyKnowsEveryCode(t *testing.T) {
	for code := range reasons {
		if Why("de", code, "x") == code || Why("en", code, "x") == code {
			t.Errorf("%s lacks words", code)
		}
	}
	for _, in := range []Input{{Text: "Du Arschloch, kauft jetzt auf bit.ly/x, ein Schelm wer Böses denkt, ich bring dich um. " + sample, Article: sampleArticle}} {
		for rule, s := range Default().Assess(in).Rules {
			for _, p := range s.Passages {
				if _, ok := reasons[p.Code]; !ok {
					t.Errorf("%s: code %q has no words", rule, p.Code)
				}
			}
		}
	}
}

func TestFewAllocations(t *testing.T) {
	if racing {
		t.Skip("left out under the race detector: buffers are not kept for sure")
	}
	m := Default()
	in := Input{Text: sample, Article: sampleArticle}
	m.Assess(in)
	if n := testing.AllocsPerRun(200, func() { m.Assess(in) }); n > 40 {
		t.Errorf("%v allocations", n)
	}
}

func TestLongAndHostileTexts(t *testing.T) {
	for _, part := range []string{"a", "sch*", "a.b.", "Ü", "\u0301", "👩‍👩‍👧", "\xff", "http://", "wer wohl ", "1", "S c h ", "()[]{}", "sss", "fi**en ", "0171 "} {
		a := Default().Assess(Input{Text: strings.Repeat(part, 60_000/len(part)), Article: sampleArticle})
		if len(a.Rules) != 5 {
			t.Errorf("%q: %d rules", part, len(a.Rules))
		}
		if a.Rules[moderation.Profanity].NotChecked == internalFailed {
			t.Errorf("%q: the assessment failed", part)
		}
	}
}

func TestNearest(t *testing.T) {
	earlier := []string{"Der Hund bellt im Garten.", "Der neue Radweg an der Schillerstraße ist zu schmal.", "Guten Morgen!", "Radwege an der Schillerstraße sind viel zu schmal."}
	got := Default().Nearest("Der Radweg an der Schillerstraße ist zu schmal!", earlier, 2)
	if len(got) != 2 || got[0].Index != 1 || got[1].Index != 3 || got[0].Cosine < got[1].Cosine || got[0].Cosine > 1.001 {
		t.Errorf("%+v", got)
	}
}
