package reader

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/text/unicode/norm"
)

// Settings is what a site can set for its readers, beside store.Settings: the
// entry "reader" of its extra settings.
type Settings struct {
	ReservedNames []string `json:"reserved_names,omitempty"` // nobody but the newsroom bears them
	NoGuests      bool     `json:"no_guests,omitempty"`      // only signed-on readers may comment
	Reactions     []string `json:"reactions,omitempty"`      // kinds that readers can give: helpful, agree, thanks; empty: none
}

// SettingsOf reads a site's settings for readers.
func SettingsOf(site store.Site) (Settings, error) {
	var s Settings
	raw, ok := site.Extra["reader"]
	if !ok {
		return s, nil
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, fmt.Errorf("readers' settings of site %s: %w", site.ID, err)
	}
	s.Reactions = knownReactions(s.Reactions)
	return s, nil
}

// errGuests refuses a comment of somebody who is not signed on, where that is needed.
var errGuests = &moderation.Error{Kind: moderation.Forbidden, Key: "error.guests"}

// Identify says who sends a comment: a reader for whom the publisher's site
// vouches by a token, with the name from there, or a guest with a typed name,
// where the site takes guests.
func Identify(ctx context.Context, v *signon.Verifier, names *Names, site store.Site, token string, in *store.Submission) error {
	set, err := SettingsOf(site)
	if err != nil {
		return err
	}
	trust, err := signOnOf(ctx, names.Store, site, token)
	if err != nil {
		return err
	}
	if !trust.On() {
		if set.NoGuests {
			return errGuests
		}
		return names.Check(ctx, site, in.Name)
	}
	p, err := v.Verify(ctx, trust, token)
	if err != nil {
		return err
	}
	in.Name, in.Proof = p.Name, store.Proof{Kind: "account", Subject: p.Subject}
	if p.Verified {
		in.Email = p.Email
	}
	return nil
}

// signOnOf is how a site vouches for its readers; without a token nobody asks.
func signOnOf(ctx context.Context, st *store.Store, site store.Site, token string) (signon.Config, error) {
	var c signon.Config
	if token == "" {
		return c, nil
	}
	secrets, err := st.Secrets(ctx, site.ID)
	if err != nil || len(secrets.SignOn) == 0 {
		return c, err
	}
	if err := json.Unmarshal(secrets.SignOn, &c); err != nil {
		return c, fmt.Errorf("sign-on of site %s: damaged; set it again", site.ID) // the cause would quote it
	}
	return c, nil
}

// Names knows which names readers may not bear: those of the site, of its people
// and of the list that an admin set, however they are written.
type Names struct {
	Store *store.Store

	mu    sync.Mutex
	known map[string]reserved
}

type reserved struct {
	names map[string]bool
	read  time.Time
}

// namesFor is how long a list of names is kept.
const namesFor = time.Minute

// newsroom are the words that only the newsroom calls itself.
var newsroom = []string{"Redaktion", "Die Redaktion", "Chefredaktion", "Moderation", "Moderator", "Moderatorin", "Admin", "Administrator", "Editor", "Editors", "Newsroom"}

// Check refuses a name that belongs to the newsroom.
func (n *Names) Check(ctx context.Context, site store.Site, name string) error {
	names, err := n.of(ctx, site)
	if err != nil {
		return err
	}
	if names[likeness(name)] {
		return moderation.BadField("name", "reader.error.name.reserved")
	}
	return nil
}

func (n *Names) of(ctx context.Context, site store.Site) (map[string]bool, error) {
	now := n.Store.Now()
	n.mu.Lock()
	r, ok := n.known[site.ID]
	n.mu.Unlock()
	if ok && now.Sub(r.read) < namesFor {
		return r.names, nil
	}
	people, err := n.Store.Editors(ctx, site.ID)
	if err != nil {
		return nil, err
	}
	set, err := SettingsOf(site)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{likeness(site.Name): true}
	for _, list := range [][]string{newsroom, set.ReservedNames} {
		for _, name := range list {
			names[likeness(name)] = true
		}
	}
	for _, p := range people {
		names[likeness(p.Name)] = true
	}
	delete(names, "") // a name of signs alone
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[string]reserved{}
	}
	n.known[site.ID] = reserved{names, now}
	return names, nil
}

// lookalikes maps letters and digits that pass for others.
var lookalikes = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i",
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "х", "x", "у", "y", "к", "k", "і", "i", "ν", "v", "ο", "o", "α", "a", "ß", "ss", "i", "l")

// likeness is a name as an eye in a hurry reads it: letters alone, without case,
// accents or signs, and with look-alikes made one.
func likeness(name string) string {
	decomposed := norm.NFKD.String(strings.ToLower(name))
	replaced := lookalikes.Replace(decomposed)
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, replaced)
}
