package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Request asks for a step on a comment.
type Request struct {
	Comment   string
	Revision  int // the text that the person saw; 0: the one that the step is about
	Step      moderation.Step
	Actor     moderation.Actor
	Rule      moderation.Rule
	Reason    string
	Passages  []moderation.Passage // nil: those that the assessment found for the rule
	Text      string               // of a new revision
	Hinted    bool                 // a hint was shown and the new text then changed
	ScoreSeen bool                 // the editor saw the machine's scores
	Promise   Promise              // for a new revision
	Bundle    string               // the batch that this step is part of; its hold is longer
	Opinion   *Opinion             // what the first of two readers would do; with an escalation
}

// Result is what a step did.
type Result struct {
	Comment  string
	Revision int
	State    moderation.State
	Decision moderation.Decision
	Repeat   bool // the same person had decided just so; nothing was written
}

// Apply takes a step: in one transaction it loads the comment, asks
// moderation.Apply, and writes the new state (guarded by the old one and its
// version), the decision with its hash, and the jobs that must follow. It
// answers with the errors of moderation.Apply, and with NotFound for a comment
// that is not there or not of the actor's site.
func (s *Store) Apply(ctx context.Context, req Request) (Result, error) {
	out, err := s.applyOne(ctx, req)
	if err != nil {
		return Result{}, fmt.Errorf("%s %s: %w", req.Step, req.Comment, err)
	}
	return out, nil
}

// stepsAtOnce is how many steps of a bundle are under way together: they share
// commits, and leave room between these for whoever decides on a single comment.
const stepsAtOnce = 16

// ApplyAll takes several steps, each with its own outcome: a refused one does
// not hold up the others. In which order they are taken is left open.
func (s *Store) ApplyAll(ctx context.Context, reqs []Request) ([]Result, []error) {
	results, errs := make([]Result, len(reqs)), make([]error, len(reqs))
	places := make(chan struct{}, stepsAtOnce)
	var wg sync.WaitGroup
	for i, req := range reqs {
		places <- struct{}{}
		wg.Go(func() {
			results[i], errs[i] = s.Apply(ctx, req)
			<-places
		})
	}
	wg.Wait()
	return results, errs
}

func (s *Store) apply(ctx context.Context, tx *sql.Tx, req Request) (Result, error) {
	c, err := s.loadCase(ctx, tx, req)
	if err != nil {
		return Result{}, err
	}
	if req.Revision != 0 && c.numbered(req.Revision).number == 0 {
		return Result{}, moderation.BadField("revision", "error.revision")
	}
	if c.erased { // without its words nothing can be decided any more, least of all published
		return Result{}, &moderation.Error{Kind: moderation.Conflict, Key: "error.erased"}
	}
	rev := c.target(req)
	action := moderation.Action{Step: req.Step, Actor: req.Actor, Rule: req.Rule, Reason: req.Reason, Text: req.Text, At: s.Now(), Hold: s.holdOf(c.site, req.Bundle != "")}
	outcome, err := moderation.Apply(c.item(rev), action)
	if err != nil {
		return Result{}, err
	}
	if outcome.Repeat != nil {
		return Result{Comment: req.Comment, Revision: rev.number, State: rev.state, Decision: *outcome.Repeat, Repeat: true}, nil
	}
	d, err := s.appendDecision(ctx, tx, c, rev, req, outcome, action.At)
	if err != nil {
		return Result{}, err
	}
	if err := s.carryOut(ctx, tx, c, rev, req, outcome, d); err != nil {
		return Result{}, err
	}
	if err := keepOpinion(ctx, tx, req, d); err != nil {
		return Result{}, err
	}
	if err := drawDouble(ctx, tx, c, d); err != nil {
		return Result{}, err
	}
	out := Result{Comment: req.Comment, Revision: rev.number, State: outcome.To, Decision: d}
	if outcome.NewRevision {
		out.Revision, out.State = c.highest()+1, moderation.Pending
	}
	return out, nil
}

// caseFile is a comment with all that a step may need to know of it.
type caseFile struct {
	id, article, author, parent string
	answer, writer              string
	newest, live, policy        int
	twoReads, erased            bool
	site                        Site
	staff                       moderation.Staff
	revisions                   []revision // oldest first
	history                     []moderation.Decision
}

type revision struct {
	number, version         int
	state                   moderation.State
	digest, assessment      string
	assessmentDigest, decID string
	blind                   bool
}

