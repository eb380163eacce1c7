package jobs

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// A digest is asked for, confirmed, sent once a day with what was released, and
// never holds a word of what was not.
func TestDigestsTellOfWhatWasReleased(t *testing.T) {
	for _, lang := range locale.Languages {
		t.Run(lang, func(t *testing.T) {
			h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
			ctx := t.Context()
			box := &mail.Catcher{Clock: h.Now}
			p := &Postman{Store: h.Store, Sender: box, Public: "https://k.example"}
			r := &Runner{Store: h.Store}
			r.Handle("digest-confirm", p.ConfirmDigest)
			r.Handle("digest", p.SendDigest)
			drain := func() {
				t.Helper()
				if err := p.PlanDigests(ctx, store.Job{}); err == nil {
					t.Fatal("the planning ends")
				}
				for _, kind := range []string{"digest-confirm", "digest"} {
					jobs, err := h.ClaimJobs(ctx, []string{kind}, 100, time.Minute)
					if err != nil {
						t.Fatal(err)
					}
					for _, j := range jobs {
						for range 2 { // a job may run twice
							if err := r.kinds[kind](ctx, j); err != nil {
								t.Fatal(err)
							}
						}
						if err := h.FinishJob(ctx, j); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			if err := h.Subscribe(ctx, store.Subscription{Site: h.Site.ID, Kind: store.ThreadDigest, Article: h.Article.ID, Email: "mira@example.org", Lang: lang}); err != nil {
				t.Fatal(err)
			}
			drain()
			asked := box.Messages()
			if len(asked) != 1 || !strings.Contains(asked[0].Text, "https://k.example/digest/confirm/") {
				t.Fatalf("the question is %v", asked)
			}
			_, token, _ := strings.Cut(asked[0].Text, "/digest/confirm/")
			x, err := h.ByDigestToken(ctx, strings.Fields(token)[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := h.ConfirmDigest(ctx, x.ID); err != nil {
				t.Fatal(err)
			}
			h.Clock.Pass(time.Minute)
			for i := range 23 {
				c := h.Post("", "Jon", fmt.Sprintf("Freigegeben%d. %s", i, strings.Repeat("Wort ", 80)))
				h.Release(h.Anna, c.Comment)
			}
			h.Post("", "Verborgen", "Wartendes.")
			refused := h.Post("", "Verborgen", "Abgelehntes.")
			h.EndHold(h.Do(h.Anna, moderation.Reject, refused.Comment))
			h.Clock.Pass(24 * time.Hour)
			drain()
			drain()
			sent := box.Messages()[:len(box.Messages())-1]
			if len(sent) != 1 { // the box keeps one of each Message-ID
				t.Fatalf("%d letters of one digest", len(sent))
			}
			m := sent[0]
			if !strings.Contains(m.Text, "Freigegeben0.") || strings.Contains(m.Text, "Freigegeben20.") || !strings.Contains(m.Text, "3 ") {
				t.Errorf("the digest says %s", m.Text)
			}
			if !strings.HasPrefix(m.Unsubscribe, "https://k.example/digest/end/") || !strings.Contains(m.HTML, "<a href=") || strings.Contains(m.Text, "{") {
				t.Errorf("unsubscribe %q, text %s", m.Unsubscribe, m.Text)
			}
			for _, hidden := range []string{"Verborgen", "Wartendes", "Abgelehntes"} {
				if strings.Contains(m.Text+m.HTML+m.Subject, hidden) {
					t.Errorf("the digest says %s", hidden)
				}
			}
		})
	}
}

func TestDigestTime(t *testing.T) {
	for now, want := range map[string]string{
		"2026-11-25T04:59:00Z": "2026-11-24T05:00:00Z",
		"2026-11-25T05:00:00Z": "2026-11-25T05:00:00Z",
		"2026-07-01T03:59:59Z": "2026-06-30T04:00:00Z", // in summer
		"2026-10-25T05:30:00Z": "2026-10-25T05:00:00Z", // the day on which summer ends
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := digestTime(at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("at %s the digest of %s is due, want %s", now, got, want)
		}
	}
}

// An answer's letter offers to end all news of the article; the wish made on the
// receipt's page is asked to be confirmed.
func TestNewsCanBeConfirmedAndMuted(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	ctx := t.Context()
	box := &mail.Catcher{Clock: h.Now}
	p := &Postman{Store: h.Store, Sender: box, Public: "https://k.example"}
	a := h.Post("", "Mira", "Ein Gedanke.")
	h.Release(h.Anna, a.Comment)
	if err := h.AskForNews(ctx, a.Comment, "mira@example.org"); err != nil {
		t.Fatal(err)
	}
	if err := p.ConfirmNews(ctx, store.Job{ID: 1, Key: a.Comment}); err != nil {
		t.Fatal(err)
	}
	if m := box.Messages(); len(m) != 1 || m[0].To != "mira@example.org" || !strings.Contains(m[0].Text, "https://k.example/confirm/") {
		t.Fatalf("the question is %v", m)
	}
	if err := h.SetNotify(ctx, a.Comment, store.NotifyConfirmed); err != nil {
		t.Fatal(err)
	}
	b := h.Post(a.Comment, "Jon", "Eine Antwort.")
	res := h.Do(h.Anna, moderation.Approve, b.Comment)
	h.EndHold(res)
	if err := p.TellParent(ctx, res.Decision); err != nil {
		t.Fatal(err)
	}
	m := box.Messages()[0]
	if !strings.Contains(m.Text, m.Unsubscribe+"?all=1") || !strings.Contains(m.Text, "Eine Antwort.") {
		t.Errorf("the letter says %s", m.Text)
	}
	if err := h.MuteThread(ctx, a.Comment); err != nil {
		t.Fatal(err)
	}
	if err := p.TellParent(ctx, res.Decision); err != nil {
		t.Fatal(err)
	}
	if n := len(box.Messages()); n != 2 {
		t.Errorf("%d letters, want none after muting", n)
	}
}
