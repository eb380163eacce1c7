package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// HourCount is how often something happened in an hour.
type HourCount struct {
	Hour time.Time // its beginning
	Kind string    // "submitted", or the step
	N    int
}

const hourMicros = int64(time.Hour / time.Microsecond)

// Hours counts a site's submissions and its desk's decisions by hour, since a
// moment; site "" means all sites.
func (s *Store) Hours(ctx context.Context, site string, since time.Time) ([]HourCount, error) {
	var out []HourCount
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var h HourCount
		var hour int64
		err := r.Scan(&hour, &h.Kind, &h.N)
		h.Hour = fromMicros(hour * hourMicros)
		out = append(out, h)
		return err
	}, `select submitted_at / $3 as hour, 'submitted', count(*) from revisions where submitted_at >= $2 and ($1 = '' or site_id = $1) group by 1
		union all select at / $3 as hour, step, count(*) from decisions d where at >= $2 and ($1 = '' or site_id = $1) and actor_role in ('editor', 'chief')
			and step in ('approve', 'reject', 'return', 'decline', 'escalate', 'remove') and undoes = ''
			and not exists (select 1 from decisions u where u.comment_id = d.comment_id and u.undoes = d.id) group by 1, 2 order by 1`, site, micros(since), hourMicros)
	return out, err
}

// Share is how many of some decisions were refusals.
type Share struct {
	Name    string // of a rule, a section, an article
	Key     string // its id, where it has one
	Decided int
	Refused int
}

// standing joins the decisions that an editor took on a waiting text, not undone.
const decidedFrom = ` from decisions d join revisions r on r.comment_id = d.comment_id and r.number = d.revision join articles a on a.id = r.article_id
	where d.at >= $2 and ($1 = '' or d.site_id = $1) and d.from_state in ('pending', 'escalated') and d.step in ('approve', 'reject', 'return')
	and not exists (select 1 from decisions u where u.comment_id = d.comment_id and u.undoes = d.id)`

const refusedSum = `sum(case when d.step = 'approve' then 0 else 1 end)`

// RefusalsBy counts decisions and refusals by "rule", "section" or "article"; the
// most decided first. By rule, Decided counts the refusals that name it.
func (s *Store) RefusalsBy(ctx context.Context, what, site string, since time.Time) ([]Share, error) {
	column := map[string]string{"rule": "d.rule, ''", "section": "a.section, ''", "article": "a.headline, a.id"}[what]
	if column == "" {
		return nil, moderation.BadField("by", "error.order")
	}
	only := ""
	if what == "rule" {
		only = " and d.rule <> ''"
	}
	var out []Share
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var x Share
		err := r.Scan(&x.Name, &x.Key, &x.Decided, &x.Refused)
		out = append(out, x)
		return err
	}, "select "+column+", count(*), "+refusedSum+decidedFrom+only+" group by 1, 2 order by 3 desc, 1 limit 50", site, micros(since))
	return out, err
}

// Agreement is a table of what the machine would have done against what people
// did on texts drawn at random and decided blind.
type Agreement struct {
	BothRelease, BothRefuse     int
	MachineRefuses, DeskRefuses int // alone
}

// Blindly compares the machine's word (refuse where the score is at least the
// bound) with blind decisions since a moment.
func (s *Store) Blindly(ctx context.Context, site string, since time.Time, from float64) (Agreement, error) {
	var a Agreement
	err := s.read.QueryRowContext(ctx, `select
		coalesce(sum(case when r.refuse < $3 and d.step = 'approve' then 1 else 0 end), 0),
		coalesce(sum(case when r.refuse >= $3 and d.step <> 'approve' then 1 else 0 end), 0),
		coalesce(sum(case when r.refuse >= $3 and d.step = 'approve' then 1 else 0 end), 0),
		coalesce(sum(case when r.refuse < $3 and d.step <> 'approve' then 1 else 0 end), 0)`+decidedFrom+" and d.blind = 1 and r.refuse is not null", site, micros(since), from).
		Scan(&a.BothRelease, &a.BothRefuse, &a.MachineRefuses, &a.DeskRefuses)
	return a, classify(err)
}

// Outcomes counts steps since a moment: of appeals ("uphold", "overturn") and of
// bundles ("approve", "remove" and "undo" with a bundle).
func (s *Store) Outcomes(ctx context.Context, site string, since time.Time) (appeals, bundles map[moderation.Step]int, err error) {
	appeals, bundles = map[moderation.Step]int{}, map[moderation.Step]int{}
	err = each(ctx, s.read, func(r *sql.Rows) error {
		var step moderation.Step
		var bundled, n int
		if err := r.Scan(&step, &bundled, &n); err != nil {
			return err
		}
		if bundled == 1 {
			bundles[step] = n
		} else {
			appeals[step] = n
		}
		return nil
	}, `select step, case when bundle <> '' then 1 else 0 end, count(*) from decisions where at >= $2 and ($1 = '' or site_id = $1)
		and (step in ('uphold', 'overturn', 'appeal') or bundle <> '') group by 1, 2`, site, micros(since))
	return appeals, bundles, err
}

// OldestWaiting is since when the oldest comment waits; the zero time for none.
func (s *Store) OldestWaiting(ctx context.Context, site string) (time.Time, error) {
	var at sql.NullInt64
	query, args := "select min(submitted_at) from revisions where state = 'pending'", []any{}
	if site != "" {
		query, args = query+" and site_id = $1", append(args, site)
	}
	err := s.read.QueryRowContext(ctx, query, args...).Scan(&at)
	return timeOf(at), classify(err)
}

// Pace gives how many decisions each editor took in each hour since a moment in
// which they took any, in no order of persons: nobody is ranked.
func (s *Store) Pace(ctx context.Context, site string, since time.Time) ([]int, error) {
	var out []int
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var n int
		err := r.Scan(&n)
		out = append(out, n)
		return err
	}, `select count(*) from decisions where at >= $2 and ($1 = '' or site_id = $1) and bundle = '' and step in ('approve', 'reject', 'return', 'decline')
		group by at / $3, actor_id order by 1`, site, micros(since), hourMicros)
	return out, err
}