func (s *Store) loadCase(ctx context.Context, tx *sql.Tx, req Request) (*caseFile, error) {
	c := &caseFile{id: req.Comment}
	var siteID string
	err := one(ctx, tx, "comment", []any{&siteID, &c.article, &c.author, &c.parent, &c.answer, &c.newest, &c.live, &c.policy, &c.erased, &c.writer},
		`select c.site_id, c.article_id, c.author_id, coalesce(c.parent_id, ''), coalesce(c.answer_of, ''), c.revision, coalesce(c.live_revision, 0), c.policy, c.erased_at is not null,
		coalesce((select a.subject from authors a where a.id = c.author_id and a.kind = 'editor'), '') from comments c where c.id = $1`+s.guard(s.d.forUpdate), req.Comment)
	if err != nil {
		return nil, err
	}
	if c.site, err = site(ctx, tx, siteID); err != nil {
		return nil, err
	}
	if c.staff, err = staffOf(ctx, tx, siteID, c.article); err != nil {
		return nil, err
	}
	if req.Step == moderation.Approve {
		if c.twoReads, err = s.readByTwo(ctx, tx, c, req.Revision); err != nil {
			return nil, err
		}
	}
	if req.Actor.Role.Decides() && !slices.Contains(c.staff.Deciders, req.Actor.ID) || req.Actor.Role == moderation.Author && req.Actor.ID != c.author {
		return nil, moderation.Missing("comment")
	}
	err = each(ctx, tx, func(r *sql.Rows) error {
		var v revision
		err := r.Scan(&v.number, &v.version, &v.state, &v.digest, &v.assessment, &v.assessmentDigest, &v.decID, &v.blind)
		c.revisions = append(c.revisions, v)
		return err
	}, "select number, version, state, digest, assessment, assessment_digest, coalesce(decision_id, ''), blind = 1 from revisions where comment_id = $1 order by number", req.Comment)
	if err != nil {
		return nil, err
	}
	c.history, err = decisions(ctx, tx, "d.comment_id = $1 order by d.seq", req.Comment)
	return c, err
}

// target picks the revision that a step is about: the one named, or else the one
// in a state that the step makes sense for, newest first, or else the newest. A
// removal ends the whole comment: who names the text that waits behind a released
// one means both.
func (c *caseFile) target(req Request) revision {
	for _, v := range c.revisions {
		behind := req.Step == moderation.Remove && v.state.Open() && c.live != 0 && c.live < v.number
		if v.number == req.Revision && !behind {
			return v
		}
	}
	wanted := 0
	if req.Step == moderation.Undo {
		wanted = c.lastBy(req.Actor.ID)
	}
	for i := len(c.revisions) - 1; i >= 0; i-- {
		if wanted != 0 && c.revisions[i].number != wanted {
			continue
		}
		if moderation.Possible(c.revisions[i].state, req.Step) {
			return c.revisions[i]
		}
	}
	for _, v := range c.revisions {
		if v.number == c.newest {
			return v
		}
	}
	return c.revisions[len(c.revisions)-1]
}

// lastBy is the revision of a person's latest decision in force, 0 for none.
func (c *caseFile) lastBy(actor string) int {
	in := moderation.InForce(c.history, 0)
	for i := len(in) - 1; i >= 0; i-- {
		if in[i].Actor.ID == actor {
			return in[i].Revision
		}
	}
	return 0
}

func (c *caseFile) highest() int { return c.revisions[len(c.revisions)-1].number }

func (c *caseFile) item(v revision) moderation.Item {
	return moderation.Item{
		Comment: c.id, Revision: v.number, Newest: c.newest, State: v.state, History: c.history, Author: c.author,
		Writer: or2(c.answer, c.writer), Answer: c.answer != "", TwoReads: c.twoReads && c.answer == "", TwoRules: c.site.twoRules(), Staff: c.staff, Rules: c.site.RulePack(),
	}
}

// releasing lists the steps whose decision may stand behind a publication.
var releasing = []moderation.Step{moderation.Approve, moderation.Overturn, moderation.Restore}

// appendDecision writes the next entry of the site's chain.
func (s *Store) appendDecision(ctx context.Context, tx *sql.Tx, c *caseFile, v revision, req Request, o moderation.Outcome, at time.Time) (moderation.Decision, error) {
	salt := NewSecret()
	d := moderation.Decision{
		ID: NewID(), Site: c.site.ID, Comment: c.id, Revision: v.number, Step: req.Step, From: o.From, To: o.To,
		Actor: req.Actor, At: at, HoldUntil: o.HoldUntil, Rule: req.Rule, Reason: req.Reason, Bundle: req.Bundle, Policy: c.policy,
		ScoreSeen: req.ScoreSeen, Blind: v.blind && !req.ScoreSeen, TextDigest: v.digest, AssessmentDigest: v.assessmentDigest,
		Passages: passagesOf(req, v),
	}
	if o.NewRevision {
		d.To = o.Old
	}
	if o.Undoes != nil {
		d.Undoes = o.Undoes.ID
	}
	d.ReasonDigest = moderation.Digest(salt, d.Statement())
	return d, s.chain(ctx, tx, &d, salt)
}

