package desk

import (
	"net/http"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// How far back a draft is tried, and on how many comments at most.
const (
	trialSpan = 90 * 24 * time.Hour
	trialMost = 5000
	trialShow = 6 // examples for each rule
)

// guideTrial is what a draft would have done to past comments.
type guideTrial struct {
	guideShown
	Tried    int
	From     time.Time
	Lines    []trialLine
	TwoNow   int // comments that two people would have read
	TwoThen  int
	Homeless []homeless // refusals whose rule the draft no longer has
}

// trialLine is one rule: in how many past comments it shows.
type trialLine struct {
	Rule       moderation.Rule
	Name       string
	Now, Then  int // shows by the guide in force, by the draft
	Released   int // of those that only the draft points at
	Refused    int
	Gone       int // that only the guide in force points at
	Examples   []tried
	TwoThen    int // that two people would read for it
	TwoChanged bool
}

// tried is a past comment that a draft points at and the guide in force does not.
type tried struct {
	store.Past
	Word string // by which it shows; "" by its score
}

// homeless counts refusals that named a rule which the draft leaves out.
type homeless struct {
	Name string
	N    int
}

// shows tells how a rule shows in a comment: by a word, by its score, or not.
func shows(x store.GuideRule, p store.Past) (word string, ok bool) {
	if x.Off {
		return "", false
	}
	if word = moderation.Mentions(p.Text, x.Words); word != "" {
		return word, true
	}
	from := "likely"
	if x.Two == "possible" {
		from = x.Two
	}
	var two store.TwoRule
	two.Band, two.From = showsFrom(from)
	return "", two.Scored(p.Assessment.Rules[x.Rule])
}

// needsTwoBy tells whether a rule would have had two people read a comment.
func needsTwoBy(x store.GuideRule, p store.Past) bool {
	if x.Off || x.Two == "" {
		return false
	}
	_, seen := shows(x, p)
	refused := p.Step != moderation.Approve && p.Rule == x.Rule
	return refused || seen && x.Two != "refusal"
}

// try counts what a draft would have done, against what is in force.
func try(now, draft []guideEntry, past []store.Past) (lines []trialLine, twoNow, twoThen int) {
	anyTwo := func(rules []guideEntry, p store.Past) int {
		if slices.ContainsFunc(rules, func(e guideEntry) bool { return needsTwoBy(e.GuideRule, p) }) {
			return 1
		}
		return 0
	}
	for _, p := range past {
		twoNow, twoThen = twoNow+anyTwo(now, p), twoThen+anyTwo(draft, p)
	}
	for _, e := range draft {
		before := store.GuideRule{Rule: e.Rule, Off: true} // a rule that is new shows nowhere yet
		if i := slices.IndexFunc(now, func(o guideEntry) bool { return o.Rule == e.Rule }); i >= 0 {
			before = now[i].GuideRule
		}
		lines = append(lines, tryRule(e, before, past))
	}
	return lines, twoNow, twoThen
}

func tryRule(e guideEntry, before store.GuideRule, past []store.Past) trialLine {
	l := trialLine{Rule: e.Rule, Name: e.Title, TwoChanged: e.Two != before.Two}
	for _, p := range past {
		_, was := shows(before, p)
		word, is := shows(e.GuideRule, p)
		if was {
			l.Now++
		}
		if is {
			l.Then++
		}
		if needsTwoBy(e.GuideRule, p) {
			l.TwoThen++
		}
		switch {
		case was && !is:
			l.Gone++
		case is && !was && p.Step == moderation.Approve:
			l.Released++
		case is && !was:
			l.Refused++
		}
		if is && !was && len(l.Examples) < trialShow {
			l.Examples = append(l.Examples, tried{p, word})
		}
	}
	return l
}

// trialPage tries the draft on past comments, before it is switched on.
func (d *Desk) trialPage(w http.ResponseWriter, r *http.Request) error {
	g, err := d.guideFrame(r, "guide.trial")
	if err != nil {
		return err
	}
	if !g.Draft {
		http.Redirect(w, r, "/desk/guide/draft?site="+g.Site.ID, http.StatusSeeOther)
		return nil
	}
	p := guideTrial{guideShown: g, From: d.store.Now().Add(-trialSpan)}
	p.Guide = g.Versions[0]
	inForce, err := d.store.GuideInForce(r.Context(), g.Site.ID)
	if err != nil {
		return err
	}
	past, err := d.store.PastDecisions(r.Context(), g.Site.ID, p.From, trialMost)
	if err != nil {
		return err
	}
	p.Tried = len(past)
	if p.Tried == trialMost {
		p.From = past[len(past)-1].At
	}
	draft := entries(p.Lang, p.Site, p.Guide)
	p.Lines, p.TwoNow, p.TwoThen = try(entries(p.Lang, p.Site, inForce), draft, past)
	p.Lines = slices.DeleteFunc(p.Lines, func(l trialLine) bool { return l.Now == 0 && l.Then == 0 && !l.TwoChanged })
	p.Homeless = p.left(draft, past)
	return d.srv.Page(w, r, http.StatusOK, "desk/guide_trial.html", p)
}

// left counts the refusals whose rule the draft leaves out.
func (p guideTrial) left(draft []guideEntry, past []store.Past) []homeless {
	count := map[moderation.Rule]int{}
	for _, x := range past {
		in := slices.ContainsFunc(draft, func(e guideEntry) bool { return e.Rule == x.Rule && !e.Off })
		if x.Step != moderation.Approve && !in {
			count[x.Rule]++
		}
	}
	var out []homeless
	for rule, n := range count {
		out = append(out, homeless{p.Rule(rule), n})
	}
	slices.SortFunc(out, func(a, b homeless) int { return b.N - a.N })
	return out
}
