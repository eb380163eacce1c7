// Package importer reads comments that other systems have exported: a file a
// format. It gives them in an order in which every answer comes after what it
// answers, and brings them into the store in small portions.
//
// Formats are read for what they hold, not for how they look: HTML becomes plain
// text, and whatever the other system had not published is not published here.
package importer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"golang.org/x/net/html"
)

// Comment is a comment of another system.
type Comment struct {
	Key    string // names it there
	Parent string // key of the one answered
	URL    string // of the article
	Title  string // of the article, where the file has it
	Name   string
	Email  string
	Text   string
	At     time.Time
	Status Status
}

// Status is what a comment was in the other system.
type Status int

// The kinds of status.
const (
	Approved Status = iota // readers saw it
	Pending                // waited for a decision
	Dropped                // spam, deleted, refused: it is not brought along
)

// reader reads one format.
type reader func(io.Reader) ([]Comment, error)

var formats = map[string]reader{
	"freigabe":  readFreigabe,
	"wordpress": readWordPress,
	"disqus":    readDisqus,
	"coral":     readCoral,
	"isso":      readIsso,
	"remark42":  readRemark42,
	"csv":       readCSV,
}

// Formats lists the names of the formats.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// Read reads a file of a format. What was dropped there is left out.
func Read(format string, from io.Reader) ([]Comment, error) {
	read := formats[format]
	if read == nil {
		return nil, fmt.Errorf("there is no format %q; choose one of %s", format, strings.Join(Formats(), ", "))
	}
	all, err := read(from)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", format, err)
	}
	all = slices.DeleteFunc(all, func(c Comment) bool {
		return c.Status == Dropped || c.Key == "" || c.URL == "" || strings.TrimSpace(c.Text) == ""
	})
	return ordered(all), nil
}

// ordered puts comments by age, each after the one that it answers, whatever the
// clocks of the other system said.
func ordered(all []Comment) []Comment {
	slices.SortStableFunc(all, func(a, b Comment) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key))
	})
	index := map[string]int{}
	for i, c := range all {
		index[c.Key] = i
	}
	out, placed := make([]Comment, 0, len(all)), make([]bool, len(all))
	for i := range all {
		var line []int // from the comment up to one that has its place
		for at := i; !placed[at]; {
			placed[at] = true // also ends a circle
			line = append(line, at)
			parent, known := index[all[at].Parent]
			if !known {
				break
			}
			at = parent
		}
		for _, at := range slices.Backward(line) {
			out = append(out, all[at])
		}
	}
	return out
}

// Target is where comments go, and in whose name those that were public are released.
type Target struct {
	Store  *store.Store
	Site   store.Site
	Editor store.Editor
}

// Result tells what an import did.
type Result struct {
	Articles int // made for it
	store.ImportResult
}

// portion is how many comments share a transaction: few enough that a server
// beside it does not have to wait.
const portion = 100

// Import brings comments into the store. Repeated, it adds only what is new.
func Import(ctx context.Context, to Target, all []Comment) (Result, error) {
	var out Result
	articles := map[string]string{}
	for part := range slices.Chunk(all, portion) {
		batch := make([]store.Imported, 0, len(part))
		for _, c := range part {
			id, made, err := to.article(ctx, c, articles)
			if err != nil {
				return out, err
			}
			if made {
				out.Articles++
			}
			batch = append(batch, store.Imported{Key: c.Key, Parent: c.Parent, Article: id, Name: cmp.Or(strings.TrimSpace(c.Name), "Gast"),
				Email: c.Email, Text: strings.TrimSpace(c.Text), At: c.At, Approved: c.Status == Approved})
		}
		done, err := to.Store.Import(ctx, to.Site.ID, to.Editor, batch)
		if err != nil {
			return out, err
		}
		out.Added, out.Released, out.Known = out.Added+done.Added, out.Released+done.Released, out.Known+done.Known
	}
	return out, nil
}

// article finds the article of a comment, or makes one that has only its address
// and title; taking in the page later fills it.
func (t Target) article(ctx context.Context, c Comment, known map[string]string) (id string, made bool, err error) {
	if id := known[c.URL]; id != "" {
		return id, false, nil
	}
	a, err := t.Store.ArticleByURL(ctx, t.Site.ID, c.URL)
	if moderation.KindOf(err) == moderation.NotFound {
		doc := article.Article{URL: c.URL, Headline: cmp.Or(c.Title, c.URL), Blocks: []article.Block{}, Boxes: []string{}}
		a, err = t.Store.AddArticle(ctx, store.Article{Site: t.Site.ID, Doc: doc}, nil)
		made = true
	}
	known[c.URL] = a.ID
	return a.ID, made, err
}

// breaks are the elements that end a line.
var breaks = map[string]string{"p": "\n\n", "div": "\n", "br": "\n", "li": "\n", "blockquote": "\n\n"}

// plain gives the text of HTML, with its paragraphs.
func plain(source string) string {
	var b strings.Builder
	for t := html.NewTokenizer(strings.NewReader(source)); ; {
		switch t.Next() {
		case html.ErrorToken:
			return tidy(b.String())
		case html.TextToken:
			b.Write(t.Text())
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := t.TagName()
			b.WriteString(breaks[string(name)])
		}
	}
}

// tidy takes needless empty lines out, and entities that the tokenizer leaves.
func tidy(text string) string {
	text = strings.ReplaceAll(html.UnescapeString(text), "\r", "")
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return strings.TrimSpace(text)
}

var errNoTime = errors.New("a comment has no time that can be read")

// timeIn reads a time in one of the layouts; UTC where it names no zone.
func timeIn(text string, layouts ...string) (time.Time, error) {
	for _, l := range layouts {
		if t, err := time.Parse(l, strings.TrimSpace(text)); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errNoTime
}
