package store_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// Each way of tampering is found, and the row is named.
func TestCheckFindsWhatWasBroken(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, tamper, table, also string }{
		{"a reason changed", "update decisions set reason = 'anders' where step = 'reject'", "decisions", ""},
		{"a rule changed", "update decisions set rule = 'digression' where step = 'reject'", "decisions", ""},
		{"a person changed", "update decisions set actor_id = 'x' where seq = 1", "decisions", ""},
		{"an entry taken out", "delete from decisions where step = 'pick'", "decisions", ""},
		{"the end cut off", "delete from decisions where seq = (select max(seq) from decisions)", "chains", ""},
		{"a text changed", "update revisions set text = 'anders' where state = 'rejected'", "revisions", ""},
		{"a text emptied without a step", "update revisions set text = '', salt = '' where state = 'rejected'", "decisions", ""},
		{"an assessment changed", "update revisions set assessment = '{}' where assessment <> ''", "revisions", ""},
		{"a state changed", "update revisions set state = 'declined' where state = 'rejected'", "revisions", ""},
		{"a state without decision", "update revisions set state = 'returned' where state = 'pending'", "revisions", ""},
		{"other words published", "update publications set text = 'anders'", "publications", ""},
		{"a waiting text changed", "update revisions set text = 'anders' where state = 'pending'", "revisions", ""},
		{"another author published", "update publications set author_name = 'Jemand' where gone = ''", "publications", ""},
		{"a wrong count", "update counts set comments = comments + 1", "counts", ""},
		{"marks of a statement changed", `update decisions set passages = '[{"start":0,"end":4}]' where step = 'reject'`, "decisions", ""},
		{"a publication deleted", "delete from publications where gone = ''", "revisions", "delete from jobs"},
		{"a publication lost", "delete from publications", "revisions", "update comments set live_revision = null; delete from jobs"},
		{"a removed text shown", "update publications set gone = 'removed'", "publications", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for driver, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "pgx": pgtest.New(t)} {
				source := dsn
				if driver == "sqlite" {
					source = "sqlite:" + dsn
				}
				h := storetest.NewHouse(t, source)
				brokenHouse(t, h)
				db, err := sql.Open(driver, dsn)
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				if _, err := db.Exec(tt.tamper); err != nil {
					t.Fatal(err)
				}
				if _, err := db.Exec(tt.also); tt.also != "" && err != nil {
					t.Fatal(err)
				}
				_, err = h.Check(ctx, "")
				b, ok := errors.AsType[*store.Broken](err)
				if !ok || b.Table != tt.table || b.Row == "" || strings.Contains(b.Error(), "\n") {
					t.Fatalf("%s: check says %v, want a broken row of %s", driver, err, tt.table)
				}
			}
		})
	}
}

// brokenHouse fills a house with one comment of each kind that the tests above break.
func brokenHouse(t *testing.T, h *storetest.House) {
	t.Helper()
	h.Post("", "Adam", "Wartet.")
	r := h.Post("", "Berta", "Abgelehnt.")
	if err := h.SaveAssessment(ctx, r.Comment, 1, moderation.NotChecked("test")); err != nil {
		t.Fatal(err)
	}
	h.EndHold(h.Do(h.Anna, moderation.Reject, r.Comment))
	a := h.Post("", "Carl", "Frei.")
	h.Release(h.Anna, a.Comment)
	h.Do(h.Anna, moderation.Pick, a.Comment)
	h.Do(h.Anna, moderation.Unpick, a.Comment)
	if _, err := h.Check(ctx, ""); err != nil {
		t.Fatalf("before tampering: %v", err)
	}
}

// A head noted earlier shows that the end of a chain, with its row in chains, was cut off.
func TestCheckHoldsAgainstAnEarlierHead(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		brokenHouse(t, h)
		head := h.Whole().Heads[0].Hash
		if _, err := h.Check(ctx, head); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Check(ctx, strings.Repeat("0", 64)); err == nil {
			t.Fatal("a head that never was passed")
		}
	})
}

// The database itself refuses a publication that no release stands behind.
func TestDatabaseRefusesAPublicationWithoutRelease(t *testing.T) {
	t.Parallel()
	for driver, dsn := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "x.db"), "pgx": pgtest.New(t)} {
		source := dsn
		if driver == "sqlite" {
			source, dsn = "sqlite:"+dsn, "file:"+dsn+"?_pragma=foreign_keys(1)"
		}
		h := storetest.NewHouse(t, source)
		brokenHouse(t, h)
		db, err := sql.Open(driver, dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		_, err = db.Exec(`insert into publications (article_id, path, root, comment_id, site_id, revision, author_name, text, first_at, published_at, decision_id)
			select article_id, 'x', 'x', comment_id, site_id, number, 'x', 'x', 1, 1, decision_id from revisions where state = 'rejected'`)
		if err == nil {
			t.Fatalf("%s took a publication of a rejected text", driver)
		}
	}
}
