package desk

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// Calibration rounds are for those who wish: settled cases, decided once more,
// each person alone, with the reasoning straight after. Nobody sees another
// person's answers; what all answered together is shown from fewestAnswers on.

// fewestAnswers is from how many people on their answers are shown together.
const fewestAnswers = 3

// mostCases bounds how many cases a round has.
const mostCases = 30

// roundsShown is what rounds.html shows.
type roundsShown struct {
	Frame
	Site   store.Site
	Sites  []store.Site
	Rounds []roundLine
	Cases  []store.Case // that stand, for a new round; for chiefs
	Rules  []ruleAgreement
	Names  []string // of the rounds in Rules, oldest first
	Saved  bool
}

// roundLine is a round in the list.
type roundLine struct {
	store.Round
	Done   int // cases that this person has answered
	People int // who took part, as far as that may be said; 0: fewer
}

// ruleAgreement is how often answers were as the case was settled, by rule, round
// by round; -1 where fewer than three people answered.
type ruleAgreement struct {
	Rule    moderation.Rule // "": releases
	Percent []int
}

func (d *Desk) roundsPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "rounds", "rounds.title")
	if err != nil {
		return err
	}
	p := roundsShown{Frame: f, Saved: r.URL.Query().Has("saved")}
	if p.Site, p.Sites, err = d.chosenSite(r); err != nil {
		return err
	}
	rounds, err := d.store.Rounds(r.Context(), p.Site.ID)
	if err != nil {
		return err
	}
	cases, err := d.store.Cases(r.Context(), p.Site.ID)
	if err != nil {
		return err
	}
	tallies, err := d.store.Tallies(r.Context(), p.Site.ID)
	if err != nil {
		return err
	}
	for _, x := range rounds {
		own, err := d.store.OwnAnswers(r.Context(), x.ID, f.Me.ID)
		if err != nil {
			return err
		}
		p.Rounds = append(p.Rounds, roundLine{x, len(own), takers(x, tallies)})
	}
	if f.Chief() {
		p.Cases = slices.DeleteFunc(slices.Clone(cases), func(c store.Case) bool { return c.Retired || c.Text == "" })
	}
	p.Names, p.Rules = agreement(rounds, cases, tallies)
	return d.srv.Page(w, r, http.StatusOK, "desk/rounds.html", p)
}

// takers is how many people answered the case answered most; 0 where too few did.
func takers(x store.Round, tallies []store.Tally) int {
	by, most := map[string]int{}, 0
	for _, t := range tallies {
		if t.Round == x.ID {
			by[t.Case] += t.N
			most = max(most, by[t.Case])
		}
	}
	if most < fewestAnswers {
		return 0
	}
	return most
}

// agreement counts by rule and round, oldest round first. Cases that fewer than
// three people answered count nowhere.
func agreement(rounds []store.Round, cases []store.Case, tallies []store.Tally) (names []string, out []ruleAgreement) {
	type cell struct{ same, all int }
	settled := map[string]store.Opinion{}
	for _, c := range cases {
		settled[c.ID] = c.Opinion
	}
	answered, same := map[[2]string]int{}, map[[2]string]int{}
	for _, t := range tallies {
		at := [2]string{t.Round, t.Case}
		answered[at] += t.N
		if t.Opinion == settled[t.Case] {
			same[at] += t.N
		}
	}
	rules := append([]moderation.Rule{""}, moderation.Rules...)
	sums := map[moderation.Rule][]cell{}
	for i := len(rounds) - 1; i >= 0; i-- {
		names = append(names, rounds[i].Name)
		row := map[moderation.Rule]cell{}
		for _, id := range rounds[i].Cases {
			at, rule := [2]string{rounds[i].ID, id}, settled[id].Rule
			if answered[at] >= fewestAnswers {
				row[rule] = cell{row[rule].same + same[at], row[rule].all + answered[at]}
			}
			if !slices.Contains(rules, rule) {
				rules = append(rules, rule)
			}
		}
		for _, rule := range rules {
			for len(sums[rule]) < len(names)-1 {
				sums[rule] = append(sums[rule], cell{})
			}
			sums[rule] = append(sums[rule], row[rule])
		}
	}
	for _, rule := range rules {
		a, any := ruleAgreement{Rule: rule}, false
		for _, c := range sums[rule] {
			percent := -1
			if c.all > 0 {
				percent, any = (200*c.same+c.all)/(2*c.all), true
			}
			a.Percent = append(a.Percent, percent)
		}
		if any {
			out = append(out, a)
		}
	}
	return names, out
}

