package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
)

// everyday is a comment of a newspaper set: what it breaks, and what may be said
// of it as well without being wrong.
type everyday struct {
	text    string
	article *assess.Article
	breaks  map[moderation.Rule]bool // true: must be said; false: may be said
}

// parseEveryday reads the form described at the head of testdata/newspaper.txt.
func parseEveryday(text string) ([]everyday, error) {
	known := map[moderation.Rule]bool{}
	for _, rule := range moderation.Rules {
		known[rule] = true
	}
	var article *assess.Article
	var out []everyday
	for _, l := range lines(text) {
		if l[0] == '=' {
			part := strings.Split(l[1:], "|")
			if len(part) != 3 {
				return nil, fmt.Errorf("read article %q: want headline, lede and body", l)
			}
			article = &assess.Article{Headline: strings.TrimSpace(part[0]), Lede: strings.TrimSpace(part[1]), Body: strings.TrimSpace(part[2])}
			continue
		}
		rules, comment, ok := strings.Cut(l, " | ")
		if !ok {
			return nil, fmt.Errorf("read comment %q: want rules, a bar and the text", l)
		}
		e := everyday{text: comment, article: article, breaks: map[moderation.Rule]bool{}}
		for name := range strings.FieldsSeq(rules) {
			rule, may := strings.CutSuffix(name, "?")
			if rule != "fine" && !known[moderation.Rule(rule)] {
				return nil, fmt.Errorf("read comment %q: unknown rule %q", l, rule)
			}
			if rule != "fine" {
				e.breaks[moderation.Rule(rule)] = !may
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// tally counts one rule's findings.
type tally struct{ right, missed, wrong float64 }

// bound is the score from which on a rule counts as said: hints are shown as such
// from the band "breach" on.
func bound(s moderation.Score) float64 {
	if s.Hint {
		return assess.DefaultCuts.Breach
	}
	return 0.5
}

// judge compares one comment's assessment with what it breaks.
func (e *everyday) judge(by map[moderation.Rule]*tally) (errors []string) {
	a := assess.Default().Assess(assess.Input{Text: e.text, Article: e.article})
	for _, rule := range moderation.Rules {
		s := a.Rules[rule]
		said := s.Value != nil && *s.Value >= bound(s)
		must, may := e.breaks[rule], false
		if v, listed := e.breaks[rule]; listed && !v {
			may = true
		}
		t := by[rule]
		switch {
		case said && must:
			t.right++
		case must:
			t.missed++
			errors = append(errors, fmt.Sprintf("misses %s %.2f", rule, value(s)))
		case said && !may:
			t.wrong++
			errors = append(errors, fmt.Sprintf("wrong %s %.2f", rule, value(s)))
		}
	}
	return errors
}

func value(s moderation.Score) float64 {
	if s.Value == nil {
		return -1
	}
	return *s.Value
}

// newspapers measures everyday comments: a set that was there while the rules
// were weighed and one that was written afterwards.
func newspapers(r *report, _ string) error {
	for _, set := range []struct{ file, name string }{{"newspaper.txt", "seen while weighing"}, {"newspaper_unseen.txt", "written afterwards"}} {
		text, err := testdata(set.file)
		if err != nil {
			return err
		}
		all, err := parseEveryday(text)
		if err != nil {
			return err
		}
		r.everyday(set.name, all)
	}
	return nil
}

// everyday prints the share of comments judged rightly throughout, and each
// rule's precision and recall.
func (r *report) everyday(name string, all []everyday) (right float64) {
	by := map[moderation.Rule]*tally{}
	for _, rule := range moderation.Rules {
		by[rule] = &tally{}
	}
	fine, cleared := 0.0, 0.0
	for i := range all {
		errors := all[i].judge(by)
		if len(errors) == 0 {
			right++
		} else if os.Getenv("EVAL_SHOW") != "" {
			fmt.Fprintf(r.out, "  %s: %s\n", strings.Join(errors, ", "), all[i].text)
		}
		if len(all[i].breaks) == 0 {
			fine++
			if len(errors) == 0 {
				cleared++
			}
		}
	}
	label := "newspaper, " + name + ": "
	r.note(label+"comments", float64(len(all)))
	r.note(label+"right in all five rules", right/float64(len(all)))
	r.note(label+"fine ones left alone", cleared/max(fine, 1))
	for _, rule := range moderation.Rules {
		t := by[rule]
		r.note(label+string(rule)+", precision", t.right/max(t.right+t.wrong, 1))
		r.note(label+string(rule)+", recall", t.right/max(t.right+t.missed, 1))
	}
	return right / float64(len(all))
}
