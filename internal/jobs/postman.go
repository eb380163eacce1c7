package jobs

import (
	"context"
	"fmt"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// Postman tells people by mail: it is a Teller, and sends receipts. Who gave no
// address finds everything on the receipt's page.
type Postman struct {
	Store  *store.Store
	Sender mail.Sender
	Public string // this installation's address, for links
	Wait   func(ctx context.Context, site store.Site, rec store.Receipt) (string, error)
}

// SendReceipt tells an author that the comment came in. It is the work of jobs of
// the kind "receipt".
func (p *Postman) SendReceipt(ctx context.Context, j store.Job) error {
	rec, err := p.Store.ReceiptOf(ctx, j.Key)
	if moderation.KindOf(err) == moderation.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if rec.Email == "" || rec.Erased || rec.Status != moderation.Pending {
		return nil // the next letter says more
	}
	l, err := p.letter(ctx, "receipt", j.Key, rec)
	if err != nil {
		return err
	}
	if p.Wait != nil {
		if l.Wait, err = p.Wait(ctx, rec.Site, rec); err != nil {
			return err
		}
	}
	if rec.Notify == store.NotifyAsked {
		token, err := p.Store.MailToken(ctx, rec.Comment)
		if err != nil {
			return err
		}
		l.Confirm = p.Public + "/confirm/" + token
	}
	return p.Sender.Send(ctx, mail.Compose(l))
}

// TellAuthor tells the author of a comment what was decided and why.
func (p *Postman) TellAuthor(ctx context.Context, d moderation.Decision) error {
	kind := mail.KindOf(d)
	if kind == "" {
		return nil
	}
	rec, err := p.Store.ReceiptOf(ctx, d.Comment)
	if err != nil {
		return err
	}
	if rec.Email == "" || rec.Erased || rec.Decision == nil || rec.Decision.ID != d.ID {
		return nil // a newer decision has its own letter
	}
	l, err := p.letter(ctx, kind, d.ID, rec)
	if err != nil {
		return err
	}
	p.explain(&l, rec)
	switch d.Step {
	case moderation.Approve, moderation.Restore, moderation.Overturn:
		l.Receipt, l.URL = l.URL, p.permalink(rec.Article.ID, rec.Comment)
	case moderation.Decline, moderation.Uphold:
		l.Receipt = l.URL
	}
	return p.Sender.Send(ctx, mail.Compose(l))
}

// explain puts the decision into words.
func (p *Postman) explain(l *mail.Letter, rec store.Receipt) {
	d := rec.Decision
	say := func(key string) string {
		switch {
		case !locale.Has(key):
			return ""
		case rec.Site.Informal:
			return locale.Familiar(rec.Lang, key)
		}
		return locale.T(rec.Lang, key)
	}
	l.Decision, l.Reason, l.Machine = d, d.Reason, d.ScoreSeen
	if d.Step == moderation.Decline {
		l.Reason = say("rules.N0." + d.Reason + ".long")
	}
	if d.Rule != "" {
		l.Rule, l.Change = say("rules."+string(d.Rule)+".name"), say("rules."+string(d.Rule)+".change")
	}
}

// TellParent tells the author of the comment answered, who asked for it and
// confirmed the wish, of an answer that readers can see.
func (p *Postman) TellParent(ctx context.Context, d moderation.Decision) error {
	reply, err := p.Store.Released(ctx, d.Comment)
	if moderation.KindOf(err) == moderation.NotFound || err == nil && reply.Parent == "" {
		return nil
	}
	if err != nil {
		return err
	}
	rec, err := p.Store.ReceiptOf(ctx, reply.Parent)
	if err != nil {
		return err
	}
	if rec.Email == "" || rec.Notify != store.NotifyConfirmed || rec.Live == 0 {
		return nil
	}
	l, err := p.letter(ctx, "reply", d.ID, rec)
	if err != nil {
		return err
	}
	token, err := p.Store.MailToken(ctx, rec.Comment)
	if err != nil {
		return err
	}
	l.Author, l.Text = reply.Name, reply.Text
	l.Receipt, l.URL, l.Unsubscribe = l.URL, p.permalink(reply.Article, reply.ID), p.Public+"/unsubscribe/"+token
	return p.Sender.Send(ctx, mail.Compose(l))
}

func (p *Postman) permalink(article, comment string) string {
	return p.Public + "/a/" + article + "?k=" + comment + "#k" + comment
}

func (p *Postman) letter(ctx context.Context, kind, key string, rec store.Receipt) (mail.Letter, error) {
	token, err := p.Store.ReceiptToken(ctx, rec.Comment)
	if err != nil {
		return mail.Letter{}, fmt.Errorf("letter %s about %s: %w", kind, rec.Comment, err)
	}
	return mail.Letter{
		Kind: kind, Key: key, Lang: rec.Lang, Familiar: rec.Site.Informal, To: rec.Email, Name: rec.Name, Site: rec.Site.Name,
		Article: rec.Article.Doc.Headline, Text: rec.Text, URL: p.Public + "/receipts/" + token,
		Imprint: absolute(rec.Site.Origin, rec.Site.Imprint), Privacy: absolute(rec.Site.Origin, rec.Site.Privacy),
	}, nil
}

func absolute(origin, address string) string {
	if len(address) > 0 && address[0] == '/' {
		return origin + address
	}
	return address
}
