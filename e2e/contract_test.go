package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/pgtest"
)

// The contracts that other people's tools rely on, asked of the real program as
// such a tool would ask: by address, key and command alone.
func TestContracts(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		contracts(t, "sqlite:"+filepath.Join(t.TempDir(), "freigabe.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		contracts(t, pgtest.New(t))
	})
}

// client is a tool of somebody else's: it knows the newsroom's address and keys.
type client struct {
	*testing.T
	*newsroom
}

func contracts(t *testing.T, dsn string) {
	c := &client{t, &newsroom{dsn: dsn, dir: t.TempDir(), log: &bytes.Buffer{}, env: []string{"FREIGABE_HOLD=1", "FREIGABE_LIMITS=off"}}}
	if err := c.open(3); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	for _, part := range []struct {
		name string
		run  func(*client)
	}{
		{"thread", thread}, {"submission", submission}, {"unknown ids", unknownIDs}, {"receipts", receipts},
		{"queue", queue}, {"a comment on the desk", deskComment}, {"decisions", decisions}, {"undo", undo}, {"appeals", appeals},
		{"roles", roles}, {"pages", pages}, {"commands beside the server", commands},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(&client{t, c.newsroom}) })
	}
}

type object = map[string]any

// ask sends a request, expects the status, and gives the body as JSON.
func (c *client) ask(status int, method, path, key string, body any) object {
	c.Helper()
	a := c.raw(status, method, path, key, body)
	out := object{}
	if len(a.body) > 0 && strings.Contains(a.header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.body, &out); err != nil {
			c.Fatalf("%s %s: %v: %s", method, path, err, a.body)
		}
	}
	if status >= 400 && strings.HasPrefix(path, "/api/") && a.header.Get("Content-Type") != "application/problem+json" {
		c.Errorf("%s %s: an error as %q", method, path, a.header.Get("Content-Type"))
	}
	return out
}

func (c *client) raw(status int, method, path, key string, body any) answer {
	c.Helper()
	a, err := c.call(method, path, key, body)
	if a.status != status {
		c.Fatalf("%s %s: status %d, want %d (%v): %.300s", method, path, a.status, status, err, a.body)
	}
	return a
}

func (c *client) api(path string) string { return "/api/v1" + path }

// write submits a comment and gives its id and its receipt's token.
func (c *client) write(text string) (id, token string) {
	c.Helper()
	out := c.ask(202, "POST", c.api("/articles/"+c.article+"/comments"), "", object{"text": text, "author": object{"name": "Mira Feld"}})
	id, _ = out["id"].(string)
	link, _ := out["receipt"].(string)
	token, ok := strings.CutPrefix(link, "/receipts/")
	if !ok || len(token) < 12 || len(id) < 12 {
		c.Fatalf("id %q, receipt %q", id, link)
	}
	return id, token
}

func (c *client) decide(status int, who, step, id string, body object) object {
	c.Helper()
	return c.ask(status, "POST", c.api("/desk/comments/"+id+"/"+step), c.keys[who], body)
}

// release approves a comment and waits until readers see it.
func (c *client) release(id string) {
	c.Helper()
	c.decide(200, "anna", "approve", id, object{"revision": 1})
	c.wait("publication", func() bool { return slices.Contains(c.visible(), id) })
}

