package importer

import (
	"encoding/xml"
	"errors"
	"io"
	"time"
)

// wordpressItem is a post in an export of WordPress (WXR, an extension of RSS).
type wordpressItem struct {
	Title    string `xml:"title"`
	Link     string `xml:"link"`
	Comments []struct {
		ID       string `xml:"comment_id"`
		Author   string `xml:"comment_author"`
		Email    string `xml:"comment_author_email"`
		Date     string `xml:"comment_date_gmt"`
		Local    string `xml:"comment_date"`
		Content  string `xml:"comment_content"`
		Approved string `xml:"comment_approved"`
		Type     string `xml:"comment_type"`
		Parent   string `xml:"comment_parent"`
	} `xml:"comment"`
}

func readWordPress(from io.Reader) ([]Comment, error) {
	var out []Comment
	d := xml.NewDecoder(from)
	d.Strict = false
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		start, ok := tok.(xml.StartElement)
		if !ok || start.Name.Local != "item" {
			continue
		}
		var item wordpressItem
		if err := d.DecodeElement(&item, &start); err != nil {
			return nil, err
		}
		if out, err = item.comments(out); err != nil {
			return nil, err
		}
	}
}

func (item wordpressItem) comments(out []Comment) ([]Comment, error) {
	for _, c := range item.Comments {
		status := map[string]Status{"1": Approved, "approved": Approved, "0": Pending, "hold": Pending}
		st, known := status[c.Approved]
		if !known || c.Type == "pingback" || c.Type == "trackback" {
			st = Dropped
		}
		at, err := timeIn(c.Date, time.DateTime)
		if err != nil {
			if at, err = timeIn(c.Local, time.DateTime); err != nil {
				return nil, err
			}
		}
		parent := ""
		if c.Parent != "" && c.Parent != "0" {
			parent = "wordpress:" + c.Parent
		}
		out = append(out, Comment{Key: "wordpress:" + c.ID, Parent: parent, URL: item.Link, Title: item.Title, Name: c.Author, Email: c.Email, Text: plain(c.Content), At: at, Status: st})
	}
	return out, nil
}
