package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
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
	Answers     int    // the revision of the text answered, 0 for none
	External    string // an external scorer's probabilities by rule, JSON; "" for none
	At          time.Time
	Calm        Calm // the frozen model's score, kept with the revision
}

// SaveObserved keeps what the assessment of a revision was made from.
func (s *Store) SaveObserved(ctx context.Context, o Observed) error {
	o.Calm.Comment, o.Calm.Revision = o.Comment, o.Revision
	err := s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx, o.Calm.statement(), stmt(`insert into observed (comment_id, revision, site_id, author_id, fingerprint, proven, submitted, approved, rejected, age_days, at, parent_revision, external)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (comment_id, revision) do nothing`,
			o.Comment, o.Revision, o.Site, o.Author, int64(o.Fingerprint), flag(o.Proven), o.Submitted, o.Approved, o.Rejected, o.AgeDays, micros(s.Now()), o.Answers, o.External))
	})
	if err != nil {
		return err
	}
	author := ""
	if o.Proven {
		author = o.Author
	}
	return s.gatherSometimes(ctx, o.Site, author, 1)
}

// Fingerprints hands over the fingerprints of a site's texts after a moment, one by
// one, the oldest first.
func (s *Store) Fingerprints(ctx context.Context, site string, since time.Time, take func(Observed)) error {
	return each(ctx, s.read, func(r *sql.Rows) error {
		o := Observed{Site: site}
		var print, at int64
		err := r.Scan(&o.Comment, &o.Revision, &o.Author, &print, &at)
		o.Fingerprint, o.At = uint64(print), fromMicros(at)
		if err == nil {
			take(o)
		}
		return err
	}, "select comment_id, revision, author_id, fingerprint, at from observed where site_id = $1 and at > $2 and fingerprint <> 0 order by at", site, micros(since))
}

// Lesson is a decision from which a site's model learns, with what the
// assessment saw. A reconsideration is one too: it takes back what an earlier
// decision on the same text taught.
type Lesson struct {
	Position int64 // in the site's chain
	At       time.Time
	Comment  string
	Revision int
	Step     moderation.Step
	Rule     moderation.Rule
	Text     string
	Article  string
	Parent   string // the text answered, as the assessment saw it; "" for none
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
		l, hold, counts, err := scanLesson(r)
		if err != nil || open {
			return err
		}
		if hold > now {
			open = true // what comes later has to wait for this one
			return nil
		}
		if reached = l.Position; counts && l.Text != "" {
			out = append(out, l)
		}
		return nil
	}, lessonsOf+"d.seq > $2 order by d.seq limit $3", site, after, limit)
	return out, reached, err
}

// LessonsBack gives a site's lessons from a position backwards, the newest first,
// and the position reached: 0 at the beginning of the chain.
func (s *Store) LessonsBack(ctx context.Context, site string, from int64, limit int) ([]Lesson, int64, error) {
	var out []Lesson
	var reached int64
	err := each(ctx, s.read, func(r *sql.Rows) error {
		l, _, counts, err := scanLesson(r)
		if reached = l.Position; counts && l.Text != "" {
			out = append(out, l)
		}
		return err
	}, lessonsOf+"d.seq <= $2 order by d.seq desc limit $3", site, from, limit)
	return out, reached, err
}

const lessonsOf = `select d.seq, d.at, d.hold_until, d.comment_id, d.revision, d.step, d.rule, coalesce(r.text, ''), coalesce(r.article_id, ''), coalesce(p.text, ''),
		case when d.step in ('approve', 'reject', 'return', 'remove', 'overturn', 'restore', 'reconsider') and d.bundle = '' and d.from_state <> d.to_state
			and c.answer_of is null and not exists (select 1 from decisions u where u.comment_id = d.comment_id and u.undoes = d.id)
			and not exists (select 1 from decisions b where b.comment_id = d.comment_id and b.revision = d.revision and b.bundle <> '') then 1 else 0 end,
		r.refuse, coalesce(r.blind, 0), c.author_id, coalesce(o.fingerprint, 0), coalesce(o.proven, 0), coalesce(o.submitted, 0), coalesce(o.approved, 0),
		coalesce(o.rejected, 0), coalesce(o.age_days, 0), coalesce(o.external, '')
	from decisions d join comments c on c.id = d.comment_id left join revisions r on r.comment_id = d.comment_id and r.number = d.revision
	left join observed o on o.comment_id = d.comment_id and o.revision = d.revision
	left join revisions p on p.comment_id = c.parent_id and p.number = o.parent_revision
	where d.site_id = $1 and `

