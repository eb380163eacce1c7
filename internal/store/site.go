package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Site is one publication.
type Site struct {
	ID      string
	Name    string
	Origin  string // scheme://host[:port]
	Lang    string // "de" or "en"
	Created time.Time
	Settings
}

// Settings is what an admin can set for a site. Zero values mean the default,
// which the methods below give.
type Settings struct {
	Imprint       string    `json:"imprint,omitempty"` // address of the publisher's imprint page
	Privacy       string    `json:"privacy,omitempty"` // address of the publisher's privacy page
	MaxLength     int       `json:"max_length,omitempty"`
	Depth         int       `json:"depth,omitempty"`          // reply depth; deeper replies are flattened
	HoldSeconds   *int      `json:"hold,omitempty"`           // before a decision takes effect
	BundleSeconds *int      `json:"bundle_hold,omitempty"`    // before a bundle takes effect
	Origins       []string  `json:"origins,omitempty"`        // further origins whose pages may embed and be taken in
	AllowedHosts  []string  `json:"allowed_hosts,omitempty"`  // hosts that are never advertising
	Hours         *Hours    `json:"hours,omitempty"`          // when the desk is staffed
	Informal      bool      `json:"informal,omitempty"`       // readers are addressed as "Du"
	BlindPercent  *float64  `json:"blind_percent,omitempty"`  // share drawn for blind control
	LimitHours    int       `json:"limit_hours,omitempty"`    // after so many opening hours a comment comes first
	AutoArticles  bool      `json:"auto_articles,omitempty"`  // an unknown page of an allowed origin becomes an article
	NoHints       bool      `json:"no_hints,omitempty"`       // no hints before sending
	Watchlist     []string  `json:"watchlist,omitempty"`      // terms that raise a flag on every article
	KeepEmailDays int       `json:"keep_email,omitempty"`     // e-mail addresses are erased after
	KeepGoneDays  int       `json:"keep_withdrawn,omitempty"` // texts withdrawn are erased after
	KeepRefused   int       `json:"keep_refused,omitempty"`   // refused texts are erased after
	Packs         []string  `json:"packs,omitempty"`          // rules beside the five; empty: DefaultPacks
	Two           []TwoRule `json:"two,omitempty"`            // rules that always need two people
	OwnRules      []OwnRule `json:"own_rules,omitempty"`      // rules of the site's own, among Packs
	Extra         Extra     `json:"extra,omitempty"`
}

// Extra holds settings that a single part of the program owns, by its name.
type Extra map[string]json.RawMessage

// Hours is when editors are on duty, in the site's time zone.
type Hours struct {
	From string `json:"from"` // "06:00"
	To   string `json:"to"`   // "22:00"
	Days []int  `json:"days"` // 0 is Sunday; empty: every day
	Zone string `json:"zone"` // "Europe/Berlin" where empty
}

// TwoRule says when a rule needs two people: for a refusal always, for a release
// where the rule shows in the text.
type TwoRule struct {
	Rule  moderation.Rule `json:"rule"`
	Band  string          `json:"band,omitempty"`  // it shows from this band on, "unclear" or "breach"; "": by no score
	From  float64         `json:"from,omitempty"`  // likewise by the score, for texts whose assessment keeps no band; 0: by no score
	Words []string        `json:"words,omitempty"` // or by one of these words
}

// shows tells whether the rule shows in a text.
func (t TwoRule) shows(text string, a moderation.Assessment) bool {
	return t.Scored(a.Rules[t.Rule]) || moderation.Mentions(text, t.Words) != ""
}

// Scored tells whether a rule's score lets it show: by the band that the site's own
// bounds gave it where one is kept, or else by the default bounds.
func (t TwoRule) Scored(s moderation.Score) bool {
	switch {
	case s.Value == nil || t.From == 0:
		return false
	case s.Band != "" && t.Band != "":
		return s.Band == "breach" || s.Band == t.Band
	}
	return *s.Value >= t.From
}

// OwnRule is a rule that a site made for itself. Its sentences hold "{passage}"
// where the passage is quoted.
type OwnRule struct {
	Key        moderation.Rule `json:"key"`
	Name       string          `json:"name"`
	Sentence   string          `json:"sentence"`              // with "Sie"
	SentenceDu string          `json:"sentence_du,omitempty"` // with "Du"; "": as with "Sie"
}

// Says is the rule's sentence in a form of address.
func (o OwnRule) Says(informal bool) string {
	if informal && o.SentenceDu != "" {
		return o.SentenceDu
	}
	return o.Sentence
}

