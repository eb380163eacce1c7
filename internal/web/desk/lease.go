package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// maxLease bounds how many comments a screen holds ready.
const maxLease = 20

// leaseAsk is what the triage screen asks for: the next comments, beside those
// that it has. It also renews the claims on these.
type leaseAsk struct {
	Fresh  bool     `json:"fresh"`  // the screen has just opened: take over what its page without script held
	N      int      `json:"n"`      // how many more it wants
	Keep   []heldID `json:"keep"`   // what it has
	Skip   []string `json:"skip"`   // what was put off
	Streak int      `json:"streak"` // hostile comments shown last in a row
}

type heldID struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`
	Double   bool   `json:"double"` // a blind double, by its own id
}

// leaseAnswer are the comments as ready HTML, and which of the screen's own are
// decided, changed or withdrawn by now.
type leaseAnswer struct {
	Items []leased `json:"items"`
	Gone  []gone   `json:"gone"`
}

type leased struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`
	Name     string `json:"name"`
	Article  string `json:"article"`
	Hostile  bool   `json:"hostile"`
	Double   bool   `json:"double"`
	HTML     string `json:"html"`
}

type gone struct {
	ID     string `json:"id"`
	Editor string `json:"editor,omitempty"`
	Step   string `json:"step,omitempty"` // in words
}

// lease answers POST /desk/lease. The filter is in the address, as on the page.
func (d *Desk) lease(w http.ResponseWriter, r *http.Request) error {
	var a leaseAsk
	if err := readAsk(r, &a); err != nil {
		return err
	}
	if a.N < 0 || a.N > maxLease || len(a.Keep) > 2*maxLease || len(a.Skip) > 200 {
		return moderation.BadField("n", "error.limit_range", "max", "20")
	}
	f, err := d.frame(r, "triage", "desk.nav.queue")
	if err != nil {
		return err
	}
	filter, err := d.triageFilter(r, f)
	if err != nil {
		return err
	}
	if a.Fresh {
		if err := d.giveBack(r.Context(), store.Claimant{Editor: f.Me.ID, Holder: web.WhoOf(r).Session.Hash}); err != nil {
			return err
		}
	}
	out := leaseAnswer{Items: []leased{}, Gone: []gone{}}
	keep, err := d.standing(r, f, filter, a.Keep, &out)
	if err != nil {
		return err
	}
	next, err := d.next(r, want{filter: filter, n: a.N, skip: a.Skip, keep: keep, streak: a.Streak})
	if err != nil {
		return err
	}
	for _, x := range next {
		item, err := d.leased(r, f, filter, x)
		if err != nil {
			return err
		}
		out.Items = append(out.Items, item)
	}
	if err := d.leaseDoubles(r, f, filter, a, &out); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, out)
}

// standing sorts what the screen holds into what it may keep and what is gone.
func (d *Desk) standing(r *http.Request, f Frame, filter store.QueueFilter, held []heldID, out *leaseAnswer) ([]string, error) {
	revisions := map[string]int{}
	var ids []string
	for _, h := range held {
		if !h.Double {
			ids, revisions[h.ID] = append(ids, h.ID), h.Revision
		}
	}
	ids, err := d.store.Within(r.Context(), f.Reach, ids) // the screen names what it likes
	if err != nil {
		return nil, err
	}
	found, err := d.store.Standings(r.Context(), ids)
	if err != nil {
		return nil, err
	}
	var keep []string
	for _, x := range found {
		if x.State == filter.State && x.Revision == revisions[x.ID] {
			keep = append(keep, x.ID)
			continue
		}
		g := gone{ID: x.ID}
		if x.State != moderation.Pending && x.State != moderation.Withdrawn && x.Editor != "" {
			g.Editor, g.Step = x.Editor, f.Step(x.Step)
		}
		out.Gone = append(out.Gone, g)
	}
	return keep, nil
}

// leased renders a comment for the screen.
func (d *Desk) leased(r *http.Request, f Frame, filter store.QueueFilter, x store.Waiting) (leased, error) {
	c, err := d.card(r.Context(), f, x.ID, x.Revision)
	if err != nil {
		return leased{}, err
	}
	c.Next, c.Triage = selfAddress(filter, nil), true
	text, err := web.Render("desk/item.html", c)
	if err != nil {
		return leased{}, err
	}
	return leased{ID: x.ID, Revision: x.Revision, Name: x.Name, Article: x.Article, Hostile: c.Hostile, HTML: string(text)}, nil
}

// release gives a screen's comments back, when it closes.
func (d *Desk) release(w http.ResponseWriter, r *http.Request) error {
	if err := d.giveBack(r.Context(), d.claimant(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// giveBack gives all back that a screen holds.
func (d *Desk) giveBack(ctx context.Context, who store.Claimant) error {
	if err := d.store.Unclaim(ctx, who); err != nil {
		return err
	}
	_, err := d.store.KeepDoubles(ctx, who, nil, claimLife)
	return err
}

// scriptTexts are the texts that the script shows by itself.
var scriptTexts = []string{
	"desk.action.undo", "desk.care.exposure", "desk.care.streak", "desk.conflict.by", "desk.conflict.edited", "desk.done.later",
	"desk.done.note", "desk.done.undo", "desk.error.offline", "desk.error.unavailable", "desk.hold.effect", "desk.hold.over", "desk.hold.public",
	"desk.keys.law.reason", "desk.keys.title", "desk.keys.hint", "desk.queue.again", "desk.queue.empty", "desk.queue.empty.skipped",
	"desk.queue.live", "desk.queue.live.lost", "desk.queue.live.off", "desk.queue.loading", "desk.queue.presence", "desk.queue.unsent", "desk.queue.window",
	"desk.signin.expired", "desk.appeals.answer.missing", "desk.decide.rule.choose", "desk.keys.close",
	"desk.done.double", "desk.done.opinion", "desk.decide.preview",
}

// setup gathers what the script needs: texts, keys and the person's settings.
func setup(p triagePage) (string, error) {
	texts := map[string]string{}
	for _, key := range scriptTexts {
		texts[key[len("desk."):]] = p.T(key)
	}
	for _, step := range deskSteps {
		texts["step."+string(step)] = p.Step(step)
		if key := "desk.done." + string(step); locale.Has(key) {
			texts["done."+string(step)] = p.T(key)
		}
	}
	keys := map[string]string{}
	help := [][2]string{}
	for _, k := range keyLines(p.Frame) {
		if k.Key != "" {
			keys[k.Key] = k.Action
			help = append(help, [2]string{k.Show(), k.Text})
		}
	}
	if p.Prefs.KeysOff {
		keys = map[string]string{}
	}
	query, err := url.Parse(p.Self)
	if err != nil {
		return "", fmt.Errorf("address of the screen: %w", err)
	}
	b, err := json.Marshal(map[string]any{
		"texts": texts, "keys": keys, "help": help, "blur": p.Prefs.Blur, "pause": !p.Prefs.NoPause, "live": !p.Prefs.NoLive,
		"query": query.RawQuery, "decides": p.Decides, "waits": p.Waits[string(p.Filter.State)], "state": p.Filter.State, "me": p.Me.ID,
	})
	return string(b), err
}
