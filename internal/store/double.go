package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// DoublesPart names the share of blind doubles among a site's settings.
const DoublesPart = "doubles"

// doublesFor is how long a double waits for its second person.
const doublesFor = 14 * 24 * time.Hour

// MostDoubles bounds the share of blind doubles that a site may set, in percent.
const MostDoubles = 20.0

// DoublesSetting is a site's share of decisions, in percent, that a second person
// judges blind. Zero: none.
type DoublesSetting struct {
	Percent float64 `json:"percent"`
}

// Doubles gives the setting; none where it is missing or cannot be read.
func (s Settings) Doubles() DoublesSetting {
	var set DoublesSetting
	if raw, ok := s.Extra[DoublesPart]; !ok || json.Unmarshal(raw, &set) != nil || !(set.Percent >= 0 && set.Percent <= MostDoubles) {
		return DoublesSetting{}
	}
	return set
}

// doubling are the decisions that judge a text by the rules; capacity does not.
var doubling = []moderation.Step{moderation.Approve, moderation.Reject, moderation.Return}

// drawDouble decides by lot whether a second person is to judge what was just
// decided, in the transaction of the decision. What a bundle released was read by
// nobody one by one; an editor's own answer is decided by its writer.
func drawDouble(ctx context.Context, tx *sql.Tx, c *caseFile, d moderation.Decision) error {
	share := c.site.Doubles().Percent / 100
	waited := d.From == moderation.Pending || d.From == moderation.Escalated
	if share == 0 || !slices.Contains(doubling, d.Step) || !waited || d.Bundle != "" || c.answer != "" || len(c.staff.Deciders) < 2 || !drawn(share) {
		return nil
	}
	return all(ctx, tx, stmt("insert into doubles (id, decision_id, site_id, article_id, comment_id, revision, ready_at) values ($1, $2, $3, $4, $5, $6, $7)",
		NewID(), d.ID, d.Site, c.article, d.Comment, d.Revision, micros(d.HoldUntil)))
}

// Double is a decided comment as its second judge sees it: the words and where they
// stand. That person learns neither what was decided, nor by whom, nor what the
// machine says; not even the comment's id, which would lead there.
type Double struct {
	ID, Site, Article string
	Name, Text        string // of the author, of the comment
	Parent            string // id of the comment that it answers, "" for none
	Submitted         time.Time
	comment           string
}

// doubleColumns reads what waits for a second person: after the hold of the first
// decision, while that decision stands and the words are there.
const doubleColumns = `b.id, b.site_id, b.article_id, c.author_name, r.text, coalesce(c.parent_id, ''), r.submitted_at, b.comment_id
	from doubles b join comments c on c.id = b.comment_id join revisions r on r.comment_id = b.comment_id and r.number = b.revision
	where b.answered_at is null and r.text <> '' and r.decision_id = b.decision_id and r.state <> 'withdrawn'`

// uninvolved leaves out what a person had a hand in, as editor or as author.
func uninvolved(b *clauses, editor string) string {
	me := b.arg(editor)
	return "not exists (select 1 from decisions d where d.comment_id = b.comment_id and d.actor_id = " + me +
		") and not exists (select 1 from notes n where n.comment_id = b.comment_id and n.editor_id = " + me +
		") and not exists (select 1 from authors a where a.id = c.author_id and a.kind = 'editor' and a.subject = " + me + ")"
}

func scanDouble(scan func(...any) error) (Double, error) {
	var x Double
	var at int64
	err := scan(&x.ID, &x.Site, &x.Article, &x.Name, &x.Text, &x.Parent, &at, &x.comment)
	x.Submitted = fromMicros(at)
	return x, err
}

