package mail

import (
	"context"
	"fmt"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTP sends by a mail server.
type SMTP struct {
	client *gomail.Client
	from   string // address
	host   string // of Message-IDs
}

// patience bounds the whole of one sending.
const patience = 30 * time.Second

// Dial prepares sending by smtp://USER:PASSWORD@HOST:PORT (STARTTLS is used
// where the server offers it, and required where there is a password) or smtps://
// (TLS from the start). It connects to nobody yet.
func Dial(server, from string) (*SMTP, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, fmt.Errorf("the mail server must be smtp://USER:PASSWORD@HOST:PORT or smtps://…")
	}
	addr, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("the sender of mails must be an address such as kommentare@blatt.example")
	}
	options := []gomail.Option{gomail.WithTimeout(patience), gomail.WithTLSPolicy(gomail.TLSOpportunistic)}
	if u.Scheme == "smtps" {
		options = append(options, gomail.WithSSLPort(false))
	}
	if u.Port() != "" {
		port, err := strconv.Atoi(u.Port())
		if err != nil {
			return nil, fmt.Errorf("the mail server's port %q is no number", u.Port())
		}
		options = append(options, gomail.WithPort(port))
	}
	if password, ok := u.User.Password(); ok {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
		if u.Scheme == "smtp" {
			options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
		}
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the mail server: %w", err)
	}
	_, host, _ := strings.Cut(addr.Address, "@")
	return &SMTP{client, addr.Address, host}, nil
}

// Send sends a message; an error names no address.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := s.message(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.client.DialAndSendWithContext(ctx, msg); err != nil {
		return &Failure{fmt.Sprintf("send mail %s: %s", m.ID, withoutAddress(err.Error()))}
	}
	return nil
}

// Failure says that the mail server did not take a message. Its words name no
// address, whatever the server's answer quoted.
type Failure struct{ words string }

func (f *Failure) Error() string { return f.words }

var anyAddress = regexp.MustCompile(`[^\s<>()\[\]"',;:]+@[^\s<>()\[\]"',;:]+`)

func withoutAddress(words string) string { return anyAddress.ReplaceAllString(words, "(address)") }

func (s *SMTP) message(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	if err := msg.FromFormat(m.From, s.from); err != nil {
		return nil, fmt.Errorf("mail %s: its sender is no address", m.ID)
	}
	if err := msg.AddToFormat(m.Name, m.To); err != nil {
		return nil, fmt.Errorf("mail %s: its recipient is no address", m.ID)
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID + "@" + s.host)
	msg.SetDate()
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Unsubscribe != "" {
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.Unsubscribe+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}
