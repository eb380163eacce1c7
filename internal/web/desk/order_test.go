package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freigabe/freigabe/internal/moderation"
	"github.com/freigabe/freigabe/internal/store"
)

// line up writes comments as letters: h hostile, c calm, b blind (and hostile), the
// oldest first, a minute apart; a digit after names it.
func lineUp(names string, now time.Time) []store.Waiting {
	var out []store.Waiting
	fields := strings.Fields(names)
	for i, name := range fields {
		score := 0.1
		if name[0] != 'c' {
			score = 0.9
		}
		out = append(out, store.Waiting{ID: name, Refuse: &score, Blind: name[0] == 'b', Submitted: now.Add(time.Duration(i-len(fields)) * time.Minute)})
	}
	return out
}

func names(list []store.Waiting) string {
	var out []string
	for _, w := range list {
		out = append(out, w.ID)
	}
	return strings.Join(out, " ")
}

func TestArrange(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name           string
		oldest, scored string
		overdue        int // how many of the oldest are
		streak, n      int
		want           string
	}{
		{"by age", "c1 h1 c2", "", 0, 0, 9, "c1 h1 c2"},
		{"only so many", "c1 h1 c2", "", 0, 0, 2, "c1 h1"},
		{"calm first", "h1 c1 h2 c2", "c1 c2 h1 h2", 0, 0, 9, "c1 c2 h1 h2"},
		{"overdue first in every order", "h1 h2 c1 c2", "c1 c2 h1 h2", 2, 0, 9, "h1 h2 c1 c2"},
		{"a blind one keeps its age's place, whatever its score", "c1 b1 h1 c2", "h1 c1 c2", 0, 0, 9, "h1 b1 c1 c2"},
		{"and in the calm order", "h1 b1 c1 c2", "c1 c2 h1", 0, 0, 9, "c1 b1 c2 h1"},
		{"five hostile in a row, then a calm one", "h1 h2 h3 h4 h5 h6 h7 c1", "", 0, 0, 9, "h1 h2 h3 h4 h5 c1 h6 h7"},
		{"the streak goes on from the screen", "h1 h2 c1", "", 0, 4, 9, "h1 c1 h2"},
		{"no calm one left", "h1 h2", "", 0, 5, 9, "h1 h2"},
		{"hot", "c1 h1 h2 h3 h4 h5 h6 c2", "h1 h2 h3 h4 h5 h6 c1 c2", 0, 0, 9, "h1 h2 h3 h4 h5 c1 h6 c2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := supply{Oldest: lineUp(tt.oldest, now), Streak: tt.streak, Limit: now.Add(-time.Hour)}
			byName := map[string]store.Waiting{}
			for _, w := range s.Oldest {
				byName[w.ID] = w
				if w.ID[0] == 'c' {
					s.Calm = append(s.Calm, w)
				}
			}
			for _, name := range strings.Fields(tt.scored) {
				s.Scored = append(s.Scored, byName[name])
			}
			if tt.overdue > 0 {
				s.Limit = s.Oldest[tt.overdue].Submitted
			}
			if got := names(arrange(s, tt.n)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestOverdueCountsOpeningHours(t *testing.T) {
	at := func(s string) time.Time {
		out, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	days := &store.Hours{From: "08:00", To: "20:00", Zone: "Europe/Berlin"}
	week := &store.Hours{From: "09:00", To: "17:00", Days: []int{1, 2, 3, 4, 5}, Zone: "Europe/Berlin"}
	tests := []struct {
		name      string
		hours     *store.Hours
		limit     time.Duration
		now, want string
	}{
		{"always open", nil, 12 * time.Hour, "2026-11-23T10:00:00+01:00", "2026-11-22T22:00:00+01:00"},
		{"within the day", days, 2 * time.Hour, "2026-11-23T12:00:00+01:00", "2026-11-23T10:00:00+01:00"},
		{"over the night", days, 12 * time.Hour, "2026-11-23T10:00:00+01:00", "2026-11-22T10:00:00+01:00"},
		{"at night", days, 12 * time.Hour, "2026-11-23T23:00:00+01:00", "2026-11-23T08:00:00+01:00"},
		{"over a weekend", week, 8 * time.Hour, "2026-11-23T11:00:00+01:00", "2026-11-20T11:00:00+01:00"},
	}
	for _, tt := range tests {
		if got := overdueBefore(tt.hours, tt.limit, at(tt.now)); !got.Equal(at(tt.want)) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	never := &store.Hours{From: "20:00", To: "08:00"}
	if got := overdueBefore(never, time.Hour, at("2026-11-23T10:00:00Z")); got.After(at("2026-11-01T00:00:00Z")) {
		t.Errorf("a desk that never opens has overdue comments since %s", got)
	}
}

// Marks never alter a text: its stretches put together are the text again.
func TestSegments(t *testing.T) {
	text := "Äh, dieser Trottel und Betrüger!"
	p := func(s string) moderation.Passage {
		i := strings.Index(text, s)
		return moderation.Passage{Start: i, End: i + len(s), Text: s}
	}
	a := moderation.Assessment{Rules: map[moderation.Rule]moderation.Score{
		moderation.Profanity:   {Passages: []moderation.Passage{p("Trottel"), {Start: -1, End: 3}, {Start: 5, End: 900}, {Start: 1, End: 4, Text: "xyz"}}},
		moderation.Aggression:  {Passages: []moderation.Passage{p("dieser Trottel und")}},
		moderation.Insinuation: {Passages: []moderation.Passage{p("Betrüger")}},
	}}
	var whole, marked []string
	for _, s := range segments(text, a) {
		whole = append(whole, s.Text)
		if len(s.Rules) > 0 {
			marked = append(marked, fmt.Sprint(s.Text, s.Rules, s.Ends))
		}
	}
	if strings.Join(whole, "") != text {
		t.Errorf("the text became %q", whole)
	}
	want := "dieser [3] false|Trottel[2 3] true| und[3] true|Betrüger[1] true"
	if got := strings.Join(marked, "|"); got != want {
		t.Errorf("marked %s, want %s", got, want)
	}
	if s := segments("", moderation.Assessment{}); len(s) != 0 {
		t.Errorf("an empty text has %d stretches", len(s))
	}
}
