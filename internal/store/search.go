package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The search of the desk finds whole words and beginnings of words. Each database
// keeps an index of its own kind over the folded texts; both see the same words,
// since this file cuts what is searched for at everything that is no letter and
// no digit.
//
// Words that few texts hold are found by the index, and then put in order. The
// index of a word that very many hold is no short way: the queue itself is read in
// its order until there is a page, a stretch at a time; where a stretch does not
// fill a page, the cursor leads to the next. So no search reads more than that.

// searchTables begins the names of the tables that only the index needs: a backup
// leaves them out, and what is restored is indexed again.
const searchTables = "searched"

// sqliteSearch indexes the texts without keeping them a second time. Triggers
// follow each change, erasures too.
const sqliteSearch = `create table searched (id integer primary key, comment_id text not null, revision integer not null, unique (comment_id, revision));
create virtual table searched_words using fts5(words, content='', contentless_delete=1, detail=none, tokenize="unicode61 remove_diacritics 0");
insert into searched (comment_id, revision) select comment_id, number from revisions order by submitted_at, comment_id;
insert into searched_words (rowid, words) select s.id, r.folded from searched s join revisions r on r.comment_id = s.comment_id and r.number = s.revision where r.folded <> '';
create trigger searched_new after insert on revisions begin insert into searched (comment_id, revision) values (new.comment_id, new.number); insert into searched_words (rowid, words) values (last_insert_rowid(), new.folded); end;
create trigger searched_changed after update of folded on revisions begin delete from searched_words where rowid = (select id from searched where comment_id = old.comment_id and revision = old.number); insert into searched_words (rowid, words) select id, new.folded from searched where comment_id = new.comment_id and revision = new.number and new.folded <> ''; end;
create trigger searched_gone after delete on revisions begin delete from searched_words where rowid = (select id from searched where comment_id = old.comment_id and revision = old.number); delete from searched where comment_id = old.comment_id and revision = old.number; end;
`

// sqliteVocabulary lists the words of the index.
const sqliteVocabulary = "create virtual table searched_vocabulary using fts5vocab(searched_words, instance);\n"

// postgresWords is what PostgreSQL indexes. Signs that its parser would take for
// parts of a word (of addresses, and in some locales every sign beyond ASCII)
// become spaces.
const postgresWords = `to_tsvector('simple', translate(%s, './:@-_''"„“”‚‘’«»‹›…–—·•§€', '` + "                           " + `'))`

var postgresSearch = "create index revisions_words on revisions using gin ((" + strings.ReplaceAll(postgresWords, "%s", "folded") + "));\n"

const (
	mostSought = 8 // words of a search that count
	mostEmpty  = 5 // stretches without a find that one call reads
)

// reading says how much a search reads.
type reading struct {
	hits    int // texts with a word, up to which the index is the way
	endings int // words with the beginning, likewise; SQLite only
	stretch int // comments of the queue that are read at once
	glance  int // of these, read first on PostgreSQL, whose index takes long to find that it has very many
}

var usualReading = reading{hits: 20_000, endings: 64, stretch: 20_000, glance: 2_000}

// countLimit bounds the time in which PostgreSQL's index has to say that few texts
// hold the words.
const countLimit = 500 * time.Millisecond

