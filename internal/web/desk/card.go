package desk

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// Card is a comment with all that a decision about it needs, as the pages show it.
type Card struct {
	web.Base
	Now time.Time
	store.Dossier
	Site     store.Site
	Art      store.Article
	Above    *store.Said // what it answers
	Segments []Segment
	Lines    []Line // one for each of the five rules
	Flags    []Remark
	External *outside // what a scorer of the publisher's own said
	Hidden   bool     // drawn for blind control and not decided yet: nothing of the machine is shown
	Pending  bool     // the machine is still at it
	Hostile  bool     // its words are likely hard to read
	Reasons  []Reason
	Packs    []Reason                   // the site's rules beside the five
	Can      map[string]bool            // steps by name
	Holder   string                     // who else has it on the screen
	Keys     map[string]string          // what to write on the buttons, by action; empty where keys are off
	Next     string                     // where the forms lead back to
	Measures []store.Measure            // about the author, as far as they stand
	Near     int                        // how many others that wait say nearly the same
	Triage   bool                       // shown on the triage screen
	Two      bool                       // one person's release is not enough here
	Opinion  *store.Opinion             // of the first reader, where the second decides
	own      map[moderation.Rule]string // names of the sites' own rules
	Top      *Reason                    // what the likeliest rule's key sends, where one is likely
}

// Line is what the machine says of one rule.
type Line struct {
	lang    string
	Rule    moderation.Rule
	Number  int
	Name    string
	Band    string // "low", "middle", "high"; "" where not checked
	Measure string // how often the machine was right in this band at this site, or that it is the default
	Cause   string // why it was not checked
	Percent int    // for the bar's length
	Hint    bool
	Whys    []string
	For     []string // the words that spoke for a breach, heaviest first
	Against []string
	Version string
	Guide   store.GuideRule
	Usual   string // how the catalogue describes the rule
	Word    string // of the guide's, found in the text
}

// Remark is what the machine says beside the rules.
type Remark struct{ Name, Text string }

// Reason is a statement of reasons ready to send.
type Reason struct {
	Rule   moderation.Rule
	Number int
	Name   string
	Text   string
}

// bandNames are the bands as the pages call them. Bands are what editors see; bare
// numbers claim a precision that a score does not have.
var bandNames = map[string]string{assess.Fine: "low", assess.Unclear: "middle", assess.Breach: "high"}

// card gathers a comment for a person; revision 0 means the newest.
func (d *Desk) card(ctx context.Context, f Frame, comment string, revision int) (Card, error) {
	c := Card{Base: f.Base, Now: f.Now}
	var err error
	if c.Dossier, err = d.store.Dossier(ctx, comment, revision); err != nil {
		return c, err
	}
	if c.Art, err = d.store.Article(ctx, c.Article); err != nil {
		return c, err
	}
	if c.Site, err = d.store.Site(ctx, c.Dossier.Site); err != nil {
		return c, err
	}
	if c.Parent != "" {
		above, err := d.store.Said(ctx, c.Parent)
		if err != nil {
			return c, err
		}
		c.Above = &above
	}
	if c.State == moderation.Pending && !c.Blind {
		found, err := d.similarTo(ctx, f.Reach, c.Site.ID, comment)
		if err != nil {
			return c, err
		}
		c.Near = len(found.Waiting)
	}
	if c.Proven {
		all, err := d.store.Measures(ctx, c.Author)
		if err != nil {
			return c, err
		}
		if c.Record.Last, err = d.visible(ctx, f.Reach, c.Record.Last); err != nil {
			return c, err
		}
		c.Measures = slices.DeleteFunc(all, func(m store.Measure) bool { return !m.Active(f.Now) })
	}
	report, err := d.report(ctx, c.Site.ID)
	if err != nil {
		return c, err
	}
	staff, err := d.store.StaffOf(ctx, c.Site.ID, c.Article)
	if err != nil {
		return c, err
	}
	c.own = f.own
	c.fill(f, report, len(staff.Deciders) < 2)
	return c, d.guided(ctx, &c, len(staff.Deciders) > 1)
}