func scanLesson(r *sql.Rows) (l Lesson, hold int64, counts bool, err error) {
	var at, print int64
	var teaches, blind, proven int
	var refuse sql.NullFloat64
	err = r.Scan(&l.Position, &at, &hold, &l.Comment, &l.Revision, &l.Step, &l.Rule, &l.Text, &l.Article, &l.Parent, &teaches, &refuse, &blind,
		&l.Observed.Author, &print, &proven, &l.Observed.Submitted, &l.Observed.Approved, &l.Observed.Rejected, &l.Observed.AgeDays, &l.Observed.External)
	l.At, l.Blind = fromMicros(at), blind == 1
	l.Observed.Fingerprint, l.Observed.Proven = uint64(print), proven == 1
	if refuse.Valid {
		l.Refuse = &refuse.Float64
	}
	return l, hold, teaches == 1, err
}

// SiteModel is a saved model of a site: one that was trained afresh, or the steps
// learned since.
type SiteModel struct {
	Site      string
	Version   string
	Position  int64
	Lessons   int // decisions learned from
	Delta     []byte
	Retrained bool
	Pending   int       // decisions learned since the last training
	Learned   time.Time // when the last decision learned was taken
	Quality   *float64  // AUC on the latest decisions, before it learned them
	Report    string    // how well it does, JSON owned by package assess; "" for steps
	Refused   string    // why it cannot be used
	Created   time.Time
}

// keptModels is how many models trained afresh stay, beside the newest steps.
const keptModels = 5

// SaveModel keeps a site's model and forgets all but the last five that were
// trained afresh and the newest steps. A training is an entry of the machine's log.
func (s *Store) SaveModel(ctx context.Context, m SiteModel) error {
	statements := []statement{
		stmt(`insert into models (site_id, version, position, lessons, delta, quality, created_at, retrained, pending, learned_at, report)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			on conflict (site_id, position) do update set version = excluded.version, lessons = excluded.lessons, delta = excluded.delta,
			quality = excluded.quality, created_at = excluded.created_at, retrained = excluded.retrained, pending = excluded.pending,
			learned_at = excluded.learned_at, report = excluded.report, refused = ''`,
			m.Site, m.Version, m.Position, m.Lessons, m.Delta, maybe(m.Quality), micros(s.Now()), flag(m.Retrained), m.Pending, micros(m.Learned), m.Report),
		stmt(`delete from models where site_id = $1 and retrained = 1 and position not in
			(select position from models where site_id = $1 and retrained = 1 order by position desc limit $2)`, m.Site, keptModels),
		stmt("delete from models where site_id = $1 and retrained = 0 and position < $2", m.Site, m.Position),
		event(s, "model", m.Site, "", ""),
	}
	if m.Retrained {
		statements = append(statements, logLine(s, MachineEvent{Site: m.Site, Kind: LogRetrained, Version: m.Version, Lessons: m.Lessons, Detail: m.Report}))
	}
	if err := s.write(ctx, func(tx *sql.Tx) error { return all(ctx, tx, statements...) }); err != nil {
		return fmt.Errorf("save model of site %s: %w", m.Site, err)
	}
	return nil
}

// RefuseModel notes that a saved model cannot be used and why, once.
func (s *Store) RefuseModel(ctx context.Context, m SiteModel, cause string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update models set refused = $3 where site_id = $1 and position = $2 and refused = ''", m.Site, m.Position, cause)
		if err != nil || n == 0 {
			return err
		}
		return all(ctx, tx, logLine(s, MachineEvent{Site: m.Site, Kind: LogDamaged, Version: m.Version, Lessons: m.Lessons, Detail: cause}))
	})
}