// soughtWords are the words of a text, in lower case.
func soughtWords(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// sought is what a search comes down to.
type sought struct {
	words []string // the longest first
	few   *hits    // by which the index gives a few texts; nil: the queue has to be read
}

// hits is a condition on texts that the database's index of words serves.
type hits struct{ condition, words string }

// found carries out a search.
func (s *Store) found(ctx context.Context, f QueueFilter) ([]Waiting, string, error) {
	words := soughtWords(f.Text)
	q := sought{words: words[:min(len(words), mostSought)]}
	if len(q.words) == 0 { // nothing but signs
		return nil, "", nil
	}
	slices.SortStableFunc(q.words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	if s.d.name == "postgres" {
		out, next, err := s.foundBefore(ctx, f, q, s.reading.glance)
		if err != nil || next == "" || len(out) >= f.Limit {
			return out, next, err
		}
	}
	var err error
	if q.few, err = s.few(ctx, q.words); err != nil {
		return nil, "", err
	}
	if q.few != nil {
		parts, err := s.parts(ctx, f, false)
		if err != nil {
			return nil, "", err
		}
		out, next, err := s.merged(ctx, f, parts, q, nil)
		return q.holding(out), next, err
	}
	for range mostEmpty {
		out, next, err := s.foundBefore(ctx, f, q, s.reading.stretch)
		if err != nil || next == "" || len(out) > 0 {
			return out, next, err
		}
		f.Cursor = next
	}
	return nil, f.Cursor, nil
}

// foundBefore searches a stretch of the queue.
func (s *Store) foundBefore(ctx context.Context, f QueueFilter, q sought, length int) ([]Waiting, string, error) {
	parts, err := s.parts(ctx, f, f.State == Any)
	if err != nil {
		return nil, "", err
	}
	var end *spot
	for _, part := range parts {
		p, err := s.spotAhead(ctx, part, max(length/len(parts), 1))
		if err != nil {
			return nil, "", err
		}
		if end == nil || p != nil && p.compare(*end, f.Order) < 0 {
			end = p
		}
	}
	out, next, err := s.merged(ctx, f, parts, q, end)
	return q.holding(out), next, err
}

// spotAhead is the spot so many comments on in a part of the queue; nil where it
// ends before.
func (s *Store) spotAhead(ctx context.Context, f QueueFilter, length int) (*spot, error) {
	after, err := f.after()
	if err != nil {
		return nil, err
	}
	for _, part := range spans(f.Order, after, nil) {
		b := &clauses{}
		f.ofState(b, "")
		b.andIf(f.Site != "", "r.site_id = ", f.Site)
		b.andIf(f.Article != "", "r.article_id = ", f.Article)
		sorted := part.narrow(b, f.Order)
		p, from := &spot{}, " from revisions r where "+b.where()
		err = s.read.QueryRowContext(ctx, "select "+cmp.Or(scoreKeys[f.Order], "0.0")+", r.submitted_at, r.comment_id"+from+sorted+" limit 1 offset "+b.arg(length-1), b.args...).Scan(&p.score, &p.at, &p.id)
		if !errors.Is(err, sql.ErrNoRows) {
			return p, classify(err)
		}
		var passed int // fewer than length
		if err = s.read.QueryRowContext(ctx, "select count(*)"+from, b.args[:len(b.args)-1]...).Scan(&passed); err != nil {
			return nil, classify(err)
		}
		length -= passed
	}
	return nil, nil
}

// narrow adds the conditions that a text holds all words. Letters in the middle of
// a word count here; holding looks closer.
func (q sought) narrow(b *clauses) {
	if q.few != nil {
		b.add(strings.ReplaceAll(q.few.condition, "{words}", b.arg(q.few.words)))
	}
	for _, w := range q.words {
		b.add("r.folded like " + b.arg("%"+likeWords(w)+"%") + ` escape '\'`)
	}
}

// holding keeps the comments in whose texts each word begins a word.
func (q sought) holding(list []Waiting) []Waiting {
	return slices.DeleteFunc(list, func(w Waiting) bool {
		has := soughtWords(w.Text)
		return slices.ContainsFunc(q.words, func(sought string) bool {
			return !slices.ContainsFunc(has, func(word string) bool { return strings.HasPrefix(word, sought) })
		})
	})
}

// few gives the condition by which the index finds the texts, where few hold the
// words, and nil where many do. A long word is likely the rare one, and one rare
// word is enough to start from.
func (s *Store) few(ctx context.Context, words []string) (*hits, error) {
	if s.d.name == "postgres" {
		return s.fewPostgres(ctx, words)
	}
	for _, w := range words[:min(len(words), 2)] {
		h, err := s.fewSQLite(ctx, w)
		if h != nil || err != nil {
			return h, err
		}
	}
	return nil, nil
}

// fewPostgres asks the index; the limit keeps the database from reading the texts
// instead.
func (s *Store) fewPostgres(ctx context.Context, words []string) (*hits, error) {
	within := "select f.comment_id, f.number from revisions f where " + strings.ReplaceAll(postgresWords, "%s", "f.folded") + " @@ to_tsquery('simple', {words}) limit " + strconv.Itoa(s.reading.hits+1)
	h := &hits{"(r.comment_id, r.number) in (select w.comment_id, w.number from (" + within + ") w)", "'" + strings.Join(words, "':* & '") + "':*"}
	limited, cancel := context.WithTimeout(ctx, countLimit)
	defer cancel()
	n, err := s.count(limited, within, h.words)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, nil
	}
	if err != nil || n > s.reading.hits {
		return nil, err
	}
	return h, nil
}

// fewSQLite asks the index for the whole words that begin with one. Those it reads
// from one end and stops; of a beginning it would read all there is before it gives
// the first.
func (s *Store) fewSQLite(ctx context.Context, word string) (*hits, error) {
	var all []string
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var one string
		err := r.Scan(&one)
		all = append(all, `"`+one+`"`)
		return err
	}, endingsQuery, word, word+"\U0010ffff", s.reading.endings+1)
	if err != nil || len(all) > s.reading.endings {
		return nil, err
	}
	if len(all) == 0 {
		all = []string{`"` + word + `"`}
	}
	h := &hits{"(r.comment_id, r.number) in (select comment_id, revision from searched where id in (select rowid from searched_words where searched_words match {words}))", strings.Join(all, " OR ")}
	n, err := s.count(ctx, "select 1 from searched_words where searched_words match {words} limit "+strconv.Itoa(s.reading.hits+1), h.words)
	if unread, ok := errors.AsType[*sqlite.Error](err); ok && unread.Code() == sqlite3.SQLITE_ERROR {
		return nil, nil // letters that the index does not know
	}
	if err != nil || n > s.reading.hits {
		return nil, err
	}
	return h, nil
}

// endingsQuery leaps from one word to the next, whatever the number of texts that
// hold it.
const endingsQuery = `with recursive w(word) as (
	select (select term from searched_vocabulary where term >= $1 limit 1)
	union all select (select term from searched_vocabulary where term >= word || char(1) limit 1) from w where word < $2 limit $3)
	select word from w where word >= $1 and word < $2`

func (s *Store) count(ctx context.Context, rows, words string) (n int, err error) {
	err = s.read.QueryRowContext(ctx, "select count(*) from ("+strings.ReplaceAll(rows, "{words}", "$1")+") counted", words).Scan(&n)
	return n, err
}
