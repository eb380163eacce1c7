package reader

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
)

// reactionsAge is how old the counts of reactions may be: they are no part of a
// page of comments, which changes only when an editor decides, but come by an
// answer of their own that is made anew this often at most.
const reactionsAge = 10 * time.Second

// reactionPage shows what readers think of a comment, without JavaScript.
type reactionPage struct {
	frame
	Comment store.Released
	Article store.Article
	Words   string // what was done
	Kinds   []reactionChoice
}

type reactionChoice struct {
	Kind, Name string
	Count      int
	Given      bool // just now
}

// reactions shows the counts of a comment.
func (rd *Reader) reactions(w http.ResponseWriter, r *http.Request) error {
	return rd.showReactions(w, r, "", "")
}

// react counts a reaction or takes it back; it is where the buttons below a
// comment lead without JavaScript.
func (rd *Reader) react(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	kind, off := r.PostForm.Get("kind"), r.PostForm.Get("off") == "1"
	if _, err := TakeReaction(rd.Server, r, kind, !off); err != nil {
		return err
	}
	if off {
		return rd.showReactions(w, r, "", "reaction.taken")
	}
	return rd.showReactions(w, r, kind, "reaction.done")
}

func (rd *Reader) showReactions(w http.ResponseWriter, r *http.Request, given, words string) error {
	c, site, kinds, err := reactable(r.Context(), rd.store, r.PathValue("id"))
	if err != nil {
		return err
	}
	p := reactionPage{Comment: c}
	if p.Article, err = rd.store.Article(r.Context(), c.Article); err != nil {
		return err
	}
	counts, err := rd.store.ReactionsTo(r.Context(), []string{c.ID})
	if err != nil {
		return err
	}
	p.Site, p.Lang, p.NoIndex = site, or(lang(r.URL.Query()), site.Lang), true
	p.Title = p.T("reaction.title")
	if words != "" {
		p.Words = p.T(words)
	}
	for _, k := range kinds {
		p.Kinds = append(p.Kinds, reactionChoice{k, p.T("reaction." + k), counts[c.ID][k], k == given})
	}
	w.Header().Set("Cache-Control", "no-store")
	return rd.Server.Page(w, r, http.StatusOK, "reaction.html", p)
}

// reactable finds a released comment of a site that offers reactions, and which.
// Where it offers none, every comment is answered like an unknown one.
func reactable(ctx context.Context, st *store.Store, comment string) (store.Released, store.Site, []string, error) {
	c, err := st.Released(ctx, comment)
	if err != nil {
		return c, store.Site{}, nil, err
	}
	site, err := st.Site(ctx, c.Site)
	if err != nil {
		return c, site, nil, err
	}
	set, err := SettingsOf(site)
	if err == nil && len(set.Reactions) == 0 {
		err = moderation.Missing("comment")
	}
	return c, site, set.Reactions, err
}

// TakeReaction checks and counts a reaction to the comment that the path names, or
// takes it back, and gives the comment's counts.
func TakeReaction(s *web.Server, r *http.Request, kind string, on bool) (store.Reactions, error) {
	c, site, kinds, err := reactable(r.Context(), s.Store, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := FromHere(r, site); err != nil {
		return nil, err
	}
	if !slices.Contains(kinds, kind) {
		return nil, moderation.BadField("kind", "error.reaction_unknown")
	}
	sender, err := s.Sender(r)
	if err != nil {
		return nil, err
	}
	if err := s.Limits.Take("react", sender.Now, web.ReactRate); err != nil {
		return nil, err
	}
	return s.Store.React(r.Context(), c.ID, kind, sender, on)
}

// reactionsAddress is where the counts of a page of comments are, for the script.
func reactionsAddress(public, article string, a asked) string {
	q := url.Values{}
	if a.sort != store.Oldest {
		q.Set("sort", string(a.sort))
	}
	if a.cursor != "" {
		q.Set("cursor", a.cursor)
	}
	address := public + "/api/v1/articles/" + article + "/reactions"
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	return address
}

// PageReactions gives the counts of one page of comments as JSON,
// {"reactions":{ID:{KIND:n}}}, the same bytes for everyone, at most reactionsAge old.
func PageReactions(ctx context.Context, st *store.Store, article string, order store.Sort, cursor string) (thread.Rendered, error) {
	art, err := st.Article(ctx, article)
	if err != nil {
		return thread.Rendered{}, err
	}
	site, err := st.Site(ctx, art.Site)
	if err != nil {
		return thread.Rendered{}, err
	}
	page, _, err := st.Thread(ctx, art.ID, order, thread.PageSize, cursor)
	if err != nil {
		return thread.Rendered{}, err
	}
	ids := make([]string, 0, len(page))
	for _, c := range page {
		ids = append(ids, c.ID)
	}
	counts, err := st.ReactionsTo(ctx, ids)
	if err != nil {
		return thread.Rendered{}, err
	}
	body, err := json.Marshal(map[string]any{"reactions": counts})
	if err != nil {
		return thread.Rendered{}, fmt.Errorf("encode reactions: %w", err)
	}
	return thread.Rendered{Body: append(body, '\n'), Type: "application/json; charset=utf-8", Until: st.Now().Add(reactionsAge), Site: site}, nil
}

// reactionNames are the kinds that a site offers, with their words, for List.
func reactionNames(lang string, kinds []string) []thread.Reaction {
	var out []thread.Reaction
	for _, k := range kinds {
		out = append(out, thread.Reaction{Kind: k, Name: locale.T(lang, "reaction."+k)})
	}
	return out
}

// knownReactions keeps the kinds that exist, in their order: a setting that names
// another kind offers less, and breaks nothing.
func knownReactions(kinds []string) []string {
	var out []string
	for _, k := range store.ReactionKinds {
		if slices.ContainsFunc(kinds, func(s string) bool { return strings.TrimSpace(s) == k }) {
			out = append(out, k)
		}
	}
	return out
}
