package reader

import (
	"context"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/thread"
	"github.com/freigabe/freigabe/internal/web"
)

const (
	boxVoices  = 2   // comments that the box quotes
	boxExcerpt = 180 // characters of each
)

// box is the small one that stands beside an article: how many comments there
// are, and the beginning of two, those that editors picked first.
type box struct {
	web.Base
	Article store.Article
	Public  string
	Page    string
	Voices  []voice
}

type voice struct {
	Name, Text, Href string
	Picked           bool
}

// box renders the box of an article, for server-side includes.
func (rd *Reader) box(ctx context.Context, a asked) (thread.Rendered, error) {
	art, site, err := rd.store.InPlace(ctx, a.article)
	if err != nil {
		return thread.Rendered{}, err
	}
	b := box{Article: art, Public: a.public, Page: a.public + "/a/" + art.ID}
	b.Lang = or(a.lang, site.Lang)
	for _, order := range []store.Sort{store.Picks, store.Newest} {
		if len(b.Voices) > 0 {
			break
		}
		page, _, err := rd.store.Thread(ctx, art.ID, order, 3*boxVoices, "")
		if err != nil {
			return thread.Rendered{}, err
		}
		b.quote(page)
	}
	body, err := web.Render("box.html", b)
	return thread.Rendered{Body: body, Type: "text/html; charset=utf-8", Site: site}, err
}

func (b *box) quote(page []store.Released) {
	for _, c := range page {
		if c.Gone == "" && len(b.Voices) < boxVoices {
			b.Voices = append(b.Voices, voice{c.Name, locale.Excerpt(c.Text, boxExcerpt), b.Page + "?k=" + c.ID + "#k" + c.ID, c.Picked})
		}
	}
}
