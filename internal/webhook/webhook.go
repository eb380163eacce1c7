// Package webhook tells a publisher's other systems of decisions, signed after
// the scheme that Standard Webhooks describes: the headers webhook-id,
// webhook-timestamp and webhook-signature, the latter an HMAC-SHA256 over
// "id.timestamp.body". A message may arrive more than once, always under the
// same id.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Hook is an address that wants to be told.
type Hook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"` // "whsec_" and the key in base64
}

// Message is what is told.
type Message struct {
	ID   string // stays the same when sent again
	At   time.Time
	Body []byte // JSON
}

// Sign gives the value of webhook-signature. The secret is "whsec_" and base64.
func Sign(secret string, m Message) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 16 {
		return "", fmt.Errorf("the webhook's secret is not “whsec_” and at least 16 bytes in base64")
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", m.ID, m.At.Unix())
	mac.Write(m.Body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// Send delivers a message. Any answer but a 2xx is an error, and the message is
// to be sent again later.
func Send(ctx context.Context, client *http.Client, hook Hook, m Message) error {
	signature, err := Sign(hook.Secret, m)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(m.Body))
	if err != nil {
		return fmt.Errorf("webhook request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Webhook-Id", m.ID)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(m.At.Unix(), 10))
	req.Header.Set("Webhook-Signature", signature)
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("webhook not delivered: %w", err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)); err != nil {
		return fmt.Errorf("webhook's answer: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("webhook answered %s", res.Status)
	}
	return nil
}
