package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The search of the desk finds whole words and beginnings of words. Each database
// keeps an index of its own kind over the folded texts; both see the same words,
// since this file cuts what is searched for at everything that is no letter and
// no digit.

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

// postgresWords is what PostgreSQL indexes. Signs that its parser would take for
// parts of a word (of addresses, and in some locales every sign beyond ASCII)
// become spaces.
const postgresWords = `to_tsvector('simple', translate(%s, './:@-_''"„“”‚‘’«»‹›…–—·•§€', '` + "                           " + `'))`

var postgresSearch = "create index revisions_words on revisions using gin ((" + strings.ReplaceAll(postgresWords, "%s", "folded") + "));\n"

// mostSought bounds how many words of a search count.
const mostSought = 8

// fewHits is up to how many texts with the words SQLite starts from these; beyond,
// it walks the queue in its order and soon has a page.
const fewHits = 20_000

// soughtWords are the words of a search, in lower case.
func soughtWords(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	return words[:min(len(words), mostSought)]
}

// sought is what a search comes down to in this database.
type sought struct {
	words []string // the longest first; nil: no search
	rare  string   // the word that few texts hold, to start from; SQLite only
}

// seek reads a search and finds out how to carry it out. A long word is likely
// the rare one, and one rare word is enough to start from.
func (s *Store) seek(ctx context.Context, text string) (sought, error) {
	q := sought{words: soughtWords(text)}
	slices.SortStableFunc(q.words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	if s.d.name == "postgres" {
		return q, nil
	}
	for _, w := range q.words[:min(len(q.words), 2)] {
		var hits int
		err := s.read.QueryRowContext(ctx, "select count(*) from (select 1 from searched_words where searched_words match $1 limit $2)", beginning(w), fewHits+1).Scan(&hits)
		if unread, ok := errors.AsType[*sqlite.Error](err); ok && unread.Code() == sqlite3.SQLITE_ERROR {
			continue // letters that the index does not know
		}
		if err != nil {
			return q, classify(err)
		}
		if hits <= fewHits {
			q.rare = w
			break
		}
	}
	return q, nil
}

// beginning asks SQLite's index for words that begin so.
func beginning(word string) string { return `"` + word + `"*` }

// search adds the condition that a text holds all words.
func (s *Store) search(b *clauses, q sought) {
	switch {
	case len(q.words) == 0:
		b.add("1 = 0") // nothing but signs
		return
	case s.d.name == "postgres":
		b.add(strings.ReplaceAll(postgresWords, "%s", "r.folded") + " @@ to_tsquery('simple', " + b.arg("'"+strings.Join(q.words, "':* & '")+"':*") + ")")
		return
	case q.rare != "":
		b.add("(r.comment_id, r.number) in (select comment_id, revision from searched where id in (select rowid from searched_words where searched_words match " + b.arg(beginning(q.rare)) + "))")
	}
	for _, w := range q.words {
		if w != q.rare {
			b.add("r.folded like " + b.arg("%"+likeWords(w)+"%") + ` escape '\'`)
		}
	}
}
