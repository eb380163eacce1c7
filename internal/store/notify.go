package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/base32"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
)

// What an author asked to be told by mail beside decisions. Nobody gets news of
// answers who has not confirmed the wish by a link that was mailed to them.
const (
	NotifyAsked     = "replies"
	NotifyConfirmed = "replies confirmed"
)

// MailToken gives the token of the links in mails about a comment that confirm
// or end news of answers. It is another than the receipt's: mails are forwarded.
func (s *Store) MailToken(ctx context.Context, comment string) (string, error) {
	secret, err := s.installationSecret(ctx, s.read)
	return comment + "-" + mailMac(secret, comment), err
}

func mailMac(secret, comment string) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac(secret, "mail", comment))[:26]
}

// ByMailToken gives the comment that a mail's link is about.
func (s *Store) ByMailToken(ctx context.Context, token string) (Receipt, error) {
	comment, sum, _ := strings.Cut(token, "-")
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return Receipt{}, err
	}
	if !hmac.Equal([]byte(sum), []byte(mailMac(secret, comment))) {
		return Receipt{}, moderation.Missing("receipt")
	}
	return s.ReceiptOf(ctx, comment)
}

// SetNotify keeps what the author of a comment wants to be told.
func (s *Store) SetNotify(ctx context.Context, comment, notify string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := exec(ctx, tx, "update comments set notify = $2 where id = $1 and erased_at is null", comment, notify)
		return err
	})
}
