package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Job is work that follows from a committed step. It is written in that step's
// transaction, claimed by one node at a time, and done at least once.
type Job struct {
	ID       int64
	Kind     string // assess, publish, tell, tell-parent, learn, …
	Key      string // unique within its kind
	Payload  string
	RunAt    time.Time
	Attempts int
	Token    int64 // fencing: a node that lost its lease cannot finish the job
}

// jobFor is the statement that writes a job; a job of that kind and key that
// waits already stays as it is.
func jobFor(kind, key, payload string, at time.Time) statement {
	return stmt("insert into jobs (kind, key, payload, run_at) values ($1, $2, $3, $4) on conflict (kind, key) do nothing", kind, key, payload, micros(at))
}

// purgeAgain is when caches are told a second time: until then a node that had
// not read the event yet may have given a cache the page as it was.
const purgeAgain = 2 * time.Second

// purgeJobs are the statements that have caches told of a change, at once and
// once more. A job that waits for the same pages already is put forward, and one
// under way begins anew: what it told the caches came before this change.
func purgeJobs(site, article string, now time.Time) []statement {
	var out []statement
	for _, one := range []struct {
		name string
		at   time.Time
	}{{"again", now.Add(purgeAgain)}, {"now", now}} { // always in this order, so that two cannot wait for each other
		out = append(out, stmt(`insert into jobs (kind, key, payload, run_at) values ('purge', $1, '', $2)
			on conflict (kind, key) do update set run_at = excluded.run_at, lease_until = 0, token = jobs.token + 1, attempts = 0, failed = ''`,
			site+"/"+article+"/"+one.name, micros(one.at)))
	}
	return out
}

func revisionKey(comment string, number int) string { return fmt.Sprintf("%s/%d", comment, number) }

// AddJob writes a job outside of a step: periodic work and work of other parts.
func (s *Store) AddJob(ctx context.Context, kind, key, payload string, at time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error { return all(ctx, tx, jobFor(kind, key, payload, at)) })
}

// ClaimJobs takes up to limit due jobs of the kinds for the time of the lease.
func (s *Store) ClaimJobs(ctx context.Context, kinds []string, limit int, lease time.Duration) ([]Job, error) {
	now := s.Now()
	due, err := s.jobsDue(ctx, kinds, now)
	if err != nil || !due {
		return nil, err
	}
	var out []Job
	err = s.write(ctx, func(tx *sql.Tx) error {
		out = nil
		for _, kind := range kinds {
			if err := s.claimKind(ctx, tx, kind, limit, now, lease, &out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// claimKind adds due jobs of one kind. One kind at a time: so a million waiting
// jobs of another kind are never read.
func (s *Store) claimKind(ctx context.Context, tx *sql.Tx, kind string, limit int, now time.Time, lease time.Duration, out *[]Job) error {
	from := len(*out)
	err := each(ctx, tx, func(r *sql.Rows) error {
		var j Job
		var at int64
		err := r.Scan(&j.ID, &j.Kind, &j.Key, &j.Payload, &at, &j.Attempts, &j.Token)
		j.RunAt = fromMicros(at)
		*out = append(*out, j)
		return err
	}, "select id, kind, key, payload, run_at, attempts, token from jobs where kind = $1 and run_at <= $2 and lease_until <= $2 order by run_at, id limit $3"+s.d.skip,
		kind, micros(now), limit-from)
	if err != nil {
		return err
	}
	for i := range (*out)[from:] {
		j := &(*out)[from+i]
		j.Token++
		j.Attempts++
		_, err := exec(ctx, tx, "update jobs set lease_until = $2, token = $3, attempts = $4 where id = $1",
			j.ID, micros(now.Add(lease)), j.Token, j.Attempts)
		if err != nil {
			return err
		}
	}
	return nil
}

// jobsDue spares the writer where nothing is due.
func (s *Store) jobsDue(ctx context.Context, kinds []string, now time.Time) (bool, error) {
	for _, kind := range kinds {
		var n int
		err := s.read.QueryRowContext(ctx, "select count(*) from (select 1 from jobs where kind = $1 and run_at <= $2 and lease_until <= $2 limit 1) due", kind, micros(now)).Scan(&n)
		if n > 0 || err != nil {
			return n > 0, classify(err)
		}
	}
	return false, nil
}

func placeholders(values []string, from int) (string, []any) {
	list, args := "", make([]any, len(values))
	for i, v := range values {
		if i > 0 {
			list += ", "
		}
		list += fmt.Sprintf("$%d", from+i)
		args[i] = v
	}
	return list, args
}

// FinishJob deletes a job that is done, unless another node has it by now.
func (s *Store) FinishJob(ctx context.Context, j Job) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "delete from jobs where id = $1 and token = $2", j.ID, j.Token)
		return err
	})
}

// RetryJob puts a failed job back, to run at the time given. The cause is kept
// for the admin; it must hold no reader's words.
func (s *Store) RetryJob(ctx context.Context, j Job, at time.Time, cause string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "update jobs set run_at = $3, lease_until = 0, failed = $4 where id = $1 and token = $2", j.ID, j.Token, micros(at), cause)
		return err
	})
}

