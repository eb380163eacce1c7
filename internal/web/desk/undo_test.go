package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

// listener is all that hears of a decision: authors by mail, another system by
// webhook, readers and their pages by what is public.
type listener struct {
	h      *room
	runner *jobs.Runner
	box    *mail.Catcher
	hooked atomic.Int32
	at     store.Cursor
}

// listen gives the room somebody who tells, and somebody who is told.
func (h *room) listen(t *testing.T) *listener {
	t.Helper()
	ctx := context.Background()
	o := &listener{h: h, box: &mail.Catcher{Clock: h.Now}}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { o.hooked.Add(1) }))
	t.Cleanup(server.Close)
	if err := h.SaveSecrets(ctx, h.Site.ID, store.Secrets{Webhooks: []store.Hook{{URL: server.URL, Secret: "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}}}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	brain := jobs.NewBrain(h.Store, log)
	p := &jobs.Postman{Store: h.Store, Sender: o.box, Public: h.Site.Origin}
	o.runner = &jobs.Runner{Store: h.Store, Log: log, Assessor: brain, Teller: p}
	o.runner.Handle("receipt", p.SendReceipt)
	return o
}

// settle does all jobs that are due, and forgets what was heard until now.
func (o *listener) settle(t *testing.T) {
	t.Helper()
	o.work(t)
	var err error
	if o.at, err = o.h.PublicHead(context.Background()); err != nil {
		t.Fatal(err)
	}
	o.hooked.Store(0)
}

func (o *listener) work(t *testing.T) {
	t.Helper()
	if err := o.runner.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// heard is what is known outside: the letters, the messages, the events of readers'
// pages, what they show, and what the receipt says.
func (o *listener) heard(t *testing.T, posted store.Submitted) string {
	t.Helper()
	o.work(t)
	ctx := context.Background()
	events, _, err := o.h.PublicEvents(ctx, o.at)
	if err != nil {
		t.Fatal(err)
	}
	public := 0
	for _, e := range events {
		if e.Topic != "queue" { // that of the desk's own screens
			public++
		}
	}
	r, err := o.h.Receipt(ctx, posted.Token)
	if err != nil {
		t.Fatal(err)
	}
	decision := "none"
	if r.Decision != nil {
		decision = r.Decision.ID
	}
	return fmt.Sprintf("%d letters, %d messages, %d events, readers see %q; receipt: %s by %s, %q", len(o.box.Messages()), o.hooked.Load(), public, o.h.Visible(), r.Status, decision, r.Text)
}

// take takes a step as the screen does, and gives the decision.
func (h *room) take(t *testing.T, by store.Editor, comment, step, body string) moderation.Decision {
	t.Helper()
	if status, out := h.step(t, by, comment, step, body); status != 200 {
		t.Fatalf("%s: %d %v", step, status, out)
	}
	all := historyOf(t, h, comment)
	return all[len(all)-1]
}

// Every decision but a removal can be taken back within its hold. Until then, and
// after it, nobody outside has heard or seen anything, and the comment is as it was.
func TestUndoOfEveryStepLeavesNoTrace(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		o := h.listen(t)
		type move struct {
			before, step, body string // before: how the comment came to be as it is
			by                 store.Editor
		}
		moves := []move{
			{"", "approve", "", h.Anna}, {"", "return", refusal, h.Anna}, {"", "decline", `{"reason":"capacity"}`, h.Anna}, {"", "decline", `{"reason":"closed"}`, h.Anna},
			{"", "escalate", `{"reason":"Bitte mitlesen.","would":"approve"}`, h.Anna}, {"", "reject", `{"rule":"L1","reason":"Das darf nicht öffentlich werden."}`, h.Anna},
			{"escalate", "approve", "", h.Jonas}, {"escalate", "reject", refusal, h.Jonas}, {"escalate", "return", refusal, h.Jonas}, {"escalate", "decline", `{"reason":"closed"}`, h.Jonas},
			{"reject", "reconsider", "", h.Jonas}, {"return", "reconsider", "", h.Jonas}, {"decline", "reconsider", "", h.Jonas},
			{"appeal", "uphold", `{"reason":"Das Wort bleibt eine Beleidigung."}`, h.Chief}, {"appeal", "overturn", `{"reason":"Sie haben recht."}`, h.Chief},
			{"remove", "restore", `{"reason":"Ein Versehen."}`, h.Jonas},
		}
		for _, rule := range moderation.Rules {
			moves = append(moves, move{"", "reject", `{"rule":"` + string(rule) + `","reason":"Bitte schreiben Sie es anders."}`, h.Anna})
		}
		for i, m := range moves {
			name := fmt.Sprintf("%s after %q", m.step, m.before)
			posted, err := h.Submit(context.Background(), store.Submission{Article: h.Article.ID, Name: fmt.Sprint("Berta ", i), Email: "berta@example.org", Text: fmt.Sprintf("Du Trottel, zum %d. Mal!", i), Sender: store.Sender{Now: "b", Before: "b"}})
			if err != nil {
				t.Fatal(err)
			}
			h.lead(t, m.before, posted)
			o.settle(t)
			was, state := o.heard(t, posted), h.standing(t, posted.Comment)
			d := h.take(t, m.by, posted.Comment, m.step, m.body)
			h.Clock.Pass(h.Site.Hold() - time.Second)
			if now := o.heard(t, posted); now != was {
				t.Errorf("%s, within the hold:\n%s\nwas\n%s", name, now, was)
			}
			undo, _ := json.Marshal(map[string]string{"decision": d.ID})
			h.take(t, m.by, posted.Comment, "undo", string(undo))
			h.Clock.Pass(time.Hour)
			if now := o.heard(t, posted); now != was {
				t.Errorf("%s, taken back:\n%s\nwas\n%s", name, now, was)
			}
			if now := h.standing(t, posted.Comment); !reflect.DeepEqual(now, state) {
				t.Errorf("%s: the comment stands at %+v, was at %+v", name, now, state)
			}
		}
		h.Whole()
	})
}

// lead brings a comment to where a step can be taken.
func (h *room) lead(t *testing.T, before string, posted store.Submitted) {
	t.Helper()
	switch before {
	case "":
		return
	case "appeal":
		h.EndHold(h.Do(h.Anna, moderation.Reject, posted.Comment))
		if _, err := h.ByAuthor(moderation.Appeal, posted, "Das war kein Schimpfwort."); err != nil {
			t.Fatal(err)
		}
	case "remove":
		h.Release(h.Anna, posted.Comment)
		h.Do(h.Anna, moderation.Remove, posted.Comment)
	default:
		h.Do(h.Anna, moderation.Step(before), posted.Comment)
	}
	h.Clock.Pass(time.Minute)
}

// standing is where a comment stands by the record.
func (h *room) standing(t *testing.T, comment string) store.Standing {
	t.Helper()
	all, err := h.Standings(context.Background(), []string{comment})
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v", all, err)
	}
	return all[0]
}

// A bundle taken back within its hold leaves no trace outside either, with mails,
// messages and readers' pages watched; recalled after it, each author is told, each
// comment is gone at once, and answers stay under a placeholder.
func TestBundleUndoneAndRecalledAsSeenFromOutside(t *testing.T) {
	storetest.OnEach(t, func(t *testing.T, dsn string) {
		h := newRoom(t, dsn)
		h.proved(t, 160)
		o := h.listen(t)
		var posted []store.Submitted
		for i := range 8 {
			p, err := h.Submit(context.Background(), store.Submission{Article: h.Article.ID, Name: fmt.Sprint("Leserin ", i), Email: fmt.Sprintf("l%d@example.org", i), Text: calmText(9000 + i), Sender: store.Sender{Now: fmt.Sprint(i), Before: fmt.Sprint(i)}})
			if err != nil {
				t.Fatal(err)
			}
			posted = append(posted, p)
		}
		h.scored(t)
		o.settle(t)
		b := h.surf(t, h.Anna)
		was := o.heard(t, posted[0])
		at, n := b.make()
		if n != len(posted) {
			t.Fatalf("%d members", n)
		}
		b.read(at)
		b.post(at, values("do", "release"))
		h.Clock.Pass(h.Site.BundleHold() - time.Second)
		if now := o.heard(t, posted[0]); now != was {
			t.Errorf("within the hold:\n%s\nwas\n%s", now, was)
		}
		b.post(at, values("do", "undo"))
		h.Clock.Pass(time.Hour)
		if now := o.heard(t, posted[0]); now != was {
			t.Errorf("taken back:\n%s\nwas\n%s", now, was)
		}
		h.recalled(t, o, b, posted)
	})
}

// recalled releases a bundle, answers one of its comments, and recalls it.
func (h *room) recalled(t *testing.T, o *listener, b *surfer, posted []store.Submitted) {
	t.Helper()
	at, _ := b.make()
	b.read(at)
	b.post(at, values("do", "release"))
	h.Clock.Pass(h.Site.BundleHold())
	o.work(t)
	h.Release(h.Jonas, h.Post(posted[0].Comment, "Doris", "Da stimme ich zu.").Comment)
	o.settle(t)
	if n := len(h.Visible()); n != len(posted)+1 {
		t.Fatalf("%d are public", n)
	}
	letters := len(o.box.Messages())
	b.post(at, values("do", "recall", "rule", "digression"))
	answers := 0
	for _, text := range h.Visible() { // at once, before any job has run
		if text == "Da stimme ich zu." {
			answers++
		} else if text != "" {
			t.Errorf("still to be read: %q", text)
		}
	}
	events, _, err := h.PublicEvents(context.Background(), o.at)
	if err != nil || answers != 1 || len(events) == 0 {
		t.Errorf("%d answers stay, %d events tell other nodes: %v", answers, len(events), err)
	}
	o.work(t)
	if n := len(o.box.Messages()) - letters; n != len(posted) {
		t.Errorf("%d authors are told, want %d", n, len(posted))
	}
	for _, p := range posted {
		removals := 0
		for _, d := range historyOf(t, h, p.Comment) {
			if d.Step == moderation.Remove && d.Bundle != "" && d.Rule == moderation.Digression && d.Reason != "" {
				removals++
			}
		}
		r, err := h.Receipt(context.Background(), p.Token)
		if removals != 1 || err != nil || r.Status != moderation.Removed || r.Decision == nil || !strings.Contains(o.box.Messages()[0].Text, "Regel") {
			t.Errorf("%s: %d removals, receipt %s, %v", p.Comment, removals, r.Status, err)
		}
	}
	h.Whole()
}

// values makes a form of names and values in turn.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}
