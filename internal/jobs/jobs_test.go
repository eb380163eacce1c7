package jobs_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

var (
	ctx   = context.Background()
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
)

// told remembers who was told what.
type told struct{ authors, parents []string }

func (t *told) TellAuthor(_ context.Context, d moderation.Decision) error {
	t.authors = append(t.authors, d.Comment+" "+string(d.To))
	return nil
}

func (t *told) TellParent(_ context.Context, d moderation.Decision) error {
	t.parents = append(t.parents, d.Comment)
	return nil
}

func drain(t *testing.T, r *jobs.Runner) {
	t.Helper()
	if err := r.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

// What follows a decision happens when its hold has passed, and not before; what
// was undone never happens.
func TestFollowUpsWaitForTheHold(t *testing.T) {
	t.Parallel()
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := storetest.NewHouse(t, dsn)
		news := &told{}
		r := &jobs.Runner{Store: h.Store, Log: quiet, Assessor: jobs.NewBrain(h.Store, quiet), Teller: news}
		a := h.Post("", "Berta", "Die Brücke sollte schon im März gesperrt werden.")
		drain(t, r)
		d, err := h.Dossier(ctx, a.Comment, 0)
		if err != nil || d.Assessment.Rules[moderation.Profanity].Value == nil || d.Refuse == nil {
			t.Fatalf("not assessed: %+v %v", d.Assessment, err)
		}
		h.Do(h.Anna, moderation.Approve, a.Comment)
		drain(t, r)
		if len(h.Visible()) != 0 || len(news.authors) != 0 {
			t.Fatal("something happened within the hold")
		}
		h.Do(h.Anna, moderation.Undo, a.Comment)
		h.Clock.Pass(time.Minute)
		drain(t, r)
		if len(h.Visible()) != 0 || len(news.authors) != 0 {
			t.Fatal("what was undone happened")
		}
		h.Do(h.Jonas, moderation.Approve, a.Comment)
		h.Clock.Pass(9 * time.Second)
		drain(t, r)
		b := h.Post(a.Comment, "Carl", "Im März liegt dort noch Schnee.")
		h.Do(h.Jonas, moderation.Approve, b.Comment)
		h.Clock.Pass(9 * time.Second)
		drain(t, r)
		drain(t, r)
		if got := h.Visible(); len(got) != 2 || len(news.authors) != 2 {
			t.Fatalf("visible %q, told %q", got, news.authors)
		}
		h.Clock.Pass(2 * time.Second)
		drain(t, r)
		if !slices.Contains(news.parents, b.Comment) {
			t.Fatalf("parents told of %q", news.parents)
		}
		h.Whole()
	})
}

// broken is an assessor that fails.
type broken struct{ calls int }

func (b *broken) Assess(context.Context, store.ToAssess) (moderation.Assessment, error) {
	b.calls++
	return moderation.Assessment{}, errors.New("out of order")
}

// A failing assessment leaves the comment in the queue as not checked.
func TestFailedAssessmentIsShownAsNotChecked(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+t.TempDir()+"/x.db")
	b := &broken{}
	r := &jobs.Runner{Store: h.Store, Log: quiet, Assessor: b}
	c := h.Post("", "Berta", "Prüf mich.")
	for range 6 {
		drain(t, r)
		h.Clock.Pass(2 * time.Minute)
	}
	page, _, err := h.Queue(ctx, store.QueueFilter{})
	if err != nil || len(page) != 1 || page[0].ID != c.Comment {
		t.Fatalf("queue: %v %v", page, err)
	}
	s := page[0].Assessment.Rules[moderation.Aggression]
	if b.calls != 5 || s.NotChecked != "failed" || s.Value != nil {
		t.Fatalf("after %d tries: %+v", b.calls, s)
	}
}

// Other systems are told of a decision once it is in force, under an id that
// stays the same when the first message got lost; of what was undone, never.
func TestWebhooksTellOfDecisionsInForce(t *testing.T) {
	var mu sync.Mutex
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if got = append(got, r.Header.Get("Webhook-Id")+" "+string(body)); len(got) == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer srv.Close()
	h := storetest.NewHouse(t, "sqlite:"+t.TempDir()+"/x.db")
	set := store.Secrets{Webhooks: []store.Hook{{URL: srv.URL, Secret: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}}
	if err := h.SaveSecrets(ctx, h.Site.ID, set); err != nil {
		t.Fatal(err)
	}
	r := &jobs.Runner{Store: h.Store, Log: quiet, Assessor: jobs.NewBrain(h.Store, quiet)}
	c := h.Post("", "Berta", "Ein Text, den niemand verschicken soll.")
	h.Do(h.Anna, moderation.Reject, c.Comment)
	h.Do(h.Anna, moderation.Undo, c.Comment)
	res := h.Do(h.Anna, moderation.Approve, c.Comment)
	drain(t, r)
	if len(got) != 0 {
		t.Fatalf("told within the hold: %q", got)
	}
	for range 3 {
		h.Clock.Pass(time.Minute)
		drain(t, r)
	}
	want := "dec_" + res.Decision.ID
	if len(got) != 2 || !strings.HasPrefix(got[0], want) || got[0] != got[1] || strings.Contains(got[1], "niemand") || !strings.Contains(got[1], "comment.approved") {
		t.Fatalf("told %q", got)
	}
}
