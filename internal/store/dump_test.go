package store_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/pgtest"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// lived is a house in which much has happened.
func lived(t *testing.T, dsn string) (*storetest.House, store.Submitted) {
	h := storetest.NewHouse(t, dsn)
	a := h.Post("", "Berta", "Oben. <b>Ärger</b> & \u2028 Freude")
	h.Release(h.Anna, a.Comment)
	b := h.Post(a.Comment, "Carl", "Darunter.")
	h.Release(h.Jonas, b.Comment)
	h.EndHold(h.Do(h.Anna, moderation.Reject, h.Post("", "Dora", "Mist.").Comment))
	waits := h.Post("", "Emil", "Wartet.")
	h.Do(h.Anna, moderation.Approve, h.Post("", "Fritz", "Noch in der Frist.").Comment)
	gone := h.Post("", "Gerd", "Doch nicht.")
	if _, err := h.ByAuthor(moderation.Withdraw, gone, ""); err != nil {
		t.Fatal(err)
	}
	h.Do(h.Jonas, moderation.Remove, a.Comment)
	signsIn(t, h.Store, h)
	if _, err := h.AddArticle(ctx, store.Article{Site: h.Site.ID, Doc: h.Article.Doc}, &store.Image{Type: "image/png", Bytes: []byte{0, 1, 255, 10}}); err != nil {
		t.Fatal(err)
	}
	return h, waits
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	fresh := map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "neu.db") },
		"postgres": func(t *testing.T) string { return pgtest.New(t) },
	}
	for from, source := range fresh {
		for to, target := range fresh {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				moves(t, source(t), target(t))
			})
		}
	}
}

func moves(t *testing.T, from, to string) {
	h, waits := lived(t, from)
	var b bytes.Buffer
	if _, err := h.Backup(ctx, &b); err != nil {
		t.Fatal(err)
	}
	before := h.Whole()
	after, err := store.Restore(ctx, store.Options{DSN: to, Clock: h.Clock.Now}, bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, after) {
		t.Fatalf("checked %+v before and %+v after", before, after)
	}
	s := second(t, store.Options{DSN: to, Clock: h.Clock.Now})
	if x, y := thread(t, h.Store, h), thread(t, s, h); !reflect.DeepEqual(x, y) || len(x) != 2 {
		t.Fatalf("readers see\n%+v\nand saw\n%+v", y, x)
	}
	r, err := s.Receipt(ctx, waits.Token) // links rest on the installation's secret
	if err != nil || r.Text != "Wartet." || r.Status != moderation.Pending {
		t.Fatalf("receipt after the move: %+v %v", r.Status, err)
	}
	in := store.Submission{Article: h.Article.ID, Name: "Neu", Text: "Es geht weiter.", Sender: store.Sender{Now: "n", Before: "n"}}
	if _, err := s.Submit(ctx, in); err != nil {
		t.Fatal(err)
	}
	signsIn(t, s, h)
	h.Clock.Pass(time.Minute)
	if jobs, err := s.ClaimJobs(ctx, []string{"publish"}, 10, time.Minute); err != nil || len(jobs) == 0 {
		t.Fatalf("work that waited is gone: %v %v", jobs, err)
	}
	if _, err := store.Restore(ctx, store.Options{DSN: to, Clock: h.Clock.Now}, bytes.NewReader(b.Bytes())); !errors.Is(err, store.ErrNotEmpty) {
		t.Fatalf("restored over another: %v", err)
	}
}

// signsIn does what writes rows that the database numbers: a sign-in, and a change
// about a person.
func signsIn(t *testing.T, s *store.Store, h *storetest.House) {
	t.Helper()
	if _, err := s.SignIn(ctx, h.Anna.ID, "test"); err != nil {
		t.Fatal(err)
	}
	to := h.Anna.Staffing()
	to.Name += "a"
	if err := s.ChangeEditor(ctx, h.Chief, h.Anna.ID, to); err != nil {
		t.Fatal(err)
	}
}

