package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// say runs a command as a shell would and gives its exit code and both outputs.
func say(in string, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = run(args, stdio{strings.NewReader(in), &o, &e})
	return code, o.String(), e.String()
}

// Scripts rely on the exit codes, on errors of one line, and on outputs that hold
// the answer alone.
func TestCommandsAnswerScripts(t *testing.T) {
	dir := t.TempDir()
	db := "sqlite:" + filepath.Join(dir, "x.db")
	tests := []struct {
		args, in string
		code     int
		says     string // part of the output, or of the one line of the error
	}{
		{"help", "", 0, "freigabe check"},
		{"help editor", "", 0, "example:"},
		{"nonsense", "", 2, "freigabe help"},
		{"check", "", 2, "FREIGABE_DB"},
		{"check -bogus", "", 2, "bogus"},
		{"check -db " + db, "", 1, "freigabe migrate"},
		{"export -db " + db, "", 1, "freigabe migrate"},
		{"backup - -db " + db, "", 1, "freigabe migrate"},
		{"check -db mysql:x", "", 1, "sqlite:PATH"},
		{"site add -name blatt -url https://blatt.example -db " + db, "", 0, ""},
		{"check -db " + db, "", 0, "0 decisions verified"},
		{"editor add -email anna@blatt.example -name Anna -password-stdin -db " + db, "ein langes passwort\n", 0, ""},
		{"editor list -db " + db, "", 0, "anna@blatt.example\teditor\tAnna\n"},
		{"editor add -email anna@blatt.example -name Anna -password-stdin -db " + db, "ein langes passwort\n", 1, "already"},
		{"editor add -email lena@blatt.example -name Lena -site blatt -section Sport -section Lokales -password-stdin -db " + db, "ein langes passwort\n", 0, ""},
		{"editor add -email chef@blatt.example -name Chef -role chief -site blatt -section Sport -password-stdin -db " + db, "ein langes passwort\n", 1, "sections"},
		{"editor add -email c@blatt.example -name C -section Sport -password-stdin -db " + db, "ein langes passwort\n", 2, "-site"},
		{"editor link -email lena@blatt.example -db " + db, "", 0, "/desk/entry/"},
		{"editor disable -email lena@blatt.example -db " + db, "", 0, ""},
		{"editor link -db " + db, "", 2, "-email"},
		{"editor add -email b@blatt.example -name B -db " + db, "", 2, "-password-stdin"},
		{"key add -scope desk -db " + db, "", 1, "-editor"},
		{"article add nowhere.md -site blatt -db " + db, "", 1, "nowhere.md"},
		{"article", "", 2, "add"},
		{"article --help", "", 0, "example:"},
		{"model", "", 2, "train"},
		{"model -h", "", 0, "eval"},
		{"model eval", "", 2, "-data"},
		{"assess -bogus", "", 2, "bogus"},
	}
	for _, tt := range tests {
		code, out, errOut := say(tt.in, strings.Fields(tt.args)...)
		if code != tt.code {
			t.Errorf("freigabe %s: exit code %d, want %d: %s", tt.args, code, tt.code, errOut)
		}
		heard := out
		if code != exitFine {
			heard = errOut
			if strings.Count(errOut, "\n") != 1 {
				t.Errorf("freigabe %s: the error is not one line: %q", tt.args, errOut)
			}
		}
		if !strings.Contains(heard, tt.says) {
			t.Errorf("freigabe %s says %q, want %q in it", tt.args, heard, tt.says)
		}
	}
}

func TestAddPrintsTheAnswerAlone(t *testing.T) {
	t.Setenv("FREIGABE_DB", "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	for _, args := range []string{"site add -name blatt -url https://blatt.example", "editor add -email anna@blatt.example -name Anna -password-stdin"} {
		if code, _, errOut := say("ein langes passwort\n", strings.Fields(args)...); code != 0 {
			t.Fatalf("freigabe %s: %s", args, errOut)
		}
	}
	for _, args := range []string{"key add -scope desk -editor anna@blatt.example", "article add - -site blatt", "article add -site blatt -url https://blatt.example/1 -"} {
		code, out, errOut := say("# Neue Brücke\n\nDer Rat hat sie beschlossen.\n\nSie kostet zwölf Millionen Euro.\n", strings.Fields(args)...)
		if word := strings.TrimSuffix(out, "\n"); code != 0 || len(word) < 12 || strings.ContainsAny(word, " \t\n") || errOut != "" {
			t.Errorf("freigabe %s: code %d, out %q, error %q", args, code, out, errOut)
		}
	}
}
