package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// verb is one line of a script. It returns an error for what went wrong; one
// that wraps errRefused is what a line with "!" expects.
type verb func(n *newsroom, args []string) error

var verbs = map[string]func(*testscript.TestScript, bool, []string){}

func init() {
	for name, do := range map[string]verb{
		"newsroom": openNewsroom, "hold": hold, "post": post, "decide": decide, "author": author, "sees": sees, "receipt": receipt,
		"nowhere": nowhere, "somewhere": somewhere, "check": check, "restart": restart, "quiet": quiet,
		"desk": onDesk, "form": formPost, "same": same, "assessed": assessed, "costsnothing": costsNothing, "steady": steady,
		"teach": teach, "learned": learned, "ordered": ordered, "trained": trained, "stayshome": stayshome,
		"report": report, "exported": exported, "erase": erase, "notify": notify,
	} {
		verbs[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			n := ts.Value(key{}).(*newsroom)
			err := do(n, args)
			switch {
			case neg && errors.Is(err, errRefused):
				ts.Logf("%v", err)
			case neg:
				ts.Fatalf("%s %v was not refused (%v)", name, args, err)
			case err != nil:
				ts.Logf("the program logged:\n%s", n.said())
				ts.Fatalf("%s: %v", name, err)
			}
		}
	}
}

// options takes name=value arguments off the end of a line.
func options(args []string) ([]string, map[string]string) {
	opts := map[string]string{}
	var rest []string
	for _, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if ok && regexp.MustCompile(`^[a-z]+$`).MatchString(name) {
			opts[name] = value
			continue
		}
		rest = append(rest, a)
	}
	return rest, opts
}

// newsroom [hold=SECONDS|site] [deciders=N]: opens a newsroom with its article. With
// the hold of its site a script can change it.
func openNewsroom(n *newsroom, args []string) error {
	_, opts := options(args)
	n.env = []string{"FREIGABE_LIMITS=off"}
	if opts["hold"] != "site" {
		n.env = append(n.env, "FREIGABE_HOLD="+or(opts["hold"], "0"))
	}
	deciders, err := strconv.Atoi(or(opts["deciders"], "3"))
	if err != nil {
		return err
	}
	return n.open(deciders)
}

// hold SECONDS: from now on decisions can be undone for so long. A script that undoes
// something takes a long hold, so that no slow machine is late for it, and a short one
// where the end of the hold is waited for.
func hold(n *newsroom, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: hold SECONDS")
	}
	_, errOut, err := n.freigabe(`{"hold": `+args[0]+`}`, "site", "set", "-site", "blatt", "-")
	if err != nil {
		return fmt.Errorf("%w: %s", err, errOut)
	}
	return nil
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// post KEY NAME TEXT [parent=KEY] [email=ADDRESS]: a reader comments.
func post(n *newsroom, args []string) error {
	args, opts := options(args)
	if len(args) != 3 {
		return errors.New("usage: post KEY NAME TEXT [parent=KEY] [email=ADDRESS]")
	}
	parent := opts["parent"]
	if p, ok := n.posted[parent]; ok {
		parent = p.id
	}
	a, err := n.call("POST", "/api/v1/articles/"+n.article+"/comments", "", map[string]any{
		"text": args[2], "parent_id": parent, "author": map[string]string{"name": args[1], "email": opts["email"]}})
	if err != nil {
		return err
	}
	var out struct {
		ID, Status, Receipt string
		ExpectedWait        struct{ From, To, Text string } `json:"expected_wait"`
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		return err
	}
	if a.status != http.StatusAccepted || out.Status != "pending" || len(out.ID) < 12 || out.ExpectedWait.Text == "" {
		return fmt.Errorf("answer %d %s", a.status, a.body)
	}
	n.posted[args[0]] = posted{out.ID, out.Receipt}
	return nil
}

// decide EDITOR STEP KEY [rule=R] [reason=WORDS] [revision=N] [text=WORDS]: an editor decides.
func decide(n *newsroom, args []string) error {
	args, opts := options(args)
	if len(args) != 3 {
		return errors.New("usage: decide EDITOR STEP KEY [rule=R] [reason=WORDS] [revision=N]")
	}
	body := map[string]any{"rule": opts["rule"], "reason": opts["reason"]}
	if t := opts["text"]; t != "" {
		body["text"] = t
	}
	if r := opts["revision"]; r != "" {
		v, err := strconv.Atoi(r)
		if err != nil {
			return err
		}
		body["revision"] = v
	}
	_, err := n.call("POST", "/api/v1/desk/comments/"+n.posted[args[2]].id+"/"+args[1], n.keys[args[0]], body)
	return err
}

