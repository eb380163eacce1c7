package importer

import (
	"encoding/xml"
	"io"
	"time"
)

// disqusFile is an export of Disqus: threads and posts that name each other by
// the attribute dsq:id.
type disqusFile struct {
	Threads []struct {
		ID    string `xml:"id,attr"`
		Link  string `xml:"link"`
		Title string `xml:"title"`
	} `xml:"thread"`
	Posts []struct {
		ID      string `xml:"id,attr"`
		Message string `xml:"message"`
		Created string `xml:"createdAt"`
		Deleted bool   `xml:"isDeleted"`
		Spam    bool   `xml:"isSpam"`
		Author  struct {
			Name  string `xml:"name"`
			Email string `xml:"email"`
		} `xml:"author"`
		Thread struct {
			ID string `xml:"id,attr"`
		} `xml:"thread"`
		Parent *struct {
			ID string `xml:"id,attr"`
		} `xml:"parent"`
	} `xml:"post"`
}

func readDisqus(from io.Reader) ([]Comment, error) {
	var f disqusFile
	d := xml.NewDecoder(from)
	d.Strict = false
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	threads := map[string]int{}
	for i, t := range f.Threads {
		threads[t.ID] = i
	}
	var out []Comment
	for _, p := range f.Posts {
		at, err := timeIn(p.Created, time.RFC3339)
		if err != nil {
			return nil, err
		}
		c := Comment{Key: "disqus:" + p.ID, Name: p.Author.Name, Email: p.Author.Email, Text: plain(p.Message), At: at}
		if i, known := threads[p.Thread.ID]; known {
			c.URL, c.Title = f.Threads[i].Link, f.Threads[i].Title
		}
		if p.Parent != nil {
			c.Parent = "disqus:" + p.Parent.ID
		}
		if p.Deleted || p.Spam {
			c.Status = Dropped
		}
		out = append(out, c)
	}
	return out, nil
}
