package jobs

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/store/storetest"
)

func TestPostmanTellsWhatTookEffect(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	ctx := t.Context()
	box := &mail.Catcher{Clock: h.Now}
	p := &Postman{Store: h.Store, Sender: box, Public: "https://k.example"}
	post := func(name, email, parent, text string) store.Submitted {
		t.Helper()
		s, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Parent: parent, Name: name, Email: email, Text: text, Notify: store.NotifyAsked, Sender: store.Sender{Now: name, Before: name}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	newest := func(want string) string {
		t.Helper()
		all := box.Messages()
		if len(all) == 0 || !strings.Contains(all[0].Text, want) {
			t.Fatalf("the newest letter does not say %q: %v", want, all)
		}
		return all[0].Text
	}
	a := post("Mira", "mira@example.org", "", "Der erste Gedanke.")
	silent := post("Jost", "", "", "Ohne Adresse.")
	for _, id := range []string{a.Comment, silent.Comment} {
		if err := p.SendReceipt(ctx, store.Job{Key: id}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(box.Messages()); n != 1 {
		t.Fatalf("%d receipts, want one: the other author gave no address", n)
	}
	newest("https://k.example/receipts/" + a.Token)
	newest("https://k.example/confirm/")
	verify := newest("https://k.example/verify/")
	if strings.Count(verify, "/verify/") != 1 {
		t.Errorf("the receipt's letter: %s", verify)
	}

	res := h.Do(h.Anna, moderation.Approve, a.Comment)
	if err := p.TellAuthor(ctx, res.Decision); err != nil {
		t.Fatal(err)
	}
	if n := len(box.Messages()); n != 1 {
		t.Error("a letter tells of a decision in its hold")
	}
	h.EndHold(res)
	if err := p.TellAuthor(ctx, res.Decision); err != nil {
		t.Fatal(err)
	}
	newest("/a/" + h.Article.ID + "?k=" + a.Comment)

	answer := func(text string) {
		t.Helper()
		r := post("Lena", "", a.Comment, text)
		res := h.Do(h.Anna, moderation.Approve, r.Comment)
		if err := p.TellParent(ctx, res.Decision); err != nil {
			t.Fatal(err)
		}
		h.EndHold(res)
		if err := p.TellParent(ctx, res.Decision); err != nil {
			t.Fatal(err)
		}
	}
	before := len(box.Messages())
	answer("Antwort eins.")
	if len(box.Messages()) != before {
		t.Error("news of an answer went to an address that nobody confirmed")
	}
	token, err := h.MailToken(ctx, a.Comment)
	if err != nil {
		t.Fatal(err)
	}
	if rec, err := h.ByMailToken(ctx, token); err != nil || rec.Comment != a.Comment {
		t.Fatalf("token leads to %v, %v", rec.Comment, err)
	}
	if _, err := h.ByMailToken(ctx, token[:len(token)-1]+"x"); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("a forged token gives %v", err)
	}
	if err := h.SetNotify(ctx, a.Comment, store.NotifyConfirmed); err != nil {
		t.Fatal(err)
	}
	answer("Antwort zwei.")
	newest("Antwort zwei.")
	if m := box.Messages()[0]; m.Unsubscribe != "https://k.example/unsubscribe/"+token || len(box.Messages()) != before+1 {
		t.Errorf("unsubscribe %q, %d letters, want one", m.Unsubscribe, len(box.Messages())-before)
	}
}

func TestPostmanStatesReasons(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	box := &mail.Catcher{Clock: h.Now}
	p := &Postman{Store: h.Store, Sender: box, Public: "https://k.example"}
	for step, want := range map[moderation.Step]string{
		moderation.Reject: "Regel: Schimpfwort", moderation.Return: "Bitte ohne das Schimpfwort.", moderation.Decline: "verstößt gegen keine Regel",
	} {
		s, err := h.Submit(t.Context(), store.Submission{Article: h.Article.ID, Name: "Mira", Email: "mira@example.org", Text: "Gedanke zu " + string(step), Sender: store.Sender{Now: "a", Before: "a"}})
		if err != nil {
			t.Fatal(err)
		}
		res := h.Do(h.Anna, step, s.Comment)
		h.EndHold(res)
		for range 2 {
			if err := p.TellAuthor(t.Context(), res.Decision); err != nil {
				t.Fatal(err)
			}
		}
		if text := box.Messages()[0].Text; !strings.Contains(text, want) || strings.Contains(text, "capacity") {
			t.Errorf("%s: %s", step, text)
		}
	}
	if n := len(box.Messages()); n != 3 {
		t.Errorf("%d letters for 3 decisions told twice", n)
	}
}

func TestPostmanAnswersNotices(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	box := &mail.Catcher{Clock: h.Now}
	p := &Postman{Store: h.Store, Sender: box, Public: "https://k.example"}
	ctx := t.Context()
	c := h.Post("", "Mira", "Ein Kommentar.")
	h.Release(h.Anna, c.Comment)
	token, err := h.Report(ctx, store.Notice{Comment: c.Comment, Kind: store.Illegal, Reason: "Beleidigung.", Name: "Vera Wolf", Email: "vera@example.org", GoodFaith: true})
	if err != nil {
		t.Fatal(err)
	}
	n, err := h.NoticeByToken(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.TellNotice(ctx, store.Job{Key: n.ID + "/received"}); err != nil {
		t.Fatal(err)
	}
	if open, err := h.OpenNotices(ctx, store.Everywhere, store.Illegal, 10); err != nil || len(open) != 1 || open[0].Reason != "Beleidigung." {
		t.Fatalf("%v, %v", open, err)
	}
	if err := h.AnswerNotice(ctx, n.ID, h.Anna.ID, store.NoticeKept, " "); moderation.KindOf(err) != moderation.Invalid {
		t.Errorf("an answer without reasons: %v", err)
	}
	if err := h.AnswerNotice(ctx, n.ID, h.Anna.ID, store.NoticeKept, "Das ist eine zulässige Meinung."); err != nil {
		t.Fatal(err)
	}
	if err := h.AnswerNotice(ctx, n.ID, h.Jonas.ID, store.NoticeRemoved, "Doch nicht."); moderation.KindOf(err) != moderation.Conflict {
		t.Errorf("a second answer: %v", err)
	}
	if err := p.TellNotice(ctx, store.Job{Key: n.ID + "/decided"}); err != nil {
		t.Fatal(err)
	}
	all := box.Messages()
	if len(all) != 2 || !strings.Contains(all[0].Text, "Das ist eine zulässige Meinung.") || !strings.Contains(all[0].Text, "bleibt") || !strings.Contains(all[1].Text, "https://k.example/notices/"+token) {
		t.Errorf("%d letters: %v", len(all), all)
	}
}

func TestPostmanSendsAllComments(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	box := &mail.Catcher{Clock: h.Now}
	p := &Postman{Store: h.Store, Sender: box, Public: "https://k.example"}
	ctx := t.Context()
	for _, email := range []string{"mira@example.org", "Mira@Example.org", "andere@example.org"} {
		_, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Mira", Email: email, Text: "Von " + email, Sender: store.Sender{Now: email, Before: email}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, email := range []string{"mira@example.org", "mira@example.org", "niemand@example.org"} {
		if err := h.AskForMine(ctx, store.Mine{Site: h.Site.ID, Email: email}); err != nil {
			t.Fatal(err)
		}
	}
	asked, err := h.ClaimJobs(ctx, []string{"mine"}, 10, time.Minute)
	if err != nil || len(asked) != 2 {
		t.Fatalf("%d jobs, want one for each address, %v", len(asked), err)
	}
	for _, j := range asked {
		if err := p.SendMine(ctx, j); err != nil {
			t.Fatal(err)
		}
	}
	all := box.Messages()
	if len(all) != 1 || all[0].To != "mira@example.org" {
		t.Fatalf("letters %v: an address that is not known here gets none", all)
	}
	_, rest, _ := strings.Cut(all[0].Text, "https://k.example/mine/")
	token, _, _ := strings.Cut(rest, "\n")
	if _, list, err := h.ByMineToken(ctx, token); err != nil || len(list) != 2 {
		t.Errorf("%d comments, %v", len(list), err)
	}
	if _, _, err := h.ByMineToken(ctx, token+"x"); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("a forged link: %v", err)
	}
	h.Clock.Pass(25 * time.Hour)
	if _, _, err := h.ByMineToken(ctx, token); moderation.KindOf(err) != moderation.NotFound {
		t.Errorf("an old link: %v", err)
	}
}

// A reader who signs in by mail gets a link that works; a known author's receipt
// does not ask for the address to be confirmed again.
func TestPostmanSendsSignIns(t *testing.T) {
	h := storetest.NewHouse(t, "sqlite:"+filepath.Join(t.TempDir(), "f.db"))
	ctx := t.Context()
	box := &mail.Catcher{Clock: h.Now}
	p := &Postman{Store: h.Store, Sender: box, Public: "https://k.example"}
	id := store.ReaderID{Site: h.Site.ID, Kind: store.ReaderEmail, Subject: "mira@example.org", Email: "mira@example.org", Name: "Mira", Article: h.Article.ID}
	for range 2 {
		if err := h.AskForSignIn(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	jobs, err := h.ClaimJobs(ctx, []string{"signin"}, 10, time.Minute)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	if err := p.SendSignIn(ctx, jobs[0]); err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(box.Messages()[0].Text, "https://k.example/signed-in/")
	token, _, _ = strings.Cut(token, "\n")
	got, err := h.ByMailedToken(ctx, strings.TrimSpace(token))
	if err != nil || got != id {
		t.Errorf("%+v, %v", got, err)
	}
	out, err := h.Submit(ctx, store.Submission{Article: h.Article.ID, Name: "Mira", Email: id.Email, Text: "Mit Adresse.", Proof: id.Proof()})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SendReceipt(ctx, store.Job{Key: out.Comment}); err != nil {
		t.Fatal(err)
	}
	if text := box.Messages()[0].Text; strings.Contains(text, "/verify/") {
		t.Errorf("a known author is asked again: %s", text)
	}
}
