package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

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
	token, err := p.Store.MailToken(ctx, rec.Comment)
	if err != nil {
		return err
	}
	if rec.Notify == store.NotifyAsked {
		l.Confirm = p.Public + "/confirm/" + token
	}
	if !rec.Proven {
		l.Verify = p.Public + "/verify/" + token
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
	own, _ := rec.Site.OwnRule(rec.Decision.Rule)
	l.Explain(rec.Decision, own.Name)
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
	l.Mute = l.Unsubscribe + "?all=1"
	return p.Sender.Send(ctx, mail.Compose(l))
}

// TellNotice tells the sender of a notice that it came in, or what was decided
// about it. It is the work of jobs of the kind "notice".
func (p *Postman) TellNotice(ctx context.Context, j store.Job) error {
	id, news, _ := strings.Cut(j.Key, "/")
	n, err := p.Store.Notice(ctx, id)
	if err != nil {
		return err
	}
	if n.Email == "" || news == "received" && !n.Decided.IsZero() {
		return nil
	}
	art, err := p.Store.Article(ctx, n.Article)
	if err != nil {
		return err
	}
	site, err := p.Store.Site(ctx, n.Site)
	if err != nil {
		return err
	}
	token, err := p.Store.NoticeToken(ctx, id)
	if err != nil {
		return err
	}
	l := mail.Letter{
		Kind: "report." + news, Key: j.Key, Lang: site.Lang, To: n.Email, Name: n.Name, Site: site.Name, Article: art.Doc.Headline,
		Date: locale.DateTime(site.Lang, n.Created), Reason: n.Answer, Receipt: p.Public + "/notices/" + token,
		Imprint: site.Link(site.Imprint), Privacy: site.Link(site.Privacy),
	}
	if news == "decided" {
		l.Outcome = locale.T(site.Lang, "reader.notice.outcome."+n.Outcome)
	}
	return p.Sender.Send(ctx, mail.Compose(l))
}

// SendMine sends the link to all comments of an address, where there are any. It
// is the work of jobs of the kind "mine".
func (p *Postman) SendMine(ctx context.Context, j store.Job) error {
	var m store.Mine
	if err := json.Unmarshal([]byte(j.Payload), &m); err != nil {
		return fmt.Errorf("job %d: %w", j.ID, err)
	}
	token, err := p.Store.MineToken(ctx, m)
	if err != nil {
		return err
	}
	_, receipts, err := p.Store.ByMineToken(ctx, token)
	if err != nil || len(receipts) == 0 {
		return err
	}
	site := receipts[0].Site
	return p.Sender.Send(ctx, mail.Compose(mail.Letter{
		Kind: "mine", Key: j.Key, Lang: receipts[0].Lang, Familiar: site.Informal, To: m.Email, Name: receipts[0].Name, Site: site.Name,
		URL: p.Public + "/mine/" + token, Imprint: site.Link(site.Imprint), Privacy: site.Link(site.Privacy),
	}))
}

// SendSignIn sends a reader the link by which they sign in to comment. It is the
// work of jobs of the kind "signin".
func (p *Postman) SendSignIn(ctx context.Context, j store.Job) error {
	var id store.ReaderID
	if err := json.Unmarshal([]byte(j.Payload), &id); err != nil {
		return fmt.Errorf("job %d: %w", j.ID, err)
	}
	site, err := p.Store.Site(ctx, id.Site)
	if err != nil {
		return err
	}
	token, err := p.Store.MailedToken(ctx, id)
	if err != nil {
		return err
	}
	return p.Sender.Send(ctx, mail.Compose(mail.Letter{
		Kind: "signin", Key: j.Key, Lang: site.Lang, Familiar: site.Informal, To: id.Email, Name: id.Name, Site: site.Name,
		URL: p.Public + "/signed-in/" + token, Imprint: site.Link(site.Imprint), Privacy: site.Link(site.Privacy),
	}))
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
		Imprint: rec.Site.Link(rec.Site.Imprint), Privacy: rec.Site.Link(rec.Site.Privacy),
	}, nil
}