// author STEP KEY [WORDS]: edit, withdraw or appeal by the receipt's link.
func author(n *newsroom, args []string) error {
	words := ""
	if len(args) > 2 {
		words = args[2]
	}
	link := "/api/v1" + n.posted[args[1]].receipt
	switch args[0] {
	case "edit":
		_, err := n.call("PUT", link, "", map[string]string{"text": words})
		return err
	case "withdraw":
		_, err := n.call("DELETE", link, "", nil)
		return err
	case "appeal":
		_, err := n.call("POST", link+"/appeal", "", map[string]string{"text": words})
		return err
	}
	return fmt.Errorf("an author cannot %s", args[0])
}

// sees TEXT...: readers see exactly these texts, in this order, in time.
func sees(n *newsroom, args []string) error {
	return until("readers to see "+strings.Join(args, " | "), func() error {
		a, err := n.call("GET", "/api/v1/articles/"+n.article+"/comments?sort=oldest", "", nil)
		if err != nil {
			return err
		}
		var page struct {
			Count    int
			Comments []struct{ Text string }
		}
		if err := json.Unmarshal(a.body, &page); err != nil {
			return err
		}
		var texts []string
		for _, c := range page.Comments {
			if c.Text != "" {
				texts = append(texts, c.Text)
			}
		}
		if strings.Join(texts, "\x00") != strings.Join(args, "\x00") || page.Count != len(args) {
			return fmt.Errorf("they see %d: %q", page.Count, texts)
		}
		return nil
	})
}

// receipt KEY STATUS [WORDS...]: the author's receipt shows the status, in JSON
// and on its page, and the page holds the words.
func receipt(n *newsroom, args []string) error {
	p := n.posted[args[0]]
	return until("the receipt to show "+args[1], func() error {
		a, err := n.call("GET", "/api/v1"+p.receipt, "", nil)
		if err != nil {
			return err
		}
		var r struct{ Status string }
		if err := json.Unmarshal(a.body, &r); err != nil {
			return err
		}
		page, err := n.call("GET", p.receipt, "", nil)
		if err != nil {
			return err
		}
		if a.header.Get("Cache-Control") != "no-store" || page.header.Get("Cache-Control") != "no-store" {
			return errors.New("a receipt may be cached")
		}
		if r.Status != args[1] {
			return fmt.Errorf("it says %s", a.body)
		}
		for _, w := range args[2:] {
			if !strings.Contains(string(page.body), w) {
				return fmt.Errorf("its page lacks %q", w)
			}
		}
		return nil
	})
}

// publicPaths are the pages that readers can reach, one per kind.
func (n *newsroom) publicPaths() []string {
	a := n.article
	paths := []string{"/", "/a/" + a, "/a/" + a + "?sort=newest", "/a/" + a + "?sort=picks", "/embed/articles/" + a, "/embed.js",
		"/api/v1/articles/" + a, "/api/v1/articles?url=" + url.QueryEscape("https://blatt.example/bruecke"),
		"/api/v1/articles/" + a + "/comments", "/api/v1/articles/" + a + "/comments?sort=newest", "/api/v1/articles/" + a + "/comments?sort=picks",
		"/api/v1/counts?id=" + a, "/metrics", "/healthz", "/readyz", "/api/v1/openapi.json"}
	for _, p := range n.posted {
		paths = append(paths, "/a/"+a+"?reply="+p.id)
	}
	return paths
}

var feedLink = regexp.MustCompile(`href="(/feeds/[^"]+)"`)

// everything reads every public page, the feeds that they name, and the log.
func (n *newsroom) everything() (map[string]string, error) {
	all := map[string]string{"the log": n.said()}
	paths := n.publicPaths()
	for i := 0; i < len(paths); i++ {
		if _, done := all[paths[i]]; done {
			continue
		}
		a, err := n.call("GET", paths[i], "", nil)
		if err != nil && !errors.Is(err, errRefused) {
			return nil, err
		}
		all[paths[i]] = string(a.body) + fmt.Sprint(a.header)
		for _, m := range feedLink.FindAllStringSubmatch(string(a.body), -1) {
			paths = append(paths, m[1])
		}
	}
	return all, nil
}

