package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Drift tells whether a site's comments have moved away from what its model and
// its measurements rest on.
type Drift struct {
	Site   string
	At     time.Time // of the last look; zero: none yet
	Since  time.Time // of the alarm; zero: there is none
	Alarms []string  // what moved: "unseen", "scores", "refusals"
	Report string    // figures, JSON owned by package assess
}

// Alarm tells whether something moved. While it stands, measured bounds do not hold.
func (d Drift) Alarm() bool { return !d.Since.IsZero() }

// DriftAlarm gives what the last look at a site's comments found; a site that
// nobody has looked at yet has no alarm.
func (s *Store) DriftAlarm(ctx context.Context, site string) (Drift, error) {
	found, err := s.drifts(ctx, "where site_id = $1", site)
	if err != nil || len(found) == 0 {
		return Drift{Site: site}, err
	}
	return found[0], nil
}

// DriftAlarms lists the sites with an alarm, the oldest first; site "" means all.
func (s *Store) DriftAlarms(ctx context.Context, site string) ([]Drift, error) {
	return s.drifts(ctx, "where since is not null and ($1 = '' or site_id = $1) order by since, site_id", site)
}

func (s *Store) drifts(ctx context.Context, where string, args ...any) ([]Drift, error) {
	var out []Drift
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var d Drift
		var at int64
		var since sql.NullInt64
		var alarms string
		err := r.Scan(&d.Site, &at, &since, &alarms, &d.Report)
		d.At, d.Since, d.Alarms = fromMicros(at), timeOf(since), strings.Fields(alarms)
		out = append(out, d)
		return err
	}, "select site_id, at, since, alarms, report from drift "+where, args...)
	return out, err
}

// SaveDrift keeps what a look at a site's comments found. An alarm keeps the
// moment of its beginning; that it began or ended is an entry of the machine's
// log and an event "drift" for every node.
func (s *Store) SaveDrift(ctx context.Context, d Drift, version string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var since sql.NullInt64
		err := tx.QueryRowContext(ctx, "select since from drift where site_id = $1", d.Site).Scan(&since)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		was, is, now := since.Valid, len(d.Alarms) > 0, s.Now()
		kind := ""
		switch {
		case is && !was:
			since, kind = sql.NullInt64{Int64: micros(now), Valid: true}, LogDrift
		case was && !is:
			since, kind = sql.NullInt64{}, LogDriftOver
		}
		err = all(ctx, tx, stmt(`insert into drift (site_id, at, since, alarms, report) values ($1, $2, $3, $4, $5)
			on conflict (site_id) do update set at = excluded.at, since = excluded.since, alarms = excluded.alarms, report = excluded.report`,
			d.Site, micros(now), since, strings.Join(d.Alarms, " "), d.Report))
		if err != nil || kind == "" {
			return err
		}
		return all(ctx, tx, logLine(s, MachineEvent{Site: d.Site, Kind: kind, Version: version, Detail: d.Report}), event(s, "drift", d.Site, "", ""))
	})
}

// The kinds of entries of the machine's log.
const (
	LogRetrained  = "retrained"   // trained afresh, and in use
	LogRolledBack = "rolled_back" // trained afresh, worse than the one before, which stays
	LogDamaged    = "damaged"     // a stored model cannot be used
	LogDrift      = "drift"
	LogDriftOver  = "drift_over"
)

// MachineEvent is an entry of the machine's log.
type MachineEvent struct {
	Site    string
	At      time.Time
	Kind    string
	Version string
	Lessons int
	Detail  string // JSON, or a cause
}

func logLine(s *Store, e MachineEvent) statement {
	return stmt("insert into machine_log (id, site_id, at, kind, version, lessons, detail) values ($1, $2, $3, $4, $5, $6, $7)",
		NewID(), e.Site, micros(s.Now()), e.Kind, e.Version, e.Lessons, e.Detail)
}

// MachineLog lists what happened to a site's model, newest first.
func (s *Store) MachineLog(ctx context.Context, site string, limit int) ([]MachineEvent, error) {
	var out []MachineEvent
	err := each(ctx, s.read, func(r *sql.Rows) error {
		e := MachineEvent{Site: site}
		var at int64
		err := r.Scan(&at, &e.Kind, &e.Version, &e.Lessons, &e.Detail)
		e.At = fromMicros(at)
		out = append(out, e)
		return err
	}, "select at, kind, version, lessons, detail from machine_log where site_id = $1 order by at desc, id limit $2", site, limit)
	return out, err
}