// NextDouble takes the double that waits the longest onto a person's screen, of a
// site or ("") of all within reach, passing over those put off. It gives nil where
// there is none for this person.
func (s *Store) NextDouble(ctx context.Context, who Claimant, reach Reach, skip []string, life time.Duration) (*Double, error) {
	now := s.Now()
	b := &clauses{}
	b.and("b.ready_at <= ", micros(now))
	b.and("b.ready_at > ", micros(now.Add(-doublesFor)))
	b.add("(b.until <= " + b.arg(micros(now)) + " or b.editor_id = " + b.arg(who.Editor) + " and b.holder in ('', " + b.arg(who.Holder) + "))")
	b.add(uninvolved(b, who.Editor))
	b.add(reach.within(b, "b.site_id", "b.article_id"))
	for _, id := range skip {
		b.and("b.id <> ", id)
	}
	var free []Double
	err := each(ctx, s.read, func(r *sql.Rows) error {
		x, err := scanDouble(r.Scan)
		free = append(free, x)
		return err
	}, "select "+doubleColumns+" and "+b.where()+" order by b.ready_at, b.id limit 5", b.args...)
	for _, x := range free {
		held, err := s.holdDouble(ctx, who, x.ID, life)
		if err != nil || held {
			return &x, err
		}
	}
	return nil, err
}

// holdDouble takes a double onto a screen, or keeps it there.
func (s *Store) holdDouble(ctx context.Context, who Claimant, id string, life time.Duration) (held bool, err error) {
	now := s.Now()
	err = s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, `update doubles set editor_id = $2, holder = $3, until = $4
			where id = $1 and answered_at is null and (until <= $5 or editor_id = $2 and holder in ('', $3))`, id, who.Editor, who.Holder, micros(now.Add(life)), micros(now))
		held = n == 1
		return err
	})
	return held, err
}

// KeepDoubles renews the doubles on a screen, gives back its others, and tells
// which it still has.
func (s *Store) KeepDoubles(ctx context.Context, who Claimant, keep []string, life time.Duration) ([]string, error) {
	var held []string
	for _, id := range keep {
		ok, err := s.holdDouble(ctx, who, id, life)
		if err != nil {
			return nil, err
		}
		if ok {
			held = append(held, id)
		}
	}
	var others []string
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		if !slices.Contains(held, id) {
			others = append(others, id)
		}
		return err
	}, "select id from doubles where answered_at is null and editor_id = $1 and holder = $2 and until > 0", who.Editor, who.Holder)
	if err != nil || len(others) == 0 {
		return held, err
	}
	return held, s.write(ctx, func(tx *sql.Tx) error {
		in, args := placeholders(others, 1)
		_, err := exec(ctx, tx, "update doubles set until = 0, holder = '' where answered_at is null and id in ("+in+")", args...)
		return err
	})
}

// DoubleFor gives a double to a person who may judge it; to anyone else, and once
// it was judged, it is not found.
func (s *Store) DoubleFor(ctx context.Context, editor string, reach Reach, id string) (Double, error) {
	b := &clauses{}
	b.and("b.id = ", id)
	b.and("b.ready_at <= ", micros(s.Now()))
	b.add(uninvolved(b, editor))
	b.add(reach.within(b, "b.site_id", "b.article_id"))
	return scanDouble(func(dest ...any) error {
		return one(ctx, s.read, "double", dest, "select "+doubleColumns+" and "+b.where(), b.args...)
	})
}

// JudgeDouble keeps what a second person would have decided. Nothing of the comment
// changes. The same judgement again is fine; a second person's is a Conflict.
func (s *Store) JudgeDouble(ctx context.Context, editor string, reach Reach, id string, o Opinion) error {
	now := s.Now()
	if _, err := s.DoubleFor(ctx, editor, reach, id); err != nil {
		return s.judgedAlready(ctx, editor, id, o, err)
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, `update doubles set editor_id = $2, holder = '', until = 0, step = $3, rule = $4, answered_at = $5
			where id = $1 and answered_at is null and (until <= $5 or editor_id = $2)`, id, editor, string(o.Step), string(o.Rule), micros(now))
		if err == nil && n == 0 {
			err = &moderation.Error{Kind: moderation.Conflict, Key: "error.double_taken"}
		}
		return err
	})
}

// judgedAlready turns a missing double into no error where the same person had
// judged it so: the answer to the first request was lost.
func (s *Store) judgedAlready(ctx context.Context, editor, id string, o Opinion, missing error) error {
	if moderation.KindOf(missing) != moderation.NotFound {
		return missing
	}
	var was Opinion
	err := one(ctx, s.read, "double", []any{&was.Step, &was.Rule}, "select step, rule from doubles where id = $1 and editor_id = $2 and answered_at is not null", id, editor)
	if err == nil && was != o {
		err = &moderation.Error{Kind: moderation.Conflict, Key: "error.double_taken"}
	}
	return err
}

