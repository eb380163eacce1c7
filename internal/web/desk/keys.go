package desk

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/freigabe/freigabe/internal/locale"
	"github.com/freigabe/freigabe/internal/moderation"
)

// keyLine is an action of the triage screen with its key.
type keyLine struct {
	Action string // as the script and the person's settings name it
	Key    string // what event.key gives, "" for none
	Usual  string
	Text   string
}

// usualKeys are the keys of the triage screen. They are letters and digits that a
// German keyboard has without a modifier, matched by the character typed, so that
// Y and Z may be swapped.
var usualKeys = [][2]string{
	{"approve", "f"},
	{"reject1", "1"}, {"reject2", "2"}, {"reject3", "3"}, {"reject4", "4"}, {"reject5", "5"},
	{"law", "6"}, {"reject", "r"}, {"return", "b"}, {"decline", "d"}, {"escalate", "e"}, {"later", "s"}, {"undo", "z"},
	{"next", "j"}, {"previous", "k"}, {"note", "m"}, {"reason", "g"}, {"pick", "h"}, {"span", "n"}, {"parent", "p"}, {"author", "v"},
	{"article", "a"}, {"open", "o"}, {"reveal", " "}, {"guide", "i"}, {"live", "l"}, {"theme", "t"}, {"search", "/"}, {"help", "?"},
}

// keyLines lists the actions with the person's keys.
func keyLines(f Frame) []keyLine {
	var out []keyLine
	for _, k := range usualKeys {
		l := keyLine{Action: k[0], Key: k[1], Usual: k[1], Text: keyText(f.Lang, k[0])}
		if own, ok := f.Prefs.Keys[k[0]]; ok {
			l.Key = own
		}
		out = append(out, l)
	}
	return out
}

func keyText(lang, action string) string {
	if n, ok := strings.CutPrefix(action, "reject"); ok && n != "" {
		return locale.T(lang, "desk.keys.rule", "rule", ruleName(lang, moderation.Rules[n[0]-'1']))
	}
	return locale.T(lang, "desk.keys."+action)
}

// Show is the key as it is written on a button.
func (l keyLine) Show() string {
	if l.Key == " " {
		return "␣"
	}
	return strings.ToUpper(l.Key)
}

// changedKeys reads the keys of the settings form that differ from the usual
// ones. A key that two actions share is refused.
func changedKeys(r *http.Request) (map[string]string, error) {
	own, taken := map[string]string{}, map[string]bool{}
	for _, k := range usualKeys {
		key := strings.ToLower(r.PostFormValue("key." + k[0]))
		if key == "␣" {
			key = " "
		}
		if utf8.RuneCountInString(key) > 1 || key != "" && taken[key] {
			return nil, moderation.BadField("key."+k[0], "error.key_taken", "key", key)
		}
		taken[key] = true
		if key != k[1] {
			own[k[0]] = key
		}
	}
	return own, nil
}
