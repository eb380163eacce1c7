package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Bundle is a set of comments to be released together by an editor.
type Bundle struct {
	ID        string
	Site      string
	Editor    string
	Name      string // of the editor
	Version   string // of the frozen model
	Lower     int    // the handles, in hundredths of the score
	Upper     int
	Labels    int // blind decisions that the bound rested on
	Wrong     int // of these, refused
	Members   []Member
	Sample    []string // to be read first
	Passed    []string // of these, read and found fine
	Created   time.Time
	Released  time.Time // zero: not yet
	Withdrawn time.Time // zero: no refusal in the sample
}

// Member is a comment of a bundle, with the text that was looked at.
type Member struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`
}

// Unread is the next comment of the sample to be read, "" when all are.
func (b Bundle) Unread() string {
	for _, id := range b.Sample {
		if !slices.Contains(b.Passed, id) {
			return id
		}
	}
	return ""
}

// Label is a decision that an editor took blind, on a comment drawn at random at
// submission. Refused is what stands: a removal or a successful appeal corrects it.
type Label struct {
	Comment  string
	Revision int
	Text     string
	Flagged  bool   // by its assessment
	Calm     *int   // the frozen score, nil where it has none
	Model    string // that gave it
	Refused  bool
	At       time.Time
}

// Labels gives a site's newest blind decisions whose hold has passed, newest
// first. Decisions that blame nobody, that were undone or that came in a bundle
// are no labels.
func (s *Store) Labels(ctx context.Context, site string, limit int) ([]Label, error) {
	var out []Label
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var l Label
		var refused int
		var at int64
		var calm sql.NullInt64
		var assessment string
		if err := r.Scan(&l.Comment, &l.Revision, &l.Text, &assessment, &calm, &l.Model, &refused, &at); err != nil {
			return err
		}
		a, err := decodeAssessment(assessment)
		l.Flagged, l.Refused, l.At = len(a.Flags) > 0, refused == 1, fromMicros(at)
		if calm.Valid {
			score := int(calm.Int64)
			l.Calm = &score
		}
		out = append(out, l)
		return err
	}, `select d.comment_id, d.revision, r.text, r.assessment, r.calm, r.calm_model, case when r.state in ('rejected', 'returned', 'removed', 'appealed') then 1 else 0 end, d.at
		from decisions d join revisions r on r.comment_id = d.comment_id and r.number = d.revision
		where d.site_id = $1 and d.blind = 1 and d.step in ('approve', 'reject', 'return') and d.bundle = '' and d.hold_until <= $2 and r.text <> ''
			and r.state in ('approved', 'superseded', 'rejected', 'returned', 'removed', 'appealed')
			and not exists (select 1 from decisions u where u.comment_id = d.comment_id and u.undoes = d.id)
		order by d.seq desc limit $3`, site, micros(s.Now()), limit)
	return out, err
}

// AddBundle keeps a new bundle and gives it its id.
func (s *Store) AddBundle(ctx context.Context, b Bundle) (Bundle, error) {
	b.ID, b.Created = or2(b.ID, NewID()), s.Now()
	members, err1 := json.Marshal(b.Members)
	sample, err2 := json.Marshal(b.Sample)
	if err1 != nil || err2 != nil {
		return b, fmt.Errorf("encode bundle %s", b.ID)
	}
	return b, s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `insert into bundles (id, site_id, editor_id, version, lower, upper, labels, wrong, members, sample, passed, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '[]', $11)`,
			b.ID, b.Site, b.Editor, b.Version, b.Lower, b.Upper, b.Labels, b.Wrong, string(members), string(sample), micros(b.Created))
		return err
	})
}

// StepBundle moves a bundle from where it was read to where to says: its sample
// read further, withdrawn, or released. Where somebody else moved it meanwhile it
// is Conflict: a refusal in the sample is never overwritten by a colleague's pass.
func (s *Store) StepBundle(ctx context.Context, was, to Bundle) error {
	before, err1 := json.Marshal(append([]string{}, was.Passed...))
	after, err2 := json.Marshal(append([]string{}, to.Passed...))
	if err1 != nil || err2 != nil {
		return fmt.Errorf("encode bundle %s", was.ID)
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, `update bundles set passed = $3, released_at = $4, withdrawn_at = $5
			where id = $1 and passed = $2 and released_at is null and withdrawn_at is null`,
			was.ID, string(before), string(after), optionalTime(to.Released), optionalTime(to.Withdrawn))
		if err == nil && n == 0 {
			return &moderation.Error{Kind: moderation.Conflict, Key: "error.conflict"}
		}
		return err
	})
}

const bundleColumns = `b.id, b.site_id, b.editor_id, coalesce(e.name, ''), b.version, b.lower, b.upper, b.labels, b.wrong, b.members, b.sample, b.passed, b.created_at, b.released_at, b.withdrawn_at
	from bundles b left join editors e on e.id = b.editor_id`

func scanBundle(scan func(...any) error) (Bundle, error) {
	var b Bundle
	var members, sample, passed string
	var created int64
	var released, withdrawn sql.NullInt64
	err := scan(&b.ID, &b.Site, &b.Editor, &b.Name, &b.Version, &b.Lower, &b.Upper, &b.Labels, &b.Wrong, &members, &sample, &passed, &created, &released, &withdrawn)
	if err != nil {
		return b, err
	}
	b.Created, b.Released, b.Withdrawn = fromMicros(created), timeOf(released), timeOf(withdrawn)
	err = errors.Join(json.Unmarshal([]byte(members), &b.Members), json.Unmarshal([]byte(sample), &b.Sample), json.Unmarshal([]byte(passed), &b.Passed))
	if err != nil {
		return b, fmt.Errorf("bundle %s: %w", b.ID, err)
	}
	return b, nil
}

// Bundle gives one bundle.
func (s *Store) Bundle(ctx context.Context, id string) (Bundle, error) {
	return scanBundle(func(dest ...any) error {
		return one(ctx, s.read, "bundle", dest, "select "+bundleColumns+" where b.id = $1", id)
	})
}

// Bundles lists a site's newest bundles.
func (s *Store) Bundles(ctx context.Context, site string, limit int) ([]Bundle, error) {
	return rowsOf(ctx, s.read, scanBundle, "select "+bundleColumns+" where b.site_id = $1 order by b.created_at desc, b.id limit $2", site, limit)
}

// Standing gives the releases of a bundle that are still in force, oldest first:
// not undone, and the text neither removed nor replaced since.
func (s *Store) Standing(ctx context.Context, id string) ([]moderation.Decision, error) {
	return decisions(ctx, s.read, `d.bundle = $1 and d.step = 'approve'
		and exists (select 1 from revisions r where r.comment_id = d.comment_id and r.number = d.revision and r.decision_id = d.id) order by d.seq`, id)
}

// BundleQuality is how a site's bundles of a period turned out.
type BundleQuality struct {
	Made, Withdrawn, Released int // bundles; withdrawn: the sample held a refusal
	Comments                  int // released in bundles and not undone
	Removed                   int // of these, taken down since
}

// BundleQuality counts the bundles that were made in a period.
func (s *Store) BundleQuality(ctx context.Context, p Period) (BundleQuality, error) {
	var q BundleQuality
	b := &clauses{}
	p.narrow(b, "b.site_id", "b.created_at")
	err := s.read.QueryRowContext(ctx, "select count(*), count(b.withdrawn_at), count(b.released_at) from bundles b where "+b.where(), b.args...).Scan(&q.Made, &q.Withdrawn, &q.Released)
	if err != nil {
		return q, classify(err)
	}
	err = s.read.QueryRowContext(ctx, `select count(*), coalesce(sum(case when r.state = 'removed' then 1 else 0 end), 0)
		from bundles b cross join decisions d cross join revisions r
		where d.bundle = b.id and d.bundle > '' and r.comment_id = d.comment_id and r.number = d.revision and d.step = 'approve' and `+b.where()+" and "+notUndone, b.args...).Scan(&q.Comments, &q.Removed)
	return q, classify(err)
}
