package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Community is a desk next door that teaches a model of its own.
type Community struct {
	ID       string
	Site     string // "": of keys for all sites
	Name     string
	Seq      int64  // of its last suggestion
	ModelSeq int64  // up to which suggestion Model has learned
	Model    []byte // nil where none was saved
	Created  time.Time
	Taught   time.Time
}

// Suggestion is a verdict of another desk on a comment of its own.
type Suggestion struct {
	Seq     int64
	Ref     string // the other system's name of the comment; "": none, then nothing replaces it
	Comment string // its text; "" once erased
	Parent  string
	Article string // JSON, owned by the caller
	Rule    moderation.Rule
	Refused bool
	Scored  *float64 // by the community's model, before it learned this
	Base    *float64 // by the base
	Version string   // of the model that scored
	At      time.Time
}

// Suggest keeps a suggestion and gives its community. The same verdict on the
// same comment again is kept once: fresh tells whether anything was written. A
// changed verdict replaces the earlier one.
func (s *Store) Suggest(ctx context.Context, site, name, key string, in Suggestion) (c Community, fresh bool, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		fresh = false
		if c, err = s.community(ctx, tx, site, name, key); err != nil {
			return err
		}
		old, found, err := s.latest(ctx, tx, c.ID, in.Ref)
		if err != nil || found && old.Refused == in.Refused && old.Rule == in.Rule {
			return err
		}
		fresh = true
		c.Seq++
		return all(ctx, tx,
			stmt(`insert into suggestions (community_id, seq, ref, comment, parent, article, rule, refused, scored, base, version, at)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
				c.ID, c.Seq, in.Ref, in.Comment, in.Parent, in.Article, string(in.Rule), flag(in.Refused), maybe(in.Scored), maybe(in.Base), in.Version, micros(s.Now())),
			stmt("update suggestions set later = $3 where community_id = $1 and ref = $2 and ref <> '' and later = 0 and seq < $3", c.ID, in.Ref, c.Seq),
			stmt("update communities set seq = $2, key_id = $3, taught_at = $4 where id = $1", c.ID, c.Seq, key, micros(s.Now())))
	})
	return c, fresh, err
}

func maybe(v *float64) sql.NullFloat64 {
	if v == nil {
		return sql.NullFloat64{}
	}
	return sql.NullFloat64{Float64: *v, Valid: true}
}

// community finds or makes a community; its row is locked, so that suggestions of
// one community have an order without gaps.
func (s *Store) community(ctx context.Context, tx *sql.Tx, site, name, key string) (Community, error) {
	err := all(ctx, tx, stmt(`insert into communities (id, site_id, name, key_id, created_at, taught_at) values ($1, $2, $3, $4, $5, $5)
		on conflict (site_id, name) do nothing`, NewID(), site, name, key, micros(s.Now())))
	if err != nil {
		return Community{}, err
	}
	return scanCommunity(func(dest ...any) error {
		return one(ctx, tx, "community", dest, "select "+communityColumns+" from communities where site_id = $1 and name = $2"+s.d.forUpdate, site, name)
	})
}

const communityColumns = "id, site_id, name, seq, model_seq, model, created_at, taught_at"

func scanCommunity(scan func(...any) error) (Community, error) {
	var c Community
	var created, taught int64
	err := scan(&c.ID, &c.Site, &c.Name, &c.Seq, &c.ModelSeq, &c.Model, &created, &taught)
	c.Created, c.Taught = fromMicros(created), fromMicros(taught)
	return c, err
}

// latest is the suggestion in force on a comment.
func (s *Store) latest(ctx context.Context, q querier, community, ref string) (Suggestion, bool, error) {
	if ref == "" {
		return Suggestion{}, false, nil
	}
	x, err := scanSuggestion(func(dest ...any) error {
		return one(ctx, q, "suggestion", dest, "select "+suggestionColumns+" from suggestions where community_id = $1 and ref = $2 and later = 0", community, ref)
	})
	if moderation.KindOf(err) == moderation.NotFound {
		return Suggestion{}, false, nil
	}
	return x, err == nil, err
}

const suggestionColumns = "seq, ref, comment, parent, article, rule, refused, scored, base, version, at"

func scanSuggestion(scan func(...any) error) (Suggestion, error) {
	var x Suggestion
	var rule string
	var refused int
	var scored, base sql.NullFloat64
	var at int64
	err := scan(&x.Seq, &x.Ref, &x.Comment, &x.Parent, &x.Article, &rule, &refused, &scored, &base, &x.Version, &at)
	x.Rule, x.Refused, x.At = moderation.Rule(rule), refused == 1, fromMicros(at)
	if scored.Valid {
		x.Scored = &scored.Float64
	}
	if base.Valid {
		x.Base = &base.Float64
	}
	return x, err
}

// Suggested gives the suggestion in force on a comment that another system named.
func (s *Store) Suggested(ctx context.Context, community, ref string) (Suggestion, error) {
	x, found, err := s.latest(ctx, s.read, community, ref)
	if err == nil && !found {
		return Suggestion{}, moderation.Missing("suggestion")
	}
	return x, err
}

// Suggestions reads a community's suggestions after a number, in their order, at
// most limit of them. Those replaced by later verdicts are left out, unless every
// one is asked for.
func (s *Store) Suggestions(ctx context.Context, community string, after int64, limit int, every bool) ([]Suggestion, error) {
	return rowsOf(ctx, s.read, scanSuggestion, "select "+suggestionColumns+" from suggestions where community_id = $1 and seq > $2 and (later = 0 or $4 = 1) order by seq limit $3", community, after, limit, flag(every))
}

// CommunityNamed finds a community by the name that its client sends; without a
// name it is the one that the key taught last.
func (s *Store) CommunityNamed(ctx context.Context, site, name, key string) (Community, error) {
	return scanCommunity(func(dest ...any) error {
		if name == "" {
			return one(ctx, s.read, "community", dest, "select "+communityColumns+" from communities where site_id = $1 and key_id = $2 order by taught_at desc, id limit 1", site, key)
		}
		return one(ctx, s.read, "community", dest, "select "+communityColumns+" from communities where site_id = $1 and name = $2", site, name)
	})
}

// Community gives a community by its id. Site "" sees all; another site's is not found.
func (s *Store) Community(ctx context.Context, site, id string) (Community, error) {
	return scanCommunity(func(dest ...any) error {
		return one(ctx, s.read, "community", dest, "select "+communityColumns+" from communities where id = $1 and ($2 = '' or site_id = $2)", id, site)
	})
}

// Communities lists the communities of a site, or all, the one taught last first.
func (s *Store) Communities(ctx context.Context, site string) ([]Community, error) {
	return rowsOf(ctx, s.read, scanCommunity, "select "+communityColumns+" from communities where $1 = '' or site_id = $1 order by taught_at desc, id", site)
}

// CommunityCounts gives how many verdicts of a community are in force, and how
// many of them are refusals.
func (s *Store) CommunityCounts(ctx context.Context, id string) (decisions, refused int, err error) {
	err = one(ctx, s.read, "community", []any{&decisions, &refused}, "select count(*), coalesce(sum(refused), 0) from suggestions where community_id = $1 and later = 0", id)
	return decisions, refused, err
}

// SaveCommunityModel keeps what a community's model has learned up to a
// suggestion. An older state never replaces a newer one.
func (s *Store) SaveCommunityModel(ctx context.Context, id string, seq int64, model []byte) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx, stmt("update communities set model = $3, model_seq = $2 where id = $1 and model_seq <= $2", id, seq, model))
	})
}

// EraseSuggestions empties the texts of suggestions older than a moment; verdict
// and scores stay. It gives their number.
func (s *Store) EraseSuggestions(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		n, err = exec(ctx, tx, "update suggestions set comment = '', parent = '', article = '' where at < $1 and comment <> ''", micros(before))
		return err
	})
	return n, err
}

// ForgetCommunity removes a community with everything that it taught.
func (s *Store) ForgetCommunity(ctx context.Context, id string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := all(ctx, tx, stmt("delete from suggestions where community_id = $1", id)); err != nil {
			return err
		}
		n, err := exec(ctx, tx, "delete from communities where id = $1", id)
		if err == nil && n == 0 {
			return moderation.Missing("community")
		}
		return err
	})
}

// SetKeySettings replaces the settings of a key, named by its id.
func (s *Store) SetKeySettings(ctx context.Context, id, settings string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update keys set settings = $2 where id = $1 and revoked_at is null", id, settings)
		if err == nil && n == 0 {
			return moderation.Missing("key")
		}
		return err
	})
}
