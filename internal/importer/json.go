package importer

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// objects reads JSON objects one after the other, in lines or as one list.
func objects[T any](from io.Reader, each func(T) error) error {
	b := bufio.NewReader(from)
	d := json.NewDecoder(b)
	if first, err := b.Peek(1); err == nil && first[0] == '[' {
		if _, err := d.Token(); err != nil {
			return err
		}
	}
	for d.More() {
		var v T
		if err := d.Decode(&v); err != nil {
			return err
		}
		if err := each(v); err != nil {
			return err
		}
	}
	return nil
}

// readFreigabe reads what the command export writes.
func readFreigabe(from io.Reader) ([]Comment, error) {
	var out []Comment
	urls, titles := map[string]string{}, map[string]string{}
	err := objects(from, func(x store.Exported) error {
		if x.Kind == "article" {
			urls[x.ID], titles[x.ID] = cmp.Or(x.URL, "freigabe:"+x.ID), x.Headline
			return nil
		}
		if x.Kind != "comment" || len(x.Revisions) == 0 || x.At == nil {
			return errors.New("a line is neither an article nor a comment")
		}
		c := Comment{Key: "freigabe:" + x.ID, URL: urls[x.Article], Title: titles[x.Article], Name: x.Name, Email: x.Email, At: *x.At, Status: Dropped}
		if x.Parent != "" {
			c.Parent = "freigabe:" + x.Parent
		}
		for _, r := range x.Revisions {
			switch {
			case x.Public && r.State == moderation.Approved:
				c.Text, c.Status = r.Text, Approved
				c.At = *cmp.Or(x.FirstAt, x.At)
			case !x.Public && r.State == moderation.Pending:
				c.Text, c.Status = r.Text, Pending
			}
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

// coralComment is a comment in a database export of Coral, joined with its story.
type coralComment struct {
	ID        string `json:"id"`
	ParentID  string `json:"parentID"`
	Status    string `json:"status"`
	CreatedAt any    `json:"createdAt"`
	Revisions []struct {
		Body string `json:"body"`
	} `json:"revisions"`
	Body  string `json:"body"`
	Story struct {
		URL      string `json:"url"`
		Metadata struct {
			Title string `json:"title"`
		} `json:"metadata"`
	} `json:"story"`
	StoryURL string `json:"storyURL"`
	Author   struct {
		Username string `json:"username"`
		Email    string `json:"email"`
	} `json:"author"`
}

func readCoral(from io.Reader) ([]Comment, error) {
	var out []Comment
	states := map[string]Status{"APPROVED": Approved, "NONE": Approved, "PREMOD": Pending, "SYSTEM_WITHHELD": Pending, "REPORTED": Pending}
	err := objects(from, func(x coralComment) error {
		at, err := coralTime(x.CreatedAt)
		if err != nil {
			return err
		}
		text := x.Body
		if n := len(x.Revisions); n > 0 {
			text = x.Revisions[n-1].Body
		}
		c := Comment{Key: "coral:" + x.ID, URL: cmp.Or(x.Story.URL, x.StoryURL), Title: x.Story.Metadata.Title, Name: x.Author.Username, Email: x.Author.Email, Text: plain(text), At: at}
		if x.ParentID != "" {
			c.Parent = "coral:" + x.ParentID
		}
		var known bool
		if c.Status, known = states[x.Status]; !known {
			c.Status = Dropped
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

// coralTime reads a time as the API writes it or as MongoDB exports it.
func coralTime(v any) (time.Time, error) {
	if o, ok := v.(map[string]any); ok {
		v = o["$date"]
	}
	text, _ := v.(string) // anything else is no time
	return timeIn(text, time.RFC3339Nano)
}

// issoThread is a thread in an export of Isso; mode 1 is public, 2 waits, 4 is
// deleted. Time is in seconds.
type issoThread struct {
	ID       string `json:"id"` // the page's address
	Title    string `json:"title"`
	Comments []struct {
		ID     int64   `json:"id"`
		Parent *int64  `json:"parent"`
		Author *string `json:"author"`
		Email  *string `json:"email"`
		Text   string  `json:"text"`
		Mode   int     `json:"mode"`
		At     float64 `json:"created"`
	} `json:"comments"`
}

func readIsso(from io.Reader) ([]Comment, error) {
	var out []Comment
	err := objects(from, func(t issoThread) error {
		for _, x := range t.Comments {
			c := Comment{Key: fmt.Sprintf("isso:%d", x.ID), URL: t.ID, Title: t.Title, Text: plain(x.Text), At: time.UnixMicro(int64(x.At * 1e6)).UTC(), Status: Dropped}
			if x.Parent != nil {
				c.Parent = fmt.Sprintf("isso:%d", *x.Parent)
			}
			if x.Author != nil {
				c.Name = *x.Author
			}
			if x.Email != nil {
				c.Email = *x.Email
			}
			switch x.Mode {
			case 1:
				c.Status = Approved
			case 2:
				c.Status = Pending
			}
			out = append(out, c)
		}
		return nil
	})
	return out, err
}

// remarkComment is a line of a backup of remark42; its first line tells the version.
type remarkComment struct {
	ID   string `json:"id"`
	PID  string `json:"pid"`
	Text string `json:"text"`
	Orig string `json:"orig"`
	User struct {
		Name string `json:"name"`
	} `json:"user"`
	Locator struct {
		URL string `json:"url"`
	} `json:"locator"`
	Time    time.Time `json:"time"`
	Deleted bool      `json:"delete"`
	Title   string    `json:"title"`
}

func readRemark42(from io.Reader) ([]Comment, error) {
	all, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	if first, rest, ok := bytes.Cut(all, []byte("\n")); ok && bytes.Contains(first, []byte(`"version"`)) && !bytes.Contains(first, []byte(`"locator"`)) {
		all = rest
	}
	var out []Comment
	err = objects(bytes.NewReader(all), func(x remarkComment) error {
		c := Comment{Key: "remark42:" + x.ID, URL: x.Locator.URL, Title: x.Title, Name: x.User.Name, Text: cmp.Or(x.Orig, plain(x.Text)), At: x.Time.UTC()}
		if x.PID != "" {
			c.Parent = "remark42:" + x.PID
		}
		if x.Deleted {
			c.Status = Dropped
		}
		out = append(out, c)
		return nil
	})
	return out, err
}
