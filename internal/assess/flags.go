package assess

import (
	"strconv"
	"strings"

	"github.com/freigabe/freigabe/internal/assess/german"
	"github.com/freigabe/freigabe/internal/assess/vocab"
	"github.com/freigabe/freigabe/internal/moderation"
)

// The kinds of flag.
const (
	FlagThreat    = "threat"        // threat to somebody's life or body
	FlagSelfHarm  = "self_harm"     // the writer may be in danger
	FlagPersonal  = "personal_data" // telephone, address, IBAN, e-mail, licence plate
	FlagWatchlist = "watchlist"     // a term an editor put on the article's list
	FlagCapitals  = "capitals"      // mostly capitals
	FlagRepeated  = "repeated"      // a stretch of the text over and over
	FlagLanguage  = "language"      // surely not the site's language
	FlagBurst     = "burst"         // nearly the same text by several authors
	FlagHidden    = "hidden"        // invisible characters inside the text
	FlagTruncated = "truncated"     // longer than what is looked at
)

// threatWeight is the least weight of a cue that raises the flag.
const threatWeight = 2.5

func (r *result) flags() {
	r.cueFlags()
	r.personalData()
	r.watchlist()
	r.form()
	switch n := len(r.in.Similar); {
	case n >= EnoughSimilar:
		r.flag(FlagBurst, "burst.similar", strconv.Itoa(EnoughSimilar)+"+", nil)
	case n >= 3:
		r.flag(FlagBurst, "burst.similar", strconv.Itoa(n), nil)
	}
}

// flag appends a remark with its reason in German.
func (r *result) flag(kind, code, arg string, p []moderation.Passage) {
	r.out.Flags = append(r.out.Flags, moderation.Flag{Kind: kind, Why: Why("de", code, arg), Passages: p})
}

func (r *result) cueFlags() {
	var threats, self []moderation.Passage
	for _, h := range r.reader.Cues {
		switch {
		case h.Cue.Kind == vocab.Threat && h.Cue.Weight >= threatWeight && !r.reported(h):
			threats = append(threats, r.passage(h.First, h.Last, "threat."+h.Cue.Code, ""))
		case h.Cue.Kind == vocab.SelfHarm:
			self = append(self, r.passage(h.First, h.Last, "selfharm.self", ""))
		}
	}
	if threats != nil {
		r.flag(FlagThreat, threats[0].Code, "", threats)
	}
	if self != nil {
		r.flag(FlagSelfHarm, "selfharm.self", "", self)
	}
}

func (r *result) watchlist() {
	if len(r.in.Site.Watchlist) == 0 {
		return
	}
	var found []moderation.Passage
	for _, term := range r.in.Site.Watchlist {
		found = r.findTerm(term, found)
	}
	if found != nil {
		r.flag(FlagWatchlist, found[0].Code, found[0].Arg, found)
	}
}

// findTerm marks where the words of a term stand one after another; its last
// word may have an ending.
func (r *result) findTerm(term string, found []moderation.Passage) []moderation.Passage {
	words := strings.Fields(term)
	for i := range words {
		words[i] = german.FoldWord(words[i])
	}
	if len(words) == 0 {
		return found
	}
	toks := r.text.Tokens
	for i := 0; i+len(words) <= len(toks) && len(found) < 20; i++ {
		ok := true
		for j, w := range words {
			got := r.text.Folded(toks[i+j])
			if last := j == len(words)-1; string(got) != w && !(last && len(w) >= 4 && strings.HasPrefix(string(got), w)) {
				ok = false
				break
			}
		}
		if ok {
			found = append(found, r.passage(i, i+len(words)-1, "watch.term", term))
		}
	}
	return found
}

// form flags how a text is written.
func (r *result) form() {
	s := &r.text.Stats
	if s.Letters >= 20 && s.Uppers*10 > s.Letters*6 {
		r.flag(FlagCapitals, "form.capitals", "", nil)
	}
	if r.repeats() {
		r.flag(FlagRepeated, "form.repeated", "", nil)
	}
	want := r.in.Site.Language
	if want == "" {
		want = "de"
	}
	if r.sure && r.language != want {
		r.flag(FlagLanguage, "language.other", r.language, nil)
	}
	if s.Invisible >= 3 && s.Arabic+s.Hebrew == 0 && s.Invisible > s.Pictures*3 {
		r.flag(FlagHidden, "form.hidden", "", nil)
	}
	if s.Truncated || s.Chars >= german.MaxRunes {
		r.flag(FlagTruncated, "form.truncated", "", nil)
	}
}

// repeats reports a text most of whose word triples occur more than once, or one
// word over and over.
func (r *result) repeats() bool {
	if r.text.Stats.Words < 8 {
		return false
	}
	again := 0
	for _, c := range r.vector.Count {
		if c >= 4 {
			again += int(c)
		}
	}
	if again*2 < len(r.vector.Grams) {
		return false
	}
	distinct := 0
	seen := make(map[string]bool, 32)
	for _, k := range r.text.Tokens {
		if k.Kind != german.Word {
			continue
		}
		w := string(r.text.Folded(k))
		if !seen[w] {
			seen[w] = true
			distinct++
		}
	}
	return distinct*3 < r.text.Stats.Words
}
