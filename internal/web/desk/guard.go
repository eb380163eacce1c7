package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// A form about a site's settings says which state of them it was made from. What
// somebody else saved meanwhile is never overwritten unseen: the form is refused.
// Other parts of the settings may change at the same time; a form replaces its own.

// editing is the part of a site's settings that a form replaces.
type editing func(store.Settings) any

// extras is the editing of settings that parts of the program own.
func extras(names ...string) editing {
	slices.Sort(names)
	return func(s store.Settings) any {
		var out []json.RawMessage
		for _, name := range names {
			raw := s.Extra[name]
			if raw == nil {
				raw = json.RawMessage("null")
			}
			out = append(out, raw)
		}
		return out
	}
}

// seen names a state of the part, for the form.
func (e editing) seen(s store.Settings) (string, error) {
	text, err := json.Marshal(e(s))
	if err != nil {
		return "", fmt.Errorf("name the state of settings: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

// errChanged says that somebody else saved what the form shows.
var errChanged = &moderation.Error{Kind: moderation.Conflict, Key: "error.settings_changed"}

// change changes settings as they are now. It is refused with errChanged where the
// part is not as the form showed it.
func (d *Desk) change(r *http.Request, site store.Site, part editing, change func(*store.Settings) error) error {
	return d.store.ChangeSettings(r.Context(), site.ID, func(set *store.Settings) error {
		now, err := part.seen(*set)
		if err != nil {
			return err
		}
		if shown := r.PostFormValue("seen"); shown != "" && shown != now {
			return errChanged
		}
		return change(set)
	})
}

// saveExtra keeps one part of a site's settings and leads back.
func (d *Desk) saveExtra(w http.ResponseWriter, r *http.Request, site store.Site, part string, value any, back string) error {
	if err := d.saveParts(r, site, map[string]any{part: value}); err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// saveParts keeps several parts at once.
func (d *Desk) saveParts(r *http.Request, site store.Site, parts map[string]any) error {
	return d.change(r, site, extras(slices.Collect(maps.Keys(parts))...), func(set *store.Settings) error { return put(set, parts) })
}

// put writes parts into settings.
func put(set *store.Settings, parts map[string]any) error {
	extra := store.Extra{}
	maps.Copy(extra, set.Extra)
	for part, value := range parts {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode settings of %s: %w", part, err)
		}
		extra[part] = text
	}
	set.Extra = extra
	return nil
}
