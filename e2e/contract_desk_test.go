package e2e

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

func queue(c *client) {
	id, _ := c.write("Warum erst im Mai?")
	out := c.ask(200, "GET", c.api("/desk/queue?limit=200"), c.keys["anna"], nil)
	c.has("queue", out, "comments", "next_cursor")
	waiting := list(out["comments"])
	i := slices.IndexFunc(waiting, func(o object) bool { return o["id"] == id })
	if i < 0 {
		c.Fatalf("the new comment does not wait: %v", waiting)
	}
	c.has("waiting comment", waiting[i], "id", "revision", "text", "article_id")
	for _, state := range []string{"pending", "escalated", "appealed", "approved", "rejected", "returned", "declined", "removed"} {
		for _, order := range []string{"oldest", "calm", "hot"} {
			c.ask(200, "GET", c.api("/desk/queue?state="+state+"&order="+order+"&article="+c.article), c.keys["ruth"], nil)
		}
	}
	if found := list(c.ask(200, "GET", c.api("/desk/queue?q=erst+im+Mai"), c.keys["anna"], nil)["comments"]); len(found) != 1 {
		c.Errorf("the search finds %d", len(found))
	}
	page := c.ask(200, "GET", c.api("/desk/queue?limit=1"), c.keys["anna"], nil)
	next, _ := page["next_cursor"].(string)
	if second := c.ask(200, "GET", c.api("/desk/queue?limit=1&cursor="+next), c.keys["anna"], nil); list(second["comments"])[0]["id"] == list(page["comments"])[0]["id"] {
		c.Error("the cursor does not move on")
	}
	c.ask(401, "GET", c.api("/desk/queue"), "", nil)
	c.ask(401, "GET", c.api("/desk/queue"), "kein-schluessel", nil)
}

func deskComment(c *client) {
	id, _ := c.write("So ein verdammter Mist, diese Planung!")
	path := c.api("/desk/comments/" + id)
	c.wait("the assessment", func() bool {
		a, ok := c.ask(200, "GET", path, c.keys["anna"], nil)["assessment"].(object)
		return ok && len(a) >= 5
	})
	out := c.ask(200, "GET", path, c.keys["anna"], nil)
	c.has("comment", out, "id", "status", "revision", "text", "assessment", "decisions")
	c.has("assessment", out["assessment"].(object), "profanity", "aggression", "insinuation", "advertising", "digression")
	if len(list(out["decisions"])) != 0 {
		c.Errorf("a submission counts as a decision: %v", out["decisions"])
	}
	c.decide(200, "anna", "reject", id, object{"revision": 1, "rule": "profanity", "reason": "Bitte ohne das Schimpfwort."})
	c.has("decision", list(c.ask(200, "GET", path, c.keys["anna"], nil)["decisions"])[0], "step", "editor", "at", "rule", "reason", "revision")
	c.ask(404, "GET", c.api("/desk/comments/gibtesnicht0"), c.keys["anna"], nil)
}

func decisions(c *client) {
	id, _ := c.write("Wann beginnt die Sperrung genau?")
	c.decide(422, "anna", "reject", id, object{"revision": 1, "rule": "profanity"})
	c.decide(422, "anna", "reject", id, object{"revision": 1, "reason": "Ohne Regel."})
	c.decide(422, "anna", "reject", id, object{"revision": 1, "rule": "langweilig", "reason": "Unbekannte Regel."})
	c.decide(422, "anna", "return", id, object{"revision": 1})
	c.decide(422, "anna", "decline", id, object{"revision": 1, "reason": "keine Lust"})
	refusal := object{"revision": 1, "rule": "digression", "reason": "Das führt vom Artikel weg."}
	c.decide(200, "anna", "reject", id, refusal)
	c.decide(200, "anna", "reject", id, refusal)
	lost := c.decide(409, "jonas", "approve", id, object{"revision": 1})
	c.has("conflict", lost, "decision")
	won := lost["decision"].(object)
	c.has("decision that won", won, "editor", "step", "at")
	if won["editor"] != "anna@blatt.example" || won["step"] != "reject" {
		c.Errorf("it was decided by %v", won)
	}
	for _, reason := range []string{"capacity", "closed"} {
		id, _ := c.write("Noch eine Frage, " + reason + ".")
		c.decide(200, "jonas", "decline", id, object{"revision": 1, "reason": reason})
	}
	gone, _ := c.write("Das wird wieder entfernt.")
	c.release(gone)
	c.decide(422, "jonas", "remove", gone, object{"revision": 1, "rule": "aggression"})
	c.decide(200, "jonas", "remove", gone, object{"revision": 1, "rule": "aggression", "reason": "Das war doch ein Angriff."})
	begin := time.Now()
	c.wait("the removal", func() bool {
		return !strings.Contains(string(c.raw(200, "GET", "/a/"+c.article, "", nil).body), "Das wird wieder entfernt.")
	})
	if d := time.Since(begin); d > 2*time.Second {
		c.Errorf("taken down after %v", d)
	}
	c.decide(403, "jonas", "restore", gone, object{"revision": 1})
	c.decide(200, "anna", "restore", gone, object{"revision": 1})
}

