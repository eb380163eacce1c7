package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
)

// mineLife is how long a mailed link to all of one's comments works.
const mineLife = 24 * time.Hour

// Mine names the comments that were sent with one address at one site.
type Mine struct {
	Site  string `json:"site"`
	Email string `json:"email"`
}

// AskForMine plans the mail with the link to all comments of an address. It does
// so whether there are any or not, so that nobody can find out whose address is
// known here; an address gets few such mails an hour.
func (s *Store) AskForMine(ctx context.Context, m Mine) error {
	payload, err := json.Marshal(m)
	if err != nil {
		return err
	}
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return err
	}
	key := base64.RawURLEncoding.EncodeToString(mac(secret, "mine job", string(payload)))
	return s.write(ctx, func(tx *sql.Tx) error {
		return s.ask(ctx, tx, m.Email, jobFor("mine", key, string(payload), s.Now()))
	})
}

// MineToken gives the token of the link to all comments of an address.
func (s *Store) MineToken(ctx context.Context, m Mine) (string, error) {
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	text := strconv.FormatInt(s.Now().Add(mineLife).Unix(), 36) + "." + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(mac(secret, "mine", text)), nil
}

// ByMineToken gives the receipts of all comments of a link, newest first; a forged
// or old link is NotFound.
func (s *Store) ByMineToken(ctx context.Context, token string) (Mine, []Receipt, error) {
	var m Mine
	unknown := moderation.Missing("link")
	secret, err := s.installationSecret(ctx, s.read)
	if err != nil {
		return m, nil, err
	}
	i := strings.LastIndexByte(token, '.')
	if i < 0 || !hmac.Equal([]byte(token[i+1:]), []byte(base64.RawURLEncoding.EncodeToString(mac(secret, "mine", token[:i])))) {
		return m, nil, unknown
	}
	until, body, _ := strings.Cut(token[:i], ".")
	end, err := strconv.ParseInt(until, 36, 64)
	if err != nil || s.Now().Unix() >= end {
		return m, nil, unknown
	}
	b, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(b, &m) != nil {
		return m, nil, unknown
	}
	out, err := s.receiptsOf(ctx, m)
	return m, out, err
}

func (s *Store) receiptsOf(ctx context.Context, m Mine) ([]Receipt, error) {
	var ids []string
	err := each(ctx, s.read, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, "select id from comments where site_id = $1 and lower(author_email) = lower($2) and erased_at is null order by created_at desc limit 100", m.Site, m.Email)
	if err != nil {
		return nil, err
	}
	out := make([]Receipt, 0, len(ids))
	for _, id := range ids {
		r, err := s.ReceiptOf(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}