func (c *client) wait(what string, ok func() bool) {
	c.Helper()
	err := until(what, func() error {
		if !ok() {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
}

// visible are the ids in the article's thread.
func (c *client) visible() []string {
	c.Helper()
	var ids []string
	for _, one := range list(c.ask(200, "GET", c.api("/articles/"+c.article+"/comments?limit=100"), "", nil)["comments"]) {
		ids = append(ids, one["id"].(string))
	}
	return ids
}

func list(v any) []object {
	var out []object
	items, _ := v.([]any)
	for _, item := range items {
		if o, ok := item.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

// has fails for each key that an object lacks.
func (c *client) has(what string, o object, keys ...string) {
	c.Helper()
	for _, k := range keys {
		if _, ok := o[k]; !ok {
			c.Errorf("%s lacks %q: %v", what, k, o)
		}
	}
}

func thread(c *client) {
	id, _ := c.write("Der Damm war im letzten Winter vereist.")
	c.release(id)
	path := c.api("/articles/" + c.article + "/comments")
	for _, sort := range []string{"oldest", "newest", "picks"} {
		out := c.ask(200, "GET", path+"?sort="+sort, "", nil)
		c.has("thread", out, "article", "count", "comments", "next_cursor")
		if sort != "picks" {
			one := list(out["comments"])[0]
			c.has("comment", one, "id", "parent_id", "author", "text", "html", "approved_at", "pick", "replies_count")
		}
	}
	counts := c.ask(200, "GET", c.api("/counts?id="+c.article), "", nil)["counts"].(object)
	if counts[c.article] != float64(1) {
		c.Errorf("counts %v", counts)
	}
	c.has("article", c.ask(200, "GET", c.api("/articles/"+c.article), "", nil), "id", "headline")
	found := c.ask(200, "GET", c.api("/articles?url="+url.QueryEscape("https://blatt.example/bruecke")), "", nil)
	if found["id"] != c.article {
		c.Errorf("by address: %v", found["id"])
	}
	c.unchangedBy(func() { c.write("Noch ungelesen: der Fährplan fehlt.") },
		path, path+"?sort=newest", "/embed/articles/"+c.article, "/a/"+c.article)
}

// unchangedBy checks that addresses carry a strong ETag, answer 304 to it, and
// are byte for byte the same after something that readers must not notice.
func (c *client) unchangedBy(happens func(), paths ...string) {
	c.Helper()
	before := map[string]answer{}
	for _, p := range paths {
		before[p] = c.raw(200, "GET", p, "", nil)
	}
	happens()
	for _, p := range paths {
		now := c.raw(200, "GET", p, "", nil)
		tag := now.header.Get("ETag")
		if tag == "" || strings.HasPrefix(tag, "W/") || tag != before[p].header.Get("ETag") || !bytes.Equal(now.body, before[p].body) {
			c.Errorf("%s changed, or its tag did: %q to %q", p, before[p].header.Get("ETag"), tag)
		}
		req, err := http.NewRequest("GET", c.base+p, nil)
		if err != nil {
			c.Fatal(err)
		}
		req.Header.Set("If-None-Match", tag)
		if a, err := send(noRedirects, req); err != nil || a.status != http.StatusNotModified {
			c.Errorf("%s with its tag: %d, %v", p, a.status, err)
		}
	}
}

func submission(c *client) {
	path := c.api("/articles/" + c.article + "/comments")
	body := object{"text": "Wer zahlt die Umleitung?", "author": object{"name": "Jule", "email": "jule@leser.example"}}
	first := c.ask(202, "POST", path, "", body)
	c.has("acknowledgement", first, "id", "status", "receipt", "expected_wait")
	c.has("expected wait", first["expected_wait"].(object), "from", "to", "text")
	if again := c.ask(202, "POST", path, "", body); again["id"] != first["id"] || again["receipt"] != first["receipt"] {
		c.Errorf("the same twice: %v and %v", first, again)
	}
	body["author"] = object{"name": "Jule", "email": "andere@leser.example"}
	if other := c.ask(202, "POST", path, "", body); other["id"] == first["id"] {
		c.Error("another person's comment is taken for the first one")
	}
	c.ask(422, "POST", path, "", object{"text": "", "author": object{"name": "Jule"}})
	c.ask(422, "POST", path, "", object{"text": strings.Repeat("lang ", 400), "author": object{"name": "Jule"}})
	c.ask(404, "POST", c.api("/articles/unbekannt0000/comments"), "", object{"text": "Hallo", "author": object{"name": "Jule"}})
	c.ask(405, "PUT", path, "", object{})
	hint := c.ask(200, "POST", c.api("/articles/"+c.article+"/hints"), "", object{"text": "Der Bürgermeister ist ein Vollidiot."})
	if s := fmt.Sprint(hint); !strings.Contains(s, "Vollidiot") || strings.Contains(s, "score") {
		c.Errorf("hints: %v", hint)
	}
}

// An unreleased comment is answered like one that never was.
func unknownIDs(c *client) {
	id, _ := c.write("Das hier wartet noch.")
	never := "q" + id[1:]
	post := func(of string) (string, object) {
		return c.api("/articles/" + c.article + "/comments"), object{"text": "Antwort", "parent_id": of, "author": object{"name": "Jule"}}
	}
	for _, of := range []func(string) (string, object){
		post,
		func(id string) (string, object) {
			return c.api("/comments/" + id + "/flags"), object{"rule": "profanity"}
		},
		func(id string) (string, object) {
			return c.api("/comments/" + id + "/notices"), object{"reason": "Beleidigung", "good_faith": true}
		},
	} {
		var said [2]string
		for i, one := range []string{id, never} {
			path, body := of(one)
			a, _ := c.call("POST", path, "", body) // both are refused; how is what matters
			said[i] = fmt.Sprint(a.status, strings.ReplaceAll(string(a.body), one, "ID"))
		}
		if said[0] != said[1] || !strings.HasPrefix(said[0], "4") {
			c.Errorf("unreleased and unknown are told apart: %q, %q", said[0], said[1])
		}
	}
}

func receipts(c *client) {
	id, token := c.write("Die Fähre fährt sonntags nicht.")
	path := c.api("/receipts/" + token)
	a := c.raw(200, "GET", path, "", nil)
	page := c.raw(200, "GET", "/receipts/"+token, "", nil)
	for _, h := range []http.Header{a.header, page.header} {
		if !strings.Contains(h.Get("Cache-Control"), "no-store") {
			c.Errorf("a receipt may be kept: %q", h.Get("Cache-Control"))
		}
	}
	out := c.ask(200, "GET", path, "", nil)
	c.has("receipt", out, "id", "status", "text", "expected_wait", "decision")
	if out["status"] != "pending" || out["id"] != id {
		c.Errorf("receipt %v", out)
	}
	c.ask(409, "POST", path+"/appeal", "", object{"text": "Ich widerspreche."})
	c.ask(202, "PUT", path, "", object{"text": "Die Fähre fährt sonntags leider nicht."})
	c.ask(200, "DELETE", path, "", nil)
	c.ask(409, "PUT", path, "", object{"text": "Doch noch einmal."})
	c.ask(404, "GET", c.api("/receipts/gibtesnicht000000000"), "", nil)
}

func pages(c *client) {
	article := string(c.raw(200, "GET", "/a/"+c.article, "", nil).body)
	if n := strings.Count(article, `method="post"`); n != 1 {
		c.Errorf("%d forms for a new comment", n)
	}
	for _, part := range []string{"<textarea", "name=\"name\"", `<link rel="alternate"`, "/feeds/", "Die alte Brücke wird saniert"} {
		if !strings.Contains(article, part) {
			c.Errorf("the article page lacks %s", part)
		}
	}
	a, err := c.form("/a/"+c.article, url.Values{"text": {"Ohne Skript geschrieben."}, "name": {"Olaf"}})
	if err != nil || a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Location"), "/receipts/") {
		c.Errorf("the form answered %d to %q, %v", a.status, a.header.Get("Location"), err)
	}
	if cookies := a.header.Values("Set-Cookie"); len(cookies) > 0 {
		c.Errorf("cookies for an author: %v", cookies)
	}
	for _, p := range []string{"/", "/embed.js", "/embed/articles/" + c.article, "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/$discovery/rest?version=v1alpha1"} {
		c.raw(200, "GET", p, "", nil)
	}
}

// commands run beside the server, and it sees what they did within two seconds.
func commands(c *client) {
	out, _, err := c.freigabe("", "editor", "list")
	if err != nil || !strings.Contains(out, "anna@blatt.example\teditor\tanna\n") {
		c.Errorf("editor list: %v: %q", err, out)
	}
	id, _, err := c.freigabe(strings.ReplaceAll(articleText, "bruecke", "bruecke-2"), "article", "add", "-site", "blatt", "-")
	if err != nil {
		c.Fatal(err)
	}
	begin := time.Now()
	c.wait("the new article", func() bool {
		a, err := c.call("GET", "/a/"+strings.TrimSpace(id), "", nil)
		return err == nil && a.status == http.StatusOK
	})
	if d := time.Since(begin); d > 10*time.Second {
		c.Errorf("seen after %v", d)
	}
	if out, errOut, err := c.freigabe("", "check"); err != nil || !strings.ContainsAny(out, "0123456789") {
		c.Errorf("check: %v: %q %q", err, out, errOut)
	}
	if _, _, err := c.freigabe("", "restore", "nirgends.dump"); err == nil {
		c.Error("restore into a database in use")
	}
}
