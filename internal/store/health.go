package store

import (
	"context"
	"database/sql"
	"time"
)

// Failure is work of a kind that waits after a failure.
type Failure struct {
	Kind     string
	Cause    string // as recorded; may quote another server's answer, so not for showing
	N        int
	Attempts int       // the most of any
	Next     time.Time // the earliest new attempt
}

// Failures lists what failed and waits for a new attempt, by kind and cause. Of
// each kind it looks at backlogCap jobs at most.
func (s *Store) Failures(ctx context.Context, kinds ...string) ([]Failure, error) {
	var out []Failure
	for _, kind := range kinds {
		err := each(ctx, s.read, func(r *sql.Rows) error {
			f := Failure{Kind: kind}
			var next int64
			err := r.Scan(&f.Cause, &f.N, &f.Attempts, &next)
			f.Next = fromMicros(next)
			out = append(out, f)
			return err
		}, `select failed, count(*), max(attempts), min(run_at) from (select failed, attempts, run_at from jobs where kind = $1 order by run_at, id limit $2) waiting
			where failed <> '' group by failed order by count(*) desc, failed limit 100`, kind, backlogCap)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
