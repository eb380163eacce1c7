package moderation

import "testing"

func TestMentions(t *testing.T) {
	for _, tt := range []struct {
		text, word, want string
	}{
		{"Das Verfahren läuft noch.", "verfahren", "verfahren"},
		{"Die Verfahrensdauer ist zu lang.", "verfahren", ""},
		{"Die Verfahrensdauer ist zu lang.", "verfahren*", "verfahren*"},
		{"Frau Petra Sommer hat recht.", "Petra Sommer", "Petra Sommer"},
		{"Petra geht im Sommer.", "Petra Sommer", ""},
		{"„ÜBEL“, sagt er", "übel", "übel"},
		{"", "x", ""},
		{"leer", "*", ""},
		{"am Ende steht das Wort", "wort ende", ""},
	} {
		if got := Mentions(tt.text, []string{"gibtesnicht", tt.word}); got != tt.want {
			t.Errorf("%q in %q: %q, want %q", tt.word, tt.text, got, tt.want)
		}
	}
}
