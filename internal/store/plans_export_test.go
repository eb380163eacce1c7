package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Plan is how the database carries out one statement of this program.
type Plan struct {
	Query string
	Steps []string // such as "SEARCH r USING INDEX …" or "Index Scan on revisions"
	Scans []string // the tables that are read from one end to the other
	Sorts bool     // rows are sorted after reading
}

// Plans gives the plans of all statements that the open connections have prepared:
// everything that was asked of the store up to now.
func (s *Store) Plans(t *testing.T) []Plan {
	t.Helper()
	seen := map[string]bool{}
	var out []Plan
	asked := map[*sql.DB]bool{}
	for _, db := range []*sql.DB{s.db, s.read, s.public, s.news} {
		if asked[db] {
			continue
		}
		asked[db] = true
		for range max(1, db.Stats().OpenConnections) {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() // so each turn gets another one
			plans := sqlitePlans
			if s.d.name == "postgres" {
				plans = postgresPlans
			}
			if err := plans(t.Context(), conn, seen, &out); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

func worthPlanning(query string) bool {
	word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(query)), " ")
	if strings.Contains(query, "recursive i(n)") || strings.Contains(query, "sqlite_master") || strings.Contains(query, "pg_") {
		return false // of the filling, and of these questions
	}
	return word == "select" || word == "update" || word == "delete" || word == "with"
}

func sqlitePlans(ctx context.Context, conn *sql.Conn, seen map[string]bool, out *[]Plan) error {
	var texts []string
	err := conn.Raw(func(c any) error {
		for text := range c.(*keptConn).kept {
			texts = append(texts, text)
		}
		return nil
	})
	for _, text := range texts {
		if seen[text] || !worthPlanning(text) {
			continue
		}
		seen[text] = true
		p := Plan{Query: text}
		rows, err := conn.QueryContext(ctx, "explain query plan "+text+" -- "+NewID(), // kept statements of this kind do not notice a change of the schema
			nulls(text)...)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			p.Steps = append(p.Steps, detail)
			if table, ok := strings.CutPrefix(detail, "SCAN "); ok {
				p.Scans = append(p.Scans, table)
			}
			p.Sorts = p.Sorts || strings.HasPrefix(detail, "USE TEMP B-TREE") && !strings.Contains(detail, "LAST")
		}
		if err := rows.Close(); err != nil {
			return err
		}
		*out = append(*out, p)
	}
	return err
}

// nulls gives as many values as the statement has places.
func nulls(query string) []any {
	n := 0
	for strings.Contains(query, fmt.Sprintf("$%d", n+1)) {
		n++
	}
	return make([]any, n)
}

func postgresPlans(ctx context.Context, conn *sql.Conn, seen map[string]bool, out *[]Plan) error {
	// Without sequential scans, sorts and joins of whole tables wherever there is another way: what still scans has
	// no index that fits, however large the tables are.
	if _, err := conn.ExecContext(ctx, "discard plans; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set enable_sort = off; set plan_cache_mode = force_generic_plan"); err != nil {
		return err
	}
	type prepared struct {
		name, text string
		places     int
	}
	var all []prepared
	rows, err := conn.QueryContext(ctx, "select name, statement, cardinality(parameter_types) from pg_prepared_statements where not from_sql")
	if err != nil {
		return err
	}
	for rows.Next() {
		var p prepared
		if err := rows.Scan(&p.name, &p.text, &p.places); err != nil {
			return err
		}
		all = append(all, p)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, one := range all {
		if seen[one.text] || !worthPlanning(one.text) || strings.Contains(one.text, "pg_prepared_statements") {
			continue
		}
		seen[one.text] = true
		args := ""
		if one.places > 0 {
			args = "(" + strings.TrimSuffix(strings.Repeat("null, ", one.places), ", ") + ")"
		}
		var text string
		if err := conn.QueryRowContext(ctx, fmt.Sprintf("explain (format json) execute %q%s", one.name, args)).Scan(&text); err != nil {
			return fmt.Errorf("%s: %w", one.text, err)
		}
		var tree []struct{ Plan node }
		if err := json.Unmarshal([]byte(text), &tree); err != nil {
			return err
		}
		p := Plan{Query: one.text}
		tree[0].Plan.walk(&p)
		*out = append(*out, p)
	}
	return nil
}

// node is a step of PostgreSQL's plan.
type node struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"`
	Alias string `json:"Alias"`
	Index string `json:"Index Name"`
	Cond  string `json:"Index Cond"`
	Plans []node
}

func (n node) walk(p *Plan) {
	p.Steps = append(p.Steps, strings.TrimSpace(n.Type+" "+n.Table+" "+n.Index+" "+n.Cond))
	switch {
	case n.Type == "Seq Scan":
		p.Scans = append(p.Scans, n.Table)
	case strings.HasPrefix(n.Type, "Index") && n.Cond == "":
		p.Scans = append(p.Scans, n.Table+" USING INDEX "+n.Index)
	case n.Type == "Sort":
		p.Sorts = true
	}
	for _, below := range n.Plans {
		below.walk(p)
	}
}
