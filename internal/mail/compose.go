package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
)

// Message is a mail ready to be sent.
type Message struct {
	ID          string // of the Message-ID header, without its host
	To, Name    string // recipient
	From        string // the publication's name, beside the sender's address
	Subject     string
	Text, HTML  string
	Unsubscribe string // address for one-click unsubscribing, "" for mails that are owed
}

// Sender brings messages on their way. An error means that the job is to be
// tried again.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Letter is what a mail is made of.
type Letter struct {
	Kind        string // the catalogue's name: receipt, approved, rejected, …
	Key         string // of the job: the same key gives the same Message-ID
	Lang        string
	Familiar    bool // the site addresses readers as "Du"
	To, Name    string
	Site        string
	Article     string // its headline
	Text        string // the comment's
	URL         string // of the receipt, or of what the mail is about
	Wait        string
	Author      string // who answered
	Decision    *moderation.Decision
	Reason      string // in words
	Rule        string // its name
	Change      string // what the author can change
	Machine     bool   // a program had sorted the comment
	Date        string // when a notice came in
	Outcome     string // of a notice, in words
	Receipt     string // address for the footer, "" where the body has it
	Confirm     string // address that confirms the wish for news of answers
	Verify      string // address that confirms the author's address
	Unsubscribe string
	Mute        string // address that ends all news of the article
	List        string // what a digest tells
	Since       string // since when, in words
	Imprint     string
	Privacy     string
}

// KindOf names the letter about a decision; "" where nobody is told.
func KindOf(d moderation.Decision) string {
	switch d.Step {
	case moderation.Approve:
		return "approved"
	case moderation.Reject:
		return "rejected"
	case moderation.Return:
		return "returned"
	case moderation.Decline:
		return "declined"
	case moderation.Remove:
		return "removed"
	case moderation.Restore:
		return "restored"
	case moderation.Uphold:
		return "appeal.upheld"
	case moderation.Overturn:
		return "appeal.overturned"
	}
	return ""
}

// Explain puts a decision into words: the reason, the rule's name and what the
// author can change, where the reason does not say it. A rule of the site's own is named by own.
func (l *Letter) Explain(d *moderation.Decision, own string) {
	say := func(key string) string {
		switch {
		case !locale.Has(key):
			return ""
		case l.Familiar:
			return locale.Familiar(l.Lang, key)
		}
		return locale.T(l.Lang, key)
	}
	l.Decision, l.Reason, l.Machine = d, d.Reason, d.ScoreSeen
	if d.Step == moderation.Decline {
		l.Reason = say("rules.N0." + d.Reason + ".long")
	}
	if d.Rule != "" {
		l.Rule, l.Change = say("rules."+string(d.Rule)+".name"), say("rules."+string(d.Rule)+".change")
	}
	if strings.Contains(l.Reason, l.Change) { // the usual reason says it already
		l.Change = ""
	}
	if own != "" {
		l.Rule = own
	}
}

// Compose writes a letter as a message.
func Compose(l Letter) Message {
	say := func(key string, args ...string) string {
		if l.Familiar {
			return locale.Familiar(l.Lang, key, args...)
		}
		return locale.T(l.Lang, key, args...)
	}
	args := []string{"article", l.Article, "text", l.Text, "url", l.URL, "wait", l.Wait, "author", l.Author, "reason", l.Reason,
		"rule", l.Rule, "change", l.Change, "passages", passages(l.Decision), "until", until(l), "site", l.Site,
		"date", l.Date, "decision", l.Outcome, "list", l.List, "since", l.Since}
	salutation := "mail.salutation"
	if l.Name == "" {
		salutation = "mail.salutation.plain"
	}
	parts := []string{say(salutation, "name", l.Name), say("mail."+l.Kind+".body", args...)}
	if l.Kind == "rejected" || l.Kind == "removed" {
		key := "mail.rejected.noautomation"
		if l.Machine {
			key = "mail.rejected.automation"
		}
		parts = append(parts, say(key), say("mail.rejected.redress"))
	}
	if l.Confirm != "" {
		parts = append(parts, say("mail.confirm.replies", "url", l.Confirm))
	}
	if l.Verify != "" {
		parts = append(parts, say("mail.verify", "url", l.Verify))
	}
	parts = append(parts, say("mail.signature", "site", l.Site), "-- \n"+strings.Join(footer(l, say), "\n\n"))
	text := tidy(strings.Join(parts, "\n\n"))
	return Message{
		ID: id(l.Kind, l.Key), To: l.To, Name: l.Name, From: l.Site, Subject: oneLine(say("mail."+l.Kind+".subject", args...)),
		Text: text, HTML: page(l.Lang, text), Unsubscribe: l.Unsubscribe,
	}
}

