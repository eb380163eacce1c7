package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
)

// Article is an article with the thread that hangs on it.
type Article struct {
	ID         string
	Site       string
	Doc        article.Article
	ImageID    string
	Opens      time.Time // zero: open from the start
	Closes     time.Time // zero: never by time
	Closed     bool      // by an editor
	CloseCount int       // closes at that many released comments; 0: never
	Created    time.Time
	Released   int // released comments
	ArticleSettings
}

// ArticleSettings is what an editor can set for one article.
type ArticleSettings struct {
	Watchlist []string `json:"watchlist,omitempty"` // terms that raise a flag
	TwoReads  bool     `json:"two_reads,omitempty"` // always two people
	Daily     *Hours   `json:"daily,omitempty"`     // hours of the day in which comments are taken
	Extra     Extra    `json:"extra,omitempty"`
}

// Thread states of an article, as keys of the text catalogue.
const (
	ThreadOpen     = "open"
	ThreadNotYet   = "not_yet"
	ThreadClosed   = "closed"
	ThreadEnded    = "ended"    // its date has passed
	ThreadCapacity = "capacity" // its number of comments is reached
	ThreadNight    = "night"    // outside the hours in which it takes comments
)

// Status says whether the article takes comments at a moment, and why not.
func (a Article) Status(at time.Time) string {
	switch {
	case a.Closed:
		return ThreadClosed
	case !a.Opens.IsZero() && at.Before(a.Opens):
		return ThreadNotYet
	case !a.Closes.IsZero() && !at.Before(a.Closes):
		return ThreadEnded
	case a.CloseCount > 0 && a.Released >= a.CloseCount:
		return ThreadCapacity
	}
	if open, _ := a.Daily.Takes(at); !open {
		return ThreadNight
	}
	return ThreadOpen
}

// Image is a picture that Freigabe serves itself.
type Image struct {
	ID, Type string
	Bytes    []byte
}

// AddArticle takes in an article; with an address that the site has already, the
// article found there is brought up to date and keeps its id.
func (s *Store) AddArticle(ctx context.Context, a Article, picture *Image) (Article, error) {
	if a.Doc.Headline == "" {
		return Article{}, moderation.BadField("headline", "error.headline_needed")
	}
	a.ID, a.Created = or2(a.ID, NewID()), s.Now()
	err := s.write(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, "select id, coalesce(image_id, ''), created_at from articles where site_id = $1 and url = $2", a.Site, a.Doc.URL).
			Scan(&a.ID, &a.ImageID, new(int64))
		if err != nil && err != sql.ErrNoRows {
			return err
		}
		if picture != nil {
			a.ImageID = NewID()
			_, err := exec(ctx, tx, "insert into images (id, site_id, type, bytes, created_at) values ($1, $2, $3, $4, $5)",
				a.ImageID, a.Site, picture.Type, picture.Bytes, micros(a.Created))
			if err != nil {
				return err
			}
		}
		return s.putArticle(ctx, tx, a)
	})
	return a, err
}

func (s *Store) putArticle(ctx context.Context, tx *sql.Tx, a Article) error {
	doc, err := json.Marshal(a.Doc)
	if err != nil {
		return fmt.Errorf("encode article: %w", err)
	}
	settings, err := json.Marshal(a.ArticleSettings)
	if err != nil {
		return fmt.Errorf("encode article's settings: %w", err)
	}
	return all(ctx, tx,
		stmt(`insert into articles (id, site_id, url, headline, lede, section, publisher, date, image_id, doc, settings, opens_at, closes_at, closed, close_count, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
			on conflict (id) do update set url = excluded.url, headline = excluded.headline, lede = excluded.lede, section = excluded.section,
			publisher = excluded.publisher, date = excluded.date, image_id = excluded.image_id, doc = excluded.doc`,
			a.ID, a.Site, optional(a.Doc.URL), a.Doc.Headline, a.Doc.Lede, a.Doc.Section, a.Doc.Publisher, a.Doc.Date, optional(a.ImageID),
			string(doc), string(settings), optionalTime(a.Opens), optionalTime(a.Closes), flag(a.Closed), a.CloseCount, micros(a.Created)),
		stmt("insert into counts (article_id, comments) values ($1, 0) on conflict (article_id) do nothing", a.ID),
		event(s, "article", a.Site, a.ID, ""))
}

