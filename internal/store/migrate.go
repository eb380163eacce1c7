package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema up to date: each numbered file once, in order, in a
// transaction of its own. Files are never changed after a release, since nodes of
// two versions run side by side during an upgrade; a changed one is refused.
func (s *Store) Migrate(ctx context.Context) error {
	err := s.writeLong(ctx, func(tx *sql.Tx) error {
		if s.d.name == "postgres" {
			// Several nodes may start at once; the first does the work.
			if _, err := tx.ExecContext(ctx, migrateLock); err != nil {
				return err
			}
		}
		return s.migrate(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("bring the database's schema up to date: %w", err)
	}
	return nil
}

// migrateLock keeps others from changing the schema, or filling it, at the same time.
const migrateLock = "select pg_advisory_xact_lock(7133701)"

func (s *Store) migrate(ctx context.Context, tx *sql.Tx) error { return s.migrateAs(ctx, tx, nil) }

// migrateAs applies the migrations named, or all where none are named.
func (s *Store) migrateAs(ctx context.Context, tx *sql.Tx, only map[string]string) error {
	_, err := tx.ExecContext(ctx, "create table if not exists migrations (name text primary key, digest text not null, at bigint not null)")
	if err != nil {
		return err
	}
	applied, err := appliedMigrations(ctx, tx)
	if err != nil {
		return err
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, named := only[name]; only != nil && !named {
			continue
		}
		if err := s.migrateFile(ctx, tx, name, applied); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return s.secret(ctx, tx)
}

func (s *Store) migrateFile(ctx context.Context, tx *sql.Tx, name string, applied map[string]string) error {
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:])
	if had, ok := applied[name]; ok {
		if had != digest {
			return fmt.Errorf("this database was made with another version of the file; use the program version that made it")
		}
		return nil
	}
	for _, one := range split(s.d.fill(string(text))) {
		if _, err := tx.ExecContext(ctx, one); err != nil {
			return fmt.Errorf("%q: %w", strings.SplitN(one, "\n", 2)[0], err)
		}
	}
	_, err = tx.ExecContext(ctx, "insert into migrations (name, digest, at) values ($1, $2, $3)", name, digest, micros(s.Now()))
	return err
}

// split cuts a migration into statements at semicolons that end a line, and
// leaves comments out.
func split(text string) []string {
	var out []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(line, "--")
		code = strings.TrimRight(code, " \t\n")
		if strings.TrimSpace(code) == "" {
			continue
		}
		b.WriteString(code)
		b.WriteByte('\n')
		if strings.HasSuffix(code, ";") {
			out = append(out, strings.TrimSuffix(strings.TrimSpace(b.String()), ";"))
			b.Reset()
		}
	}
	return out
}

// secret makes the key from which receipt links are derived, once.
func (s *Store) secret(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "insert into meta (name, value) values ('secret', $1) on conflict (name) do nothing", rand.Text()+rand.Text())
	return err
}
