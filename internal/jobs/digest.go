package jobs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

const (
	digestHour   = 6   // of the day, in the readers' time zone
	digestLength = 20  // comments told of; the rest is a number and a link
	excerptRunes = 240 // characters of each comment
)

// ConfirmNews asks an author to confirm the wish for news of answers, where it
// was made on the receipt's page. It is the work of jobs of the kind "news-confirm".
func (p *Postman) ConfirmNews(ctx context.Context, j store.Job) error {
	rec, err := p.Store.ReceiptOf(ctx, j.Key)
	if moderation.KindOf(err) == moderation.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if rec.Email == "" || rec.Erased || rec.Notify != store.NotifyAsked {
		return nil
	}
	token, err := p.Store.MailToken(ctx, rec.Comment)
	if err != nil {
		return err
	}
	l, err := p.letter(ctx, "news", jobKey(j), rec)
	if err != nil {
		return err
	}
	l.Receipt, l.URL = l.URL, p.Public+"/confirm/"+token
	return p.Sender.Send(ctx, mail.Compose(l))
}

// jobKey tells letters of jobs apart that come again under one key.
func jobKey(j store.Job) string { return j.Key + "/" + strconv.FormatInt(j.ID, 10) }

// ConfirmDigest asks an address to confirm the wish for a digest. It is the work
// of jobs of the kind "digest-confirm".
func (p *Postman) ConfirmDigest(ctx context.Context, j store.Job) error {
	x, err := p.Store.Subscription(ctx, j.Key)
	if moderation.KindOf(err) == moderation.NotFound || err == nil && !x.Confirmed.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	l, token, err := p.digestLetter(ctx, "digest.confirm", jobKey(j), x)
	if err != nil {
		return err
	}
	if x.Kind == store.ThreadDigest {
		l.Article = locale.T(x.Lang, "digest.thread", "article", l.Article)
	}
	l.URL = p.Public + "/digest/confirm/" + token
	return p.Sender.Send(ctx, mail.Compose(l))
}

// PlanDigests plans the digests of the day, when its hour has come, and looks
// again every hour. It is the work of the job "digests".
func (p *Postman) PlanDigests(ctx context.Context, _ store.Job) error {
	now := p.Store.Now()
	if _, err := p.Store.PlanDigests(ctx, digestTime(now)); err != nil {
		return err
	}
	return &postpone{now.Add(time.Hour)}
}

// digestTime is the last moment up to now at which digests are due.
func digestTime(now time.Time) time.Time {
	t := now.In(locale.Berlin)
	due := time.Date(t.Year(), t.Month(), t.Day(), digestHour, 0, 0, 0, locale.Berlin)
	if due.After(now) {
		due = due.AddDate(0, 0, -1)
	}
	return due
}

// SendDigest tells of the comments released since the last digest, where there
// are any. It is the work of jobs of the kind "digest".
func (p *Postman) SendDigest(ctx context.Context, j store.Job) error {
	d, err := p.Store.DigestOf(ctx, j.Key, digestLength)
	if moderation.KindOf(err) == moderation.NotFound || err == nil && len(d.Comments) == 0 {
		return nil // it ended meanwhile, or there is nothing to tell
	}
	if err != nil {
		return err
	}
	l, token, err := p.digestLetter(ctx, "digest."+d.Kind, j.Key, d.Subscription)
	if err != nil {
		return err
	}
	if l.List, err = p.list(ctx, d); err != nil {
		return err
	}
	l.Since = locale.DateTime(d.Lang, d.Since)
	l.Unsubscribe = p.Public + "/digest/end/" + token
	return p.Sender.Send(ctx, mail.Compose(l))
}

func (p *Postman) digestLetter(ctx context.Context, kind, key string, x store.Subscription) (mail.Letter, string, error) {
	site, err := p.Store.Site(ctx, x.Site)
	if err != nil {
		return mail.Letter{}, "", err
	}
	token, err := p.Store.DigestToken(ctx, x.ID)
	if err != nil {
		return mail.Letter{}, "", err
	}
	l := mail.Letter{
		Kind: kind, Key: key, Lang: x.Lang, Familiar: site.Informal, To: x.Email, Site: site.Name, URL: p.Public + "/",
		Imprint: site.Link(site.Imprint), Privacy: site.Link(site.Privacy),
	}
	if x.Kind == store.PicksDigest {
		l.Article = locale.T(x.Lang, "digest.picks", "site", site.Name)
		return l, token, nil
	}
	art, err := p.Store.Article(ctx, x.Article)
	if err != nil {
		return mail.Letter{}, "", fmt.Errorf("digest of article %s: %w", x.Article, err)
	}
	l.Article, l.URL = art.Doc.Headline, p.Public+"/a/"+art.ID
	return l, token, nil
}

// list writes what a digest tells: who, on what, how it begins, and the link.
func (p *Postman) list(ctx context.Context, d store.Digest) (string, error) {
	headlines := map[string]string{}
	var items []string
	for _, c := range d.Comments {
		if _, known := headlines[c.Article]; !known {
			art, err := p.Store.Article(ctx, c.Article)
			if err != nil {
				return "", err
			}
			headlines[c.Article] = art.Doc.Headline
		}
		head := c.Name
		if d.Kind == store.PicksDigest {
			head = locale.T(d.Lang, "reader.feed.entry", "name", c.Name, "article", headlines[c.Article])
		}
		items = append(items, head+":\n"+locale.Excerpt(c.Text, excerptRunes)+"\n"+p.permalink(c.Article, c.ID))
	}
	if more := d.Total - len(d.Comments); more > 0 {
		items = append(items, locale.Plural(d.Lang, "mail.digest.more", more))
	}
	return strings.Join(items, "\n\n"), nil
}