// chain gives the decision its place, its hash and its row.
func (s *Store) chain(ctx context.Context, tx *sql.Tx, d *moderation.Decision, salt string) error {
	err := tx.QueryRowContext(ctx, "select seq, head from chains where site_id = $1"+s.d.forUpdate, d.Site).Scan(&d.Seq, &d.Prev)
	if err != nil {
		return fmt.Errorf("head of the chain: %w", err)
	}
	d.Seq++
	d.Hash = d.Sum()
	passages := ""
	if len(d.Passages) > 0 {
		b, err := json.Marshal(d.Passages)
		if err != nil {
			return fmt.Errorf("encode passages: %w", err)
		}
		passages = string(b)
	}
	return all(ctx, tx,
		stmt(`insert into decisions (id, site_id, seq, comment_id, revision, step, from_state, to_state, actor_id, actor_role, at, hold_until,
				rule, reason, reason_salt, passages, undoes, bundle, policy, score_seen, blind, text_digest, reason_digest, assessment_digest, prev, hash, releases)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`,
			d.ID, d.Site, d.Seq, d.Comment, d.Revision, string(d.Step), string(d.From), string(d.To), d.Actor.ID, string(d.Actor.Role),
			micros(d.At), micros(d.HoldUntil), string(d.Rule), d.Reason, salt, passages, d.Undoes, d.Bundle, d.Policy, flag(d.ScoreSeen), flag(d.Blind),
			d.TextDigest, d.ReasonDigest, d.AssessmentDigest, d.Prev, d.Hash, flag(slices.Contains(releasing, d.Step))),
		stmt("update chains set seq = $2, head = $3 where site_id = $1", d.Site, d.Seq, d.Hash))
}

// passagesOf are the marks that go into the statement of reasons: those the
// editor set, or those the assessment found for the rule.
func passagesOf(req Request, v revision) []moderation.Passage {
	if req.Rule == "" || req.Passages != nil {
		return req.Passages
	}
	var a moderation.Assessment
	if v.assessment == "" || json.Unmarshal([]byte(v.assessment), &a) != nil {
		return nil // no assessment of this text, so nothing is marked
	}
	return a.Rules[req.Rule].Passages
}

// carryOut writes what the outcome says: states, new revision, jobs, take-down.
func (s *Store) carryOut(ctx context.Context, tx *sql.Tx, c *caseFile, v revision, req Request, o moderation.Outcome, d moderation.Decision) error {
	var err error
	switch {
	case req.Step == moderation.Pick || req.Step == moderation.Unpick:
		return s.mark(ctx, tx, c, req.Step == moderation.Pick)
	case o.NewRevision:
		err = s.replaceText(ctx, tx, c, v, req, o, d)
	default:
		err = s.setState(ctx, tx, c, v, o.To, s.decisionAfter(c, v, o, d), d.At)
	}
	if err != nil {
		return err
	}
	if o.Undoes != nil {
		if err := s.forget(ctx, tx, c, o.Undoes.ID); err != nil {
			return err
		}
	} else if err := s.tellHooks(ctx, tx, c, d); err != nil {
		return err
	}
	if slices.Contains(o.Then, moderation.TakeDown) {
		if err := cancelHeld(ctx, tx, c, d.At); err != nil {
			return err
		}
	}
	for _, f := range o.Then {
		if err := s.follow(ctx, tx, c, v, f, d); err != nil {
			return err
		}
	}
	if _, err := exec(ctx, tx, "delete from claims where comment_id = $1", c.id); err != nil {
		return err
	}
	return all(ctx, tx, event(s, "queue", c.site.ID, c.article, c.id))
}

// cancelHeld keeps a release that is still in its hold from being published and
// told, where the comment is taken down meanwhile.
func cancelHeld(ctx context.Context, tx *sql.Tx, c *caseFile, at time.Time) error {
	for _, held := range moderation.InForce(c.history, 0) {
		if !held.Held(at) {
			continue
		}
		if _, err := exec(ctx, tx, "delete from jobs where kind in ('publish', 'tell', 'tell-parent') and key = $1", held.ID); err != nil {
			return err
		}
	}
	return nil
}

// decisionAfter is the decision in force behind the new state: an undo leads
// back to the one before.
func (s *Store) decisionAfter(c *caseFile, v revision, o moderation.Outcome, d moderation.Decision) string {
	if o.Undoes == nil {
		return d.ID
	}
	in := moderation.InForce(append(slices.Clone(c.history), d), v.number)
	if len(in) == 0 {
		return ""
	}
	return in[len(in)-1].ID
}

// guard passes on what keeps two decisions of one revision apart. Tests take it
// away, to prove that their checker of histories would find the fault.
func (s *Store) guard(by string) string {
	if s.unguarded {
		return ""
	}
	return by
}

