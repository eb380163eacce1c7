package reader

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/signon"
	"github.com/freigabe/freigabe/internal/store"
)

// The ways in which a site may let people comment.
const (
	AsGuest   = "guest"   // with a typed name
	AsEmail   = "email"   // with an address that a mailed link has proved
	AsAccount = "account" // with an account that the publisher's own pages vouch for
	AsOIDC    = "oidc"    // with an account at the site's provider
)

// Ways lists the ways in the order in which the form says them.
var Ways = []string{AsGuest, AsEmail, AsAccount, AsOIDC}

// Settings is what a site can set for its readers, beside store.Settings: the
// entry "reader" of its extra settings.
type Settings struct {
	ReservedNames []string `json:"reserved_names,omitempty"` // nobody but the newsroom bears them
	Who           []string `json:"who,omitempty"`            // the ways in which people may comment; empty: guest and account
	NoGuests      bool     `json:"no_guests,omitempty"`      // guest is not among them, whatever who says
	OIDCName      string   `json:"oidc_name,omitempty"`      // the provider's name on the link
	NameDays      *int     `json:"name_days,omitempty"`      // a known author's name stays that long; 30 where not set
	MinAge        int      `json:"min_age,omitempty"`        // years that authors must say they have reached; 0: nothing is asked
	Avatars       string   `json:"avatars,omitempty"`        // "initials", or none
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

// Lets tells whether people may comment in a way.
func (s Settings) Lets(way string) bool {
	if way == AsGuest && s.NoGuests {
		return false
	}
	if len(s.Who) == 0 {
		return way == AsGuest || way == AsAccount
	}
	return slices.Contains(s.Who, way)
}

// naming is how a known author's name is kept.
func (s Settings) naming(name string) store.Naming {
	days := 30
	if s.NameDays != nil {
		days = max(0, *s.NameDays)
	}
	return store.Naming{Likeness: likeness(name), Every: time.Duration(days) * 24 * time.Hour}
}

// errGuests refuses a comment of somebody who is not signed in, where that is needed.
var errGuests = &moderation.Error{Kind: moderation.Forbidden, Key: "error.guests"}

// errWay refuses a way of commenting that the site does not offer.
var errWay = &moderation.Error{Kind: moderation.Forbidden, Key: "error.way"}

// Claim is how the sender of a comment says who they are.
type Claim struct {
	Token   string // of the publisher's pages, or one that Freigabe gave at a sign-in
	Receipt string // token of an earlier comment: the same author
	OfAge   bool   // the author says to have reached the site's least age
}

// Identify says who sends a comment, and refuses who may not: a reader for whom
// the publisher's site or Freigabe itself vouches by a token, the author of an
// earlier comment by its receipt, or a guest with a typed name. The form, the
// interface for programs and the embedded section all ask here.
func Identify(ctx context.Context, v *signon.Verifier, names *Names, site store.Site, c Claim, in *store.Submission) error {
	set, err := SettingsOf(site)
	if err != nil {
		return err
	}
	if set.MinAge > 0 && !c.OfAge {
		return moderation.BadField("age", "reader.error.age", "years", strconv.Itoa(set.MinAge))
	}
	in.OfAge = set.MinAge > 0
	switch {
	case strings.HasPrefix(c.Token, store.ReaderTokenPrefix):
		err = signedIn(ctx, names, site, set, c.Token, in)
	case c.Token != "":
		err = vouched(ctx, v, names, site, set, c, in)
	default:
		err = guest(ctx, names, site, set, c, in)
	}
	in.Naming = set.naming(in.Name)
	return err
}

// guest takes a typed name; an earlier comment's receipt proves its author.
func guest(ctx context.Context, names *Names, site store.Site, set Settings, c Claim, in *store.Submission) error {
	if !set.Lets(AsGuest) {
		return errGuests
	}
	if token := strings.TrimPrefix(c.Receipt, "/receipts/"); token != "" {
		rec, err := names.Store.Receipt(ctx, token)
		if err != nil {
			return err
		}
		in.Name, in.Proof = rec.Name, store.Proof{Kind: "receipt", Subject: token}
		return nil
	}
	return names.Check(ctx, site, in.Name, store.Proof{}, in.Email)
}

// signedIn takes a reader who signed in at Freigabe.
func signedIn(ctx context.Context, names *Names, site store.Site, set Settings, token string, in *store.Submission) error {
	id, err := names.Store.ByReaderToken(ctx, token)
	if err != nil {
		return err
	}
	if id.Site != site.ID || !set.Lets(map[string]string{store.ReaderOIDC: AsOIDC, store.ReaderEmail: AsEmail}[id.Kind]) {
		return errWay
	}
	in.Name, in.Proof, in.Email = id.Name, id.Proof(), id.Email
	return names.Check(ctx, site, in.Name, in.Proof, in.Email)
}

// vouched takes a reader for whom the publisher's pages vouch. Their name comes
// from there, so it is the publisher's to choose. Where nothing is set up to check
// a token by, it says nothing.
func vouched(ctx context.Context, v *signon.Verifier, names *Names, site store.Site, set Settings, c Claim, in *store.Submission) error {
	trust, err := signOnOf(ctx, names.Store, site)
	if err != nil {
		return err
	}
	if !trust.On() {
		return guest(ctx, names, site, set, c, in)
	}
	if !set.Lets(AsAccount) {
		return errWay
	}
	p, err := v.Verify(ctx, trust, c.Token)
	if err != nil {
		return err
	}
	in.Name, in.Proof = p.Name, store.Proof{Kind: "account", Subject: p.Subject}
	if strings.HasPrefix(p.Subject, "oidc:") {
		return errWay // a subject of the site's provider is not the publisher's to give
	}
	if p.Verified {
		in.Email = p.Email
	}
	return nil
}

// signOnOf is how a site's own pages vouch for its readers.
func signOnOf(ctx context.Context, st *store.Store, site store.Site) (signon.Config, error) {
	var c signon.Config
	secrets, err := st.Secrets(ctx, site.ID)
	if err != nil || len(secrets.SignOn) == 0 {
		return c, err
	}
	if err := json.Unmarshal(secrets.SignOn, &c); err != nil {
		return c, fmt.Errorf("sign-on of site %s: damaged; set it again", site.ID) // the cause would quote it
	}
	return c, nil
}

// providerOf is where a site's readers sign in by OpenID Connect.
func providerOf(ctx context.Context, st *store.Store, site store.Site) (signon.Provider, error) {
	var p signon.Provider
	secrets, err := st.Secrets(ctx, site.ID)
	if err != nil || len(secrets.OIDC) == 0 {
		return p, err
	}
	if err := json.Unmarshal(secrets.OIDC, &p); err != nil {
		return p, fmt.Errorf("provider of site %s: damaged; set it again", site.ID) // the cause would quote it
	}
	return p, nil
}