func thread(t *testing.T, s *store.Store, h *storetest.House) []store.Released {
	t.Helper()
	page, _, err := s.Thread(ctx, h.Article.ID, store.Oldest, 50, "")
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestRestoreRefusesADatabaseInUse(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h, _ := lived(t, "sqlite:"+filepath.Join(t.TempDir(), "alt.db"))
		var b bytes.Buffer
		if _, err := h.Backup(ctx, &b); err != nil {
			t.Fatal(err)
		}
		server := second(t, store.Options{DSN: dsn, Clock: h.Clock.Now})
		if err := server.Present(ctx, store.Presence{ID: "a"}); err != nil {
			t.Fatal(err)
		}
		restore := func() error {
			_, err := store.Restore(ctx, store.Options{DSN: dsn, Clock: h.Clock.Now}, bytes.NewReader(b.Bytes()))
			return err
		}
		if err := restore(); !errors.Is(err, store.ErrInUse) {
			t.Fatalf("restored under a server: %v", err)
		}
		if err := server.Absent(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		if err := restore(); err != nil {
			t.Fatal(err)
		}
	})
}

// A backup that was changed or cut off restores nothing at all.
func TestDamagedBackups(t *testing.T) {
	t.Parallel()
	h, _ := lived(t, "sqlite:"+filepath.Join(t.TempDir(), "alt.db"))
	var b bytes.Buffer
	if _, err := h.Backup(ctx, &b); err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(plain), "\n")
	for name, text := range map[string]string{
		"cut":     strings.Join(lines[:len(lines)-5], ""),
		"changed": strings.Replace(string(plain), "Wartet.", "Wartet!", 1),
		"shorter": strings.Replace(string(plain), lines[3], "", 1),
		"empty":   "",
		"other":   "{\"freigabe_backup\":99}\n",
	} {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		dsn := "sqlite:" + filepath.Join(t.TempDir(), "neu.db")
		if _, err := store.Restore(ctx, store.Options{DSN: dsn}, &packed); err == nil {
			t.Errorf("%s: restored", name)
		}
		s := second(t, store.Options{DSN: dsn})
		if sites, err := s.Sites(ctx); err != nil || len(sites) != 0 {
			t.Errorf("%s: left %d sites behind, %v", name, len(sites), err)
		}
	}
}

// A backup is of one moment, though decisions go on while it is made.
func TestBackupBesideWrites(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		stop, writing := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := 0; stop.Err() == nil && i < 2000; i++ {
				c, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Berta", Text: "Nummer " + store.NewID(), Sender: store.Sender{Now: "x", Before: "x"}})
				if err == nil {
					_, err = h.Step(h.Anna, moderation.Reject, c.Comment)
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		}()
		for range 3 {
			var b bytes.Buffer
			if _, err := h.Backup(ctx, &b); err != nil {
				t.Error(err)
			}
			if _, err := store.Restore(ctx, store.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "neu.db"), Clock: h.Clock.Now}, &b); err != nil {
				t.Error(err)
			}
		}
		writing()
		<-done
	})
}

func TestExportOfOneAuthor(t *testing.T) {
	onHouse(t, func(t *testing.T, h *storetest.House) {
		c := h.Post("", "Berta", "Meins.")
		h.Post("", "Carl", "Seins.")
		h.EndHold(h.Do(h.Anna, moderation.Reject, c.Comment))
		var got []store.Exported
		put := func(x store.Exported) error { got = append(got, x); return nil }
		if err := h.ExportAuthor(ctx, c.Token, put); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Revisions[0].Text != "Meins." || len(got[0].Decisions) != 1 || got[0].Decisions[0].Reason == "" {
			t.Fatalf("exported %+v", got)
		}
		if err := h.ExportAuthor(ctx, "unknown", put); moderation.KindOf(err) != moderation.NotFound {
			t.Fatalf("unknown receipt: %v", err)
		}
		got = nil
		if err := h.Export(ctx, "", put); err != nil || len(got) != 3 {
			t.Fatalf("exported %d lines, %v", len(got), err)
		}
	})
}