// takenBack approves a comment and takes that back within its hold, and gives its
// id. On a machine so slow that the hold was over meanwhile it tries another one.
func (c *client) takenBack() string {
	c.Helper()
	for i := range 20 {
		id, token := c.write("Gibt es einen Ersatzbus? " + strconv.Itoa(i))
		begin := time.Now()
		c.decide(200, "anna", "approve", id, object{"revision": 1})
		said := c.ask(200, "GET", c.api("/receipts/"+token), "", nil)["status"]
		back, err := c.call("POST", c.api("/desk/comments/"+id+"/undo"), c.keys["anna"], object{})
		if time.Since(begin) >= time.Second {
			continue
		}
		if said != "pending" || err != nil {
			c.Errorf("within the hold the receipt says %v, and undo answers %d: %v", said, back.status, err)
		}
		return id
	}
	c.Fatal("no decision could be taken back within its hold")
	return ""
}

func undo(c *client) {
	id := c.takenBack()
	c.decide(200, "anna", "approve", id, object{"revision": 1})
	c.wait("publication", func() bool { return slices.Contains(c.visible(), id) })
	c.decide(409, "anna", "undo", id, object{})
	c.decide(200, "anna", "pick", id, object{})
	c.wait("the pick", func() bool {
		return len(list(c.ask(200, "GET", c.api("/articles/"+c.article+"/comments?sort=picks"), "", nil)["comments"])) == 1
	})
	c.decide(200, "anna", "unpick", id, object{})
	c.decide(200, "anna", "note", id, object{"text": "Den Fahrplan prüfen.", "reason": "Den Fahrplan prüfen."})
}

func appeals(c *client) {
	id, token := c.write("Der Stadtrat hat doch keine Ahnung.")
	c.decide(200, "ruth", "reject", id, object{"revision": 1, "rule": "insinuation", "reason": "Das unterstellt etwas ohne Beleg."})
	path := c.api("/receipts/" + token)
	c.wait("the refusal", func() bool { return c.ask(200, "GET", path, "", nil)["status"] == "rejected" })
	c.has("decision for the author", c.ask(200, "GET", path, "", nil)["decision"].(object), "rule", "reason", "passages", "at")
	c.ask(202, "POST", path+"/appeal", "", object{"text": "Das war eine Meinung."})
	c.ask(409, "POST", path+"/appeal", "", object{"text": "Noch einmal."})
	c.decide(403, "ruth", "uphold", id, object{"revision": 1, "reason": "Es bleibt dabei."})
	c.decide(422, "anna", "overturn", id, object{"revision": 1})
	c.decide(200, "anna", "overturn", id, object{"revision": 1, "reason": "Es ist eine Meinung."})
	c.wait("the release", func() bool { return slices.Contains(c.visible(), id) })

	passed, _ := c.write("Hier ist eine zweite Meinung gefragt.")
	c.decide(200, "anna", "escalate", passed, object{"revision": 1})
	c.decide(403, "anna", "approve", passed, object{"revision": 1})
	c.decide(200, "jonas", "approve", passed, object{"revision": 1})
}

// Admins and auditors read the desk, and decide nothing.
func roles(c *client) {
	id, _ := c.write("Wer darf das entscheiden?")
	for _, role := range []string{"admin", "auditor"} {
		email := role + "@blatt.example"
		if _, errOut, err := c.freigabe("ein langes passwort\n", "editor", "add", "-email", email, "-name", role, "-role", role, "-password-stdin"); err != nil {
			c.Fatalf("add %s: %v %s", role, err, errOut)
		}
		k, _, err := c.freigabe("", "key", "add", "-scope", "desk", "-editor", email)
		if err != nil {
			c.Fatal(err)
		}
		c.keys[role] = strings.TrimSpace(k)
		c.ask(200, "GET", c.api("/desk/comments/"+id), c.keys[role], nil)
		c.decide(403, role, "approve", id, object{"revision": 1})
	}
	k, _, err := c.freigabe("", "key", "add", "-scope", "read", "-site", "blatt")
	if err != nil {
		c.Fatal(err)
	}
	if a, _ := c.call("GET", c.api("/desk/queue"), strings.TrimSpace(k), nil); a.status != 401 && a.status != 403 {
		c.Errorf("a reading key opens the desk: %d", a.status)
	}
}