// OwnRule gives a rule of the site's own.
func (s Settings) OwnRule(r moderation.Rule) (OwnRule, bool) {
	for _, o := range s.OwnRules {
		if o.Key == r {
			return o, true
		}
	}
	return OwnRule{}, false
}

// Length is the greatest length of a comment, in characters.
func (s Settings) Length() int { return or(s.MaxLength, 1500) }

// ReplyDepth is how deep replies nest before they are flattened.
func (s Settings) ReplyDepth() int { return or(s.Depth, 2) }

// Hold is how long a single decision can be undone.
func (s Settings) Hold() time.Duration { return seconds(s.HoldSeconds, 8) }

// BundleHold is how long a bundle can be undone.
func (s Settings) BundleHold() time.Duration { return seconds(s.BundleSeconds, 30) }

// BlindShare is the share of submissions drawn for blind control, 0 to 1.
func (s Settings) BlindShare() float64 {
	if s.BlindPercent == nil {
		return 0.05
	}
	return *s.BlindPercent / 100
}

// DefaultPacks are the rules beside the five that only people apply: law (L),
// decency (D) and form (F), as German publishers' rules commonly have them.
var DefaultPacks = []string{"L1", "L2", "L3", "L4", "L5", "L6", "D1", "D2", "F1", "F2", "F3", "F4", "F5", "F6"}

// RulePack lists the rules that a decision of this site may name.
func (s Settings) RulePack() []moderation.Rule {
	packs := s.Packs
	if len(packs) == 0 {
		packs = DefaultPacks
	}
	rules := slices.Clone(moderation.Rules)
	for _, p := range packs {
		rules = append(rules, moderation.Rule(p))
	}
	return rules
}

// Retention periods.
func (s Settings) keepEmail() time.Duration   { return days(or(s.KeepEmailDays, 365)) }
func (s Settings) keepGone() time.Duration    { return days(or(s.KeepGoneDays, 7)) }
func (s Settings) keepRefused() time.Duration { return days(or(s.KeepRefused, 213)) }

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func seconds(n *int, otherwise int) time.Duration {
	if n == nil {
		return time.Duration(otherwise) * time.Second
	}
	return time.Duration(*n) * time.Second
}

func or(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// holdOf is the hold in force for a site: an override of the whole program
// (tests set it), or what the site says.
func (s *Store) holdOf(site Site, bundle bool) time.Duration {
	switch {
	case s.hold != nil:
		return *s.hold
	case bundle:
		return site.BundleHold()
	}
	return site.Hold()
}

// AddSite adds a publication. Its origin is scheme://host[:port]; a path is cut off.
func (s *Store) AddSite(ctx context.Context, site Site) (Site, error) {
	u, err := url.Parse(site.Origin)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return Site{}, moderation.BadField("url", "error.origin")
	}
	if strings.TrimSpace(site.Name) == "" {
		return Site{}, moderation.BadField("name", "error.name_needed")
	}
	site.ID, site.Origin, site.Created = or2(site.ID, NewID()), u.Scheme+"://"+u.Host, s.Now()
	site.Lang = or2(site.Lang, "de")
	settings, err := json.Marshal(site.Settings)
	if err != nil {
		return Site{}, fmt.Errorf("encode settings: %w", err)
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx,
			stmt("insert into sites (id, name, origin, lang, settings, created_at) values ($1, $2, $3, $4, $5, $6)",
				site.ID, site.Name, site.Origin, site.Lang, string(settings), micros(site.Created)),
			stmt("insert into chains (site_id, seq, head) values ($1, 0, '')", site.ID),
			event(s, "site", site.ID, "", ""))
	})
	if isDuplicate(err) {
		return Site{}, moderation.BadField("url", "error.site_exists")
	}
	return site, err
}

func or2(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// ChangeSettings changes a site's settings as they are at this moment, in one
// transaction: two changes at once both count. An error of change changes nothing.
// Where a transaction has to be tried again, change is called again.
func (s *Store) ChangeSettings(ctx context.Context, site string, change func(*Settings) error) error {
	return s.write(ctx, func(tx *sql.Tx) error { return s.changeSettings(ctx, tx, site, change) })
}

func (s *Store) changeSettings(ctx context.Context, tx *sql.Tx, site string, change func(*Settings) error) error {
	var text string
	if err := one(ctx, tx, "site", []any{&text}, "select settings from sites where id = $1"+s.d.forUpdate, site); err != nil {
		return err
	}
	var set Settings
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return fmt.Errorf("settings of site %s: %w", site, err)
	}
	if err := change(&set); err != nil {
		return err
	}
	changed, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("encode settings: %w", err)
	}
	return all(ctx, tx, stmt("update sites set settings = $2 where id = $1", site, string(changed)), event(s, "site", site, "", ""))
}

