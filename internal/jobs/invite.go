package jobs

import (
	"context"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// product is what a letter names where its reader works for several sites.
const product = "Freigabe"

// SendEntry mails a person of the desk the link by which they set a password: an
// invitation, or a new password for somebody who has one. It is the work of jobs of
// the kind "entry", named by the link's id; the payload is the letter's language.
func (p *Postman) SendEntry(ctx context.Context, j store.Job) error {
	x, err := p.Store.EntryLetter(ctx, j.Key)
	if moderation.KindOf(err) == moderation.NotFound {
		return nil // used, ended or replaced by a newer one
	}
	if err != nil {
		return err
	}
	kind := "entry.reset"
	if x.First {
		kind = "entry.invite"
	}
	l := mail.Letter{
		Kind: kind, Key: j.Key, Lang: locale.Match(j.Payload), To: x.Editor.Email, Name: x.Editor.Name, Author: x.By, Site: product,
		URL: p.Public + "/desk/entry/" + x.Token, Date: locale.DateTime(locale.Match(j.Payload), x.Expires),
	}
	if only := x.Editor.Reach.Only(); only != "" {
		site, err := p.Store.Site(ctx, only)
		if err != nil {
			return err
		}
		l.Site, l.Imprint, l.Privacy = site.Name, site.Link(site.Imprint), site.Link(site.Privacy)
	}
	return p.Sender.Send(ctx, mail.Compose(l))
}
