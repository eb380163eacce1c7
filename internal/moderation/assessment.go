package moderation

import "encoding/json"

// Passage is a stretch of a comment that an assessor points at.
type Passage struct {
	Start int    `json:"start"` // byte offset into the UTF-8 original, inclusive
	End   int    `json:"end"`   // byte offset into the UTF-8 original, exclusive
	Text  string `json:"text"`  // the original's bytes from Start to End
	Why   string `json:"why"`   // a short German phrase: why this passage counts
	Code  string `json:"code"`  // the same as a stable key, to be shown in another language
	Arg   string `json:"arg,omitempty"`
}

// Score is the outcome of one rule's assessment. Exactly one of Value and
// NotChecked is set: a rule that could not run is "not checked", which is never
// the same as fine.
type Score struct {
	Value      *float64  `json:"score,omitempty"`       // 0 (fine) to 1 (certainly breaks the rule)
	NotChecked string    `json:"not_checked,omitempty"` // why the rule could not run
	Band       string    `json:"band,omitempty"`        // "fine", "unclear" or "breach" by the site's bounds of that day; "": the default bounds
	Passages   []Passage `json:"passages,omitempty"`
	For        []Weight  `json:"for,omitempty"`     // words that spoke for a breach, heaviest first
	Against    []Weight  `json:"against,omitempty"` // words that spoke against it
	Hint       bool      `json:"hint,omitempty"`    // a low-confidence hint, never a verdict
	Version    string    `json:"version"`           // of the assessor and the model that said so
}

// Weight is one word's share in a score, in log-odds.
type Weight struct {
	Word   string  `json:"word"`
	Weight float64 `json:"weight"`
}

// Flag is a remark beside the rules: a threat, somebody's telephone number, a
// term on the article's watch list. Its kinds are listed in package assess.
type Flag struct {
	Kind     string    `json:"flag"`
	Why      string    `json:"why,omitempty"`
	Passages []Passage `json:"passages,omitempty"`
}

// Assessment is everything the machine says of one text. It sorts the queue and
// marks passages; it decides nothing.
type Assessment struct {
	Rules    map[Rule]Score `json:"rules"`
	Refuse   *float64       `json:"refuse,omitempty"` // "would be refused", 0 to 1; nil where not checked
	Band     string         `json:"band,omitempty"`   // of Refuse, as in Score
	Likely   Rule           `json:"likely,omitempty"` // the rule most beyond its bound; "" where the assessor names none
	Flags    []Flag         `json:"flags"`
	External *External      `json:"external,omitempty"` // what a scorer of the publisher's own said; nil where none was asked
	Language string         `json:"language,omitempty"` // BCP 47, "" where not recognised
	Version  string         `json:"version"`            // of the model as a whole
}

// External is what a scorer that the publisher runs said of a text. Exactly one of
// Scores and NotChecked is set.
type External struct {
	Host       string             `json:"host"`                  // where it is
	Scores     map[string]float64 `json:"scores,omitempty"`      // probabilities by rule, and "refuse"
	NotChecked string             `json:"not_checked,omitempty"` // why there is no answer
}

// NotChecked is the assessment of a text on which no rule could run, with the cause.
func NotChecked(cause string) Assessment {
	a := Assessment{Rules: make(map[Rule]Score, len(Rules)), Flags: []Flag{}}
	for _, r := range Rules {
		a.Rules[r] = Score{NotChecked: cause}
	}
	return a
}

// Encode is the stored and digested form of an assessment: JSON with sorted keys.
func (a Assessment) Encode() string {
	b, err := json.Marshal(a)
	if err != nil {
		panic("unreachable: an assessment is plain data: " + err.Error())
	}
	return string(b)
}
