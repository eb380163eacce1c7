package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// The kinds of measure about an author.
const (
	MeasureNote    = "note"    // for the desk alone
	MeasureWarning = "warning" // told to the author
	MeasureSecond  = "second"  // two people read each comment
	MeasureSuspend = "suspend" // no new comments until a date
	MeasureBan     = "ban"     // no new comments
)

// MeasureKinds lists the kinds from the mildest to the hardest.
var MeasureKinds = []string{MeasureNote, MeasureWarning, MeasureSecond, MeasureSuspend, MeasureBan}

// Measure is what an editor decided about a proven author. A typed name is nobody
// that could be known again: it has no measures.
type Measure struct {
	ID, Site, Author string
	Kind, Reason     string
	Until            time.Time // zero: without end
	Editor, Name     string    // who decided it: id and name
	Created          time.Time
	Lifted           time.Time // zero: it stands
	LiftedBy         string    // name
	Objection        string    // of the author; "" for none
	Objected         time.Time
	Answer           string // to the objection, by another person
	Answered         time.Time
	AnsweredBy       string // name
}

// Told tells whether the author hears of a measure: of all but the desk's own notes.
func (m Measure) Told() bool { return m.Kind != MeasureNote }

// Open tells whether an objection waits for its answer.
func (m Measure) Open() bool { return !m.Objected.IsZero() && m.Answered.IsZero() }

// Active tells whether the measure stands at a moment.
func (m Measure) Active(at time.Time) bool {
	return m.Lifted.IsZero() && (m.Until.IsZero() || at.Before(m.Until))
}

// Known is a proven author.
type Known struct {
	ID, Site, Name string
	Since          time.Time
	Record         Record
	Measures       []Measure // newest first
}

// KnownAuthor gives a proven author with record and measures; a typed name is not found.
func (s *Store) KnownAuthor(ctx context.Context, id string) (Known, error) {
	k := Known{ID: id}
	var since int64
	err := one(ctx, s.read, "author", []any{&k.Site, &k.Name, &since}, `select a.site_id, a.name, a.created_at from authors a where a.id = $1
		and exists (select 1 from comments c where c.author_id = a.id and c.proven = 1)`, id)
	if err != nil {
		return k, err
	}
	k.Since = fromMicros(since)
	if k.Record, err = s.RecordOf(ctx, id); err != nil {
		return k, err
	}
	k.Measures, err = s.Measures(ctx, id)
	return k, err
}

// Measures gives what was decided about an author, newest first.
func (s *Store) Measures(ctx context.Context, author string) ([]Measure, error) {
	return rowsOf(ctx, s.read, scanMeasure, "select "+measureColumns+" where m.author_id = $1 order by m.created_at desc, m.id", author)
}

// AddMeasure decides something about a proven author. A reason is needed, and an
// end for a suspension.
func (s *Store) AddMeasure(ctx context.Context, m Measure) (Measure, error) {
	switch {
	case !slices.Contains(MeasureKinds, m.Kind):
		return m, moderation.BadField("kind", "error.measure")
	case m.Reason == "":
		return m, moderation.BadField("reason", "error.reason_needed")
	case m.Kind == MeasureSuspend && !m.Until.After(s.Now()):
		return m, moderation.BadField("until", "error.measure_until")
	}
	known, err := s.KnownAuthor(ctx, m.Author)
	if err != nil {
		return m, err
	}
	m.ID, m.Site, m.Created = NewID(), known.Site, s.Now()
	return m, s.write(ctx, func(tx *sql.Tx) error {
		err := all(ctx, tx,
			stmt("insert into measures (id, site_id, author_id, kind, reason, until, editor_id, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
				m.ID, m.Site, m.Author, m.Kind, m.Reason, optionalTime(m.Until), m.Editor, micros(m.Created)),
			event(s, "queue", m.Site, "", ""))
		if err != nil || !m.Told() {
			return err
		}
		return all(ctx, tx, jobFor("measure", m.ID+"/decided", "", m.Created))
	})
}

// LiftMeasure ends a measure before its time.
func (s *Store) LiftMeasure(ctx context.Context, author, id, editor string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update measures set lifted_at = $3, lifted_by = $4 where id = $1 and author_id = $2 and lifted_at is null", id, author, micros(s.Now()), editor)
		if err != nil {
			return err
		}
		if n == 0 {
			return moderation.Missing("measure")
		}
		var kind string
		if err := one(ctx, tx, "measure", []any{&kind}, "select kind from measures where id = $1", id); err != nil || kind == MeasureNote {
			return err
		}
		return all(ctx, tx, jobFor("measure", id+"/lifted", "", s.Now()))
	})
}

// barred refuses a new comment of an author who is suspended or banned, with the
// reason that was given.
func barred(ctx context.Context, q querier, author string, now time.Time) error {
	var reason string
	var until sql.NullInt64
	err := q.QueryRowContext(ctx, `select reason, until from measures where author_id = $1 and kind in ('suspend', 'ban') and lifted_at is null
		and (until is null or until > $2) order by case when until is null then 0 else 1 end, until desc limit 1`, author, micros(now)).Scan(&reason, &until)
	if err == sql.ErrNoRows {
		return nil
	}
	if err != nil {
		return err
	}
	if !until.Valid {
		return &moderation.Error{Kind: moderation.Forbidden, Key: "error.banned", Args: []string{"reason", reason}}
	}
	return &moderation.Error{Kind: moderation.Forbidden, Key: "error.suspended", Args: []string{"reason", reason, "until", fromMicros(until.Int64).Format("2006-01-02 15:04") + " UTC"}}
}

// readByTwo tells whether two people always read what this author writes, or what
// is written to this article, or a text in which a rule shows that needs two.
func (s *Store) readByTwo(ctx context.Context, q querier, c *caseFile, revision int) (bool, error) {
	var text string
	if err := one(ctx, q, "article", []any{&text}, "select settings from articles where id = $1", c.article); err != nil {
		return false, err
	}
	var set ArticleSettings
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return false, fmt.Errorf("settings of article %s: %w", c.article, err)
	}
	if set.TwoReads {
		return true, nil
	}
	var n int
	err := q.QueryRowContext(ctx, `select count(*) from measures where author_id = $1 and kind = 'second' and lifted_at is null and (until is null or until > $2)`,
		c.author, micros(s.Now())).Scan(&n)
	if err != nil || n > 0 {
		return n > 0, err
	}
	return twoByRule(ctx, q, c, revision)
}
