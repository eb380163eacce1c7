package perspective_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func phaseBody(text string) string {
	return encode(object{"action": "NEW", "comment": object{"body": text, "parentID": nil}, "author": object{"id": "a1", "role": "COMMENTER"},
		"story": object{"id": "s1", "url": "https://blatt.example/s1"}, "site": object{"id": "site"}, "tenantID": "t1", "tenantDomain": "kommentare.blatt.example"})
}

const phase = "/integrations/coral/phase?key="

func TestPhaseChecksTheSignature(t *testing.T) {
	h := open(t)
	body := phaseBody("Guten Morgen zusammen.")
	for header, want := range map[string]int{
		sign("neu", body): 200, sign("fremd", body) + "," + sign("alt", body): 200, sign("fremd", body): 403, "": 403,
		"sha256=": 403, sign("neu", body+" "): 403, "sha1=" + sign("neu", body)[7:]: 403,
	} {
		if status, got, _ := h.ask(phase+"coral", body, "X-Coral-Signature", header); status != want {
			t.Errorf("%q: %d %v", header, status, got)
		}
	}
	if status, _, _ := h.ask(phase+"plain", body, "X-Coral-Signature", sign("", body)); status != 403 {
		t.Errorf("a key without a secret admits: %d", status)
	}
}

// By itself the machine rejects nothing: what scores high waits for a person,
// with the reason and its ground.
func TestPhaseHoldsBackAndExplains(t *testing.T) {
	h := open(t)
	body := phaseBody("<p>Halt die Fresse, du <b>Vollidiot</b>!</p>")
	status, got, _ := h.ask(phase+"coral", body, "X-Coral-Signature", sign("neu", body))
	if status != 200 || got["status"] != "SYSTEM_WITHHELD" || dig(got, "actions", 0, "reason") != "COMMENT_DETECTED_TOXIC" {
		t.Fatalf("%d %v", status, got)
	}
	reason := dig(got, "moderationAction", "rejectionReason")
	if dig(got, "moderationAction", "status") != "SYSTEM_WITHHELD" || dig(reason, "code") == nil || dig(reason, "legalGrounds") == nil || dig(reason, "detailedExplanation") == nil {
		t.Errorf("%v", reason)
	}
	if len(dig(got, "freigabe", "rules").(object)) != 5 {
		t.Errorf("not all rules: %v", dig(got, "freigabe", "rules"))
	}
	status, got, _ = h.ask(phase+"strict", body, "X-Coral-Signature", sign("neu", body))
	if status != 200 || got["status"] != "REJECTED" || dig(got, "moderationAction", "status") != "REJECTED" {
		t.Errorf("with a threshold of the admin's: %d %v", status, got)
	}
	calm := phaseBody("Danke für den Bericht über die Brücke.")
	status, got, _ = h.ask(phase+"coral", calm, "X-Coral-Signature", sign("neu", calm))
	if status != 200 || got["status"] != nil || got["actions"] != nil || got["moderationAction"] != nil {
		t.Errorf("calm: %d %v", status, got)
	}
	empty := phaseBody("<p></p>")
	if status, got, _ = h.ask(phase+"coral", empty, "X-Coral-Signature", sign("neu", empty)); status != 204 || len(got) != 0 {
		t.Errorf("without words: %d %v", status, got)
	}
	advert := phaseBody("Jetzt 20 % Rabatt auf alle Kredite sichern! Sofort anmelden: https://bit.ly/x7 oder WhatsApp +49 151 23456789")
	status, got, _ = h.ask(phase+"strict", advert, "X-Coral-Signature", sign("neu", advert))
	if status != 200 || dig(got, "actions", 0, "reason") != "COMMENT_DETECTED_SPAM" || dig(got, "moderationAction", "rejectionReason", "code") != "AD" {
		t.Errorf("advertising: %d %v", status, got)
	}
}

func TestWebhooksSettle(t *testing.T) {
	h := open(t)
	left := func(comment, status string) string {
		return encode(object{"id": "e1", "type": "COMMENT_LEFT_MODERATION_QUEUE", "tenantID": "t1", "tenantDomain": "kommentare.blatt.example",
			"data": object{"queue": "PENDING", "commentID": comment, "status": status, "storyID": "s1"}, "createdAt": "2026-11-23T09:00:00.000Z"})
	}
	for _, c := range []struct {
		body    string
		learned bool
	}{{left("c1", "REJECTED"), true}, {left("c2", "APPROVED"), true}, {left("unknown", "APPROVED"), false}, {left("c3", "PREMOD"), false},
		{encode(object{"type": "STORY_CREATED", "data": object{"storyID": "s1"}}), false}} {
		status, got, _ := h.ask("/integrations/coral/webhook?key=coral", c.body, "X-Coral-Signature", sign("neu", c.body))
		if status != 200 || got["received"] != true || got["learned"] != c.learned {
			t.Errorf("%s: %d %v", c.body, status, got)
		}
	}
	if len(h.settled) != 2 || !h.settled[0].Refused || h.settled[1].Refused || h.settled[0].Community != "Coral:kommentare.blatt.example" || h.settled[0].Ref != "comment:c1" {
		t.Errorf("%+v", h.settled)
	}
	body := left("c1", "REJECTED")
	if status, _, _ := h.ask("/integrations/coral/webhook?key=coral", body, "X-Coral-Signature", sign("fremd", body)); status != 403 {
		t.Errorf("wrong signature: %d", status)
	}
}
