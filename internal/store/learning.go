package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Observed is what the assessment knew of a revision beside its text.
type Observed struct {
	Comment     string
	Revision    int
	Site        string
	Author      string
	Fingerprint uint64
	Proven      bool
	Submitted   int // by the author before, where proven
	Approved    int
	Rejected    int
	AgeDays     int
	At          time.Time
	Calm        Calm // the frozen model's score, kept with the revision
}

// SaveObserved keeps what the assessment of a revision was made from.
func (s *Store) SaveObserved(ctx context.Context, o Observed) error {
	o.Calm.Comment, o.Calm.Revision = o.Comment, o.Revision
	return s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx, o.Calm.statement(), stmt(`insert into observed (comment_id, revision, site_id, author_id, fingerprint, proven, submitted, approved, rejected, age_days, at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (comment_id, revision) do nothing`,
			o.Comment, o.Revision, o.Site, o.Author, int64(o.Fingerprint), flag(o.Proven), o.Submitted, o.Approved, o.Rejected, o.AgeDays, micros(s.Now())))
	})
}

// Fingerprints gives the fingerprints of a site's texts since a moment, oldest first.
func (s *Store) Fingerprints(ctx context.Context, site string, since time.Time) ([]Observed, error) {
	var out []Observed
	err := each(ctx, s.read, func(r *sql.Rows) error {
		o := Observed{Site: site}
		var print, at int64
		err := r.Scan(&o.Comment, &o.Revision, &o.Author, &print, &at)
		o.Fingerprint, o.At = uint64(print), fromMicros(at)
		out = append(out, o)
		return err
	}, "select comment_id, revision, author_id, fingerprint, at from observed where site_id = $1 and at > $2 and fingerprint <> 0 order by at", site, micros(since))
	return out, err
}

// Lesson is a decision from which a site's model learns, with what the
// assessment saw.
type Lesson struct {
	Position int64 // in the site's chain
	At       time.Time
	Step     moderation.Step
	Rule     moderation.Rule
	Text     string
	Article  string
	Parent   string // id of the comment answered
	Observed Observed
	Refuse   *float64 // the score at submission
	Blind    bool
}

// Lessons gives a site's decisions after a position in the chain's order, as far
// as their holds have passed without a gap, and the position reached. Left out
// are decisions that were undone, outcomes that blame nobody, bundles, and texts
// that were erased.
func (s *Store) Lessons(ctx context.Context, site string, after int64, limit int) ([]Lesson, int64, error) {
	var out []Lesson
	reached, now, open := after, micros(s.Now()), false
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var l Lesson
		var seq, at, hold, print int64
		var counts, undone, blind, proven int
		var refuse sql.NullFloat64
		err := r.Scan(&seq, &at, &hold, &l.Step, &l.Rule, &l.Text, &l.Article, &l.Parent, &counts, &undone, &refuse, &blind,
			&l.Observed.Author, &print, &proven, &l.Observed.Submitted, &l.Observed.Approved, &l.Observed.Rejected, &l.Observed.AgeDays)
		if err != nil || open {
			return err
		}
		if hold > now {
			open = true // what comes later has to wait for this one
			return nil
		}
		reached = seq
		if counts == 0 || undone == 1 || l.Text == "" {
			return nil
		}
		l.Position, l.At, l.Blind = seq, fromMicros(at), blind == 1
		l.Observed.Fingerprint, l.Observed.Proven = uint64(print), proven == 1
		if refuse.Valid {
			l.Refuse = &refuse.Float64
		}
		out = append(out, l)
		return nil
	}, `select d.seq, d.at, d.hold_until, d.step, d.rule, coalesce(r.text, ''), coalesce(r.article_id, ''), coalesce(c.parent_id, ''),
			case when d.step in ('approve', 'reject', 'return', 'remove', 'overturn') and d.bundle = '' and d.from_state <> d.to_state and c.answer_of is null
				and not exists (select 1 from decisions b where b.comment_id = d.comment_id and b.revision = d.revision and b.bundle <> '') then 1 else 0 end,
			case when exists (select 1 from decisions u where u.comment_id = d.comment_id and u.undoes = d.id) then 1 else 0 end,
			r.refuse, coalesce(r.blind, 0), c.author_id, coalesce(o.fingerprint, 0), coalesce(o.proven, 0), coalesce(o.submitted, 0), coalesce(o.approved, 0),
			coalesce(o.rejected, 0), coalesce(o.age_days, 0)
		from decisions d join comments c on c.id = d.comment_id left join revisions r on r.comment_id = d.comment_id and r.number = d.revision
		left join observed o on o.comment_id = d.comment_id and o.revision = d.revision
		where d.site_id = $1 and d.seq > $2 order by d.seq limit $3`, site, after, limit)
	return out, reached, err
}

// SiteModel is a saved model of a site.
type SiteModel struct {
	Site     string
	Version  string
	Position int64
	Lessons  int
	Delta    []byte
	Quality  *float64
	Created  time.Time
}

// keptModels is how many models of a site stay, the newest included.
const keptModels = 5

// SaveModel keeps a site's model and forgets all but the last five.
func (s *Store) SaveModel(ctx context.Context, m SiteModel) error {
	quality := sql.NullFloat64{}
	if m.Quality != nil {
		quality = sql.NullFloat64{Float64: *m.Quality, Valid: true}
	}
	err := s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx,
			stmt(`insert into models (site_id, version, position, lessons, delta, quality, created_at) values ($1, $2, $3, $4, $5, $6, $7)
				on conflict (site_id, position) do update set version = excluded.version, lessons = excluded.lessons, delta = excluded.delta,
				quality = excluded.quality, created_at = excluded.created_at`,
				m.Site, m.Version, m.Position, m.Lessons, m.Delta, quality, micros(s.Now())),
			stmt(`delete from models where site_id = $1 and position not in
				(select position from models where site_id = $1 order by position desc limit $2)`, m.Site, keptModels),
			event(s, "model", m.Site, "", ""))
	})
	if err != nil {
		return fmt.Errorf("save model of site %s: %w", m.Site, err)
	}
	return nil
}

// Models gives a site's saved models, newest first.
func (s *Store) Models(ctx context.Context, site string) ([]SiteModel, error) {
	var out []SiteModel
	err := each(ctx, s.read, func(r *sql.Rows) error {
		m := SiteModel{Site: site}
		var at int64
		var quality sql.NullFloat64
		err := r.Scan(&m.Version, &m.Position, &m.Lessons, &m.Delta, &quality, &at)
		m.Created = fromMicros(at)
		if quality.Valid {
			m.Quality = &quality.Float64
		}
		out = append(out, m)
		return err
	}, "select version, position, lessons, delta, quality, created_at from models where site_id = $1 order by position desc", site)
	return out, err
}

// ModelPosition is how far a site's newest saved model has learned, 0 for none.
func (s *Store) ModelPosition(ctx context.Context, site string) (int64, error) {
	var position int64
	err := s.read.QueryRowContext(ctx, "select coalesce(max(position), 0) from models where site_id = $1", site).Scan(&position)
	return position, classify(err)
}