// ScorerState is how a site's external scorer did last.
type ScorerState struct {
	At    time.Time // zero: it was never asked
	Cause string    // why texts are not checked by it; "": it answers
	Since time.Time // that it has been so
}

// NoteScorer keeps how a site's external scorer does. Callers say so when it
// changes and otherwise now and then, not for every text.
func (s *Store) NoteScorer(ctx context.Context, site, cause string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx, stmt(`insert into scorers (site_id, at, cause, since) values ($1, $2, $3, $2) on conflict (site_id) do update set
			since = case when scorers.cause = excluded.cause then scorers.since else excluded.since end, at = excluded.at, cause = excluded.cause`,
			site, micros(s.Now()), cause))
	})
}

// ScorerState gives how a site's external scorer did last.
func (s *Store) ScorerState(ctx context.Context, site string) (ScorerState, error) {
	var x ScorerState
	var at, since int64
	err := one(ctx, s.read, "scorer", []any{&at, &x.Cause, &since}, "select at, cause, since from scorers where site_id = $1", site)
	if moderation.KindOf(err) == moderation.NotFound {
		return x, nil
	}
	x.At, x.Since = fromMicros(at), fromMicros(since)
	return x, err
}

// BlindCheck is a blind decision beside what the machine had said at submission.
type BlindCheck struct {
	Assessment moderation.Assessment
	Refused    bool // as it stands
	Rule       moderation.Rule
	At         time.Time
}

// BlindChecks gives a site's newest blind decisions whose hold has passed, newest
// first; those that blame nobody, were undone or came in a bundle are left out.
func (s *Store) BlindChecks(ctx context.Context, site string, limit int) ([]BlindCheck, error) {
	var out []BlindCheck
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var c BlindCheck
		var text string
		var refused int
		var at int64
		err := r.Scan(&text, &refused, &c.Rule, &at)
		if err != nil {
			return err
		}
		c.Refused, c.At = refused == 1, fromMicros(at)
		c.Assessment, err = decodeAssessment(text)
		out = append(out, c)
		return err
	}, `select r.assessment, case when r.state in ('rejected', 'returned', 'removed', 'appealed') then 1 else 0 end,
			case when d.rule <> '' then d.rule else coalesce(x.rule, '') end, d.at
		from decisions d join revisions r on r.comment_id = d.comment_id and r.number = d.revision left join decisions x on x.id = r.decision_id
		where d.site_id = $1 and d.blind = 1 and d.step in ('approve', 'reject', 'return') and d.bundle = '' and d.hold_until <= $2 and r.assessment <> ''
			and r.state in ('approved', 'superseded', 'rejected', 'returned', 'removed', 'appealed')
			and not exists (select 1 from decisions u where u.comment_id = d.comment_id and u.undoes = d.id)
		order by d.seq desc limit $3`, site, micros(s.Now()), limit)
	return out, err
}

// DecidedText is a text that a person released or refused.
type DecidedText struct {
	Comment string
	Text    string
	Refused bool // as it stands
	Rule    moderation.Rule
	At      time.Time
}

// DecidedTexts gives the newest texts of one site that were released or refused in
// a period, newest first. Bundles are left out.
func (s *Store) DecidedTexts(ctx context.Context, p Period, limit int) ([]DecidedText, error) {
	var out []DecidedText
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var d DecidedText
		var refused int
		var at int64
		err := r.Scan(&d.Comment, &d.Text, &refused, &d.Rule, &at)
		d.Refused, d.At = refused == 1, fromMicros(at)
		out = append(out, d)
		return err
	}, `select r.comment_id, r.text, case when r.state = 'approved' then 0 else 1 end, d.rule, d.at
		from decisions d join revisions r on r.comment_id = d.comment_id and r.number = d.revision and r.decision_id = d.id
		where d.site_id = $1 and d.at >= $2 and d.at < $4 and d.bundle = '' and r.text <> '' and r.state in ('approved', 'rejected', 'returned', 'removed', 'appealed')
		order by d.seq desc limit $3`, p.Site, micros(p.From), limit, micros(p.To))
	return out, err
}