// guided adds what the guide says, and what follows from it.
func (d *Desk) guided(ctx context.Context, c *Card, second bool) error {
	g, err := d.guideOf(ctx, c.Site.ID)
	if err != nil {
		return err
	}
	for i, l := range c.Lines {
		c.Lines[i].Guide = g.Rule(l.Rule)
		c.Lines[i].Usual = locale.T(c.Lang, "rules."+string(l.Rule)+".description")
		if !c.Hidden {
			c.Lines[i].Word = moderation.Mentions(c.Text, c.Lines[i].Guide.Words)
		}
	}
	for _, p := range c.Packs {
		if x := g.Rule(p.Rule); !c.Hidden && moderation.Mentions(c.Text, x.Words) != "" {
			c.Flags = append(c.Flags, Remark{p.Name, quote(moderation.Mentions(c.Text, x.Words))})
		}
	}
	if c.State == moderation.Pending && second && !c.Hidden { // that a rule shows is the machine's word, too
		c.Two, err = d.store.NeedsTwo(ctx, c.ID, c.Revision)
	}
	if last := c.Last(); err == nil && c.State == moderation.Escalated && last != nil {
		c.Opinion, err = d.store.OpinionOf(ctx, last.ID)
	}
	return err
}

// Word names an opinion.
func (c Card) Word(o store.Opinion) string {
	if o.Rule == "" {
		return c.T("desk.step." + string(o.Step))
	}
	return c.T("desk.step."+string(o.Step)) + ": " + c.RuleName(o.Rule)
}

// fill derives what is shown from what is stored.
func (c *Card) fill(f Frame, report assess.Report, alone bool) {
	c.Hidden = c.Blind && c.State.Open()
	a := c.Assessment
	if c.Hidden {
		a = moderation.NotChecked("blind")
		c.Refuse = nil
	}
	c.Assessment = a
	c.Segments = segments(c.Text, a)
	c.Pending = a.Version == "" && !c.Hidden
	for _, r := range moderation.Rules {
		c.Lines = append(c.Lines, line(c.Lang, r, a.Rules[r], report))
	}
	c.External = outsideOf(c.Lang, a.External)
	for _, fl := range a.Flags {
		c.Flags = append(c.Flags, flagNote(c.Lang, fl))
	}
	c.Hostile = !c.Hidden && assess.BandOf(a.Band, c.Refuse) == assess.Breach
	for i, r := range c.Site.RulePack() {
		reason := Reason{r, number(r), c.RuleName(r), reasonFor(c.Site, r, passageOf(a, r))}
		if i < len(moderation.Rules) {
			c.Reasons = append(c.Reasons, reason)
		} else {
			c.Packs = append(c.Packs, reason)
		}
	}
	c.Can = c.possible(f, alone)
	c.Top = c.likeliest()
	if f.Prefs.KeysOff {
		return
	}
	c.Keys = map[string]string{}
	for _, k := range keyLines(f) {
		c.Keys[k.Action] = k.Show()
	}
}

// likeliest is the statement of reasons for the rule that scores highest, where
// the comment can be rejected and the score is in the highest band.
func (c *Card) likeliest() *Reason {
	best := -1
	for i, l := range c.Lines {
		if l.Band == "high" && (best < 0 || l.Percent > c.Lines[best].Percent) {
			best = i
		}
	}
	if best < 0 || !c.Can["reject"] {
		return nil
	}
	return &c.Reasons[best]
}

// possible lists the steps that the table has for the state and the person. The
// table's finer conditions speak when a step is taken.
func (c *Card) possible(f Frame, alone bool) map[string]bool {
	can := map[string]bool{noteStep: f.Me.Role != moderation.Auditor}
	if !f.Decides {
		return can
	}
	for _, step := range deskSteps {
		can[string(step)] = moderation.Possible(c.State, step)
	}
	can["escalate"] = can["escalate"] && !alone
	can["pick"] = c.Live > 0 && !c.Picked
	can["unpick"] = c.Live > 0 && c.Picked
	can["undo"] = c.held(f) != nil
	return can
}

// held is the person's own latest decision, while it can still be undone.
func (c *Card) held(f Frame) *moderation.Decision {
	in := moderation.InForce(c.History, c.Revision)
	if len(in) == 0 {
		return nil
	}
	last := in[len(in)-1]
	if last.Actor.ID != f.Me.ID || !last.Held(f.Now) {
		return nil
	}
	return &last
}

// KeyFor is the key that rejects for one of the five rules.
func (c Card) KeyFor(rule int) string { return c.Keys["reject"+strconv.Itoa(rule)] }

// Ago says how long the comment has waited.
func (c Card) Ago(t time.Time) string { return locale.Ago(c.Lang, c.Now.Sub(t)) }

// Last is the decision in force that set the state, nil while it waits for the first.
func (c Card) Last() *moderation.Decision {
	in := moderation.InForce(c.History, c.Revision)
	for _, d := range slices.Backward(in) {
		if d.Step != moderation.Submit {
			return &d
		}
	}
	return nil
}

