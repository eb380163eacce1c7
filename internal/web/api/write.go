package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
	"github.com/freigabe/freigabe/internal/web/reader"
)

// waitJSON is an expected waiting time: two moments and the words for them.
type waitJSON struct {
	From string `json:"from"`
	To   string `json:"to"`
	Text string `json:"text"`
}

type submittedJSON struct {
	ID      string    `json:"id"`
	Status  string    `json:"status"`
	Name    string    `json:"name"`
	Receipt string    `json:"receipt"`
	Wait    *waitJSON `json:"expected_wait"`
	Repeat  bool      `json:"repeat,omitempty"`
}

type submissionJSON struct {
	Text   string `json:"text"`
	Parent string `json:"parent_id"`
	Author struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"author"`
	Notify bool   `json:"notify"`
	Hinted bool   `json:"hinted"`
	Lang   string `json:"lang"`

	Age     bool   `json:"age"`     // the author says to have reached the site's least age
	Receipt string `json:"receipt"` // of an earlier comment of the same author
}

// of finds the article of a request and its site, and lets the site's pages read
// the answer whatever it will be.
func (a *API) of(w http.ResponseWriter, r *http.Request) (store.Article, store.Site, error) {
	art, site, err := a.store.WrittenTo(r.Context(), r.PathValue("id"))
	if err != nil {
		return art, site, a.fail(w, r, err)
	}
	allow(w, r, site)
	w.Header().Set("Cache-Control", "no-store")
	return art, site, reader.FromHere(r, site)
}

// submit takes in a comment: 202 with its receipt.
func (a *API) submit(w http.ResponseWriter, r *http.Request) error {
	leave, err := a.Server.Limits.Enter(r.PathValue("id"))
	if err != nil {
		w.Header().Set("Cache-Control", "no-store")
		return a.fail(w, r, err)
	}
	defer leave()
	art, site, err := a.of(w, r)
	if err != nil {
		return err
	}
	var body submissionJSON
	if err := web.ReadJSON(r, &body); err != nil {
		return err
	}
	in := store.Submission{
		Article: art.ID, Parent: body.Parent, Text: body.Text, Name: body.Author.Name, Email: body.Author.Email, Hinted: body.Hinted, Lang: site.Lang,
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	claim := reader.Claim{Token: token, Receipt: body.Receipt, OfAge: body.Age}
	if err := reader.Identify(r.Context(), &a.signon, &a.names, site, claim, &in); err != nil {
		return err
	}
	if in, err = reader.Clean(site, in); err != nil {
		return err
	}
	if body.Lang == "de" || body.Lang == "en" {
		in.Lang = body.Lang
	}
	if body.Notify && in.Email != "" {
		in.Notify = store.NotifyAsked
	}
	if in.Idempotency = r.Header.Get("Idempotency-Key"); len(in.Idempotency) > 200 {
		return moderation.BadField("Idempotency-Key", "error.idempotency")
	}
	if in.Sender, err = a.Server.Sender(r); err != nil {
		return err
	}
	if err := a.Server.Limits.TakeSubmission(in.Sender.Now, art.ID, site.ID); err != nil {
		return err
	}
	if in.Promise, err = a.Wait.Promise(r.Context(), site); err != nil {
		return err
	}
	done, err := a.store.Submit(r.Context(), in)
	if err != nil {
		return reader.Anonymous(err)
	}
	rec := store.Receipt{Status: moderation.Pending, Name: done.Name, Site: site, Submitted: done.At, Promise: in.Promise, Lang: in.Lang}
	if done.Repeat { // it may be decided already
		if rec, err = a.store.Receipt(r.Context(), done.Token); err != nil {
			return err
		}
	}
	return a.acknowledge(w, r, done, rec)
}

// acknowledge answers a submission as its receipt stands.
func (a *API) acknowledge(w http.ResponseWriter, r *http.Request, done store.Submitted, rec store.Receipt) error {
	expected, err := a.wait(r.Context(), rec)
	if err != nil {
		return err
	}
	return web.JSON(w, http.StatusAccepted, submittedJSON{
		ID: done.Comment, Status: string(rec.Status), Name: rec.Name, Receipt: "/receipts/" + done.Token, Wait: expected, Repeat: done.Repeat,
	})
}

func (a *API) wait(ctx context.Context, rec store.Receipt) (*waitJSON, error) {
	if rec.Status != moderation.Pending {
		return nil, nil
	}
	x, err := a.Wait.For(ctx, rec)
	if err != nil {
		return nil, err
	}
	return &waitJSON{web.Stamp(x.From), web.Stamp(x.To), x.Words(rec.Lang, a.store.Now())}, nil
}

type hintJSON struct {
	Rule     moderation.Rule `json:"rule"`
	Name     string          `json:"name"`
	Passages []passageJSON   `json:"passages"`
}

type passageJSON struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

// hints names passages that an author may want to reconsider. It stores nothing
// and never blocks: the author decides.
func (a *API) hints(w http.ResponseWriter, r *http.Request) error {
	art, site, err := a.of(w, r)
	if err != nil {
		return err
	}
	if a.Hinter == nil || site.NoHints {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.hints_off"}
	}
	var body struct {
		Text string `json:"text"`
	}
	if err := web.ReadJSON(r, &body); err != nil {
		return err
	}
	text, err := moderation.CleanText("text", body.Text, site.Length())
	if err != nil {
		return err
	}
	sender, err := a.Server.Sender(r)
	if err != nil {
		return err
	}
	if err := a.Server.Limits.Take("hint "+art.ID, sender.Now, web.HintRate); err != nil {
		return err
	}
	found, err := a.Hinter.Hints(r.Context(), site, art, text)
	if err != nil {
		return err
	}
	out := []hintJSON{}
	for _, h := range found {
		j := hintJSON{h.Rule, locale.T(site.Lang, "rules."+string(h.Rule)+".name"), []passageJSON{}}
		for _, p := range h.Passages {
			j.Passages = append(j.Passages, passageJSON{p.Start, p.End, p.Text})
		}
		out = append(out, j)
	}
	return web.JSON(w, http.StatusOK, map[string]any{"hints": out, "text": text})
}

type decisionJSON struct {
	Rule     string        `json:"rule"`
	RuleName string        `json:"rule_name"`
	Reason   string        `json:"reason"`
	Passages []passageJSON `json:"passages"`
	At       string        `json:"at"`
}

type receiptJSON struct {
	ID        string        `json:"id"`
	Status    string        `json:"status"`
	Text      string        `json:"text"`
	Name      string        `json:"name"`
	Article   string        `json:"article_id"`
	Revision  int           `json:"revision"`
	Live      bool          `json:"live"` // readers see a version of it
	Submitted string        `json:"submitted_at"`
	Wait      *waitJSON     `json:"expected_wait"`
	Decision  *decisionJSON `json:"decision"`
	Steps     []string      `json:"steps"` // that its author can take now
}

// token finds the comment of a receipt's link and keeps the answer from every cache.
func (a *API) token(w http.ResponseWriter, r *http.Request) (store.Receipt, error) {
	w.Header().Set("Cache-Control", "no-store")
	rec, err := a.store.Receipt(r.Context(), r.PathValue("token"))
	if err != nil {
		return rec, a.fail(w, r, err)
	}
	allow(w, r, rec.Site)
	return rec, nil
}

func (a *API) receipt(w http.ResponseWriter, r *http.Request) error {
	rec, err := a.token(w, r)
	if err != nil {
		return err
	}
	return a.showReceipt(w, r, http.StatusOK, rec)
}

func (a *API) showReceipt(w http.ResponseWriter, r *http.Request, status int, rec store.Receipt) error {
	expected, err := a.wait(r.Context(), rec)
	if err != nil {
		return err
	}
	out := receiptJSON{
		ID: rec.Comment, Status: string(rec.Status), Text: rec.Text, Name: rec.Name, Article: rec.Article.ID, Revision: rec.Revision,
		Live: rec.Live > 0, Submitted: web.Stamp(rec.Submitted), Wait: expected, Steps: []string{},
	}
	for _, s := range rec.Steps {
		out.Steps = append(out.Steps, string(s))
	}
	if d := rec.Decision; d != nil {
		reason, name, _ := reader.ReasonWords(rec.Lang, rec)
		out.Decision = &decisionJSON{Rule: string(d.Rule), RuleName: name, Reason: reason, Passages: []passageJSON{}, At: d.At.UTC().Format(time.RFC3339)}
		for _, p := range d.Passages {
			out.Decision.Passages = append(out.Decision.Passages, passageJSON{p.Start, p.End, p.Text})
		}
	}
	return web.JSON(w, status, out)
}

// step takes an author's step and answers with the receipt as it stands then.
func (a *API) step(w http.ResponseWriter, r *http.Request, status int, step moderation.Step, body bool) error {
	rec, err := a.token(w, r)
	if err != nil {
		return err
	}
	if err := reader.FromHere(r, rec.Site); err != nil {
		return err
	}
	var in struct {
		Text string `json:"text"`
	}
	if body {
		if err := web.ReadJSON(r, &in); err != nil {
			return err
		}
	}
	sender, err := a.Server.Sender(r)
	if err != nil {
		return err
	}
	if err := a.Server.Limits.Take("submit", sender.Now, web.SubmitRate); err != nil {
		return err
	}
	if err := reader.TakeStep(r.Context(), a.store, rec, step, in.Text); err != nil {
		return err
	}
	if rec, err = a.store.Receipt(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return a.showReceipt(w, r, status, rec)
}

func (a *API) edit(w http.ResponseWriter, r *http.Request) error {
	return a.step(w, r, http.StatusAccepted, moderation.Edit, true)
}

func (a *API) withdraw(w http.ResponseWriter, r *http.Request) error {
	return a.step(w, r, http.StatusOK, moderation.Withdraw, false)
}

func (a *API) appeal(w http.ResponseWriter, r *http.Request) error {
	return a.step(w, r, http.StatusAccepted, moderation.Appeal, true)
}

// flag takes a reader's report of a released comment.
func (a *API) flag(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Rule   moderation.Rule `json:"rule"`
		Reason string          `json:"reason"`
	}
	a.allowAny(w, r)
	if err := web.ReadJSON(r, &in); err != nil {
		return err
	}
	_, err := reader.TakeNotice(a.Server, r, store.Notice{Comment: r.PathValue("id"), Kind: store.Flagged, Rule: in.Rule, Reason: in.Reason})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusAccepted, map[string]string{"status": "received"})
}

// notice takes a notice of illegal content.
func (a *API) notice(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Reason    string `json:"reason"`
		Name      string `json:"name"`
		Email     string `json:"email"`
		GoodFaith bool   `json:"good_faith"`
	}
	a.allowAny(w, r)
	if err := web.ReadJSON(r, &in); err != nil {
		return err
	}
	token, err := reader.TakeNotice(a.Server, r, store.Notice{
		Comment: r.PathValue("id"), Kind: store.Illegal, Reason: in.Reason, Name: in.Name, Email: in.Email, GoodFaith: in.GoodFaith,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusAccepted, map[string]string{"status": "received", "receipt": "/notices/" + token})
}
