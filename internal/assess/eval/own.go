package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/assess/learn"
	"github.com/freigabe/freigabe/internal/moderation"
)

// testdata is where the project's own sets lie, whatever folder eval runs in.
func testdata(name string) (string, error) {
	_, here, _, _ := runtime.Caller(0)
	for _, dir := range []string{"internal/assess/testdata", filepath.Join(filepath.Dir(here), "..", "testdata")} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			return string(b), nil
		}
	}
	return "", fmt.Errorf("read %s: run eval inside the repository", name)
}

// expand writes out {a|b}: one line for each choice.
func expand(line string) []string {
	choices := 1
	for rest := line; ; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(rest[i:], '}')
		if j < 0 {
			break
		}
		choices = max(choices, strings.Count(rest[i:i+j], "|")+1)
		rest = rest[i+j:]
	}
	out := make([]string, choices)
	for n := range out {
		out[n] = choose(line, n)
	}
	return out
}

func choose(line string, n int) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(line, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		set, after, _ := strings.Cut(rest, "}")
		parts := strings.Split(set, "|")
		b.WriteString(parts[n%len(parts)])
		line = after
	}
}

func lines(text string) []string {
	var out []string
	for l := range strings.SplitSeq(text, "\n") {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	return out
}

func score(rule moderation.Rule, in assess.Input) float64 {
	s := assess.Default().Assess(in).Rules[rule]
	if s.Value == nil {
		return math.NaN()
	}
	return *s.Value
}

// insinuation counts the pairs in which the insinuation scores higher than the
// criticism of the same subject.
func insinuation(r *report, _ string) error {
	for _, set := range []struct{ file, name string }{{"insinuation.txt", "pairs seen while weighing cues"}, {"insinuation_unseen.txt", "pairs written afterwards"}} {
		text, err := testdata(set.file)
		if err != nil {
			return err
		}
		right, n := 0.0, 0.0
		var scores []float64
		var labels []bool
		for _, l := range lines(text) {
			for _, pair := range expand(l) {
				a, b, _ := strings.Cut(pair, "||")
				x, y := score(moderation.Insinuation, assess.Input{Text: strings.TrimSpace(a)}), score(moderation.Insinuation, assess.Input{Text: strings.TrimSpace(b)})
				scores, labels = append(scores, x, y), append(labels, true, false)
				n++
				if x > y {
					right++
				} else if os.Getenv("EVAL_SHOW") != "" {
					fmt.Fprintf(r.out, "  %.2f %.2f %s\n", x, y, pair)
				}
			}
		}
		r.note("insinuation: "+set.name, n)
		r.floor("insinuation: ranked right, "+set.name, right/n, .80)
		r.note("insinuation: AUC, "+set.name, learn.AUC(scores, labels))
		p, rec := precisionRecall(scores, labels, assess.DefaultCuts.Breach)
		r.note("insinuation: precision in the breach band, "+set.name, p)
		r.note("insinuation: recall in the breach band, "+set.name, rec)
	}
	return nil
}

// advertising measures precision where recall is at least .95, and at the bound
// of one half.
func advertising(r *report, _ string) error {
	text, err := testdata("advertising.txt")
	if err != nil {
		return err
	}
	var scores []float64
	var labels []bool
	for _, l := range lines(text) {
		for _, c := range expand(l) {
			ad := strings.HasPrefix(c, "W:")
			s := score(moderation.Advertising, assess.Input{Text: strings.TrimSpace(c[2:])})
			scores, labels = append(scores, s), append(labels, ad)
			if os.Getenv("EVAL_SHOW") != "" && (s >= .5) != ad {
				fmt.Fprintf(r.out, "  %.2f %s\n", s, c)
			}
		}
	}
	r.note("advertising: cases", float64(len(scores)))
	r.floor("advertising: precision at recall .95", precisionAt(scores, labels, .95), .97)
	p, rec := precisionRecall(scores, labels, .5)
	r.note("advertising: precision at score .5", p)
	r.note("advertising: recall at score .5", rec)
	return nil
}

func precisionAt(scores []float64, labels []bool, recall float64) float64 {
	best := 0.0
	for _, s := range scores {
		if p, rec := precisionRecall(scores, labels, s); rec >= recall {
			best = max(best, p)
		}
	}
	return best
}

func precisionRecall(scores []float64, labels []bool, cut float64) (p, rec float64) {
	var tp, fp, fn float64
	for i, s := range scores {
		switch {
		case s >= cut && labels[i]:
			tp++
		case s >= cut:
			fp++
		case labels[i]:
			fn++
		}
	}
	if tp == 0 {
		return 0, 0
	}
	return tp / (tp + fp), tp / (tp + fn)
}

// digression measures plain and hard cases apart.
func digression(r *report, _ string) error {
	text, err := testdata("digression.txt")
	if err != nil {
		return err
	}
	var article assess.Article
	scores, labels := map[bool][]float64{}, map[bool][]bool{}
	flagged, fitting := 0.0, 0.0
	for _, l := range lines(text) {
		if l[0] == '=' {
			part := strings.Split(l[1:], "|")
			article = assess.Article{Headline: strings.TrimSpace(part[0]), Lede: strings.TrimSpace(part[1]), Body: strings.TrimSpace(part[2])}
			continue
		}
		hard := l[1] == '!'
		s := score(moderation.Digression, assess.Input{Text: strings.TrimLeft(l[1:], "! "), Article: &article})
		scores[hard], labels[hard] = append(scores[hard], s), append(labels[hard], l[0] == '-')
		if l[0] == '+' {
			fitting++
			if s >= assess.DefaultCuts.Breach {
				flagged++
			}
		}
		if os.Getenv("EVAL_SHOW") != "" && (l[0] == '+' && s >= .6 || l[0] == '-' && s < .4) {
			fmt.Fprintf(r.out, "  %.2f %s [%s]\n", s, l, article.Headline)
		}
	}
	r.floor("digression: AUC, plain cases", learn.AUC(scores[false], labels[false]), .85)
	r.floor("digression: AUC, hard cases", learn.AUC(scores[true], labels[true]), .65)
	r.ceiling("digression: fitting comments in the breach band", flagged/fitting, .05)
	stray, n := 0.0, 0.0
	for hard := range scores {
		for i, s := range scores[hard] {
			if labels[hard][i] {
				n++
				if s >= assess.DefaultCuts.Breach {
					stray++
				}
			}
		}
	}
	r.note("digression: straying comments in the breach band", stray/n)
	return nil
}
