package store

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// readerTables are what the connection for readers' pages may read.
var readerTables = []string{"articles", "counts", "images", "outbox", "policies", "publications", "reaction_counts", "sites"}

// ReaderGrants gives the statements that let a role of PostgreSQL read what
// readers' pages need, and nothing else: what it cannot read cannot leak. Run
// them as the owner of the tables, after each upgrade of the schema.
func ReaderGrants(role string) []string {
	who := pgx.Identifier{role}.Sanitize()
	out := []string{fmt.Sprintf("revoke all on all tables in schema public from %s", who), fmt.Sprintf("grant usage on schema public to %s", who)}
	for _, table := range slices.Sorted(slices.Values(readerTables)) {
		out = append(out, fmt.Sprintf("grant select on %s to %s", table, who))
	}
	return out
}
