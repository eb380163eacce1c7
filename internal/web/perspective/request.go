package perspective

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/assess"
	"golang.org/x/net/html"
)

// maxText bounds a comment's text in bytes, as Google's service did.
const maxText = 20 << 10

type textEntry struct {
	Text string `json:"text"`
	Type string `json:"type"`
}

type contextOf struct {
	Entries []textEntry `json:"entries"`
	Article *struct {
		Article       textEntry `json:"article"`
		ParentComment textEntry `json:"parentComment"`
	} `json:"articleAndParentComment"`
}

// common is what both methods take.
type common struct {
	Comment     textEntry `json:"comment"`
	Context     contextOf `json:"context"`
	Languages   []string  `json:"languages"`
	DoNotStore  bool      `json:"doNotStore"`
	ClientToken string    `json:"clientToken"`
	SessionID   string    `json:"sessionId"`
	CommunityID string    `json:"communityId"`
}

// snake finds keys in lower snake case. A string that is followed by a colon is
// a key, and quotes inside strings are escaped, so texts are never touched.
var snake = regexp.MustCompile(`"[a-z]+(?:_[a-z]+)+"\s*:`)

// snakeNames are the keys that have such a form. Few requests hold one, and
// looking for them is a hundred times faster than the expression.
var snakeNames = [][]byte{
	[]byte(`"requested_attributes"`), []byte(`"score_type"`), []byte(`"score_threshold"`), []byte(`"do_not_store"`),
	[]byte(`"client_token"`), []byte(`"session_id"`), []byte(`"community_id"`), []byte(`"span_annotations"`),
	[]byte(`"article_and_parent_comment"`), []byte(`"parent_comment"`), []byte(`"attribute_scores"`),
	[]byte(`"summary_score"`), []byte(`"span_scores"`),
}

func hasSnake(body []byte) bool {
	return slices.ContainsFunc(snakeNames, func(name []byte) bool { return bytes.Contains(body, name) })
}

// decode reads a request. Names are accepted in both forms that Google's servers
// accept, doNotStore and do_not_store: a caller that asks for nothing to be
// stored must not be misread.
func decode(body []byte, v any) error {
	if hasSnake(body) {
		body = snake.ReplaceAllFunc(body, camel)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return bad(invalidRequest, "Invalid JSON payload received.")
	}
	return nil
}

func camel(key []byte) []byte {
	out := make([]byte, 0, len(key))
	for i := 0; i < len(key); i++ {
		if key[i] == '_' {
			i++
			out = append(out, key[i]-'a'+'A')
			continue
		}
		out = append(out, key[i])
	}
	return out
}

// check refuses what neither method can work with.
func (c *common) check() error {
	switch {
	case strings.TrimSpace(c.Comment.Text) == "":
		return bad(commentEmpty, "Comment must be non-empty.")
	case len(c.Comment.Text) > maxText:
		return bad(commentTooLong, "Comment text too long.")
	case !isPlain(c.Comment.Type):
		return bad(invalidRequest, "Currently, only 'PLAIN_TEXT' comments are supported")
	case c.Context.Article != nil && len(c.Context.Entries) > 0:
		return bad(invalidRequest, "Context can have either entries or article_and_parent_comment, but both fields were populated.")
	}
	return nil
}

func isPlain(kind string) bool {
	return kind == "" || kind == "PLAIN_TEXT" || kind == "TEXT_TYPE_UNSPECIFIED"
}

// input is the request as the assessment takes it. Google's service ignored the
// context; here the article and the comment replied to decide on digression.
func (c *common) input() assess.Input {
	in := assess.Input{Text: c.Comment.Text}
	article, parent := textEntry{}, textEntry{}
	if a := c.Context.Article; a != nil {
		article, parent = a.Article, a.ParentComment
	} else {
		article, parent = fromEntries(c.Context.Entries)
	}
	in.Parent = words(parent)
	if text := strings.TrimSpace(words(article)); text != "" {
		in.Article = articleOf(text)
	}
	return in
}

// fromEntries reads a list as the moderator tool sends it: the article, then the
// comment replied to. Coral puts a JSON object with ids there, which is no text.
func fromEntries(entries []textEntry) (article, parent textEntry) {
	var texts []textEntry
	for _, e := range entries {
		if t := strings.TrimSpace(e.Text); t != "" && !(t[0] == '{' && json.Valid([]byte(t))) {
			texts = append(texts, e)
		}
	}
	if len(texts) > 0 {
		article = texts[0]
	}
	if len(texts) > 1 {
		parent = texts[len(texts)-1]
	}
	return article, parent
}

// headlineLength is up to where a first line is read as a headline.
const headlineLength = 200

func articleOf(text string) *assess.Article {
	first, rest, more := strings.Cut(text, "\n")
	if !more || len(first) > headlineLength {
		return &assess.Article{Body: text}
	}
	return &assess.Article{Headline: strings.TrimSpace(first), Body: strings.TrimSpace(rest)}
}

func words(e textEntry) string {
	if isPlain(e.Type) {
		return e.Text
	}
	return Plain(e.Text)
}

// Plain gives the text of HTML: blocks end lines, scripts and styles are left out.
func Plain(markup string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(markup))
	hidden := false
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			if !hidden {
				b.Write(z.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			raw, _ := z.TagName()
			switch name := string(raw); name {
			case "script", "style":
				hidden = kind == html.StartTagToken
			case "p", "div", "br", "li", "h1", "h2", "h3", "blockquote":
				b.WriteByte('\n')
			}
		}
	}
}
