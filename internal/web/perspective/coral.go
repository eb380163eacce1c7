package perspective

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/freigabe/freigabe/internal/assess"
	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
)

// phaseRequest is what Coral sends to an external moderation phase for a comment
// written or edited.
type phaseRequest struct {
	Action  string `json:"action"` // NEW or EDIT
	Comment struct {
		Body     string `json:"body"` // HTML or plain text, as the phase is set
		ParentID string `json:"parentID"`
	} `json:"comment"`
	TenantDomain string `json:"tenantDomain"`
}

type phaseAnswer struct {
	Status  string        `json:"status,omitempty"`
	Actions []phaseAction `json:"actions,omitempty"`
	Action  *phaseVerdict `json:"moderationAction,omitempty"`
	Own     *phaseOwn     `json:"freigabe"` // Coral drops what it does not know
}

type phaseAction struct {
	ActionType string `json:"actionType"`
	Reason     string `json:"reason"`
}

type phaseVerdict struct {
	Status string      `json:"status"`
	Reason phaseReason `json:"rejectionReason"`
}

type phaseReason struct {
	Code         string `json:"code"`
	LegalGrounds string `json:"legalGrounds,omitempty"`
	Detailed     string `json:"detailedExplanation"`
	Custom       string `json:"customReason,omitempty"`
}

type phaseOwn struct {
	Version string                               `json:"version"`
	Rules   map[moderation.Rule]moderation.Score `json:"rules"`
	Reasons []phaseReason                        `json:"reasons"` // of every rule that spoke, gravest first
}

// codes are Coral's names for the reasons of a rejection. Insinuation has none,
// so its name goes into customReason.
var codes = map[moderation.Rule]string{
	moderation.Profanity: "OFFENSIVE", moderation.Aggression: "ABUSIVE", moderation.Advertising: "AD",
	moderation.Digression: "IRRELEVANT_CONTENT", moderation.Insinuation: "OTHER",
}

// phase answers Coral's external moderation phase. By itself the machine rejects
// nothing: what scores high is held back for Coral's moderators, with a reason
// that they can send; a rejection needs a threshold that an admin set with the key.
func (s *facade) phase(c call) (answer, error) {
	if err := signed(c); err != nil {
		return answer{}, err
	}
	var req phaseRequest
	if err := json.Unmarshal(c.body, &req); err != nil {
		return answer{}, bad(invalidRequest, "Invalid JSON payload received.")
	}
	text := Plain(req.Comment.Body)
	if text == "" {
		return answer{}, nil // a picture or a rating alone: no opinion
	}
	if len(text) > maxText {
		return answer{}, bad(commentTooLong, "Comment text too long.")
	}
	community := ""
	if req.TenantDomain != "" && c.key.Policy.Community == "" {
		community = communityOf(coral + req.TenantDomain)
	}
	a := s.Models.For(c.Context(), c.key, community).Assess(assess.Input{Text: text})
	return answer{c.key.Policy.phase(a), a.Version}, nil
}

// phase turns an assessment into Coral's answer.
func (p Policy) phase(a moderation.Assessment) *phaseAnswer {
	out := &phaseAnswer{Own: &phaseOwn{Version: a.Version, Rules: a.Rules, Reasons: []phaseReason{}}}
	worst := moderation.Rule("")
	for _, rule := range moderation.Rules {
		v := a.Rules[rule].Value
		if v == nil || *v < p.hold() {
			continue
		}
		if worst == "" || *v > *a.Rules[worst].Value {
			worst = rule
			out.Own.Reasons = append([]phaseReason{reason(a, rule)}, out.Own.Reasons...)
			continue
		}
		out.Own.Reasons = append(out.Own.Reasons, reason(a, rule))
	}
	refuse := a.Refuse != nil && *a.Refuse >= p.hold()
	if worst == "" && !refuse && !hasFlag(a, "threat") {
		return out
	}
	out.Status = "SYSTEM_WITHHELD"
	if p.Reject > 0 && worst != "" && *a.Rules[worst].Value >= p.Reject {
		out.Status = "REJECTED"
	}
	kind := "COMMENT_DETECTED_TOXIC"
	if worst == moderation.Advertising {
		kind = "COMMENT_DETECTED_SPAM"
	}
	out.Actions = []phaseAction{{"FLAG", kind}}
	if worst != "" {
		out.Action = &phaseVerdict{out.Status, out.Own.Reasons[0]}
	}
	return out
}

