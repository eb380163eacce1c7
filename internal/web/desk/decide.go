package desk

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// deskSteps are the steps of the table that a person of the desk can take.
var deskSteps = []moderation.Step{
	moderation.Approve, moderation.Reject, moderation.Return, moderation.Decline, moderation.Escalate,
	moderation.Remove, moderation.Restore, moderation.Reconsider, moderation.Uphold, moderation.Overturn,
	moderation.Undo, moderation.Pick, moderation.Unpick,
}

// noteStep is a remark: no step of the table, since it changes nothing.
const noteStep = "note"

// longestReason bounds a reason or a note, in characters.
const longestReason = 4000

// ask is a decision as a program or the triage screen sends it.
type ask struct {
	ID        string               `json:"id"`   // of the comment, in batches
	Step      string               `json:"step"` // likewise
	Revision  int                  `json:"revision"`
	Rule      moderation.Rule      `json:"rule"`
	Reason    string               `json:"reason"`
	Text      string               `json:"text"` // of a note
	Passages  []moderation.Passage `json:"passages"`
	ScoreSeen *bool                `json:"score_seen"` // the scores were shown; true where absent
	Decision  string               `json:"decision"`   // for an undo: the decision meant
	Usual     bool                 `json:"usual"`      // an empty reason becomes the rule's usual sentence
	PassOn    bool                 `json:"pass_on"`    // where two people are needed, it goes on as the first one's opinion
	Would     string               `json:"would"`      // opinion given with an escalation: approve, or reject:RULE
	Double    bool                 `json:"double"`     // the id is that of a blind double, which is judged and not decided
}

// decided is the answer to a decision.
type decided struct {
	ID       string           `json:"id"`
	Revision int              `json:"revision"`
	Status   moderation.State `json:"status"`
	Decision *entry           `json:"decision,omitempty"`
}

// take takes one step. The errors are those of store.Apply; a comment of a site
// that the person or the key does not serve is not found.
func (d *Desk) take(r *http.Request, a ask) (decided, error) {
	if a.Double {
		return d.judge(r, a)
	}
	if err := d.admitted(r, a.ID); err != nil {
		return decided{}, err
	}
	if a.Step == noteStep {
		return d.note(r, a)
	}
	step := moderation.Step(a.Step)
	if !slices.Contains(deskSteps, step) {
		return decided{}, moderation.BadField("step", "error.step_unknown")
	}
	if a.Usual && a.Rule != "" && strings.TrimSpace(a.Reason) == "" {
		if err := d.fillReason(r, &a); err != nil {
			return decided{}, err
		}
	}
	req, err := d.request(r, a, step)
	if err != nil {
		return decided{}, err
	}
	if done, ok, err := d.undone(r, a, step); ok || err != nil {
		return done, err
	}
	res, err := d.store.Apply(r.Context(), req)
	if a.PassOn && needsTwo(err) {
		res, err = d.passOn(r, req)
	}
	if err != nil {
		return decided{}, err
	}
	who := web.WhoOf(r).Editor
	res.Decision.Email, res.Decision.Name = who.Email, who.Name
	e := entryOf(res.Decision)
	return decided{ID: res.Comment, Revision: res.Revision, Status: res.State, Decision: &e}, nil
}

// request checks the words of a decision and makes it a request of the store.
func (d *Desk) request(r *http.Request, a ask, step moderation.Step) (store.Request, error) {
	req := store.Request{
		Comment: a.ID, Revision: a.Revision, Step: step, Actor: web.WhoOf(r).Editor.Actor(), Rule: a.Rule,
		Passages: a.Passages, ScoreSeen: a.ScoreSeen == nil || *a.ScoreSeen,
	}
	if step == moderation.Escalate {
		req.Opinion = opinionOf(a.Would)
	}
	if strings.TrimSpace(a.Reason) == "" {
		return req, nil
	}
	reason, err := moderation.CleanText("reason", a.Reason, longestReason)
	req.Reason = reason
	return req, err
}

// undone answers an undo whose answer got lost: where the decision meant is
// undone already, nothing is left to do.
func (d *Desk) undone(r *http.Request, a ask, step moderation.Step) (decided, bool, error) {
	if step != moderation.Undo || a.Decision == "" {
		return decided{}, false, nil
	}
	dos, err := d.store.Dossier(r.Context(), a.ID, a.Revision)
	if err != nil {
		return decided{}, false, err
	}
	for _, h := range dos.History {
		if h.Undoes == a.Decision && h.Actor.ID == web.WhoOf(r).Editor.ID {
			e := entryOf(h)
			return decided{ID: a.ID, Revision: dos.Revision, Status: dos.State, Decision: &e}, true, nil
		}
	}
	return decided{}, false, nil
}

// note keeps a remark beside a comment; auditors only read.
func (d *Desk) note(r *http.Request, a ask) (decided, error) {
	who := web.WhoOf(r).Editor
	if who.Role == moderation.Auditor {
		return decided{}, &moderation.Error{Kind: moderation.Forbidden, Key: "error.role"}
	}
	words := a.Reason
	if strings.TrimSpace(words) == "" {
		words = a.Text
	}
	words, err := moderation.CleanText("reason", words, longestReason)
	if err != nil {
		return decided{}, err
	}
	if err := d.store.AddNote(r.Context(), a.ID, who.ID, words); err != nil {
		return decided{}, err
	}
	dos, err := d.store.Dossier(r.Context(), a.ID, 0)
	return decided{ID: a.ID, Revision: dos.Revision, Status: dos.Status}, err
}

