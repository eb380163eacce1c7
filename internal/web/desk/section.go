package desk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web"
)

// hintDays is how far the outcomes of hints look back.
const hintDays = 90

// sectionForm is what section.html shows: what the readers' section of a site
// offers, and what became of texts that their authors changed after a hint.
type sectionForm struct {
	Frame
	Site            store.Site
	Sites           []store.Site
	Kinds           []kindChoice
	Changed, Others store.Share
	ChangedShare    string
	OthersShare     string
	Days            int
	Edits           bool // chiefs and admins
	Saved           bool
}

// readerPart names the settings for readers.
const readerPart = "reader"

// sectionPart is what the page of the section sets.
func sectionPart(s store.Settings) any {
	return []any{extras(readerPart)(s), s.NoHints, s.AutoArticles}
}

type kindChoice struct {
	Kind, Name string
	On         bool
}

func (d *Desk) sectionPage(w http.ResponseWriter, r *http.Request) error {
	f, err := d.frame(r, "settings", "desk.section.title")
	if err != nil {
		return err
	}
	p := sectionForm{Frame: f, Saved: r.URL.Query().Has("saved"), Edits: f.Me.Role == moderation.Chief || f.Me.Role == moderation.Admin, Days: hintDays}
	if p.Site, p.Sites, err = d.chosenSite(r); err != nil {
		return err
	}
	set, err := readerSettings(p.Site)
	if err != nil {
		return err
	}
	if p.Seen, err = editing(sectionPart).seen(p.Site.Settings); err != nil {
		return err
	}
	var kinds []string
	if raw, ok := set["reactions"]; ok {
		if err := json.Unmarshal(raw, &kinds); err != nil {
			return fmt.Errorf("reactions of site %s: %w", p.Site.ID, err)
		}
	}
	for _, k := range store.ReactionKinds {
		p.Kinds = append(p.Kinds, kindChoice{k, f.T("reaction." + k), slices.Contains(kinds, k)})
	}
	if p.Changed, p.Others, err = d.store.HintOutcomes(r.Context(), store.Period{Site: p.Site.ID, From: f.Now.Add(-hintDays * 24 * time.Hour), To: f.Now}); err != nil {
		return err
	}
	p.ChangedShare, p.OthersShare = percent(f, p.Changed.Refused, p.Changed.Decided), percent(f, p.Others.Refused, p.Others.Decided)
	return d.srv.Page(w, r, http.StatusOK, "desk/section.html", p)
}

// readerSettings are a site's settings for readers, of which other parts own some.
func readerSettings(site store.Site) (map[string]json.RawMessage, error) {
	set := map[string]json.RawMessage{}
	raw, ok := site.Extra["reader"]
	if !ok {
		return set, nil
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fmt.Errorf("readers' settings of site %s: %w", site.ID, err)
	}
	return set, nil
}

// saveSection keeps what the readers' section of a site offers.
func (d *Desk) saveSection(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(r); err != nil {
		return err
	}
	site, _, err := d.chosenSite(r)
	if err != nil {
		return err
	}
	kinds := []string{}
	for _, k := range store.ReactionKinds {
		if slices.Contains(r.PostForm["reaction"], k) {
			kinds = append(kinds, k)
		}
	}
	err = d.change(r, site, sectionPart, func(now *store.Settings) error {
		set, err := readerSettings(store.Site{ID: site.ID, Settings: *now})
		if err != nil {
			return err
		}
		if set["reactions"], err = json.Marshal(kinds); err != nil {
			return fmt.Errorf("encode reactions: %w", err)
		}
		now.NoHints = r.PostForm.Get("hints") != "1"
		now.AutoArticles = r.PostForm.Get("auto") == "1"
		return put(now, map[string]any{readerPart: set})
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/section?saved&site="+url.QueryEscape(site.ID), http.StatusSeeOther)
	return nil
}
