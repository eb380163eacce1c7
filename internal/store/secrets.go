package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Secrets is what an admin sets for a site that is not to be read with its
// pages. It has a table of its own, to which the readers' role has no right.
type Secrets struct {
	Webhooks []Hook          `json:"webhooks,omitempty"` // other systems that are told of decisions
	SignOn   json.RawMessage `json:"sign_on,omitempty"`  // by which the publisher's site vouches for its readers
	OIDC     json.RawMessage `json:"oidc,omitempty"`     // the provider at which readers sign in
	Scorer   *Scorer         `json:"scorer,omitempty"`   // of the publisher's own, asked about every comment
}

// Scorer is where an external scorer is and how patient to be with it.
type Scorer struct {
	URL     string `json:"url"`
	Secret  string `json:"secret,omitempty"`  // sent as Authorization: Bearer
	Seconds int    `json:"seconds,omitempty"` // to wait for an answer; 2 where 0
}

// Hook is an address that is told of decisions when their hold has passed.
type Hook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"` // signs the messages: "whsec_" and base64
}

// Secrets gives a site's secrets, the zero value where none were set.
func (s *Store) Secrets(ctx context.Context, site string) (Secrets, error) {
	return secretsOf(ctx, s.read, site)
}

func secretsOf(ctx context.Context, q querier, site string) (Secrets, error) {
	var x Secrets
	var text string
	err := q.QueryRowContext(ctx, "select value from site_secrets where site_id = $1", site).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return x, nil
	}
	if err != nil {
		return x, classify(err)
	}
	if err := json.Unmarshal([]byte(text), &x); err != nil {
		return x, fmt.Errorf("secrets of site %s: damaged; set them again", site) // the cause would quote them
	}
	return x, nil
}

// SaveSecrets replaces a site's secrets.
func (s *Store) SaveSecrets(ctx context.Context, site string, x Secrets) error {
	text, err := json.Marshal(x)
	if err != nil {
		return moderation.BadField("sign_on", "error.json")
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		return all(ctx, tx, stmt("insert into site_secrets (site_id, value) values ($1, $2) on conflict (site_id) do update set value = excluded.value", site, string(text)),
			event(s, "site", site, "", ""))
	})
}
