package store

import (
	"context"
	"database/sql"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
)

const measureColumns = `m.id, m.site_id, m.author_id, m.kind, m.reason, m.until, m.editor_id, e.name, m.created_at, m.lifted_at, coalesce(l.name, ''),
	m.objection, m.objected_at, m.answer, m.answered_at, coalesce(w.name, '') from measures m
	join editors e on e.id = m.editor_id left join editors l on l.id = m.lifted_by left join editors w on w.id = m.answered_by`

func scanMeasure(scan func(...any) error) (Measure, error) {
	var m Measure
	var until, lifted, objected, answered sql.NullInt64
	var created int64
	err := scan(&m.ID, &m.Site, &m.Author, &m.Kind, &m.Reason, &until, &m.Editor, &m.Name, &created, &lifted, &m.LiftedBy,
		&m.Objection, &objected, &m.Answer, &answered, &m.AnsweredBy)
	m.Until, m.Created, m.Lifted, m.Objected, m.Answered = timeOf(until), fromMicros(created), timeOf(lifted), timeOf(objected), timeOf(answered)
	return m, err
}

// Measure gives one measure.
func (s *Store) Measure(ctx context.Context, id string) (Measure, error) {
	return scanMeasure(func(dest ...any) error {
		return one(ctx, s.read, "measure", dest, "select "+measureColumns+" where m.id = $1", id)
	})
}

// Objections lists the measures whose authors wait for an answer to their
// objection and who wrote within reach, the oldest first.
func (s *Store) Objections(ctx context.Context, reach Reach, limit int) ([]Measure, error) {
	var out []Measure
	b := &clauses{}
	where := "m.objected_at is not null and m.answered_at is null"
	if reach != nil {
		where += " and exists (select 1 from comments c where c.author_id = m.author_id and " + reach.within(b, "c.site_id", "c.article_id") + ")"
	}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		m, err := scanMeasure(r.Scan)
		out = append(out, m)
		return err
	}, "select "+measureColumns+" where "+where+" order by m.objected_at limit "+b.arg(limit), b.args...)
	return out, err
}

// Object keeps an author's objection to a measure, once.
func (s *Store) Object(ctx context.Context, author, id, words string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var site string
		if err := one(ctx, tx, "measure", []any{&site}, "select site_id from measures where id = $1 and author_id = $2 and kind <> 'note'", id, author); err != nil {
			return err
		}
		n, err := exec(ctx, tx, "update measures set objection = $2, objected_at = $3 where id = $1 and objected_at is null and lifted_at is null", id, words, micros(s.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return &moderation.Error{Kind: moderation.Conflict, Key: "error.objection_once"}
		}
		return all(ctx, tx, event(s, "queue", site, "", ""))
	})
}

// AnswerObjection answers with reasons, and lifts the measure or leaves it. Where
// a second person decides, whoever took the measure does not answer.
func (s *Store) AnswerObjection(ctx context.Context, id, editor string, lift bool, answer string) error {
	if strings.TrimSpace(answer) == "" {
		return moderation.BadField("answer", "error.answer_needed")
	}
	m, err := s.Measure(ctx, id)
	if err != nil {
		return err
	}
	people, err := s.Staff(ctx, m.Site)
	if err != nil {
		return err
	}
	if m.Editor == editor && len(people.Deciders) > 1 {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.own_decision"}
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		now := micros(s.Now())
		n, err := exec(ctx, tx, "update measures set answer = $2, answered_at = $3, answered_by = $4 where id = $1 and objected_at is not null and answered_at is null", id, answer, now, editor)
		if err != nil {
			return err
		}
		if n == 0 {
			return &moderation.Error{Kind: moderation.Conflict, Key: "error.conflict"}
		}
		if lift {
			if _, err := exec(ctx, tx, "update measures set lifted_at = $2, lifted_by = $3 where id = $1 and lifted_at is null", id, now, editor); err != nil {
				return err
			}
		}
		return all(ctx, tx, jobFor("measure", id+"/answered", "", s.Now()), event(s, "queue", m.Site, "", ""))
	})
}

// Addressee is where a proven author can be told of something: the address of the
// latest comment that has one, and that comment for its receipt. Comment is "" for
// an author without any, Email for one without an address.
func (s *Store) Addressee(ctx context.Context, author string) (comment, email string, err error) {
	err = one(ctx, s.read, "comment", []any{&comment, &email}, `select id, coalesce(author_email, '') from comments where author_id = $1 and proven = 1 and erased_at is null
		order by case when coalesce(author_email, '') = '' then 1 else 0 end, created_at desc limit 1`, author)
	if moderation.KindOf(err) == moderation.NotFound {
		err = nil
	}
	return comment, email, err
}

// MeasuresShown gives the measures about a comment's author, newest first; none
// where the author is not proven.
func (s *Store) MeasuresShown(ctx context.Context, comment string) ([]Measure, error) {
	return rowsOf(ctx, s.read, scanMeasure, "select "+measureColumns+" where m.author_id = (select author_id from comments where id = $1 and proven = 1) order by m.created_at desc, m.id", comment)
}