// decideJSON answers POST /api/v1/desk/comments/{id}/{step}.
func (d *Desk) decideJSON(w http.ResponseWriter, r *http.Request) error {
	step := r.PathValue("step")
	if step != noteStep && !slices.Contains(deskSteps, moderation.Step(step)) {
		return moderation.Missing("page")
	}
	var a ask
	if err := readAsk(r, &a); err != nil {
		return err
	}
	a.ID, a.Step = r.PathValue("id"), step
	out, err := d.take(r, a)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, out)
}

// readAsk reads a JSON body; none is fine, since many steps need no words.
func readAsk(r *http.Request, v any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return web.ReadJSON(r, v)
}

// decideForm takes a decision from a page: the button pressed names the step,
// with its rule after a colon. Then it leads back to where the person was.
func (d *Desk) decideForm(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	out, err := d.take(r, formAsk(r))
	if err != nil {
		return err
	}
	next, err := url.Parse(inside(r.PostFormValue("next")))
	if err != nil {
		return moderation.BadField("next", "error.form")
	}
	q := next.Query()
	q.Del("done")
	q.Del("noted")
	if out.Decision != nil {
		q.Set("done", out.Decision.ID)
	} else {
		q.Set("noted", out.ID)
	}
	next.RawQuery = q.Encode()
	http.Redirect(w, r, next.String(), http.StatusSeeOther)
	return nil
}

// formAsk reads a form of the pages. A reason left empty for a rule of the
// catalogue becomes the sentence that the page showed for it.
func formAsk(r *http.Request) ask {
	step, rule, _ := strings.Cut(r.PostFormValue("do"), ":")
	a := ask{PassOn: true, Would: r.PostFormValue("would"), ID: r.PathValue("id"), Step: step, Revision: atoi(r.PostFormValue("revision")), Rule: moderation.Rule(rule), Reason: r.PostFormValue("reason"), Decision: r.PostFormValue("decision")}
	blind := r.PostFormValue("blind") != "1"
	a.ScoreSeen = &blind
	switch moderation.Step(step) {
	case moderation.Decline:
		a.Reason, a.Rule = rule, ""
	case noteStep:
		a.Reason = r.PostFormValue("note")
	case moderation.Escalate:
		a.Reason = r.PostFormValue("why")
	case moderation.Uphold, moderation.Overturn:
		a.Reason = r.PostFormValue("answer")
	case moderation.Reject, moderation.Return, moderation.Remove:
		if rule == "" {
			a.Rule = moderation.Rule(r.PostFormValue("rule"))
		}
		if own := r.PostFormValue("reason." + string(a.Rule)); own != "" {
			a.Reason = own
		}
		a.Usual = true
	}
	return a
}

// fillReason writes the rule's usual sentence where a page sent none.
func (d *Desk) fillReason(r *http.Request, a *ask) error {
	dos, err := d.store.Dossier(r.Context(), a.ID, a.Revision)
	if err != nil {
		return err
	}
	site, err := d.store.Site(r.Context(), dos.Site)
	if err != nil {
		return err
	}
	passage := ""
	if a.ScoreSeen == nil || *a.ScoreSeen {
		passage = passageOf(dos.Assessment, a.Rule)
	}
	a.Reason = reasonFor(site, a.Rule, passage)
	return nil
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 1e6 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// entry is one step of a comment's record, as JSON and pages show it.
type entry struct {
	ID        string           `json:"id"`
	Step      moderation.Step  `json:"step"`
	Editor    string           `json:"editor"` // e-mail; "" for authors and the program
	By        moderation.Role  `json:"by"`
	At        string           `json:"at"`
	From      moderation.State `json:"from"`
	To        moderation.State `json:"to"`
	Rule      moderation.Rule  `json:"rule"`
	Reason    string           `json:"reason"`
	Revision  int              `json:"revision"`
	HoldUntil string           `json:"hold_until,omitempty"`
	Undoes    string           `json:"undoes,omitempty"`
	Bundle    string           `json:"bundle,omitempty"`
	ScoreSeen bool             `json:"score_seen"`
}

func entryOf(m moderation.Decision) entry {
	e := entry{
		ID: m.ID, Step: m.Step, By: m.Actor.Role, At: web.Stamp(m.At), From: m.From, To: m.To, Rule: m.Rule,
		Reason: m.Reason, Revision: m.Revision, Undoes: m.Undoes, Bundle: m.Bundle, ScoreSeen: m.ScoreSeen,
	}
	if ofDesk(m) {
		e.Editor = m.Email
	}
	if m.HoldUntil.After(m.At) {
		e.HoldUntil = m.HoldUntil.UTC().Format(time.RFC3339Nano)
	}
	return e
}

// ofDesk tells whether a person of the desk took the step.
func ofDesk(m moderation.Decision) bool {
	return m.Actor.Role != moderation.Author && m.Actor.Role != moderation.System
}