// openRound opens a round of the cases checked, in an order drawn by lot.
func (d *Desk) openRound(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, _, err := d.chosenSite(r)
	if err != nil {
		return err
	}
	back := "/desk/rounds?saved&site=" + url.QueryEscape(site.ID)
	if id := r.PostFormValue("retire"); id != "" {
		if err := d.store.RetireCase(r.Context(), site.ID, id); err != nil {
			return err
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
		return nil
	}
	name := strings.Join(strings.Fields(r.PostFormValue("name")), " ")
	if name == "" || len(name) > 120 {
		return moderation.BadField("name", "error.filter_name")
	}
	all, err := d.store.Cases(r.Context(), site.ID)
	if err != nil {
		return err
	}
	x := store.Round{Site: site.ID, Name: name}
	for _, c := range all {
		if !c.Retired && c.Text != "" && slices.Contains(r.PostForm["case"], c.ID) && len(x.Cases) < mostCases {
			x.Cases = append(x.Cases, c.ID)
		}
	}
	rand.Shuffle(len(x.Cases), func(i, j int) { x.Cases[i], x.Cases[j] = x.Cases[j], x.Cases[i] })
	if _, err := d.store.AddRound(r.Context(), web.WhoOf(r).Editor.ID, x); err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// roundShown is what round.html shows: one case to decide, or what came of all.
type roundShown struct {
	Frame
	Round   store.Round
	Case    *store.Case // to be decided; nil: nothing is left
	Art     store.Article
	Last    *caseResult // just answered
	Done    []caseResult
	Number  int
	Choices []moderation.Rule
	Packs   []moderation.Rule
}

// caseResult is a case with one's own answer and, where enough people answered,
// how all answers are spread.
type caseResult struct {
	store.Case
	Own    store.Answer
	Spread []store.Tally
}

// Same tells whether one's own answer is as the case was settled.
func (c caseResult) Same() bool { return c.Own.Opinion == c.Opinion }

func (d *Desk) round(r *http.Request) (store.Round, error) {
	x, err := d.store.Round(r.Context(), r.PathValue("id"))
	if err == nil && !web.WhoOf(r).Serves(x.Site) {
		err = moderation.Missing("round")
	}
	return x, err
}

func (d *Desk) roundPage(w http.ResponseWriter, r *http.Request) error {
	x, err := d.round(r)
	if err != nil {
		return err
	}
	f, err := d.frame(r, "rounds", "rounds.title")
	if err != nil {
		return err
	}
	f.Title = x.Name
	p := roundShown{Frame: f, Round: x, Choices: moderation.Rules}
	site, err := d.store.Site(r.Context(), x.Site)
	if err != nil {
		return err
	}
	p.Packs = site.RulePack()[len(moderation.Rules):]
	if err := d.sortCases(r, &p); err != nil {
		return err
	}
	if p.Case != nil {
		if p.Art, err = d.store.Article(r.Context(), p.Case.Article); err != nil {
			return err
		}
	}
	return d.srv.Page(w, r, http.StatusOK, "desk/round.html", p)
}

// sortCases divides a round's cases into those answered and the next one.
func (d *Desk) sortCases(r *http.Request, p *roundShown) error {
	cases, err := d.store.Cases(r.Context(), p.Round.Site)
	if err != nil {
		return err
	}
	own, err := d.store.OwnAnswers(r.Context(), p.Round.ID, p.Me.ID)
	if err != nil {
		return err
	}
	tallies, err := d.store.Tallies(r.Context(), p.Round.Site)
	if err != nil {
		return err
	}
	if cases, err = d.inReach(r, cases); err != nil {
		return err
	}
	for _, id := range p.Round.Cases {
		i := slices.IndexFunc(cases, func(c store.Case) bool { return c.ID == id && c.Text != "" })
		if i < 0 {
			continue // its text is erased
		}
		a, answered := own[id]
		switch {
		case answered:
			res := caseResult{cases[i], a, spreadOf(p.Round.ID, id, tallies)}
			p.Done = append(p.Done, res)
			if id == r.URL.Query().Get("done") {
				p.Last = &res
			}
		case p.Case == nil && p.Round.Closed.IsZero():
			p.Case = &cases[i]
		}
	}
	p.Number = len(p.Done) + 1
	return nil
}

// inReach leaves out the cases of sections that the person does not work for.
func (d *Desk) inReach(r *http.Request, cases []store.Case) ([]store.Case, error) {
	ids := make([]string, len(cases))
	for i, c := range cases {
		ids[i] = c.Comment
	}
	seen, err := d.store.Within(r.Context(), web.WhoOf(r).Reach(), ids)
	return slices.DeleteFunc(cases, func(c store.Case) bool { return !slices.Contains(seen, c.Comment) }), err
}

// caseInReach checks that a case of a round is one that the person is shown: of a
// section that they work for.
func (d *Desk) caseInReach(r *http.Request, x store.Round, id string) error {
	cases, err := d.store.Cases(r.Context(), x.Site)
	if err != nil {
		return err
	}
	cases = slices.DeleteFunc(cases, func(c store.Case) bool { return c.ID != id || !slices.Contains(x.Cases, id) })
	if cases, err = d.inReach(r, cases); err == nil && len(cases) == 0 {
		err = moderation.Missing("case")
	}
	return err
}

// spreadOf gives the answers to a case, nothing where too few people answered.
func spreadOf(round, id string, tallies []store.Tally) []store.Tally {
	var out []store.Tally
	n := 0
	for _, t := range tallies {
		if t.Round == round && t.Case == id {
			out, n = append(out, t), n+t.N
		}
	}
	if n < fewestAnswers {
		return nil
	}
	return out
}

// answerCase takes a person's answer. It decides nothing about the comment.
func (d *Desk) answerCase(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	x, err := d.round(r)
	if err != nil {
		return err
	}
	if !web.WhoOf(r).Editor.Role.Decides() {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	id := r.PostFormValue("case")
	if err := d.caseInReach(r, x, id); err != nil {
		return err
	}
	step, rule, _ := strings.Cut(r.PostFormValue("do"), ":")
	if step == "reject" && rule == "" {
		rule = r.PostFormValue("rule")
	}
	a := store.Answer{Case: id, Opinion: store.Opinion{Step: moderation.Step(step), Rule: moderation.Rule(rule)}}
	site, err := d.store.Site(r.Context(), x.Site)
	if err != nil {
		return err
	}
	released := a.Step == moderation.Approve && rule == ""
	refused := a.Step == moderation.Reject && slices.Contains(site.RulePack(), a.Rule)
	if !slices.Contains(x.Cases, id) || !released && !refused {
		return moderation.BadField("rule", "error.rule_needed")
	}
	if err := d.store.AddAnswer(r.Context(), x.ID, web.WhoOf(r).Editor.ID, a); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/rounds/"+url.PathEscape(x.ID)+"?done="+url.QueryEscape(id), http.StatusSeeOther)
	return nil
}

func (d *Desk) closeRound(w http.ResponseWriter, r *http.Request) error {
	x, err := d.round(r)
	if err == nil {
		err = d.store.CloseRound(r.Context(), x.ID)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/rounds?saved&site="+url.QueryEscape(x.Site), http.StatusSeeOther)
	return nil
}

// saveCase keeps a decided comment as a settled case, with the reasoning.
func (d *Desk) saveCase(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	id := r.PostFormValue("comment")
	if err := d.admitted(r, id); err != nil {
		return err
	}
	dos, err := d.store.Dossier(r.Context(), id, atoi(r.PostFormValue("revision")))
	if err != nil {
		return err
	}
	c := store.Case{Site: dos.Site, Comment: id, Revision: dos.Revision}
	if c.Opinion, err = settledAs(dos); err != nil {
		return err
	}
	if words := r.PostFormValue("why"); strings.TrimSpace(words) != "" {
		if c.Why, err = moderation.CleanText("why", words, longestReason); err != nil {
			return err
		}
	}
	if err := d.store.AddCase(r.Context(), web.WhoOf(r).Editor.ID, c); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/rounds?saved&site="+url.QueryEscape(dos.Site), http.StatusSeeOther)
	return nil
}

// settledAs is how a comment was decided, where its decision stands.
func settledAs(dos store.Dossier) (store.Opinion, error) {
	switch dos.State {
	case moderation.Approved:
		return store.Opinion{Step: moderation.Approve}, nil
	case moderation.Rejected, moderation.Removed, moderation.Returned:
		for _, h := range slices.Backward(moderation.InForce(dos.History, dos.Revision)) {
			if h.Rule != "" {
				return store.Opinion{Step: moderation.Reject, Rule: h.Rule}, nil
			}
		}
	}
	return store.Opinion{}, moderation.BadField("comment", "error.case_outcome")
}
