package perspective

import (
	"strings"

	"github.com/freigabe/freigabe/internal/moderation"
)

// Refuse is the head "would be refused", which answers beside the rules.
const Refuse moderation.Rule = "refuse"

// attributes says which rule answers for a name. Where the meaning of a foreign
// name differs from the rule's, docs/perspective.md says how.
var attributes = map[string]moderation.Rule{
	"TOXICITY":        moderation.Aggression,
	"SEVERE_TOXICITY": moderation.Aggression,
	"INSULT":          moderation.Aggression,
	"THREAT":          moderation.Aggression,
	"INFLAMMATORY":    moderation.Aggression,
	"IDENTITY_ATTACK": moderation.Aggression,

	"PROFANITY": moderation.Profanity,
	"OBSCENE":   moderation.Profanity,

	"ATTACK_ON_AUTHOR":          moderation.Insinuation,
	"ATTACK_ON_COMMENTER":       moderation.Insinuation,
	"SCAPEGOATING_EXPERIMENTAL": moderation.Insinuation,
	"ALIENATION_EXPERIMENTAL":   moderation.Insinuation,

	"SPAM": moderation.Advertising,

	"OFF_TOPIC":     moderation.Digression,
	"UNSUBSTANTIAL": moderation.Digression,

	"LIKELY_TO_REJECT": Refuse,

	"FREIGABE_INSINUATION": moderation.Insinuation,
	"FREIGABE_PROFANITY":   moderation.Profanity,
	"FREIGABE_AGGRESSION":  moderation.Aggression,
	"FREIGABE_ADVERTISING": moderation.Advertising,
	"FREIGABE_DIGRESSION":  moderation.Digression,
	"FREIGABE_REFUSE":      Refuse,
}

func init() {
	for _, name := range []string{"TOXICITY", "SEVERE_TOXICITY", "IDENTITY_ATTACK", "INSULT", "PROFANITY", "THREAT"} {
		attributes[name+"_EXPERIMENTAL"] = attributes[name]
	}
}

// attribute finds the rule behind a name, which may carry "@version".
func attribute(name string) (rule moderation.Rule, version string, known bool) {
	plain, version, versioned := strings.Cut(name, "@")
	rule, known = attributes[plain]
	return rule, version, known && (!versioned || version != "")
}

// serves tells whether a model of one version may answer a request that names
// another: the same, or the same without what was learned on top of it.
func serves(have, want string) bool {
	rest, same := strings.CutPrefix(have, want)
	return want == "" || same && (rest == "" || strings.ContainsRune("/+", rune(rest[0])))
}

// scoreOf is an assessment's score for a rule or for Refuse.
func scoreOf(a moderation.Assessment, rule moderation.Rule) moderation.Score {
	if rule != Refuse {
		return a.Rules[rule]
	}
	if a.Refuse == nil {
		return moderation.Score{NotChecked: a.Rules[moderation.Insinuation].NotChecked, Version: a.Version}
	}
	return moderation.Score{Value: a.Refuse, Version: a.Version}
}
