package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Guide is how a site's rules are meant, in the newsroom's own words. A version
// that was switched on is never changed; the newest may be a draft.
type Guide struct {
	Site    string
	Version int // 0: none yet
	Rules   []GuideRule
	Remark  string // what changed and why
	Editor  string // id; name when read
	Saved   time.Time
	Since   time.Time // in force since then; zero: a draft
}

// GuideRule is what the guide says of one rule, and what follows from it.
type GuideRule struct {
	Rule     moderation.Rule `json:"rule"`
	Name     string          `json:"name,omitempty"`     // of a rule of the site's own
	Off      bool            `json:"off,omitempty"`      // not used here; never one of the five
	Policy   string          `json:"policy,omitempty"`   // how it is meant
	Fine     []string        `json:"fine,omitempty"`     // examples that are still fine
	Breach   []string        `json:"breach,omitempty"`   // examples that are not
	Sentence string          `json:"sentence,omitempty"` // to the author, of a rule of the site's own, with "Sie"
	Du       string          `json:"du,omitempty"`       // the same with "Du"
	Words    []string        `json:"words,omitempty"`    // by which the rule shows
	Two      string          `json:"two,omitempty"`      // "", "refusal", "likely" or "possible"
}

// Rule gives what the guide says of a rule.
func (g Guide) Rule(r moderation.Rule) GuideRule {
	for _, x := range g.Rules {
		if x.Rule == r {
			return x
		}
	}
	return GuideRule{Rule: r}
}

const guideColumns = `g.site_id, g.version, g.body, g.remark, e.name, g.saved_at, g.since from guides g join editors e on e.id = g.editor_id`

func scanGuide(scan func(...any) error) (Guide, error) {
	var g Guide
	var body string
	var saved int64
	var since sql.NullInt64
	if err := scan(&g.Site, &g.Version, &body, &g.Remark, &g.Editor, &saved, &since); err != nil {
		return g, err
	}
	g.Saved, g.Since = fromMicros(saved), timeOf(since)
	if err := json.Unmarshal([]byte(body), &g.Rules); err != nil {
		return g, fmt.Errorf("guide %d of site %s: %w", g.Version, g.Site, err)
	}
	return g, nil
}

// Guides lists the versions of a site's guide, the newest first.
func (s *Store) Guides(ctx context.Context, site string) ([]Guide, error) {
	return rowsOf(ctx, s.read, scanGuide, "select "+guideColumns+" where g.site_id = $1 order by g.version desc limit 200", site)
}

// GuideInForce gives the guide in force; the zero Guide where none is yet.
func (s *Store) GuideInForce(ctx context.Context, site string) (Guide, error) {
	g, err := scanGuide(func(dest ...any) error {
		return one(ctx, s.read, "guide", dest, "select "+guideColumns+" where g.site_id = $1 and g.since is not null order by g.since desc, g.version desc limit 1", site)
	})
	if moderation.KindOf(err) == moderation.NotFound {
		return Guide{Site: site}, nil
	}
	return g, err
}

// NoGuide is the stamp of a site that has no guide yet.
const NoGuide = "0"

// Stamp names a version as it was saved.
func (g Guide) Stamp() string {
	return fmt.Sprintf("%d-%d-%t", g.Version, micros(g.Saved), g.Since.IsZero())
}

// SaveGuide keeps a draft, in place of the one before where that is a draft too. It
// is a Conflict where the newest version is no longer the one that the writer had
// seen, by its stamp; "" asks for nothing.
func (s *Store) SaveGuide(ctx context.Context, g Guide, seen string) (Guide, error) {
	body, err := json.Marshal(g.Rules)
	if err != nil {
		return g, fmt.Errorf("encode guide: %w", err)
	}
	g.Saved = s.Now()
	return g, s.write(ctx, func(tx *sql.Tx) error {
		var site string // two writers of one site's guide wait for each other
		if err := one(ctx, tx, "site", []any{&site}, "select id from sites where id = $1"+s.d.forUpdate, g.Site); err != nil {
			return err
		}
		var draft int
		if err := tx.QueryRowContext(ctx, "select coalesce(max(version), 0), coalesce(max(case when since is null then version else 0 end), 0) from guides where site_id = $1", g.Site).Scan(&g.Version, &draft); err != nil {
			return err
		}
		if err := guideAsSeen(ctx, tx, g.Site, g.Version, seen); err != nil {
			return err
		}
		if draft == 0 {
			g.Version++
		}
		return all(ctx, tx, stmt(`insert into guides (site_id, version, body, remark, editor_id, saved_at) values ($1, $2, $3, $4, $5, $6)
			on conflict (site_id, version) do update set body = excluded.body, remark = excluded.remark, editor_id = excluded.editor_id, saved_at = excluded.saved_at`,
			g.Site, g.Version, string(body), g.Remark, g.Editor, micros(g.Saved)))
	})
}

// guideAsSeen refuses where the newest version is another than was seen.
func guideAsSeen(ctx context.Context, tx *sql.Tx, site string, newest int, seen string) error {
	now := NoGuide
	if newest > 0 {
		g, err := scanGuide(func(dest ...any) error {
			return one(ctx, tx, "guide", dest, "select "+guideColumns+" where g.site_id = $1 and g.version = $2", site, newest)
		})
		if err != nil {
			return err
		}
		now = g.Stamp()
	}
	if seen != "" && seen != now {
		return &moderation.Error{Kind: moderation.Conflict, Key: "error.guide_changed"}
	}
	return nil
}

// InForce is what a guide changes in a site's settings.
type InForce struct {
	Packs    []string
	OwnRules []OwnRule
	Two      []TwoRule
}

// SwitchOnGuide puts a draft into force, with what follows from it, in one
// transaction. Rules that past decisions of the site named keep their names.
func (s *Store) SwitchOnGuide(ctx context.Context, site string, version int, f InForce) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update guides set since = $3 where site_id = $1 and version = $2 and since is null", site, version, micros(s.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return &moderation.Error{Kind: moderation.Conflict, Key: "error.guide_changed"}
		}
		return s.changeSettings(ctx, tx, site, func(set *Settings) error {
			own := slices.Clone(f.OwnRules)
			for _, old := range set.OwnRules {
				if !slices.ContainsFunc(own, func(o OwnRule) bool { return o.Key == old.Key }) {
					own = append(own, old)
				}
			}
			set.Packs, set.OwnRules, set.Two = f.Packs, own, f.Two
			return nil
		})
	})
}

// Past is a decided comment, for trying rules on it.
type Past struct {
	Comment    string
	Text       string
	Assessment moderation.Assessment
	Step       moderation.Step // approve, reject, return or remove: the decision in force
	Rule       moderation.Rule
	At         time.Time
}

// PastDecisions gives the comments of a site that were decided last, newest first.
// Erased texts are left out.
func (s *Store) PastDecisions(ctx context.Context, site string, since time.Time, limit int) ([]Past, error) {
	var out []Past
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var p Past
		var assessment string
		var at int64
		err := r.Scan(&p.Comment, &p.Text, &assessment, &p.Step, &p.Rule, &at)
		if err == nil {
			p.Assessment, err = decodeAssessment(assessment)
		}
		p.At = fromMicros(at)
		out = append(out, p)
		return err
	}, `select r.comment_id, r.text, r.assessment, d.step, d.rule, d.at from decisions d
		join revisions r on r.comment_id = d.comment_id and r.number = d.revision and r.decision_id = d.id
		where d.site_id = $1 and d.at >= $2 and d.step in ('approve', 'reject', 'return', 'remove') and r.text <> '' order by d.seq desc limit $3`,
		site, micros(since), limit)
	return out, err
}