// reason words a rule's breach as a statement of reasons: the ground, and the
// passage that caused it.
func reason(a moderation.Assessment, rule moderation.Rule) phaseReason {
	const lang = "de"
	r := phaseReason{Code: codes[rule], LegalGrounds: locale.T(lang, "score.ground.policy", "rule", locale.T(lang, "rules."+string(rule)+".name"))}
	r.Detailed = locale.T(lang, "rules."+string(rule)+".short")
	if p := a.Rules[rule].Passages; len(p) > 0 {
		r.Detailed = locale.T(lang, "rules."+string(rule)+".long", "passage", p[0].Text)
	}
	r.Detailed += " " + locale.T(lang, "rules."+string(rule)+".change")
	if r.Code == "OTHER" {
		r.Custom = locale.T(lang, "rules."+string(rule)+".name")
	}
	if rule == moderation.Aggression && hasFlag(a, "threat") {
		r.Code, r.LegalGrounds = "ILLEGAL_CONTENT", locale.T(lang, "score.ground.threat")
	}
	return r
}

// signed checks that a request comes from the Coral that the key was set up for:
// one of the signatures must be of one of the key's secrets over the raw body.
func signed(c call) error {
	given := strings.Split(c.Header.Get("X-Coral-Signature"), ",")
	for _, secret := range c.key.Policy.Secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(c.body)
		want := []byte(hex.EncodeToString(mac.Sum(nil)))
		for _, g := range given {
			if hexed, ok := strings.CutPrefix(strings.TrimSpace(g), "sha256="); ok && hmac.Equal([]byte(hexed), want) {
				return nil
			}
		}
	}
	if len(c.key.Policy.Secrets) == 0 {
		return denied("SIGNING_SECRET_MISSING", "This key has no signing secret: set Coral's with “freigabe score key”.")
	}
	return denied("SIGNATURE_INVALID", "The signature does not fit.")
}

// event is what Coral's webhooks send.
type event struct {
	Type         string `json:"type"`
	TenantDomain string `json:"tenantDomain"`
	Data         struct {
		CommentID string `json:"commentID"`
		Status    string `json:"status"`
	} `json:"data"`
}

// webhook learns from comments that left a queue of Coral's. Such an event holds
// no text, only the comment's id: it settles a comment that was suggested before,
// or whose text can be read from Coral.
func (s *facade) webhook(c call) (answer, error) {
	if err := signed(c); err != nil {
		return answer{}, err
	}
	var e event
	if err := json.Unmarshal(c.body, &e); err != nil {
		return answer{}, bad(invalidRequest, "Invalid JSON payload received.")
	}
	decided := e.Data.Status == "APPROVED" || e.Data.Status == "REJECTED"
	received := map[string]bool{"received": true, "learned": false}
	if e.Type != "COMMENT_LEFT_MODERATION_QUEUE" || !decided || e.Data.CommentID == "" || s.Learning == nil || !c.key.Policy.Learn {
		return answer{value: received}, nil
	}
	d := Settlement{Community: communityOf(coral + e.TenantDomain), Ref: "comment:" + e.Data.CommentID, Comment: e.Data.CommentID, Refused: e.Data.Status == "REJECTED"}
	err := s.Learning.Settle(c.Context(), c.key, d)
	if moderation.KindOf(err) == moderation.NotFound {
		return answer{value: received}, nil
	}
	received["learned"] = err == nil
	return answer{value: received}, err
}