func footer(l Letter, say func(string, ...string) string) []string {
	why := "mail.footer.why"
	switch {
	case strings.HasPrefix(l.Kind, "report."):
		why = "mail.footer.why.report"
	case strings.HasPrefix(l.Kind, "entry."):
		why = "mail.footer.why.entry"
	case strings.HasPrefix(l.Kind, "digest."):
		why = "mail.footer.why.digest"
	}
	out := []string{say(why, "site", l.Site)}
	if l.Receipt != "" {
		out = append(out, say("mail.footer.receipt", "url", l.Receipt))
	}
	if l.Unsubscribe != "" {
		out = append(out, say("mail.footer.unsubscribe", "url", l.Unsubscribe))
	}
	if l.Mute != "" {
		out = append(out, say("mail.footer.mute", "url", l.Mute))
	}
	if l.Imprint != "" || l.Privacy != "" {
		out = append(out, say("mail.footer.legal", "imprint", l.Imprint, "privacy", l.Privacy))
	}
	return out
}

func passages(d *moderation.Decision) string {
	if d == nil {
		return ""
	}
	var quoted []string
	for _, p := range d.Passages {
		quoted = append(quoted, "„"+p.Text+"“")
	}
	return strings.Join(quoted, ", ")
}

func until(l Letter) string {
	if l.Decision == nil {
		return ""
	}
	return locale.Date(l.Lang, l.Decision.At.Add(moderation.AppealWindow))
}

var gaps = regexp.MustCompile(`\n{3,}`)

// tidy leaves out lines whose value is missing ("Darum geht es:") and what gap
// that leaves.
func tidy(text string) string {
	return gaps.ReplaceAllString(emptyLabels(text), "\n\n")
}

// emptyLabels drops a line that ends in a colon where an empty line follows and
// no value came; a line that introduces the next paragraph stays.
func emptyLabels(text string) string {
	lines := strings.Split(text, "\n")
	out := lines[:0:0]
	for _, line := range lines {
		if strings.HasSuffix(line, ": ") {
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// oneLine keeps a reader's words from adding headers.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func id(kind, key string) string {
	sum := sha256.Sum256([]byte("mail\x00" + kind + "\x00" + key))
	return hex.EncodeToString(sum[:16])
}

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// page is the text as HTML: paragraphs, and addresses as links. Nothing is
// loaded from anywhere, so reading a mail tells nobody.
func page(lang, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"></head>\n<body style=\"font:16px/1.5 Georgia,serif;max-width:38em\">\n", html.EscapeString(lang))
	for para := range strings.SplitSeq(text, "\n\n") {
		if para == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(para, "-- \n"); ok {
			b.WriteString("<hr>\n")
			para = rest
		}
		b.WriteString("<p>")
		b.WriteString(strings.ReplaceAll(linked(para), "\n", "<br>\n"))
		b.WriteString("</p>\n")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

func linked(text string) string {
	var b strings.Builder
	from := 0
	for _, at := range address.FindAllStringIndex(text, -1) {
		href := html.EscapeString(text[at[0]:at[1]])
		b.WriteString(html.EscapeString(text[from:at[0]]))
		fmt.Fprintf(&b, `<a href="%s">%s</a>`, href, href)
		from = at[1]
	}
	b.WriteString(html.EscapeString(text[from:]))
	return b.String()
}

// Caught is a message that the Catcher keeps.
type Caught struct {
	Message
	At time.Time
}