// setState is the only place where a state is written. The guard makes a lost
// race a conflict instead of a second decision.
func (s *Store) setState(ctx context.Context, tx *sql.Tx, c *caseFile, v revision, to moderation.State, decision string, at time.Time) error {
	n, err := exec(ctx, tx, `update revisions set state = $1, version = version + 1, decision_id = $2, state_at = $3
		where comment_id = $4 and number = $5 and ($6 = '' or state = $6 and version = $7)`,
		string(to), optional(decision), micros(at), c.id, v.number, s.guard(string(v.state)), v.version)
	if err != nil {
		return err
	}
	if n != 1 {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.conflict"}
	}
	for i := range c.revisions {
		if c.revisions[i].number == v.number {
			c.revisions[i].state, c.revisions[i].version = to, v.version+1
		}
	}
	if to == moderation.Superseded && v.number == c.newest {
		c.newest = newestStanding(c, v.number)
		_, err = exec(ctx, tx, "update comments set revision = $2 where id = $1", c.id, c.newest)
	}
	return err
}

// newestStanding is the highest revision that is not superseded, other than one.
func newestStanding(c *caseFile, other int) int {
	for i := len(c.revisions) - 1; i >= 0; i-- {
		if v := c.revisions[i]; v.number != other && v.state != moderation.Superseded {
			return v.number
		}
	}
	return other
}

func (s *Store) replaceText(ctx context.Context, tx *sql.Tx, c *caseFile, v revision, req Request, o moderation.Outcome, d moderation.Decision) error {
	if o.Old != v.state {
		if err := s.setState(ctx, tx, c, v, o.Old, d.ID, d.At); err != nil {
			return err
		}
	}
	// A text that waited behind a released one gives way to the newest, too.
	for _, w := range c.revisions {
		if w.number != v.number && (w.state == moderation.Pending || w.state == moderation.Escalated || w.state == moderation.Returned) {
			if err := s.setState(ctx, tx, c, w, moderation.Superseded, d.ID, d.At); err != nil {
				return err
			}
		}
	}
	number := c.highest() + 1
	row := revisionRow{Comment: c.id, Number: number, Site: c.site.ID, Article: c.article, rev: newRevision(req.Text), Blind: drawn(c.site.BlindShare()), Hint: req.Hinted, At: d.At, Promise: req.Promise}
	if err := s.insertRevision(ctx, tx, row); err != nil {
		return err
	}
	_, err := exec(ctx, tx, "update comments set revision = $2 where id = $1", c.id, number)
	return err
}

// follow writes one follow-up: at once where readers must not see the text any
// longer, as a job at the end of the hold otherwise.
func (s *Store) follow(ctx context.Context, tx *sql.Tx, c *caseFile, v revision, f moderation.FollowUp, d moderation.Decision) error {
	switch f {
	case moderation.Publish:
		return all(ctx, tx, jobFor("publish", d.ID, c.id, d.HoldUntil))
	case moderation.TellAuthor:
		return all(ctx, tx, jobFor("tell", d.ID, c.id, d.HoldUntil))
	case moderation.TellParent:
		return all(ctx, tx, jobFor("tell-parent", d.ID, c.id, d.HoldUntil))
	case moderation.Learn:
		return all(ctx, tx, jobFor("learn", d.ID, c.id, d.HoldUntil))
	case moderation.TakeDown:
		return s.takeDown(ctx, tx, c, d)
	case moderation.EndOpen:
		for _, w := range c.revisions {
			if w.number == v.number || w.state == moderation.Superseded {
				continue
			}
			if err := s.setState(ctx, tx, c, w, moderation.Superseded, w.decID, d.At); err != nil {
				return err
			}
		}
	case moderation.Assess: // written with the new revision
	}
	return nil
}

// tellHooks writes a job for each other system that wants to hear of decisions.
func (s *Store) tellHooks(ctx context.Context, tx *sql.Tx, c *caseFile, d moderation.Decision) error {
	secrets, err := secretsOf(ctx, tx, c.site.ID)
	for i := range secrets.Webhooks {
		if err == nil {
			err = all(ctx, tx, jobFor("webhook", hookKey(d.ID, i), "", d.HoldUntil))
		}
	}
	return err
}

func hookKey(decision string, n int) string { return fmt.Sprintf("%s/%d", decision, n) }

// forget deletes the jobs of a decision that was undone: nothing of it happened.
func (s *Store) forget(ctx context.Context, tx *sql.Tx, c *caseFile, decision string) error {
	_, err := exec(ctx, tx, "delete from jobs where kind in ('publish', 'tell', 'tell-parent', 'learn') and key = $1", decision)
	if err == nil {
		_, err = exec(ctx, tx, "delete from jobs where kind = 'webhook' and key like $1", decision+"/%")
	}
	if err == nil {
		_, err = exec(ctx, tx, "delete from doubles where decision_id = $1 and answered_at is null", decision)
	}
	return err
}
