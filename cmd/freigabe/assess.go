package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/freigabe/freigabe/internal/article"
	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
)

const assessUsage = `usage: freigabe assess [-article FILE] [-model FILE] < comments
Reads comments, one a line: plain text, or JSON with "text" and optionally "id".
Writes one JSON object a line, in the same order.`

// maxComment is the longest line read. Longer ones are an error, not cut off.
const maxComment = 4 << 20

// runAssess assesses comments from in, one a line. Exit codes: 0 fine, 1 failed,
// 2 wrong usage.
func runAssess(args []string, in io.Reader, out, errOut io.Writer) int {
	fs := flag.NewFlagSet("assess", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	page := fs.String("article", "", "")
	model := fs.String("model", "", "")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, assessUsage)
		return 0
	case err != nil:
		return report(usageError(err.Error()), "assess", assessUsage, errOut)
	case fs.NArg() > 0:
		return report(usageError("unknown argument "+fs.Arg(0)), "assess", assessUsage, errOut)
	}
	return report(assessLines(*page, *model, in, out), "assess", assessUsage, errOut)
}

func assessLines(articleFile, modelFile string, in io.Reader, out io.Writer) error {
	m, err := loadModel(modelFile)
	if err != nil {
		return err
	}
	var relation *assess.Relation
	if articleFile != "" {
		a, err := assessedArticle(articleFile)
		if err != nil {
			return err
		}
		relation = m.Relate(*a, nil)
	}
	w := bufio.NewWriter(out)
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 0, 64<<10), maxComment)
	for n := 1; sc.Scan(); n++ {
		c := readComment(sc.Bytes())
		if c.skip {
			continue
		}
		a := m.Assess(assess.Input{Text: c.Text, Parent: c.Parent, Relation: relation})
		if err := writeAssessed(w, c, a); err != nil {
			return fmt.Errorf("write line %d: %w", n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write assessments: %w", err)
	}
	return nil
}

// comment is one line of input.
type comment struct {
	ID     json.RawMessage
	Text   string
	Parent string
	skip   bool
}

// readComment reads a line as JSON where it is an object with a text, else as
// the comment itself. An empty line is no comment.
func readComment(line []byte) comment {
	line = bytes.TrimRight(line, "\r\n")
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
	if len(trimmed) == 0 {
		return comment{skip: true}
	}
	if trimmed[0] == '{' {
		var c struct {
			ID     json.RawMessage `json:"id"`
			Text   *string         `json:"text"`
			Parent string          `json:"parent"`
		}
		if json.Unmarshal(trimmed, &c) == nil && c.Text != nil {
			return comment{ID: c.ID, Text: *c.Text, Parent: c.Parent}
		}
	}
	return comment{Text: string(line)}
}

// assessed is one line of output. Id is left out where none was given.
type assessed struct {
	ID       json.RawMessage                      `json:"id,omitempty"`
	Rules    map[moderation.Rule]moderation.Score `json:"rules"`
	Refuse   *float64                             `json:"refuse,omitempty"`
	Flags    []moderation.Flag                    `json:"flags"`
	Language string                               `json:"language,omitempty"`
	Version  string                               `json:"version"`
}

func writeAssessed(w *bufio.Writer, c comment, a moderation.Assessment) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(assessed{c.ID, a.Rules, a.Refuse, a.Flags, a.Language, a.Version}); err != nil {
		return err
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// assessedArticle reads a file as `article add` does.
func assessedArticle(name string) (*assess.Article, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read article: %w", err)
	}
	a, err := article.Parse(name, src)
	if err != nil {
		return nil, fmt.Errorf("read article %s: %w", filepath.Base(name), err)
	}
	return &assess.Article{Headline: a.Headline, Lede: a.Lede, Body: a.Body()}, nil
}
