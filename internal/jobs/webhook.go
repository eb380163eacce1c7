package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
	"github.com/freigabe/freigabe/internal/webhook"
)

// hookTries is how often a message is sent; with the pauses between, about a day.
const hookTries = 30

// hookClient follows no redirects: a message goes where the admin said.
var hookClient = &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// webhook tells one other system of one decision. The message holds ids, not words.
func (r *Runner) webhook(ctx context.Context, j store.Job) error {
	id, number, _ := strings.Cut(j.Key, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("job key %q names no webhook", j.Key)
	}
	d, err := r.Store.Decision(ctx, id)
	if err != nil {
		return err
	}
	secrets, err := r.Store.Secrets(ctx, d.Site)
	if err != nil {
		return err
	}
	if n >= len(secrets.Webhooks) {
		return nil // taken out of the settings meanwhile
	}
	body, err := json.Marshal(messageOf(d))
	if err != nil {
		return fmt.Errorf("encode webhook: %w", err)
	}
	hook := webhook.Hook(secrets.Webhooks[n])
	err = webhook.Send(ctx, hookClient, hook, webhook.Message{ID: "dec_" + d.ID, At: r.Store.Now(), Body: body})
	if err != nil && j.Attempts >= hookTries {
		r.Log.Error("webhook given up", "decision", d.ID, "attempts", j.Attempts, "error", err)
		return nil
	}
	return err
}

// hookMessage is the body of a webhook.
type hookMessage struct {
	Type string `json:"type"` // "comment.approved", …
	At   string `json:"timestamp"`
	Data struct {
		Comment  string          `json:"comment_id"`
		Revision int             `json:"revision"`
		Step     moderation.Step `json:"step"`
		Rule     moderation.Rule `json:"rule,omitempty"`
		Decision string          `json:"decision_id"`
	} `json:"data"`
}

func messageOf(d moderation.Decision) hookMessage {
	m := hookMessage{Type: "comment." + string(d.To), At: d.At.UTC().Format(time.RFC3339)}
	m.Data.Comment, m.Data.Revision, m.Data.Step, m.Data.Rule, m.Data.Decision = d.Comment, d.Revision, d.Step, d.Rule, d.ID
	return m
}