// SetThread saves when an article takes comments, and its settings.
func (s *Store) SetThread(ctx context.Context, a Article) error {
	settings, err := json.Marshal(a.ArticleSettings)
	if err != nil {
		return fmt.Errorf("encode article's settings: %w", err)
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		n, err := exec(ctx, tx, "update articles set settings = $2, opens_at = $3, closes_at = $4, closed = $5, close_count = $6 where id = $1",
			a.ID, string(settings), optionalTime(a.Opens), optionalTime(a.Closes), flag(a.Closed), a.CloseCount)
		if err != nil {
			return err
		}
		if n == 0 {
			return moderation.Missing("article")
		}
		return all(ctx, tx, event(s, "article", a.Site, a.ID, ""))
	})
}

const (
	articleFields  = "a.id, a.site_id, a.doc, a.settings, coalesce(a.image_id, ''), a.opens_at, a.closes_at, a.closed, a.close_count, a.created_at, coalesce(c.comments, 0)"
	articleColumns = articleFields + " from articles a left join counts c on c.article_id = a.id"
)

// articleRow is an article as the database gives it.
type articleRow struct {
	a             Article
	doc, settings string
	opens, closes sql.NullInt64
	closed        int
	created       int64
}

// dest is where the columns of articleFields go.
func (r *articleRow) dest() []any {
	return []any{&r.a.ID, &r.a.Site, &r.doc, &r.settings, &r.a.ImageID, &r.opens, &r.closes, &r.closed, &r.a.CloseCount, &r.created, &r.a.Released}
}

func (r *articleRow) article() (Article, error) {
	a := r.a
	a.Opens, a.Closes, a.Closed, a.Created = timeOf(r.opens), timeOf(r.closes), r.closed == 1, fromMicros(r.created)
	if err := json.Unmarshal([]byte(r.doc), &a.Doc); err != nil {
		return Article{}, fmt.Errorf("article %s: %w", a.ID, err)
	}
	if err := json.Unmarshal([]byte(r.settings), &a.ArticleSettings); err != nil {
		return Article{}, fmt.Errorf("settings of article %s: %w", a.ID, err)
	}
	return a, nil
}

func scanArticle(scan func(...any) error) (Article, error) {
	var r articleRow
	if err := scan(r.dest()...); err != nil {
		return Article{}, err
	}
	return r.article()
}

// InPlace gives an article and its site by one question, through the connections
// of readers' pages.
func (s *Store) InPlace(ctx context.Context, id string) (Article, Site, error) {
	return inPlace(ctx, s.public, id)
}

// WrittenTo is InPlace for what readers send. It leaves the connections of readers'
// pages alone: who reads does not wait for those who write.
func (s *Store) WrittenTo(ctx context.Context, id string) (Article, Site, error) {
	return inPlace(ctx, s.read, id)
}

func inPlace(ctx context.Context, q querier, id string) (Article, Site, error) {
	var a articleRow
	var x siteRow
	err := one(ctx, q, "article", append(a.dest(), x.dest()...), "select "+articleFields+`, s.id, s.name, s.origin, s.lang, s.settings, s.created_at
		from articles a left join counts c on c.article_id = a.id join sites s on s.id = a.site_id where a.id = $1`, id)
	if err != nil {
		return Article{}, Site{}, err
	}
	site, err := x.site()
	if err != nil {
		return Article{}, Site{}, err
	}
	art, err := a.article()
	return art, site, err
}

// Article gives one article.
func (s *Store) Article(ctx context.Context, id string) (Article, error) {
	return articleBy(ctx, s.public, "a.id = $1", id)
}

// ArticleByURL gives the article of a site ("" for any) at an address.
func (s *Store) ArticleByURL(ctx context.Context, site, address string) (Article, error) {
	if site == "" {
		return articleBy(ctx, s.public, "a.url = $1", address)
	}
	return articleBy(ctx, s.public, "a.url = $1 and a.site_id = $2", address, site)
}

func articleBy(ctx context.Context, q querier, where string, args ...any) (Article, error) {
	return scanArticle(func(dest ...any) error {
		return one(ctx, q, "article", dest, "select "+articleColumns+" where "+where+" limit 1", args...)
	})
}

// Articles lists a site's articles, newest first; site "" means all sites.
func (s *Store) Articles(ctx context.Context, site string, limit int) ([]Article, error) {
	return rowsOf(ctx, s.public, scanArticle, "select "+articleColumns+" where "+ofSite("a.site_id", site)+" order by a.date desc, a.created_at desc, a.id limit $2", site, limit)
}

// Picture gives the bytes of an article's picture.
func (s *Store) Picture(ctx context.Context, id string) (Image, error) {
	i := Image{ID: id}
	err := one(ctx, s.public, "image", []any{&i.Type, &i.Bytes}, "select type, bytes from images where id = $1", id)
	return i, err
}
