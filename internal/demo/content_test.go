package demo

import (
	"image/png"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/moderation"
)

func load(t *testing.T) Content {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestArticlesAreComplete(t *testing.T) {
	c := load(t)
	if len(c.Articles) < 6 {
		t.Fatalf("%d articles, want at least 6", len(c.Articles))
	}
	signed, sections := 0, map[string]bool{}
	for _, a := range c.Articles {
		sections[a.Section] = true
		if a.SignOff != "" {
			signed++
		}
		fields := []string{a.Slug, a.Title, a.Lede, a.Section, a.Image, a.Alt, a.Caption, a.Credit, a.Publisher, a.URL}
		if slices.Contains(fields, "") || len(a.Boxes) == 0 {
			t.Errorf("%s: a field is missing", a.Slug)
		}
		if n := len(strings.Fields(a.Body)); n < 450 || n > 800 {
			t.Errorf("%s: %d words, want 450 to 800", a.Slug, n)
		}
		if strings.Count(a.Body, "\n## ") < 2 {
			t.Errorf("%s: fewer than two subheadings", a.Slug)
		}
		if a.Date.Format("2006-01") != "2026-11" {
			t.Errorf("%s: dated %s", a.Slug, a.Date)
		}
	}
	if signed < 2 {
		t.Errorf("%d articles with an agency's mark, want 2", signed)
	}
	for _, s := range []string{"Politik", "Lokales", "Sport", "Kultur", "Wissen", "Wirtschaft"} {
		if !sections[s] {
			t.Errorf("no article in section %s", s)
		}
	}
}

func TestPicturesFitThePage(t *testing.T) {
	c := load(t)
	for _, a := range c.Articles {
		info, err := fs.Stat(c.Images, a.Image)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 60<<10 {
			t.Errorf("%s: %d bytes, want at most 60 kB", a.Image, info.Size())
		}
		f, err := c.Images.Open(a.Image)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := png.DecodeConfig(f)
		f.Close()
		if err != nil || cfg.Width != 1200 || cfg.Height != 675 {
			t.Errorf("%s: %dx%d, %v", a.Image, cfg.Width, cfg.Height, err)
		}
	}
}

func TestPolicyNamesTheFiveThings(t *testing.T) {
	c := load(t)
	for lang, words := range map[string][]string{
		"de": {"Unterstellungen", "Schimpfworte", "aggressive Formulierungen", "Werbe-Links", "Abschweifungen", "Prüfung", "Ihre Redaktion des Neckartaler Anzeigers"},
		"en": {"insinuations", "profanity", "aggressive wording", "advertising links", "digressions", "check"},
	} {
		for _, w := range words {
			if !strings.Contains(c.Policy[lang], w) {
				t.Errorf("policy in %s does not say %q", lang, w)
			}
		}
	}
}

func TestCommentsBelongSomewhere(t *testing.T) {
	c := load(t)
	slugs, seen := map[string]bool{}, map[string]Comment{}
	for _, a := range c.Articles {
		slugs[a.Slug] = true
	}
	for _, m := range c.Comments {
		if _, twice := seen[m.Key]; twice || m.Key == "" {
			t.Errorf("key %q is empty or used twice", m.Key)
		}
		if !slugs[m.Article] {
			t.Errorf("%s: unknown article %q", m.Key, m.Article)
		}
		if m.Name == "" || m.Text == "" || utf8.RuneCountInString(m.Text) > 1200 {
			t.Errorf("%s: no name, no text or too long", m.Key)
		}
		if m.Email != "" && !strings.HasSuffix(m.Email, "@example.org") {
			t.Errorf("%s: e-mail outside example.org", m.Key)
		}
		checkParent(t, m, seen)
		seen[m.Key] = m
	}
}

// checkParent sees to it that a reply answers something that was public then.
func checkParent(t *testing.T, m Comment, seen map[string]Comment) {
	t.Helper()
	if m.Parent == "" {
		return
	}
	p, ok := seen[m.Parent]
	if !ok || p.Article != m.Article {
		t.Errorf("%s: parent %q does not stand before it in the same article", m.Key, m.Parent)
		return
	}
	state, _ := stateAt(t, p, m.MinutesAgo)
	if state != moderation.Approved {
		t.Errorf("%s: its parent was %s when the reply came", m.Key, state)
	}
}

// TestStepsAreAllowed walks every comment through the states and counts where
// the comments end.
func TestStepsAreAllowed(t *testing.T) {
	count, picks, edited := map[moderation.State]int{}, 0, 0
	for _, m := range load(t).Comments {
		state, open := stateAt(t, m, 0)
		count[state]++
		if open {
			edited++
		}
		for _, s := range m.Steps {
			if s.Step == "pick" {
				picks++
			}
			checkReason(t, m, s)
		}
	}
	want := map[moderation.State]int{"rejected": 5, "returned": 3, "declined": 2, "escalated": 2, "appealed": 2, "removed": 2, "withdrawn": 1}
	for state, n := range want {
		if count[state] < n {
			t.Errorf("%d comments are %s, want at least %d", count[state], state, n)
		}
	}
	if count["approved"] < 30 || count["pending"] < 15 || picks != 2 || edited != 1 {
		t.Errorf("%v, %d picks, %d open edits", count, picks, edited)
	}
}

// after is the state that a step leads to. The demo's edit of a returned comment
// is the table's resubmit.
func after(state moderation.State, step string) (moderation.State, bool) {
	if state == moderation.Returned && step == "edit" {
		step = string(moderation.Resubmit)
	}
	for _, m := range moderation.Moves {
		if m.From == state && m.Step == moderation.Step(step) {
			return m.To, true
		}
	}
	return "", false
}

// stateAt is a comment's state so many minutes before the start, and whether an
// edited text of it still waits.
func stateAt(t *testing.T, m Comment, minutesAgo int) (state moderation.State, open bool) {
	t.Helper()
	state, last, before := moderation.Pending, m.MinutesAgo, ""
	for _, s := range m.Steps {
		if s.MinutesAgo >= last {
			t.Errorf("%s: %s is not after the step before it", m.Key, s.Step)
		}
		if s.MinutesAgo < minutesAgo {
			break
		}
		next, ok := after(state, s.Step)
		if !ok {
			t.Fatalf("%s: %s is not possible when %s", m.Key, s.Step, state)
		}
		if state == moderation.Escalated && s.Editor == before {
			t.Errorf("%s: escalated and decided by the same editor", m.Key)
		}
		if open = state == moderation.Approved && s.Step == "edit"; s.Text == m.Text && open {
			t.Errorf("%s: the edit changes nothing", m.Key)
		}
		state, last, before = next, s.MinutesAgo, s.Editor
	}
	return state, open
}

var quoted = regexp.MustCompile(`„([^“]+)“`)

// checkReason sees to it that a step names what the desk would demand of it.
func checkReason(t *testing.T, m Comment, s Step) {
	t.Helper()
	byAuthor := slices.Contains([]string{"appeal", "withdraw", "edit"}, s.Step)
	if byAuthor != (s.Editor == "") || !slices.Contains([]string{"", "anna", "jonas", "chef"}, s.Editor) {
		t.Errorf("%s: %s by %q", m.Key, s.Step, s.Editor)
	}
	switch s.Step {
	case "reject", "return", "remove":
		if !slices.Contains(moderation.Rules, moderation.Rule(s.Rule)) || len(s.Reason) < 60 {
			t.Errorf("%s: %s without a rule or a proper reason", m.Key, s.Step)
		}
		for _, q := range quoted.FindAllStringSubmatch(s.Reason, -1) {
			if !strings.Contains(m.Text, q[1]) {
				t.Errorf("%s: the reason quotes %q, which is not in the text", m.Key, q[1])
			}
		}
	case "decline":
		if s.Reason != "capacity" && s.Reason != "closed" {
			t.Errorf("%s: declined for %q", m.Key, s.Reason)
		}
	case "appeal", "edit":
		if s.Text == "" {
			t.Errorf("%s: %s without words", m.Key, s.Step)
		}
	}
}