// NoteRollback notes that a model trained afresh was worse than the one in use,
// which stays. The same training again is noted once.
func (s *Store) NoteRollback(ctx context.Context, m SiteModel) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var n int
		err := tx.QueryRowContext(ctx, "select count(*) from machine_log where site_id = $1 and kind = $2 and version = $3", m.Site, LogRolledBack, m.Version).Scan(&n)
		if err != nil || n > 0 {
			return err
		}
		return all(ctx, tx, logLine(s, MachineEvent{Site: m.Site, Kind: LogRolledBack, Version: m.Version, Lessons: m.Lessons, Detail: m.Report}))
	})
}

const modelColumns = "version, position, lessons, delta, quality, created_at, retrained, pending, learned_at, report, refused"

// Models gives a site's saved models, newest first.
func (s *Store) Models(ctx context.Context, site string) ([]SiteModel, error) {
	return s.models(ctx, modelColumns, site)
}

// ModelList gives a site's saved models, newest first, without what they learned.
func (s *Store) ModelList(ctx context.Context, site string) ([]SiteModel, error) {
	return s.models(ctx, strings.Replace(modelColumns, "delta", "null", 1), site)
}

func (s *Store) models(ctx context.Context, columns, site string) ([]SiteModel, error) {
	var out []SiteModel
	err := each(ctx, s.read, func(r *sql.Rows) error {
		m := SiteModel{Site: site}
		var at, learned int64
		var retrained int
		var quality sql.NullFloat64
		err := r.Scan(&m.Version, &m.Position, &m.Lessons, &m.Delta, &quality, &at, &retrained, &m.Pending, &learned, &m.Report, &m.Refused)
		m.Created, m.Learned, m.Retrained = fromMicros(at), fromMicros(learned), retrained == 1
		if quality.Valid {
			m.Quality = &quality.Float64
		}
		out = append(out, m)
		return err
	}, "select "+columns+" from models where site_id = $1 order by position desc", site)
	return out, err
}

// ModelReport gives what is known of the model in use at a site, JSON owned by
// package assess; "" where none was trained yet.
func (s *Store) ModelReport(ctx context.Context, site string) (string, error) {
	var report string
	err := s.read.QueryRowContext(ctx, "select report from models where site_id = $1 and retrained = 1 and refused = '' order by position desc limit 1", site).Scan(&report)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return report, classify(err)
}

// ModelNow is how far a site's newest saved model has learned, and its version;
// 0 and "" for none.
func (s *Store) ModelNow(ctx context.Context, site string) (position int64, version string, err error) {
	err = s.read.QueryRowContext(ctx, "select position, version from models where site_id = $1 order by position desc limit 1", site).Scan(&position, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	}
	return position, version, classify(err)
}

// ChainEnd is the position of the last entry of a site's chain of decisions.
func (s *Store) ChainEnd(ctx context.Context, site string) (seq int64, err error) {
	return seq, one(ctx, s.read, "site", []any{&seq}, "select seq from chains where site_id = $1", site)
}

// Looked is a comment as a look for drift sees it.
type Looked struct {
	Text    string
	Decided bool     // released or refused by a person, by itself
	Refused bool     // as it stands
	Refuse  *float64 // the score at submission
	At      time.Time
}

// Look gives comments that came in from one moment to another, at most limit of
// them, drawn evenly.
func (s *Store) Look(ctx context.Context, site string, from, to time.Time, limit int) ([]Looked, error) {
	var out []Looked
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var l Looked
		var decided, refused int
		var refuse sql.NullFloat64
		var at int64
		err := r.Scan(&l.Text, &decided, &refused, &refuse, &at)
		if l.Decided, l.Refused, l.At = decided == 1, refused == 1, fromMicros(at); refuse.Valid {
			l.Refuse = &refuse.Float64
		}
		out = append(out, l)
		return err
	}, `select r.text, case when r.state in ('approved', 'rejected', 'returned', 'removed', 'appealed') and coalesce(d.bundle, '') = '' then 1 else 0 end,
			case when r.state in ('rejected', 'returned', 'removed', 'appealed') then 1 else 0 end, r.refuse, r.submitted_at
		from revisions r left join decisions d on d.id = r.decision_id
		where r.site_id = $1 and r.submitted_at >= $2 and r.submitted_at < $3 and r.text <> '' order by r.digest limit $4`, site, micros(from), micros(to), limit)
	return out, err
}
