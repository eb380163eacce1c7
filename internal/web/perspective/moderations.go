package perspective

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/web"
)

// maxInputs bounds how many texts one request may hold.
const maxInputs = 32

// foreignCategories are the categories that clients with fixed types expect. Those
// without a rule are never scored and are named in the answer's not_checked.
var foreignCategories = map[string]moderation.Rule{
	"harassment": moderation.Aggression, "harassment/threatening": threat,
	"hate": slur, "hate/threatening": "", "illicit": "", "illicit/violent": "",
	"self-harm": "", "self-harm/intent": "", "self-harm/instructions": "",
	"sexual": "", "sexual/minors": "", "violence": threat, "violence/graphic": "",
}

// Pseudo-rules: the score of aggression or profanity where a passage is of that kind.
const (
	threat moderation.Rule = "threat"
	slur   moderation.Rule = "slur"
)

// ownCategories name our rules beside the foreign ones.
var ownCategories = map[string]moderation.Rule{
	"freigabe/insinuation": moderation.Insinuation, "freigabe/profanity": moderation.Profanity,
	"freigabe/aggression": moderation.Aggression, "freigabe/advertising": moderation.Advertising,
	"freigabe/refuse": Refuse,
}

type moderationResult struct {
	Flagged    bool               `json:"flagged"`
	Categories map[string]bool    `json:"categories"`
	Scores     map[string]float64 `json:"category_scores"`
	NotChecked []string           `json:"not_checked"` // their false and 0 mean nothing
}

type moderationResponse struct {
	ID      string             `json:"id"`
	Model   string             `json:"model"`
	Results []moderationResult `json:"results"`
}

// moderations answers clients of OpenAI's moderation endpoint: one text, a list
// of texts, or a list of parts that make one text. It keeps nothing.
func (s *facade) moderations(c call) (answer, error) {
	var req struct {
		Input json.RawMessage `json:"input"`
	}
	if err := json.Unmarshal(c.body, &req); err != nil {
		return answer{}, bad(invalidRequest, "We could not parse the JSON body of your request.")
	}
	texts, err := inputs(req.Input)
	if err != nil {
		return answer{}, err
	}
	model := s.Models.For(c.Context(), c.key, "")
	out := &moderationResponse{ID: "modr-" + strings.ToLower(rand.Text()), Results: make([]moderationResult, 0, len(texts))}
	for _, text := range texts {
		a := model.Assess(assess.Input{Text: text})
		out.Model = a.Version
		out.Results = append(out.Results, c.key.Policy.result(a))
	}
	return answer{out, out.Model}, nil
}

// inputs reads the three forms that an input may have.
func inputs(raw json.RawMessage) ([]string, error) {
	var texts []string
	var one string
	var parts []struct{ Type, Text string }
	switch {
	case json.Unmarshal(raw, &one) == nil && one != "":
		texts = []string{one}
	case json.Unmarshal(raw, &texts) == nil:
	case json.Unmarshal(raw, &parts) == nil:
		var all []string
		for _, p := range parts {
			if p.Type != "text" {
				return nil, bad(invalidRequest, "Only text can be checked here; an input of type '%s' cannot.", p.Type)
			}
			all = append(all, p.Text)
		}
		texts = []string{strings.Join(all, "\n")}
	default:
		return nil, bad(invalidRequest, "'input' must be a string, a list of strings or a list of parts of type text.")
	}
	if len(texts) == 0 || len(texts) > maxInputs {
		return nil, bad(invalidRequest, "'input' must hold 1 to %d texts.", maxInputs)
	}
	for _, t := range texts {
		if strings.TrimSpace(t) == "" {
			return nil, bad(commentEmpty, "'input' must not be empty.")
		}
		if len(t) > maxText {
			return nil, bad(commentTooLong, "A text of 'input' is too long.")
		}
	}
	return texts, nil
}

// result puts an assessment into categories. A text is flagged by one of our own
// rules or, where none could judge it, not at all: not_checked says so.
func (p Policy) result(a moderation.Assessment) moderationResult {
	out := moderationResult{Categories: map[string]bool{}, Scores: map[string]float64{}, NotChecked: []string{"freigabe/digression"}}
	for _, names := range []map[string]moderation.Rule{foreignCategories, ownCategories} {
		for name, rule := range names {
			value, checked := categoryScore(a, rule)
			out.Scores[name], out.Categories[name] = value, checked && value >= p.hold()
			out.Flagged = out.Flagged || out.Categories[name]
			if !checked {
				out.NotChecked = append(out.NotChecked, name)
			}
		}
	}
	slices.Sort(out.NotChecked)
	return out
}

func categoryScore(a moderation.Assessment, rule moderation.Rule) (value float64, checked bool) {
	var s moderation.Score
	found := true
	switch rule {
	case "":
		return 0, false
	case threat:
		s, found = a.Rules[moderation.Aggression], hasFlag(a, "threat")
	case slur:
		s, found = a.Rules[moderation.Profanity], hasCode(a, "word.slur")
	default:
		s = scoreOf(a, rule)
	}
	if s.Value == nil {
		return 0, false
	}
	if !found {
		return 0, true
	}
	return *s.Value, true
}

// hasFlag tells of a flag of a kind; hasCode of a passage marked for a reason.
func hasFlag(a moderation.Assessment, kind string) bool {
	return slices.ContainsFunc(a.Flags, func(f moderation.Flag) bool { return f.Kind == kind })
}

func hasCode(a moderation.Assessment, prefix string) bool {
	return slices.ContainsFunc(a.Rules[moderation.Profanity].Passages, func(p moderation.Passage) bool { return strings.HasPrefix(p.Code, prefix) })
}

// failModerations answers a refusal in the shape of OpenAI's errors.
func failModerations(w http.ResponseWriter, r *refusal) error {
	type body struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	}
	b, status := body{Message: r.message, Type: "invalid_request_error"}, r.status
	code := ""
	switch status {
	case http.StatusForbidden:
		status, code = http.StatusUnauthorized, "invalid_api_key"
	case http.StatusTooManyRequests:
		b.Type, code = "requests", "rate_limit_exceeded"
	case http.StatusBadRequest:
		param := "input"
		b.Param = &param
	default:
		b.Type = "server_error"
	}
	if code != "" {
		b.Code = &code
	}
	setRetry(w, r)
	return web.JSON(w, status, map[string]body{"error": b})
}