// doubleUndo is how long a judgement can be taken back, as long as a decision
// usually can.
const doubleUndo = 8 * time.Second

// TakeBackDouble opens a judgement again, for the same person, soon after it.
func (s *Store) TakeBackDouble(ctx context.Context, editor, id string, life time.Duration) error {
	now := s.Now()
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update doubles set step = '', rule = '', answered_at = null, until = $3 where id = $1 and editor_id = $2 and answered_at > $4",
			id, editor, micros(now.Add(life)), micros(now.Add(-doubleUndo)))
		if err == nil && n == 0 {
			err = &moderation.Error{Kind: moderation.Conflict, Key: "error.double_late"}
		}
		return err
	})
}

// JudgedPair is what two people made of the same text, the second without knowing
// of the first.
type JudgedPair struct {
	ID, Comment   string
	First, Second Opinion // a return counts as a refusal: not as it stands
	At            time.Time
	Talked        bool
}

// firstWord is the first decision of a double, a return as a refusal.
const firstWord = "case when d.step = 'approve' then 'approve' else 'reject' end, d.rule"

// Disagreements lists, newest first, the doubles within reach that two people judged
// differently. It names neither of them.
func (s *Store) Disagreements(ctx context.Context, reach Reach, since time.Time, limit int) ([]JudgedPair, error) {
	b := &clauses{}
	b.add(reach.within(b, "b.site_id", "b.article_id"))
	if reach == nil {
		b.add("b.site_id in (select id from sites)")
	}
	b.and("b.answered_at >= ", micros(since))
	b.and("b.answered_at <= ", micros(s.Now().Add(-doubleUndo)))
	var out []JudgedPair
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var p JudgedPair
		var at int64
		err := r.Scan(&p.ID, &p.Comment, &p.First.Step, &p.First.Rule, &p.Second.Step, &p.Second.Rule, &at, &p.Talked)
		p.At = fromMicros(at)
		out = append(out, p)
		return err
	}, "select b.id, b.comment_id, "+firstWord+`, b.step, b.rule, b.answered_at, b.talked_at is not null
		from doubles b join decisions d on d.id = b.decision_id where `+b.where()+`
		and (case when d.step = 'approve' then 'approve' else 'reject' end <> b.step or d.rule <> b.rule)
		order by b.talked_at is not null, b.answered_at desc, b.id limit `+b.arg(limit), b.args...)
	return out, err
}

// Talked marks a disagreement within reach as talked about.
func (s *Store) Talked(ctx context.Context, reach Reach, id, editor string) error {
	b := &clauses{}
	set := "talked_at = coalesce(talked_at, " + b.arg(micros(s.Now())) + "), talked_by = coalesce(talked_by, " + b.arg(editor) + ")"
	b.and("id = ", id)
	b.add("answered_at is not null")
	b.add(reach.within(b, "site_id", "article_id"))
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update doubles set "+set+" where "+b.where(), b.args...)
		if err == nil && n == 0 {
			err = moderation.Missing("double")
		}
		return err
	})
}

// PairCount is how often two people, the second blind, said just this on one day.
type PairCount struct {
	Day           time.Time // its beginning, in UTC
	First, Second Opinion
	Blind         bool // the first saw no scores either
	N             int
}

const dayMicros = 24 * hourMicros

// JudgedPairs counts the blind doubles of a period by day and by what was said.
func (s *Store) JudgedPairs(ctx context.Context, p Period) ([]PairCount, error) {
	b := &clauses{}
	day := b.arg(dayMicros)
	p.narrow(b, "b.site_id", "b.answered_at")
	b.and("b.answered_at <= ", micros(s.Now().Add(-doubleUndo)))
	var out []PairCount
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var c PairCount
		var day int64
		err := r.Scan(&day, &c.First.Step, &c.First.Rule, &c.Second.Step, &c.Second.Rule, &c.Blind, &c.N)
		c.Day = fromMicros(day * dayMicros)
		out = append(out, c)
		return err
	}, "select b.answered_at / "+day+", "+firstWord+`, b.step, b.rule, d.score_seen = 0, count(*)
		from doubles b join decisions d on d.id = b.decision_id where `+b.where()+" group by 1, 2, 3, 4, 5, 6 order by 1", b.args...)
	return out, err
}