// nowhere WORDS...: no public page, feed or log holds any of the words.
func nowhere(n *newsroom, args []string) error {
	all, err := n.everything()
	if err != nil {
		return err
	}
	for path, body := range all {
		for _, w := range args {
			if p, ok := n.posted[w]; ok {
				w = p.id
			}
			if strings.Contains(body, w) && !strings.Contains(path, w) {
				return fmt.Errorf("%s holds %q", path, w)
			}
		}
	}
	return nil
}

// somewhere WORDS...: readers find the words on the article's page, its embed,
// its JSON and at least one feed.
func somewhere(n *newsroom, args []string) error {
	return until("words to appear", func() error {
		all, err := n.everything()
		if err != nil {
			return err
		}
		for _, w := range args {
			feeds := 0
			for path, body := range all {
				has := strings.Contains(body, w)
				if strings.HasPrefix(path, "/feeds/") && has {
					feeds++
				}
				if !has && (path == "/a/"+n.article || path == "/embed/articles/"+n.article || strings.HasSuffix(path, "/comments")) {
					return fmt.Errorf("%s lacks %q", path, w)
				}
			}
			if feeds == 0 {
				return fmt.Errorf("no feed has %q", w)
			}
		}
		return nil
	})
}

// same KEY...: these names stand for one and the same comment.
func same(n *newsroom, args []string) error {
	for _, k := range args[1:] {
		if n.posted[k] != n.posted[args[0]] {
			return fmt.Errorf("%w: %s and %s are two comments", errRefused, args[0], k)
		}
	}
	return nil
}

// check [N]: freigabe check passes and has verified N decisions.
func check(n *newsroom, args []string) error {
	out, errOut, err := n.freigabe("", "check")
	if err != nil {
		return fmt.Errorf("%w: %s", errRefused, errOut)
	}
	if len(args) > 0 && !strings.HasPrefix(out, args[0]+" decisions") {
		return fmt.Errorf("it says %q", out)
	}
	return nil
}

// restart: the program is killed without warning and started again.
func restart(n *newsroom, _ []string) error {
	n.stop()
	return n.start()
}

// quiet: the log holds no error.
func quiet(n *newsroom, _ []string) error {
	if strings.Contains(n.said(), "level=ERROR") {
		return errors.New(n.said())
	}
	return nil
}

// desk EDITOR KEY STATUS [WORDS...]: the desk shows the comment with the status,
// and its JSON holds the words.
func onDesk(n *newsroom, args []string) error {
	return until("the desk", func() error {
		a, err := n.call("GET", "/api/v1/desk/comments/"+n.posted[args[1]].id, n.keys[args[0]], nil)
		if err != nil {
			return err
		}
		var c struct{ Status string }
		if err := json.Unmarshal(a.body, &c); err != nil {
			return err
		}
		for _, w := range args[3:] {
			if !strings.Contains(string(a.body), w) {
				return fmt.Errorf("it lacks %q: %s", w, a.body)
			}
		}
		if c.Status != args[2] {
			return fmt.Errorf("it is %s", c.Status)
		}
		return nil
	})
}

var (
	formTag  = regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*>.*?</form>`)
	fieldTag = regexp.MustCompile(`(?s)<(?:input|textarea)[^>]*name="([^"]+)"[^>]*>`)
	actionOf = regexp.MustCompile(`action="([^"]*)"`)
)

