package main

import (
	"context"
	"time"

	"github.com/freigabe/freigabe/internal/jobs"
	"github.com/freigabe/freigabe/internal/mail"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/web/wait"
)

// wirePost gives the runner somebody who tells authors by mail: by the mail
// server that the settings name, in the demo by a box that /demo/mail shows.
// Without either, everything stands on the receipts' pages alone.
func (n *node) wirePost(waits *wait.Estimator) (*mail.Catcher, error) {
	var sender mail.Sender
	var box *mail.Catcher
	switch {
	case n.set.smtp != "":
		smtp, err := mail.Dial(n.set.smtp, n.set.mailFrom)
		if err != nil {
			return nil, usage("%s", err)
		}
		sender = smtp
	case n.set.data != "":
		box = &mail.Catcher{Clock: time.Now}
		sender = box
	default:
		for _, kind := range []string{"receipt", "notice", "mine", "measure", "signin", "news-confirm", "digest-confirm", "digest", "entry"} {
			n.runner.Handle(kind, func(context.Context, store.Job) error { return nil })
		}
		return nil, nil
	}
	p := &jobs.Postman{Store: n.store, Sender: sender, Public: n.set.public, Wait: func(ctx context.Context, site store.Site, rec store.Receipt) (string, error) {
		r, err := waits.For(ctx, rec)
		return r.Sentence(rec.Lang, n.store.Now()), err
	}}
	if p.Public == "" {
		p.Public = originOf(n.set.addr)
	}
	n.runner.Teller = p
	n.runner.Handle("receipt", p.SendReceipt)
	n.runner.Handle("notice", p.TellNotice)
	n.runner.Handle("mine", p.SendMine)
	n.runner.Handle("news-confirm", p.ConfirmNews)
	n.runner.Handle("digest-confirm", p.ConfirmDigest)
	n.runner.Handle("digests", p.PlanDigests)
	n.runner.Handle("digest", p.SendDigest)
	n.runner.Handle("measure", p.TellMeasure)
	n.runner.Handle("signin", p.SendSignIn)
	n.runner.Handle("entry", p.SendEntry)
	return box, nil
}
