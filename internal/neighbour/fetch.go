package neighbour

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/web/perspective"
)

// maxAnswer bounds what is read of another system's answer.
const maxAnswer = 1 << 20

// fetch reads a comment's text from the Coral that a key names, by its GraphQL
// interface with a token of that newsroom's. Without an address in the key's
// policy nothing is asked of anybody, and the text is not found.
func (n *Neighbours) fetch(ctx context.Context, p perspective.Policy, id string) (string, error) {
	if p.CoralURL == "" || p.Token == "" {
		return "", moderation.Missing("suggestion")
	}
	question, err := json.Marshal(map[string]any{
		"query":     "query FreigabeComment($id: ID!) { comment(id: $id) { body } }",
		"variables": map[string]string{"id": id},
	})
	if err != nil {
		return "", fmt.Errorf("ask for comment %s: %w", id, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(p.CoralURL, "/")+"/api/graphql", bytes.NewReader(question))
	if err != nil {
		return "", fmt.Errorf("ask for comment %s: %w", id, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.Token)
	res, err := n.HTTP.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask for comment %s: %w", id, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask for comment %s: status %d", id, res.StatusCode)
	}
	var answer struct {
		Data struct {
			Comment *struct {
				Body string `json:"body"`
			} `json:"comment"`
		} `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&answer); err != nil {
		return "", fmt.Errorf("read comment %s: %w", id, err)
	}
	if answer.Data.Comment == nil || answer.Data.Comment.Body == "" {
		return "", moderation.Missing("suggestion")
	}
	return perspective.Plain(answer.Data.Comment.Body), nil
}