const siteColumns = "id, name, origin, lang, settings, created_at"

// siteRow is a site as the database gives it.
type siteRow struct {
	x        Site
	settings string
	created  int64
}

// dest is where siteColumns go.
func (r *siteRow) dest() []any {
	return []any{&r.x.ID, &r.x.Name, &r.x.Origin, &r.x.Lang, &r.settings, &r.created}
}

func (r *siteRow) site() (Site, error) {
	x := r.x
	x.Created = fromMicros(r.created)
	if err := json.Unmarshal([]byte(r.settings), &x.Settings); err != nil {
		return Site{}, fmt.Errorf("settings of site %s: %w", x.ID, err)
	}
	return x, nil
}

func scanSite(scan func(...any) error) (Site, error) {
	var r siteRow
	if err := scan(r.dest()...); err != nil {
		return Site{}, err
	}
	return r.site()
}

// Sites lists all sites, oldest first.
func (s *Store) Sites(ctx context.Context) ([]Site, error) { return sitesOf(ctx, s.public) }

func sitesOf(ctx context.Context, q querier) ([]Site, error) {
	return rowsOf(ctx, q, scanSite, "select "+siteColumns+" from sites order by created_at, id")
}

// Site finds a site by its id, its name or its origin.
func (s *Store) Site(ctx context.Context, key string) (Site, error) {
	return site(ctx, s.public, key)
}

func site(ctx context.Context, q querier, key string) (Site, error) {
	x, err := scanSite(func(dest ...any) error {
		return one(ctx, q, "site", dest, "select "+siteColumns+" from sites where id = $1 or name = $1 or origin = $1 order by id = $1 desc limit 1", key)
	})
	return x, err
}

// Policy is a version of a site's rules for readers, signed by the editors.
type Policy struct {
	Version int
	Lang    string
	Text    string
	Signed  string
	Created time.Time
}

// AddPolicy adds a new version of a site's policy in one language.
func (s *Store) AddPolicy(ctx context.Context, site string, p Policy) (Policy, error) {
	err := s.write(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, "select coalesce(max(version), 0) + 1 from policies where site_id = $1", site).Scan(&p.Version)
		if err != nil {
			return err
		}
		p.Created = s.Now()
		return all(ctx, tx,
			stmt("insert into policies (site_id, version, lang, text, signed, created_at) values ($1, $2, $3, $4, $5, $6)",
				site, p.Version, p.Lang, p.Text, p.Signed, micros(p.Created)),
			event(s, "site", site, "", ""))
	})
	return p, err
}

// Policies lists every version of a site's policy, newest first.
func (s *Store) Policies(ctx context.Context, site string) ([]Policy, error) {
	var out []Policy
	err := each(ctx, s.public, func(r *sql.Rows) error {
		var p Policy
		var at int64
		err := r.Scan(&p.Version, &p.Lang, &p.Text, &p.Signed, &at)
		p.Created = fromMicros(at)
		out = append(out, p)
		return err
	}, "select version, lang, text, signed, created_at from policies where site_id = $1 order by version desc", site)
	return out, err
}

// Policy gives the newest version in a language, or in any where that one is missing.
func (s *Store) Policy(ctx context.Context, site, lang string) (Policy, error) {
	all, err := s.Policies(ctx, site)
	if err != nil {
		return Policy{}, err
	}
	for _, p := range all {
		if p.Lang == lang {
			return p, nil
		}
	}
	if len(all) > 0 {
		return all[0], nil
	}
	return Policy{}, moderation.Missing("policy")
}

// AllowedOrigins lists the origins whose pages may be taken in and may embed the
// section: the site's own and those that an admin added.
func (s Site) AllowedOrigins() []string { return append([]string{s.Origin}, s.Origins...) }

// SetOrigin changes a site's own origin, after a move.
func (s *Store) SetOrigin(ctx context.Context, site, origin string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx, stmt("update sites set origin = $2 where id = $1", site, origin), event(s, "site", site, "", ""))
	})
}

// Link completes an address in the site's settings: a path is one of its own pages.
func (s Site) Link(address string) string {
	if strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") {
		return s.Origin + address
	}
	return address
}
