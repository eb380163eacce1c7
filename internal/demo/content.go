// Package demo holds the invented newspaper that `freigabe demo` opens with:
// articles, pictures, readers' comments in every state and the comment policy.
// The town, the paper, the people and the events are made up.
//
// The package only reads and types what lies in the folder content; bringing it
// into a database, step by step as editors and readers would, is the caller's.
package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed content
var files embed.FS

// Content is the whole demo, read once.
type Content struct {
	Articles []Article         // newest first
	Comments []Comment         // a parent stands before its replies
	Policy   map[string]string // the comment policy as Markdown, by language: de, en
	Images   fs.FS             // the articles' pictures by Article.Image
}

// Article is one article of the demo as its file gives it.
type Article struct {
	Slug, Title, Lede, Section  string
	Date                        time.Time // the day of publication, at midnight UTC
	Image, Alt, Caption, Credit string    // Image is a file name in Content.Images
	Publisher, SignOff, URL     string    // SignOff is an agency's mark, mostly empty
	Boxes                       []string
	Body                        string // Markdown: paragraphs and ## subheadings
	Source                      []byte // the whole file with its front matter
}

// Comment is one reader's comment and what became of it. The times are minutes
// before the demo starts.
type Comment struct {
	Key        string `json:"key"`     // a local name, for Parent
	Article    string `json:"article"` // an Article's slug
	Parent     string `json:"parent"`  // the key of the comment replied to, or empty
	Name       string `json:"name"`
	Email      string `json:"email"` // mostly empty; always at example.org
	Text       string `json:"text"`
	MinutesAgo int    `json:"minutes_ago"`
	Steps      []Step `json:"steps"` // oldest first; none means still pending
}

// Step is one thing done with a comment after it was submitted.
type Step struct {
	Step       string `json:"step"`   // approve, reject, return, decline, escalate, remove, appeal, withdraw, edit (of a returned comment: resubmit), pick
	Editor     string `json:"editor"` // anna, jonas or chef; empty for the comment's author
	Rule       string `json:"rule"`
	Reason     string `json:"reason"` // for decline: capacity or closed
	Text       string `json:"text"`   // the new text of an edit, the words of an appeal
	MinutesAgo int    `json:"minutes_ago"`
}

// Load reads the demo. An error means that the files compiled in are wrong.
func Load() (Content, error) {
	images, err := fs.Sub(files, "content/images")
	if err != nil {
		return Content{}, fmt.Errorf("open pictures: %w", err)
	}
	c := Content{Policy: map[string]string{}, Images: images}
	if c.Articles, err = loadArticles(); err != nil {
		return Content{}, err
	}
	data, err := files.ReadFile("content/comments.json")
	if err != nil {
		return Content{}, fmt.Errorf("read comments: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c.Comments); err != nil {
		return Content{}, fmt.Errorf("read comments: %w", err)
	}
	for _, lang := range []string{"de", "en"} {
		text, err := files.ReadFile("content/policy." + lang + ".md")
		if err != nil {
			return Content{}, fmt.Errorf("read policy: %w", err)
		}
		c.Policy[lang] = string(text)
	}
	return c, nil
}

func loadArticles() ([]Article, error) {
	names, err := fs.Glob(files, "content/articles/*.md")
	if err != nil {
		return nil, fmt.Errorf("list articles: %w", err)
	}
	var all []Article
	for _, name := range names {
		source, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read article: %w", err)
		}
		a, err := parseArticle(source)
		if err != nil {
			return nil, fmt.Errorf("read article %s: %w", path.Base(name), err)
		}
		all = append(all, a)
	}
	slices.SortStableFunc(all, func(a, b Article) int { return b.Date.Compare(a.Date) })
	return all, nil
}

// parseArticle takes a file apart: front matter of `key: value` lines between
// two lines of dashes, then Markdown.
func parseArticle(source []byte) (Article, error) {
	rest, ok := strings.CutPrefix(string(source), "---\n")
	if !ok {
		return Article{}, fmt.Errorf("no front matter")
	}
	front, body, ok := strings.Cut(rest, "\n---\n")
	if !ok {
		return Article{}, fmt.Errorf("front matter has no end")
	}
	a := Article{Body: strings.TrimSpace(body), Source: source}
	for line := range strings.Lines(front) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			return Article{}, fmt.Errorf("front matter line %q has no key", line)
		}
		if err := a.set(key, value); err != nil {
			return Article{}, err
		}
	}
	return a, nil
}

func (a *Article) set(key, value string) (err error) {
	switch key {
	case "date":
		a.Date, err = time.Parse(time.DateOnly, value)
		return err
	case "boxes":
		a.Boxes = strings.Split(value, ", ")
		return nil
	}
	field, ok := map[string]*string{
		"slug": &a.Slug, "title": &a.Title, "lede": &a.Lede, "section": &a.Section,
		"image": &a.Image, "alt": &a.Alt, "caption": &a.Caption, "credit": &a.Credit,
		"publisher": &a.Publisher, "signoff": &a.SignOff, "url": &a.URL,
	}[key]
	if !ok {
		return fmt.Errorf("unknown front matter key %q", key)
	}
	*field = value
	return nil
}
