package desk

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// commentView is a comment as programs of the desk get it.
type commentView struct {
	ID          string                               `json:"id"`
	Revision    int                                  `json:"revision"`
	Status      moderation.State                     `json:"status"`
	Text        string                               `json:"text"`
	ArticleID   string                               `json:"article_id"`
	Headline    string                               `json:"headline"`
	ParentID    *string                              `json:"parent_id"`
	Author      authorView                           `json:"author"`
	SubmittedAt string                               `json:"submitted_at"`
	Assessment  map[moderation.Rule]moderation.Score `json:"assessment"`
	Refuse      *float64                             `json:"refuse"`
	Flags       []moderation.Flag                    `json:"flags"`
	Blind       bool                                 `json:"blind"`
	ClaimedBy   string                               `json:"claimed_by,omitempty"` // a name
}

type authorView struct {
	Name   string `json:"name"`
	Proven bool   `json:"proven"`
}

// queueAnswer is a page of the queue.
type queueAnswer struct {
	Comments   []commentView `json:"comments"`
	NextCursor string        `json:"next_cursor"`
}

// fullView is a comment with its record.
type fullView struct {
	commentView
	LiveRevision int           `json:"live_revision"` // 0: readers see none
	Picked       bool          `json:"pick"`
	Decisions    []entry       `json:"decisions"` // by people of the desk
	History      []entry       `json:"history"`   // every step
	Revisions    []versionView `json:"revisions"`
	Notes        []noteView    `json:"notes"`
	Record       *recordView   `json:"record"` // null unless the author is proven
}

type versionView struct {
	Number      int              `json:"number"`
	Status      moderation.State `json:"status"`
	Text        string           `json:"text"`
	SubmittedAt string           `json:"submitted_at"`
}

type noteView struct {
	Editor string `json:"editor"`
	Text   string `json:"text"`
	At     string `json:"at"`
}

type recordView struct {
	Submitted int `json:"submitted"`
	Approved  int `json:"approved"`
	Rejected  int `json:"rejected"`
	Removed   int `json:"removed"`
}

// view shows a waiting comment. A person's browser is not told what the machine
// says of one drawn for blind control; a program is, and its decision does not
// count as a blind one unless it says that no scores were shown.
func view(who web.Who, x store.Waiting) commentView {
	v := commentView{
		ID: x.ID, Revision: x.Revision, Status: x.State, Text: x.Text, ArticleID: x.Article, Headline: x.Headline,
		Author: authorView{x.Name, x.Proven}, SubmittedAt: web.Stamp(x.Submitted),
		Assessment: x.Assessment.Rules, Refuse: x.Refuse, Flags: x.Assessment.Flags, Blind: x.Blind, ClaimedBy: x.Claimed,
	}
	if x.Parent != "" {
		v.ParentID = &x.Parent
	}
	if x.Blind && x.State.Open() && !who.ByKey() {
		hidden := moderation.NotChecked("blind")
		v.Assessment, v.Flags, v.Refuse = hidden.Rules, hidden.Flags, nil
	}
	if v.Flags == nil {
		v.Flags = []moderation.Flag{}
	}
	return v
}

// queueStates are the states that the queue can list.
var queueStates = map[moderation.State]bool{
	moderation.Pending: true, moderation.Escalated: true, moderation.Appealed: true, moderation.Approved: true,
	moderation.Rejected: true, moderation.Returned: true, moderation.Declined: true, moderation.Removed: true, store.Any: true,
}

// filterOf reads the filter of the queue from an address.
func filterOf(r *http.Request) (store.QueueFilter, error) {
	q := r.URL.Query()
	f := store.QueueFilter{
		State: moderation.State(q.Get("state")), Order: q.Get("order"), Article: q.Get("article"), Section: q.Get("section"),
		Rule: moderation.Rule(q.Get("rule")), Flag: q.Get("flag"), Author: q.Get("author"), Text: strings.TrimSpace(q.Get("q")), Cursor: q.Get("cursor"),
		First: q.Get("first") == "1", Edited: q.Get("edited") == "1",
	}
	if f.State == "" {
		f.State = moderation.Pending
	}
	if f.State == store.Any && f.Text == "" && f.Author == "" { // without words there is no short way through all that was ever decided
		f.State = moderation.Pending
	}
	if !queueStates[f.State] {
		return f, moderation.BadField("state", "error.state")
	}
	if limit := q.Get("limit"); limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 {
			return f, moderation.BadField("limit", "error.limit_range", "max", "200")
		}
		f.Limit = min(n, 200)
	}
	return ruled(web.WhoOf(r), f), nil
}

// queueJSON answers GET /api/v1/desk/queue. Reading it claims nothing.
func (d *Desk) queueJSON(w http.ResponseWriter, r *http.Request) error {
	f, err := filterOf(r)
	if err != nil {
		return err
	}
	list, next, err := d.store.Queue(r.Context(), f)
	if err != nil {
		return err
	}
	out := queueAnswer{Comments: make([]commentView, 0, len(list)), NextCursor: next}
	for _, x := range list {
		out.Comments = append(out.Comments, view(web.WhoOf(r), x))
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, out)
}

// commentJSON answers GET /api/v1/desk/comments/{id}.
func (d *Desk) commentJSON(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if err := d.admitted(r, id); err != nil {
		return err
	}
	dos, err := d.store.Dossier(r.Context(), id, atoi(r.URL.Query().Get("revision")))
	if err != nil {
		return err
	}
	v := fullView{
		commentView: view(web.WhoOf(r), dos.Waiting), LiveRevision: dos.Live, Picked: dos.Picked,
		Decisions: []entry{}, History: []entry{}, Revisions: []versionView{}, Notes: []noteView{},
	}
	for _, h := range dos.History {
		v.History = append(v.History, entryOf(h))
		if ofDesk(h) {
			v.Decisions = append(v.Decisions, entryOf(h))
		}
	}
	for _, x := range dos.Revisions {
		v.Revisions = append(v.Revisions, versionView{x.Number, x.State, x.Text, web.Stamp(x.Submitted)})
	}
	for _, n := range dos.Notes {
		v.Notes = append(v.Notes, noteView{n.Editor, n.Text, web.Stamp(n.At)})
	}
	if dos.Proven {
		v.Record = &recordView{dos.Record.Submitted, dos.Record.Approved, dos.Record.Rejected, dos.Record.Removed}
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.JSON(w, http.StatusOK, v)
}