// ReturnJob gives back a job that was claimed and not begun; it counts as no attempt.
func (s *Store) ReturnJob(ctx context.Context, j Job) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "update jobs set lease_until = 0, attempts = attempts - 1 where id = $1 and token = $2", j.ID, j.Token)
		return err
	})
}

// NextJobs gives for each of the kinds that has a waiting job the time of its
// next one, by one question for all. Jobs that somebody has at the moment are
// left out.
func (s *Store) NextJobs(ctx context.Context, kinds []string) (map[string]time.Time, error) {
	next := make(map[string]time.Time, len(kinds))
	if len(kinds) == 0 {
		return next, nil
	}
	rows, args := make([]string, len(kinds)), make([]any, len(kinds))
	for i, kind := range kinds {
		rows[i], args[i] = fmt.Sprintf("(cast($%d as text))", i+2), kind
	}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var kind string
		var at sql.NullInt64
		err := r.Scan(&kind, &at)
		if at.Valid {
			next[kind] = timeOf(at)
		}
		return err
	}, "with kinds (kind) as (values "+strings.Join(rows, ", ")+`)
		select kind, (select j.run_at from jobs j where j.kind = kinds.kind and j.lease_until <= $1 order by j.run_at, j.id limit 1) from kinds`,
		append([]any{micros(s.Now())}, args...)...)
	return next, err
}

// Backlog is how much work of a kind waits.
type Backlog struct {
	Kind   string
	Due    int       // should have begun, up to backlogCap
	Oldest time.Time // since when the oldest is due
	Failed int       // waits after a failure
}

// backlogCap bounds how far Backlogs counts: more is only “very much”.
const backlogCap = 10000

// Backlogs tells how much work of the kinds waits, for those who watch over the
// installation.
func (s *Store) Backlogs(ctx context.Context, kinds ...string) ([]Backlog, error) {
	now := micros(s.Now())
	out := make([]Backlog, 0, len(kinds))
	for _, kind := range kinds {
		var oldest sql.NullInt64
		b := Backlog{Kind: kind}
		err := s.read.QueryRowContext(ctx, `select count(*), min(run_at), coalesce(sum(case when failed <> '' then 1 else 0 end), 0)
			from (select run_at, failed from jobs where kind = $1 and run_at <= $2 order by run_at, id limit $3) due`, kind, now, backlogCap).Scan(&b.Due, &oldest, &b.Failed)
		if err != nil {
			return nil, classify(err)
		}
		b.Oldest = timeOf(oldest)
		out = append(out, b)
	}
	return out, nil
}

// Lease takes or keeps a named duty for one node. The token grows with each new
// holder; ok is false while somebody else has it.
func (s *Store) Lease(ctx context.Context, name, holder string, life time.Duration) (token int64, ok bool, err error) {
	now := s.Now()
	err = s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, `insert into leases (name, holder, token, until) values ($1, $2, 1, $4)
			on conflict (name) do update set token = case when leases.holder = excluded.holder then leases.token else leases.token + 1 end,
			holder = excluded.holder, until = excluded.until where leases.until <= $3 or leases.holder = $2`,
			name, holder, micros(now), micros(now.Add(life)))
		if err != nil {
			return err
		}
		var who string
		err = tx.QueryRowContext(ctx, "select holder, token from leases where name = $1", name).Scan(&who, &token)
		ok = who == holder
		return err
	})
	return token, ok, err
}
