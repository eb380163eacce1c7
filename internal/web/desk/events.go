package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// How often a screen hears of changes. Other nodes' changes are found by asking.
const (
	poll      = time.Second
	atMost    = 250 * time.Millisecond // between two looks, however busy the bell
	heartbeat = 20 * time.Second       // below what proxies take for a dead connection
)

// news is what a screen is told: no words of any comment.
type news struct {
	Waits   map[string]int `json:"waits"`
	Changed []string       `json:"changed,omitempty"` // comments whose state or assessment changed
	Here    []here         `json:"here"`              // who else is at which article
}

type here struct {
	Article string `json:"article"`
	Name    string `json:"name"`
}

// events answers GET /desk/events: what changes in the queue, as server-sent
// events. It ends when the browser goes, or when the session does.
func (d *Desk) events(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	at, err := d.store.Head(ctx)
	if err != nil {
		return err
	}
	out := http.NewResponseController(w)
	if err := out.SetWriteDeadline(time.Time{}); err != nil && ctx.Err() == nil {
		d.srv.Log.Debug("no deadline to lift", "error", err) // a server without one
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	s := stream{d: d, r: r, w: w, out: out, at: at}
	if !s.send(ctx, news{}) {
		return nil
	}
	bell, stop := d.store.Bell()
	defer stop()
	tick, beat := time.NewTicker(poll), time.NewTicker(heartbeat)
	defer tick.Stop()
	defer beat.Stop()
	looked := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-bell:
			if time.Since(looked) < atMost {
				continue // the next tick sees it
			}
		case <-tick.C:
		case <-beat.C:
			if !s.alive(ctx) {
				return nil
			}
			continue
		}
		looked = time.Now()
		if !s.step(ctx) {
			return nil
		}
	}
}

// stream is one screen's connection.
type stream struct {
	d    *Desk
	r    *http.Request
	w    http.ResponseWriter
	out  *http.ResponseController
	at   store.Cursor
	last string // what was sent last, without changes
}

// alive keeps the connection open, and ends it where the session has ended, or
// where the person or the key may no longer do what they might when it began.
func (s *stream) alive(ctx context.Context) bool {
	if c, err := s.r.Cookie(web.SessionCookie); err == nil {
		if _, err := s.d.store.Session(ctx, c.Value); err != nil {
			return false
		}
	}
	who := web.WhoOf(s.r)
	now, err := s.d.store.Editor(ctx, who.Editor.ID)
	if err != nil || now.Disabled || now.Role != who.Editor.Role || now.Reach.Key() != who.Editor.Reach.Key() {
		return false
	}
	return s.write(": \n\n")
}

// step sends what happened since the last one. An error ends the connection: the
// browser comes back by itself.
func (s *stream) step(ctx context.Context) bool {
	events, at, err := s.d.store.Events(ctx, s.at)
	if err != nil {
		return false
	}
	s.at = at
	who := web.WhoOf(s.r)
	var n news
	for _, e := range events {
		if e.Topic == "queue" && e.Comment != "" && who.Serves(e.Site) && len(n.Changed) < 500 {
			n.Changed = append(n.Changed, e.Comment)
		}
	}
	if n.Changed, err = s.d.store.Within(ctx, who.Reach(), n.Changed); err != nil {
		return false
	}
	return s.send(ctx, n)
}

// send adds the counts and who is where, and sends what differs from before.
func (s *stream) send(ctx context.Context, n news) bool {
	who := web.WhoOf(s.r)
	var err error
	if n.Waits, err = s.d.waits(ctx, who.Reach()); err != nil {
		return false
	}
	if err := s.views(&n); err != nil {
		return false
	}
	present, err := s.d.store.Presence(ctx, who.Reach())
	if err != nil {
		return false
	}
	n.Here = []here{}
	for _, p := range present {
		if p.Editor != who.Editor.ID {
			n.Here = append(n.Here, here{p.Article, p.Name})
		}
	}
	same, err := json.Marshal(news{Waits: n.Waits, Here: n.Here})
	if err != nil {
		return false
	}
	if len(n.Changed) == 0 && string(same) == s.last {
		return true
	}
	s.last = string(same)
	text, err := json.Marshal(n)
	return err == nil && s.write(fmt.Sprintf("data: %s\n\n", text))
}

// views adds what the person's kept views hold.
func (s *stream) views(n *news) error {
	_, counts, err := s.d.viewCounts(s.r)
	if err != nil || len(counts) == 0 {
		return err
	}
	n.Waits = maps.Clone(n.Waits) // it is shared by all screens
	for id, held := range counts {
		n.Waits["view-"+id] = held
	}
	return nil
}

func (s *stream) write(text string) bool {
	if _, err := s.w.Write([]byte(text)); err != nil {
		return false
	}
	return s.out.Flush() == nil
}