// FirstDecision is the refusal or removal that an appeal is about.
func (c Card) FirstDecision() *moderation.Decision {
	for _, d := range slices.Backward(moderation.InForce(c.History, c.Revision)) {
		if d.Step == moderation.Reject || d.Step == moderation.Remove {
			return &d
		}
	}
	return nil
}

// RuleName is a rule's name.
func (c Card) RuleName(r moderation.Rule) string {
	if name := c.own[r]; name != "" {
		return name
	}
	return ruleName(c.Lang, r)
}

// Argument is what the author says against the decision appealed.
func (c Card) Argument() string {
	if last := c.Last(); last != nil && last.Step == moderation.Appeal {
		return last.Reason
	}
	return ""
}

// Released is the text that readers see, where the one shown would replace it.
func (c Card) Released() string {
	for _, v := range c.Revisions {
		if v.Number == c.Live && c.Live != c.Revision {
			return v.Text
		}
	}
	return ""
}

// Unmeasured tells whether a band is shown by bounds that nothing was measured for
// at this site.
func (c Card) Unmeasured() bool {
	return slices.ContainsFunc(c.Lines, func(l Line) bool { return l.Band != "" && l.Measure == "" })
}

// T is a text in the page's language.
func (l Line) T(key string) string { return locale.T(l.lang, key) }

func line(lang string, r moderation.Rule, s moderation.Score, report assess.Report) Line {
	l := Line{lang: lang, Rule: r, Number: number(r), Name: ruleName(lang, r), Hint: s.Hint, Version: s.Version}
	if s.Value == nil {
		l.Cause = cause(lang, s.NotChecked)
		return l
	}
	kept := assess.BandOf(s.Band, s.Value)
	l.Band, l.Percent = bandNames[kept], int(*s.Value*100+0.5)
	l.Measure = measured(lang, report.Heads[string(r)], kept)
	l.For, l.Against = wordsOf(s.For), wordsOf(s.Against)
	for _, p := range s.Passages {
		if why := passageWhy(lang, p); why != "" && !slices.Contains(l.Whys, why) {
			l.Whys = append(l.Whys, why)
		}
	}
	return l
}

// cause says why a rule was not checked, in words where the catalogue has them.
func cause(lang, code string) string {
	if key := "desk.assess.cause." + strings.ReplaceAll(code, " ", "_"); locale.Has(key) {
		return locale.T(lang, key)
	}
	return code
}

// passageWhy says why a passage counts: by its code in the language of the page,
// or else in the German phrase that was stored with it.
func passageWhy(lang string, p moderation.Passage) string {
	if why := assess.Why(lang, p.Code, p.Arg); why != p.Code {
		return why
	}
	return p.Why
}

func flagNote(lang string, f moderation.Flag) Remark {
	n := Remark{Name: f.Kind, Text: f.Why}
	if key := "desk.assess.flag." + f.Kind; locale.Has(key) {
		n.Name = locale.T(lang, key)
	}
	if len(f.Passages) > 0 {
		n.Text = passageWhy(lang, f.Passages[0]) + ": " + quote(f.Passages[0].Text)
	}
	return n
}

// Segment is a stretch of the text with the rules that marked it.
type Segment struct {
	Text  string
	Rules []int // numbers, ascending; empty where nothing is marked
	Ends  bool  // the last of a marked stretch: the numbers stand after it
	Why   string
}

// segments cuts a text at the edges of all passages. Passages that do not fit
// the text are left out: marks must never alter or hide a word.
func segments(text string, a moderation.Assessment) []Segment {
	type edge struct{ start, end, rule int }
	var marks []edge
	cuts := []int{0, len(text)}
	for _, r := range moderation.Rules {
		for _, p := range a.Rules[r].Passages {
			if p.Start < 0 || p.End > len(text) || p.Start >= p.End || text[p.Start:p.End] != p.Text {
				continue
			}
			marks = append(marks, edge{p.Start, p.End, number(r)})
			cuts = append(cuts, p.Start, p.End)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var out []Segment
	for i := 0; i+1 < len(cuts); i++ {
		s := Segment{Text: text[cuts[i]:cuts[i+1]]}
		for _, m := range marks {
			if m.start <= cuts[i] && m.end >= cuts[i+1] {
				s.Rules = append(s.Rules, m.rule)
				s.Ends = s.Ends || m.end == cuts[i+1]
			}
		}
		slices.SortFunc(s.Rules, cmp.Compare[int])
		s.Rules = slices.Compact(s.Rules)
		out = append(out, s)
	}
	return out
}