// form KEY NAME TEXT: comments by the page's own form, without JavaScript and
// cookies, and follows to the receipt.
func formPost(n *newsroom, args []string) error {
	page, err := n.call("GET", "/a/"+n.article, "", nil)
	if err != nil {
		return err
	}
	forms := formTag.FindAllString(string(page.body), -1)
	if len(forms) != 1 {
		return fmt.Errorf("the page holds %d forms", len(forms))
	}
	values := url.Values{}
	for _, f := range fieldTag.FindAllStringSubmatch(forms[0], -1) {
		switch {
		case strings.HasPrefix(f[0], "<textarea"):
			values.Set(f[1], args[2])
		case strings.Contains(f[1], "name"):
			values.Set(f[1], args[1])
		default:
			values.Set(f[1], "")
			if v := regexp.MustCompile(`value="([^"]*)"`).FindStringSubmatch(f[0]); v != nil {
				values.Set(f[1], v[1])
			}
		}
	}
	path := "/a/" + n.article
	if m := actionOf.FindStringSubmatch(forms[0]); m != nil && m[1] != "" {
		path = m[1]
	}
	a, err := n.form(path, values)
	if err != nil {
		return err
	}
	to := a.header.Get("Location")
	if a.status != http.StatusSeeOther || !strings.Contains(to, "/receipts/") || len(a.header.Values("Set-Cookie")) > 0 {
		return fmt.Errorf("answer %d, Location %q", a.status, to)
	}
	n.posted[args[0]] = posted{receipt: to[strings.Index(to, "/receipts/"):]}
	return nil
}

// assessed EDITOR KEY RULE...: all five rules are there, each with a score or the
// cause why it was not checked; the rules named score highest.
func assessed(n *newsroom, args []string) error {
	return until("the assessment", func() error {
		a, err := n.call("GET", "/api/v1/desk/comments/"+n.posted[args[1]].id, n.keys[args[0]], nil)
		if err != nil {
			return err
		}
		var c struct {
			Assessment map[string]struct {
				Score      *float64
				NotChecked string `json:"not_checked"`
				Version    string
				Passages   []struct{ Start, End int }
			}
			Text string
		}
		if err := json.Unmarshal(a.body, &c); err != nil {
			return err
		}
		for _, rule := range []string{"insinuation", "profanity", "aggression", "advertising", "digression"} {
			s, ok := c.Assessment[rule]
			if !ok || (s.Score == nil) == (s.NotChecked == "") || s.NotChecked == "waiting" {
				return fmt.Errorf("%s: %+v", rule, s)
			}
			for _, p := range s.Passages {
				if p.Start < 0 || p.End > len(c.Text) || p.Start >= p.End {
					return fmt.Errorf("%s marks %+v", rule, p)
				}
			}
		}
		for _, rule := range args[2:] {
			if s := c.Assessment[rule]; s.Score == nil || *s.Score < 0.5 || len(s.Passages) == 0 {
				return fmt.Errorf("%s: %+v", rule, s)
			}
		}
		return nil
	})
}

var loaded = regexp.MustCompile(`(?s)<(?:script|link|img|iframe|source|video|audio)[^>]*(?:src|href)="([^"]+)"[^>]*>`)

// costsnothing: no public page sets a cookie, and none loads anything from
// another host than Freigabe's own.
func costsNothing(n *newsroom, _ []string) error {
	for _, path := range n.publicPaths() {
		a, err := n.call("GET", path, "", nil)
		if err != nil && !errors.Is(err, errRefused) {
			return err
		}
		if len(a.header.Values("Set-Cookie")) > 0 {
			return fmt.Errorf("%s sets a cookie", path)
		}
		if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, m := range loaded.FindAllStringSubmatch(string(a.body), -1) {
			u, err := url.Parse(m[1])
			if err != nil || u.Host != "" && "http://"+u.Host != n.base && !strings.Contains(m[0], "canonical") {
				return fmt.Errorf("%s loads %s", path, m[0])
			}
		}
	}
	return nil
}

// steady KEY: the article's page answers 304 to its own ETag, and a submission
// changes none of its bytes.
func steady(n *newsroom, args []string) error {
	for _, path := range []string{"/a/" + n.article, "/embed/articles/" + n.article, "/api/v1/articles/" + n.article + "/comments"} {
		before, err := n.call("GET", path, "", nil)
		if err != nil {
			return err
		}
		if err := post(n, []string{args[0] + path, "Steffi", "Ändert nichts an " + path}); err != nil {
			return err
		}
		req, err := http.NewRequest("GET", n.base+path, nil)
		if err != nil {
			return err
		}
		req.Header.Set("If-None-Match", before.header.Get("Etag"))
		again, err := send(noRedirects, req)
		if err != nil {
			return err
		}
		if e := before.header.Get("Etag"); e == "" || strings.HasPrefix(e, "W/") || again.status != http.StatusNotModified {
			return fmt.Errorf("%s: ETag %q, then status %d", path, e, again.status)
		}
	}
	return nil
}
