package moderation

// Rule names one of the house rules a comment can break. The five rules of the
// default pack are assessed by machine; a site may add rules of its own, which
// only people apply.
type Rule string

// The default rule pack, in the order in which it is shown and numbered (1 to 5).
const (
	Insinuation Rule = "insinuation" // Unterstellung: a claim about someone without support
	Profanity   Rule = "profanity"   // Schimpfwort
	Aggression  Rule = "aggression"  // aggressive wording, threats
	Advertising Rule = "advertising" // Werbe-Link
	Digression  Rule = "digression"  // no concrete relation to the article
)

// Rules is the default pack in its order: the key 1 on the desk is Rules[0].
var Rules = []Rule{Insinuation, Profanity, Aggression, Advertising, Digression}
